"""Modbus RTU on a serial line: binary frames, told apart by silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from drivers.modbus.cost import on_line
from drivers.modbus.frame.framing import RTU
from drivers.modbus.link import ModbusLink
from drivers.modbus.map.rows import SerialUnit, Traits
from drivers.modbus.wire.port import Port, opened
from drivers.modbus.wire.serial_wire import serial_wire
from gateway.driver import Link
from gateway.units import Between, Duration

_FAST = 19200
_FIXED_SILENCE = 0.00175
_CHARACTERS = 3.5
"""Silence between frames: 3.5 characters, above 19200 baud 1.75 ms (MODBUS over Serial Line v1.02,
§2.5.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial(Port):
    """``[bus.*]`` of a serial line.

    ``silence`` is the pause between frames, left out: the specification's. ``echo`` says that the
    adapter hears what it sends. ``rs485`` makes the kernel switch the transceiver: RTS is high, or
    low, while it sends, from ``rts_before`` ahead of the first character until ``rts_after`` behind
    the last, in whole milliseconds. Leave it out for adapters that switch by themselves.
    """

    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[8] = 8
    timeout: Annotated[Duration, Between(0.01, 60)] = 0.3

    @property
    def gap(self) -> float:
        """Seconds of silence between frames."""
        if self.silence is not None:
            return self.silence
        return _FIXED_SILENCE if self.baudrate > _FAST else _CHARACTERS * self.character

    def wired(self, unit: SerialUnit, traits: Traits) -> Traits:
        """A device's traits on this line: 8 characters ask, 5 and two a register answer."""
        character, silence = self.character, self.gap
        return on_line(traits, unit, character=character, silence=silence, frames=13, register=2)


@asynccontextmanager
async def open_rtu(options: Serial) -> AsyncIterator[Link]:
    """A link over a serial port; LinkDown if it cannot be opened."""
    async with opened(options) as fd, serial_wire(options, fd, RTU) as wire:
        yield ModbusLink(wire, asyncio.get_running_loop().time)
