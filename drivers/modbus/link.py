"""Reading blocks and writing commands over any Modbus wire.

A wire takes a question to a unit and brings its answer; this link makes values of it. What a device
refuses is treated by meaning: an illegal address or count makes the link read the block in pieces,
in the same poll, and it remembers (by unit, table and addresses) which pieces to ask for next time;
a busy device's points are bad for this poll; a gateway that cannot reach the unit is silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeAlias

from drivers.modbus import pdu
from drivers.modbus.codec import scaled
from drivers.modbus.encoding import encode, number_for
from drivers.modbus.pdu import Question, Refused, Table
from drivers.modbus.plan import Part, Read, around, halves, single
from drivers.modbus.rows import NetworkUnit, SerialUnit, Setting
from gateway.driver import Bad, BadResponse, Block, Control, Device, NoResponse, Raw, Value

Unit: TypeAlias = NetworkUnit | SerialUnit

FORGET = 3600.0
"""Seconds after which a refused address is asked for again: firmware is updated, devices swapped
(an engineering choice; it costs a few requests an hour)."""

_CUT = frozenset({pdu.ILLEGAL_ADDRESS, pdu.ILLEGAL_VALUE})
_UNREACHED = frozenset({pdu.GATEWAY_PATH, pdu.GATEWAY_TARGET})
_ILLEGAL_ADDRESS = Bad("illegal address")


class Wire(Protocol):
    """An open wire to units."""

    @property
    def depth(self) -> int:
        """How many questions may be under way."""

    def ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        """The data of a fitting answer; raises Refused, and as ``gateway.driver.Link.read``."""


class ModbusLink:
    """A ``gateway.driver.Link`` over a wire; ``clock`` gives seconds that only go forward."""

    def __init__(self, wire: Wire, clock: Callable[[], float]) -> None:
        self._wire = wire
        self._clock = clock
        self._refusals: dict[int, _Refusals] = {}
        self._turns: dict[int, _Pause] = {}

    @property
    def depth(self) -> int:
        """How many calls may overlap."""
        return self._wire.depth

    def read(self, block: Block) -> Coroutine[Any, Any, list[Raw]]:
        """Raw values of a block, point by point; raises as ``gateway.driver.Link.read``."""
        read: Read = block.request
        if read.far:
            return self._read_with_far(block.device.options, read)
        return self._read(block.device.options, read)

    async def _read_with_far(self, unit: Unit, read: Read) -> list[Raw]:
        """A read, and right after it the exponents that it could not hold."""
        values = await self._read(unit, read)
        for exponent, places in read.far:
            (power,) = await self._read(unit, single(exponent))
            for i in places:
                values[i] = scaled(values[i], power)
        return values

    async def _read(self, unit: Unit, read: Read) -> list[Raw]:
        if unit.unit in self._refusals:
            return await self._cut(unit, read, self._refusals[unit.unit])
        try:
            return read.decode(await self._ask(unit, read.question))
        except Refused as refused:
            return await self._refused(unit, read, refused)

    async def write(self, device: Device, control: Control, value: Value) -> None:
        """Write a command's value.

        Raises:
            ValueError: the value does not fit the command's type.
            BadResponse: the device refused it, or its answer cannot be trusted.
            NoResponse, LinkDown: as ``read``.
        """
        question = setting_question(control.target, value)
        try:
            await self._ask(device.options, question)
        except Refused as refused:
            if refused.code in _UNREACHED:
                raise NoResponse(str(refused)) from None
            raise BadResponse(f"refused: {refused}") from None

    async def identification(self, unit: Unit) -> dict[int, bytes]:
        """What a device says it is (function 43/14), by object number.

        0 is the vendor, 1 the product code, 2 the revision; empty if it refuses to say. Raises as
        ``read``.
        """
        found: dict[int, bytes] = {}
        first: int | None = 0
        try:
            while first is not None and first not in found:
                data = await self._ask(unit, pdu.identification(1, first))
                objects, first = pdu.identification_objects(data)
                found |= objects
        except Refused as refused:
            if refused.code in _UNREACHED:
                raise NoResponse(str(refused)) from None
        return found

    def _ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        if unit.delay:
            return self._ask_unhurried(unit, question)
        return self._wire.ask(unit, question)

    async def _ask_unhurried(self, unit: Unit, question: Question) -> bytes:
        pause = self._turns.setdefault(unit.unit, _Pause())
        async with pause.lock:
            await asyncio.sleep(pause.until - self._clock())
            try:
                return await self._wire.ask(unit, question)
            finally:
                pause.until = self._clock() + unit.delay

    async def _refused(self, unit: Unit, read: Read, refused: Refused) -> list[Raw]:
        """What an exception means for a whole read: pieces, bad values, or silence."""
        if refused.code in _UNREACHED:
            raise NoResponse(str(refused))
        if refused.code not in _CUT or (
            len(read.parts) == 1 and refused.code != pdu.ILLEGAL_ADDRESS
        ):
            return [Bad(str(refused))] * len(read.rows)
        known = self._refusals.setdefault(unit.unit, _Refusals())
        known.add(read, self._clock() + FORGET)
        return await self._cut(unit, read, known)

    async def _cut(self, unit: Unit, read: Read, known: _Refusals) -> list[Raw]:
        """A read in pieces: between the addresses known to be refused, or in halves if it is."""
        now = self._clock()
        parts = known.parts(read, now)
        if parts:
            values: list[Raw] = []
            for piece in around(read, parts):
                if isinstance(piece, Part):
                    values += [_ILLEGAL_ADDRESS] * len(piece.rows)
                else:
                    values += await self._cut(unit, piece, known)
            return values
        if known.whole(read, now):
            first, second = halves(read)
            return [
                *await self._cut(unit, first, known),
                *await self._cut(unit, second, known),
            ]
        try:
            return read.decode(await self._ask(unit, read.question))
        except Refused as refused:
            return await self._refused(unit, read, refused)


class _Pause:
    """When a unit that needs time between frames may be asked again, and who is next."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.until = 0.0


class _Refusals:
    """What one unit refused, by table: whole reads, and parts that cannot be cut further."""

    def __init__(self) -> None:
        self._until: dict[tuple[Table, int, int], float] = {}

    def add(self, read: Read, until: float) -> None:
        """A read was refused; it counts until then."""
        self._until[read.table, read.start, read.end] = until

    def whole(self, read: Read, now: float) -> bool:
        """Whether this very read was refused."""
        return self._until.get((read.table, read.start, read.end), now) > now

    def parts(self, read: Read, now: float) -> frozenset[tuple[int, int]]:
        """The parts of a read that were refused by themselves."""
        return frozenset(
            (part.start, part.end)
            for part in read.parts
            if self._until.get((read.table, part.start, part.end), now) > now
        )


def setting_question(target: Setting, value: Value) -> Question:
    """The request that writes a command's value; ValueError if it does not fit."""
    table, address = target.place
    if (target.scale, target.offset) != (1.0, 0.0) and not isinstance(value, str):
        value = (value - target.offset) / target.scale
    if table == "coil":
        on = number_for("bool", value) == 1
        if target.write == "single":
            return pdu.write_coil(address, on=on)
        return pdu.write_coils(address, (on,))
    if target.bit is not None:
        bit = 1 << target.bit
        return pdu.mask_register(address, 0xFFFF ^ bit, bit * int(number_for("bool", value)))
    data = encode(target, value)
    if target.write == "single":
        return pdu.write_register(address, data)
    return pdu.write_registers(address, data)
