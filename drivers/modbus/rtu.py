"""Modbus RTU on a serial line: one thread a bus, which blocks with exact gaps.

Timers of an event loop are a millisecond coarse; the silence between two frames is 1.75 ms above
19200 baud, and whoever waits a millisecond more loses a fifth of a fast line. So a thread owns the
port. Two questions may be handed to it at once, so that the next is ready when the line is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

import serial

from drivers.modbus.line import Line
from drivers.modbus.link import ModbusLink, Unit
from drivers.modbus.pdu import Question
from gateway.driver import Link, LinkDown
from gateway.units import Between, Duration

_FAST = 19200
_FIXED_SILENCE = 0.00175
_CHARACTERS = 3.5
"""Silence between frames: 3.5 characters, above 19200 baud 1.75 ms (MODBUS over Serial Line v1.02,
§2.5.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """``[bus.*]`` of a serial line.

    ``silence`` is the pause between frames, left out: the specification's. ``echo`` says that the
    adapter hears what it sends.
    """

    port: str
    baudrate: Annotated[int, Between(50, 4_000_000)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    bytesize: Literal[8] = 8
    timeout: Annotated[Duration, Between(0.01, 60)] = 0.3
    silence: Annotated[Duration, Between(0, 1)] | None = None
    echo: bool = False

    @property
    def character(self) -> float:
        """Seconds one character takes: start bit, data, parity, stop bits."""
        return (1 + self.bytesize + (self.parity != "N") + self.stopbits) / self.baudrate

    @property
    def gap(self) -> float:
        """Seconds of silence between frames."""
        if self.silence is not None:
            return self.silence
        return _FIXED_SILENCE if self.baudrate > _FAST else _CHARACTERS * self.character


@asynccontextmanager
async def open_rtu(options: Serial) -> AsyncIterator[Link]:
    """A link over a serial port; LinkDown if it cannot be opened."""
    port = await asyncio.to_thread(_port, options)
    wire = RtuWire(options, port.fileno())
    try:
        yield ModbusLink(wire, asyncio.get_running_loop().time)
    finally:
        await wire.close()
        port.close()


def _port(options: Serial) -> serial.Serial:
    try:
        port = serial.Serial(
            options.port,
            options.baudrate,
            options.bytesize,
            options.parity,
            options.stopbits,
            timeout=0,
            exclusive=True,
        )
    except (OSError, ValueError) as wrong:
        number = getattr(wrong, "errno", None)
        reason = os.strerror(number) if isinstance(number, int) else str(wrong)
        raise LinkDown(f"{options.port}: {reason}") from None
    with contextlib.suppress(OSError, ValueError, NotImplementedError):
        port.set_low_latency_mode(True)  # FTDI adapters otherwise hold bytes back for 16 ms
    return port


class RtuWire:
    """The asyncio side of the line: hands questions to its thread, and answers back."""

    depth = 2

    def __init__(self, options: Serial, fd: int) -> None:
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._line = Line(fd, character=options.character, silence=options.gap, echo=options.echo)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=options.port)
        self._down = False

    async def ask(self, unit: Unit, question: Question) -> bytes:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        if self._down:
            raise LinkDown(f"{self._options.port} is gone")
        patience = unit.timeout or self._options.timeout
        ask = self._line.ask
        try:
            return await self._loop.run_in_executor(
                self._thread, ask, unit.unit, question, patience
            )
        except LinkDown as down:
            self._down = True
            raise LinkDown(f"{self._options.port}: {down}") from None

    async def close(self) -> None:
        """End the thread, wherever it is."""
        self._down = True
        self._line.wake()
        await asyncio.to_thread(self._thread.shutdown)
        self._line.close()
