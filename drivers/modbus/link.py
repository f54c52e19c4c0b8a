"""Reading blocks and writing commands over any Modbus wire.

A wire takes a question to a unit and brings its answer; this link makes values of it. What a
device refuses when it is read is the affair of ``reading``; of a command that it refuses the text
says what to write in the profile instead, where that may help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import UNREACHED, Question, Refused
from drivers.modbus.map.setting import Exchange, Setting
from drivers.modbus.plan import Read, single
from drivers.modbus.reading import Reads, Unit
from gateway.driver import (
    BadResponse,
    Block,
    Busy,
    Control,
    Device,
    NoResponse,
    Raw,
    Symptom,
    Value,
)

__all__ = ["UNREACHED", "ModbusLink", "Unit", "Wire"]

_INSTEAD = {
    5: '; write = "multiple" may do',
    6: '; write = "multiple" may do',
    15: '; write = "single" may do',
    16: '; write = "single" may do, where the value fits one register',
    22: "; it cannot set a part of a register, and to read the register and write it back would "
    "undo what changes in between: that is never done unasked",
    23: '; write = "multiple", and a read_back of its own, may do',
}
"""What to write in the profile where a device does not know the function."""


class Wire(Protocol):
    """An open wire to units."""

    @property
    def depth(self) -> int:
        """How many questions may be under way."""

    def ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        """The data of a fitting answer; raises Refused, and as ``gateway.driver.Link.read``."""

    def tell(self, question: Question) -> Awaitable[None]:
        """Tell every unit at once, and leave them the time to do it; nobody answers.

        Raises:
            LinkDown: the wire is gone.
            ValueError: this wire has no way to.
        """


class ModbusLink:
    """A ``gateway.driver.Link`` over a wire; ``clock`` gives seconds that only go forward."""

    def __init__(self, wire: Wire, clock: Callable[[], float]) -> None:
        self._wire = wire
        self._clock = clock
        self._turns: dict[int, _Pause] = {}
        self._reads = Reads(self._ask, clock)

    @property
    def wire(self) -> Wire:
        """The wire itself, for questions that are about no point."""
        return self._wire

    @property
    def depth(self) -> int:
        """How many calls may overlap."""
        return self._wire.depth

    def read(self, block: Block) -> Coroutine[Any, Any, list[Raw]]:
        """Raw values of a block, point by point; raises as ``gateway.driver.Link.read``."""
        read: Read = block.request
        if read.far:
            return self._reads.with_far(block.device.options, read)
        return self._reads.values(block.device.options, read)

    async def write(self, device: Device, control: Control, value: Value) -> Raw | None:
        """Write a command's value; an exchange returns the raw value it read.

        A device that accepts a command and needs time for it (exception 5) has taken it.

        Raises:
            ValueError: the value does not fit the command's type.
            Busy: nothing was done; the device wants to be asked again.
            BadResponse: the device refused it, or its answer cannot be trusted.
            NoResponse, LinkDown: as ``read``.
        """
        target: Setting = control.target
        question = target.question(value)
        if target.broadcast:
            await self._wire.tell(question)
            return None
        try:
            data = await self._ask(device.options, question)
        except Refused as refused:
            if refused.code == pdu.ACKNOWLEDGE:
                return None
            raise _unwritten(question, refused) from None
        if isinstance(target, Exchange):
            (shown,) = single(target.shown).decode(data)
            return shown
        return None

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
            if refused.code in UNREACHED:
                raise NoResponse(str(refused), symptom=Symptom.UNREACHED) from None
        return found

    async def server_id(self, unit: Unit) -> bytes:
        """What a device says it is (function 17): bytes of its maker's choice.

        Usually an id, 0 or 255 for off or on, and a text: see ``pdu.server_text``. Empty if it
        refuses to say. Raises as ``read``.
        """
        try:
            return pdu.server_id_bytes(await self._ask(unit, pdu.server_id()))
        except Refused as refused:
            if refused.code in UNREACHED:
                raise NoResponse(str(refused), symptom=Symptom.UNREACHED) from None
        return b""

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


def _unwritten(question: Question, refused: Refused) -> NoResponse | BadResponse:
    """What the refusal of a command means."""
    if refused.code in UNREACHED:
        return NoResponse(str(refused), symptom=Symptom.UNREACHED)
    if refused.code == pdu.BUSY:
        return Busy(str(refused))
    instead = _INSTEAD[question.function] if refused.code == pdu.ILLEGAL_FUNCTION else ""
    return BadResponse(f"refused: {refused}{instead}", symptom=Symptom.REFUSED)


class _Pause:
    """When a unit that needs time between frames may be asked again, and who is next."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.until = 0.0
