"""A signal controller on the network: an SNMP agent (v1 and v2c) over its objects.

One UDP port is one controller, as in the street. Its groups are what the controller means to show;
what the lamps make of that it does not know. pysnmp and pyasn1 decode requests and encode
responses; they come with the extra ``ntcip``, and nothing else of the simulators needs them. GET
and GETNEXT are answered, a SET is refused (these controllers are watched, not driven), a wrong
community is met with silence, and so is everything that is no request.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

from gateway.model import Millis, Value
from simulators.devices.contract import SAMPLE, Served, Simulated, Values, served
from simulators.wires.mib import Mib, Oid, short_alarm
from simulators.wires.mishaps import MISHAPS
from simulators.wires.trouble import Bus, Trouble, possible
from simulators.world import Clock

_TOLD = frozenset(
    {
        "all_red_stuck", "caught_conflict", "controller_fault", "coordination_failed",
        "coordination_fault", "cycle_failed", "cycle_fault", "detector_erratic",
        "detector_no_activity", "detector_stuck_on", "flash_mode", "forgotten_flash",
        "long_yellow", "phase_not_served", "plan_mismatch", "short_yellow", "stop_time",
    }
)  # fmt: skip
"""What a controller's status objects can tell: what it means to show, and what it complains of. A
dark lamp, an open door or an output that disobeys are not among them."""
Coded: TypeAlias = Any
"""A module of pysnmp, which has no types, or a message made by one."""
_NO_SUCH_NAME, _READ_ONLY, _NOT_WRITABLE = 2, 4, 17


@dataclass(slots=True, eq=False)
class Controller:
    """A device where it meets the network: its objects, and whether it is mute.

    ``intended`` gives the points as the controller has them (``Cabinet.intended``).
    """

    device: Simulated
    intended: Callable[[], Values]
    mib: Mib
    served: Served = field(default_factory=served)
    bus: Bus = field(default_factory=lambda: Bus("", "snmp", Random(0)))
    trouble: Trouble = field(init=False)
    community: bytes = b"public"
    _objects: dict[Oid, int] = field(default_factory=dict)
    _values: Values = field(default_factory=dict)
    _cycle: Value | None = None
    _cycle_zero: bool = False

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.bus.wire, self.bus.chance)

    @property
    def mute(self) -> bool:
        """Whether it says nothing at all."""
        return "silent" in self.trouble

    def sample(self, now: Millis) -> None:
        """Let the model catch up and its objects be filled, unless they just were."""
        if self.served and now - self.served[-1][0] < SAMPLE:
            return
        self.device.advance(now)
        self._values = values = self.intended()
        self._objects = self.mib.objects(values)
        cycle = values.get("cycle_counter")
        self._cycle_zero |= self._cycle is not None and cycle != self._cycle
        self._cycle = cycle
        self.served.append((now, self.mib.shown(values)))

    def held(self, oid: Oid) -> int | None:
        """What an object holds, for somebody who reads it; None if there is no such object."""
        if oid != self.mib.short:
            return self._objects.get(oid)
        short = short_alarm(self._values, cycle_zero=self._cycle_zero)
        self._cycle_zero = False
        return short

    def senses(self, fault: str, /) -> bool:
        """Only what the controller itself knows; of the wire's faults those of its kind."""
        return possible(fault, self.bus) if fault in MISHAPS else fault in _TOLD

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of the wire."""
        self.trouble.break_down(fault, over)

    def repair(self, fault: str, /) -> None:
        """End it."""
        self.trouble.repair(fault)

    def shows(self, fault: str, /) -> bool:
        """Whether a fault of the wire can be noticed now."""
        return self.trouble.shows(fault)


class Agent(asyncio.DatagramProtocol):
    """Answers what arrives at a controller's port."""

    def __init__(self, controller: Controller, clock: Clock) -> None:
        self._controller = controller
        self._clock = clock
        self._order = sorted(controller.mib.oids)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The port is open."""
        self._transport: Coded = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ANN401  # asyncio's
        """A request, or something that is none."""
        if self._controller.mute:
            return
        try:
            answer = self._answered(data)
        except (PyAsn1Error, ProtocolError):
            return
        if answer is None:
            return
        loop = asyncio.get_running_loop()
        for after, said in self._controller.trouble.says(answer, self._clock.now()):
            loop.call_later(after, self._send, said, addr)

    def _send(self, answer: bytes, addr: Any) -> None:  # noqa: ANN401  # asyncio's
        if not self._transport.is_closing():
            self._transport.sendto(answer, addr)

    def _answered(self, data: bytes) -> bytes | None:
        version = int(api.decodeMessageVersion(data))
        module = api.PROTOCOL_MODULES.get(version)
        if module is None:
            return None
        message, _ = decoder.decode(data, asn1Spec=module.Message())
        if bytes(module.apiMessage.get_community(message)) != self._controller.community:
            return None
        pdu = module.apiMessage.get_pdu(message)
        oids = [tuple(oid) for oid, _ in module.apiPDU.get_varbinds(pdu)]
        onward = pdu.tagSet == module.GetNextRequestPDU.tagSet
        reply = module.apiPDU.get_response(pdu)
        if onward or pdu.tagSet == module.GetRequestPDU.tagSet:
            self._controller.sample(self._clock.now())
            self._fill(module, reply, [self._next(oid) if onward else oid for oid in oids], oids)
        elif pdu.tagSet == module.SetRequestPDU.tagSet:
            _refuse(module, reply, 1, oids, _NOT_WRITABLE if version else _READ_ONLY)
        else:
            return None
        response = module.apiMessage.get_response(message)
        module.apiMessage.set_pdu(response, reply)
        encoded: bytes = encoder.encode(response)
        return encoded

    def _next(self, oid: Oid) -> Oid | None:
        place = bisect_right(self._order, oid)
        return self._order[place] if place < len(self._order) else None

    def _fill(
        self, module: Coded, reply: Coded, wanted: Sequence[Oid | None], asked: Sequence[Oid]
    ) -> None:
        """The values; in v1 one that is missing refuses all, in v2c it is an exception value."""
        v1 = module is api.PROTOCOL_MODULES[api.SNMP_VERSION_1]
        known = self._controller.mib.oids
        missing = [nth for nth, oid in enumerate(wanted, 1) if oid not in known]
        if v1 and missing:
            _refuse(module, reply, missing[0], asked, _NO_SUCH_NAME)
            return
        found = []
        for oid, question in zip(wanted, asked, strict=True):
            held = None if oid is None else self._controller.held(oid)
            if held is None or oid is None:
                ends = module.EndOfMibView("") if oid is None else module.NoSuchObject("")
                found.append((question, ends))
            else:
                found.append((oid, module.Integer(held)))
        module.apiPDU.set_varbinds(reply, found)


def _refuse(module: Coded, reply: Coded, index: int, asked: Sequence[Oid], status: int) -> None:
    module.apiPDU.set_error_status(reply, status)
    module.apiPDU.set_error_index(reply, index)
    module.apiPDU.set_varbinds(reply, [(oid, module.null) for oid in asked])


@asynccontextmanager
async def answering(port: int, controller: Controller, clock: Clock) -> AsyncIterator[int]:
    """Serve a controller on a loopback port (0: any) until the block ends; yields the port.

    Raises:
        OSError: the port is taken.
    """
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Agent(controller, clock), local_addr=("127.0.0.1", port)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
