"""Modbus units and how they answer: pymodbus decodes, executes and encodes; we choose who speaks.

pymodbus's own servers answer an exception for a unit that is not there (a real RS-485 bus stays
silent), drop the second of two requests that arrive together, and need a server object a device.
So the wires here use its framers, its PDU classes and its conversions directly: ``Units`` is the
datastore its PDUs run against, ``Conversation`` cuts a TCP stream into frames.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pymodbus.constants import ExcCodes
from pymodbus.datastore import ModbusServerContext
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU

from gateway.model import Millis
from simulators.devices.contract import SAMPLE, CommandRefused, Served, Simulated, served
from simulators.wires.registers import Image
from simulators.world import Clock

T = TypeVar("T")

_TABLES = {
    1: "coil", 2: "discrete", 3: "holding", 4: "input",
    5: "coil", 15: "coil", 6: "holding", 16: "holding", 22: "holding", 23: "holding",
}  # fmt: skip
_DECODER = DecodePDU(is_server=True)


@dataclass(slots=True, eq=False)
class Unit:
    """One addressed device: its model, its registers, and whether it is mute."""

    number: int
    device: Simulated
    image: Image
    mute: bool = False
    served: Served = field(default_factory=served)

    def sample(self, now: Millis, *, anew: bool = False) -> None:
        """Let the model catch up and its sensors be read, unless they just were."""
        if anew or not self.served or now - self.served[-1][0] >= SAMPLE:
            self.device.advance(now)
            self.image.update(self.device.values())
            self.served.append((now, dict(self.image.shown)))

    def senses(self, _fault: str, /) -> bool:
        """Its registers hold all its points."""
        return True

    def break_down(self, _fault: str, _over: float, /) -> None:
        """Begin ``silent``."""
        self.mute = True

    def repair(self, _fault: str, /) -> None:
        """End it."""
        self.mute = False

    def shows(self, _fault: str, /) -> bool:
        """Silence is noticed at once."""
        return self.mute

    def obey(self, commands: Mapping[str, float], now: Millis) -> ExcCodes | None:
        """Carry out what a write said."""
        try:
            for name, value in commands.items():
                self.device.command(name, value)
        except CommandRefused:
            return ExcCodes.ILLEGAL_VALUE
        self.sample(now, anew=True)
        return None


class Units:
    """The units behind one endpoint, as the datastore pymodbus's PDUs work on."""

    def __init__(self, units: Iterable[Unit], clock: Clock) -> None:
        self.by_number = {unit.number: unit for unit in units}
        self._clock = clock

    def hears(self, number: int) -> bool:
        """Whether a unit of that number is there and not mute."""
        unit = self.by_number.get(number)
        return unit is not None and not unit.mute

    def answer(self, number: int, payload: bytes) -> ModbusPDU:
        """What unit ``number`` says to a request (function code and data)."""
        function = payload[0]
        request = _DECODER.decode(payload) if function in _TABLES else None
        if request is None:
            known = function in _TABLES
            code = ExcCodes.ILLEGAL_VALUE if known else ExcCodes.ILLEGAL_FUNCTION
            reply: ModbusPDU = ExceptionResponse(function, code)
        else:
            self.by_number[number].sample(self._clock.now())
            reply = _result(request.datastore_update(cast("ModbusServerContext", self), number))
        reply.dev_id = number
        return reply

    async def async_getValues(  # noqa: N802  # the name pymodbus calls
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | ExcCodes:
        """Registers or bits of a unit, from its image."""
        words = self.by_number[device_id].image.read(_TABLES[func_code], address, count)
        return ExcCodes.ILLEGAL_ADDRESS if words is None else words

    async def async_setValues(  # noqa: N802  # the name pymodbus calls
        self, device_id: int, func_code: int, address: int, values: Sequence[int]
    ) -> ExcCodes | None:
        """A write, which the device takes as commands."""
        unit = self.by_number[device_id]
        commands = unit.image.write(_TABLES[func_code], address, values)
        if commands is None:
            return ExcCodes.ILLEGAL_ADDRESS
        return unit.obey(commands, self._clock.now())


def _result(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits (our datastore does not) to its end, here and now."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    work.close()
    raise RuntimeError("a datastore that waits would show half an update")
