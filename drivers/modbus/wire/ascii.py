"""Modbus ASCII on a serial line: frames of printable characters, where time cannot be kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from drivers.modbus.cost import on_line
from drivers.modbus.frame.ascii_framing import ASCII
from drivers.modbus.link import ModbusLink
from drivers.modbus.map.rows import SerialUnit, Traits
from drivers.modbus.wire.port import Port, opened
from drivers.modbus.wire.serial_wire import serial_wire
from gateway.driver import Link
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialAscii(Port):
    """``[bus.*]`` of a serial line that speaks ASCII: 7E1, unless it says otherwise.

    Frames need no pause between them; ``silence`` makes one for transceivers that are slow to let
    go of the line. The other keys are those of ``modbus-rtu``.
    """

    parity: Literal["N", "E", "O"] = "E"
    bytesize: Literal[7, 8] = 7
    timeout: Annotated[Duration, Between(0.01, 60)] = 1.0

    def wired(self, unit: SerialUnit, traits: Traits) -> Traits:
        """A device's traits on this line: 17 characters ask, 11 and four a register answer."""
        character, silence = self.character, self.gap
        return on_line(traits, unit, character=character, silence=silence, frames=28, register=4)


@asynccontextmanager
async def open_ascii(options: SerialAscii) -> AsyncIterator[Link]:
    """A link over a serial port; LinkDown if it cannot be opened."""
    async with opened(options) as fd, serial_wire(options, fd, ASCII) as wire:
        yield ModbusLink(wire, asyncio.get_running_loop().time)
