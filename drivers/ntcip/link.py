"""Reading a controller over UDP: one datagram asks, one answers.

What comes back counts only if it carries the number of the question and exactly the objects that
were asked for; everything else, say an answer that comes too late, is passed over. Nothing is asked
twice. An object the controller does not have costs its own points alone: v2c says so object by
object, v1 refuses the whole request, and then the others are asked for again in the same poll and
the refusal is remembered. So is an answer too big for one message, which is asked for in halves.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from drivers.ntcip import message
from drivers.ntcip.message import Held, Request, Response, Version
from drivers.ntcip.rows import Get, Object
from gateway.driver import (
    Bad,
    BadResponse,
    Block,
    Control,
    Device,
    Link,
    LinkDown,
    NoResponse,
    Raw,
    Symptom,
    Value,
)
from gateway.units import Between, Duration

FORGET = 3600.0
"""Seconds after which an absent object is asked for again: firmware is updated (as for Modbus)."""

_WAITING = 64
_ABSENT = Bad("no such object", refused=True)

Objects: TypeAlias = dict[str, Held | Bad]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snmp:
    """``[bus.*]``: the controller's address.

    NTCIP asks for SNMPv1, and controllers come with the community "public"; another one stands in
    ``community_file``, alone on its line. ``timeout`` is how long an answer may take.
    """

    host: str
    port: Annotated[int, Between(1, 65535)] = 161
    version: Version = "1"
    community_file: Path | None = None
    timeout: Annotated[Duration, Between(0.01, 60)] = 1.0


@asynccontextmanager
async def open_ntcip(options: Snmp) -> AsyncIterator[Link]:
    """A link to a controller; LinkDown if its address or its community cannot be had."""
    community = _community(options.community_file)
    where = f"{options.host}:{options.port}"
    try:
        transport, wire = await asyncio.get_running_loop().create_datagram_endpoint(
            Wire, remote_addr=(options.host, options.port)
        )
    except OSError as wrong:
        raise LinkDown(f"{where}: {wrong.strerror or wrong}") from None
    try:
        yield NtcipLink(options, community, transport, wire)
    finally:
        transport.close()


def _community(file: Path | None) -> bytes:
    if file is None:
        return b"public"
    try:
        community = file.read_bytes().strip()
    except OSError as wrong:
        raise LinkDown(f"{file}: {os.strerror(wrong.errno or 0)}") from None
    if not 0 < len(community) < 256:
        raise LinkDown(f"{file}: a community is 1 to 255 bytes")
    return community


class Wire(asyncio.DatagramProtocol):
    """Hands what arrives to whoever waits for it; a socket error is an answer too."""

    def __init__(self) -> None:
        self.arrived: deque[bytes | Exception] = deque(maxlen=_WAITING)
        self.news = asyncio.Event()
        self.lost = False

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's
        """A datagram from the controller's address; the socket is connected, so from no other."""
        self._arrived(data)

    def error_received(self, exc: Exception) -> None:
        """What the network says of our datagram, such as that nobody listens there."""
        self._arrived(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.lost = True
        self._arrived(exc or OSError("closed"))

    def _arrived(self, what: bytes | Exception) -> None:
        self.arrived.append(what)
        self.news.set()

    async def next(self) -> bytes | Exception:
        """What has arrived, one after the other."""
        while not self.arrived:
            self.news.clear()
            await self.news.wait()
        return self.arrived.popleft()


class NtcipLink:
    """An open socket to one controller."""

    depth = 1

    def __init__(
        self, options: Snmp, community: bytes, transport: asyncio.DatagramTransport, wire: Wire
    ) -> None:
        self._options = options
        self._community = community
        self._transport = transport
        self._wire = wire
        self._clock = asyncio.get_running_loop().time
        self._requests: dict[tuple[str, ...], Request] = {}
        self._absent: dict[str, float] = {}  # until when each is not asked for
        self._too_big: set[tuple[str, ...]] = set()

    async def read(self, block: Block) -> list[Raw]:
        """Raw values of a block, point by point; raises as ``gateway.driver.Link.read``."""
        get: Get = block.request
        now = self._clock()
        objects: Objects = {oid: _ABSENT for oid, until in self._absent.items() if until > now}
        await self._gather(get.parts, objects)
        return [value_of(row, [objects[oid] for oid in row.oids]) for row in get.rows]

    async def write(self, device: Device, control: Control, value: Value) -> None:
        """Refused: a signal is monitored, not driven."""
        raise ValueError(f"{device.id} takes no commands: {control.name} = {value}")

    async def _gather(self, parts: Sequence[tuple[str, ...]], objects: Objects) -> None:
        """Ask for the objects of these parts until each has answered or is known to be absent."""
        while oids := tuple(dict.fromkeys(o for part in parts for o in part if o not in objects)):
            if oids in self._too_big and len(parts) > 1:
                half = len(parts) // 2
                await self._gather(parts[:half], objects)
                parts = parts[half:]
                continue
            answer = await self._ask(oids)
            refused = oids[answer.index - 1] if 0 < answer.index <= len(oids) else None
            if not answer.status:
                objects.update((oid, _ABSENT if h is None else h) for oid, h in answer.held)
            elif answer.status == message.NO_SUCH_NAME and refused is not None:
                self._absent[refused] = self._clock() + FORGET
                objects[refused] = _ABSENT
            elif answer.status == message.TOO_BIG and len(parts) > 1:
                self._too_big.add(oids)
            elif answer.status == message.TOO_BIG:
                objects.update(dict.fromkeys(oids, Bad(answer.problem, refused=True)))
            else:
                at = f" at {refused}" if refused else ""
                reason = f"refused: {answer.problem}{at}"
                raise BadResponse(reason, symptom=Symptom.REFUSED)

    async def _ask(self, oids: tuple[str, ...]) -> Response:
        """The controller's answer to one request."""
        request = self._requests.get(oids)
        if request is None:
            request = message.get(self._options.version, self._community, oids)
            self._requests[oids] = request
        number = message.FIRST_ID + secrets.randbelow(message.LAST_ID - message.FIRST_ID)
        if self._wire.lost:
            raise LinkDown("the socket is closed")
        self._wire.arrived.clear()  # late answers to what is no longer asked
        self._transport.sendto(request.numbered(number))
        answer = await self._answer(number)
        if not answer.status and tuple(oid for oid, _ in answer.held) != oids:
            raise BadResponse(
                "other objects answered than were asked for", symptom=Symptom.MISMATCH
            )
        return answer

    async def _answer(self, number: int) -> Response:
        """The first response of that number, whatever else arrives."""
        noise = ""
        try:
            async with asyncio.timeout(self._options.timeout):
                while True:
                    try:
                        answer = self._understood(await self._wire.next())
                    except message.Unreadable as wrong:
                        noise = str(wrong)
                        continue
                    if answer.number == number:
                        return answer
        except TimeoutError:
            if noise:
                raise BadResponse(f"what came back is {noise}") from None
            raise NoResponse(f"no answer in {self._options.timeout:g} s") from None

    def _understood(self, arrived: bytes | Exception) -> Response:
        if isinstance(arrived, bytes):
            return message.response(self._options.version, arrived)
        if self._wire.lost:
            raise LinkDown(str(arrived))
        reason = arrived.strerror if isinstance(arrived, OSError) else None
        where = f"port {self._options.port}: {reason or arrived}"
        raise NoResponse(where, symptom=Symptom.UNREACHED)


def value_of(row: Object, held: Sequence[Held | Bad]) -> Raw:
    """The raw value of a row, from what its objects hold."""
    for one in held:
        if isinstance(one, Bad):
            return one
    if row.combine is not None:
        return _combined(row.combine.bit, held)
    one = held[0]
    if row.type == "string":
        return _text(one)
    if not isinstance(one, int):
        return Bad("not a number")
    return one if row.bit is None else one >> row.bit & 1 == 1


def _combined(bit: int, held: Sequence[Held | Bad]) -> Raw:
    number = 0
    for place, one in enumerate(held):
        if not isinstance(one, int):
            return Bad("not a number")
        number |= (one >> bit & 1) << place
    return number


def _text(held: Held | Bad) -> Raw:
    if not isinstance(held, bytes):
        return str(held)
    try:
        return held.strip(b"\0 ").decode()
    except UnicodeDecodeError:
        return Bad("not utf-8 text")
