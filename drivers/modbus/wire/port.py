"""A serial port: how it is named, paced and opened, and who switches its RS-485 transceiver.

A port is opened by its name each time: behind ``/dev/serial/by-id`` it is the same adapter wherever
it was plugged in, and while that adapter is gone there is no such port, and no other is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import serial
from serial.rs485 import RS485Settings

from gateway.driver import LinkDown
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """What every serial line has in its ``[bus.*]``, and what its kinds say for themselves.

    ``echo`` says that the adapter hears what it sends. ``rs485`` makes the kernel switch the
    transceiver by the RTS line: high, or low, while it sends; left out, the adapter switches by
    itself, as most do. ``rts_before`` is how long RTS is set before the first character,
    ``rts_after`` how long after the last one, in whole milliseconds.
    """

    port: str
    baudrate: Annotated[int, Between(50, 4_000_000)] = 9600
    parity: Literal["N", "E", "O"]
    stopbits: Literal[1, 2] = 1
    bytesize: Literal[7, 8]
    timeout: Annotated[Duration, Between(0.01, 60)]
    silence: Annotated[Duration, Between(0, 1)] | None = None
    echo: bool = False
    rs485: Literal["rts-high", "rts-low"] | None = None
    rts_before: Annotated[Duration, Between(0, 0.1)] = 0.0
    rts_after: Annotated[Duration, Between(0, 0.1)] = 0.0

    def __post_init__(self) -> None:
        for key in ("rts_before", "rts_after"):
            delay: float = getattr(self, key)
            if delay and self.rs485 is None:
                raise ValueError(
                    f'{key} without rs485 says nothing; add rs485 = "rts-high" or "rts-low"'
                )
            if abs(delay * 1000 - round(delay * 1000)) > 1e-6:
                raise ValueError(f"{key} is counted in whole milliseconds; say 1ms, 2ms …")

    @property
    def character(self) -> float:
        """Seconds one character takes: start bit, data, parity, stop bits."""
        return (1 + self.bytesize + (self.parity != "N") + self.stopbits) / self.baudrate

    @property
    def gap(self) -> float:
        """Seconds of silence between frames."""
        return self.silence or 0.0


@asynccontextmanager
async def opened(options: Port) -> AsyncIterator[int]:
    """The descriptor of the port, ours alone until the block ends; LinkDown if it cannot be."""
    port = await asyncio.to_thread(_open, options)
    try:
        yield port.fileno()
    finally:
        port.close()


def _open(options: Port) -> serial.Serial:
    bits, parity = options.bytesize, options.parity
    if Path(options.port).resolve().is_relative_to("/dev/pts"):
        bits, parity = 8, "N"  # a pseudo-terminal carries bytes, and may refuse anything else
    port = serial.Serial(
        None, options.baudrate, bits, parity, options.stopbits, timeout=0, exclusive=True
    )
    port.port = options.port
    port.rs485_mode = rs485_settings(options)  # before it opens, for opening raises RTS
    with _explained(options):
        port.open()
    with contextlib.suppress(OSError, ValueError, NotImplementedError):
        port.set_low_latency_mode(True)  # FTDI adapters otherwise hold bytes back for 16 ms
    return port


def rs485_settings(options: Port) -> RS485Settings | None:
    """What the kernel is told of the transceiver; None: nothing, it stays as it is.

    The receiver listens while the port sends if, and only if, ``echo`` expects to hear that.
    """
    if options.rs485 is None:
        return None
    high = options.rs485 == "rts-high"
    return RS485Settings(
        rts_level_for_tx=high,
        rts_level_for_rx=not high,
        loopback=options.echo,
        delay_before_tx=options.rts_before,
        delay_before_rx=options.rts_after,
    )


@contextlib.contextmanager
def _explained(options: Port) -> Iterator[None]:
    """LinkDown for what may go wrong, in words."""
    try:
        yield
    except (OSError, ValueError, termios.error) as wrong:
        number = (
            wrong.args[0] if isinstance(wrong, termios.error) else getattr(wrong, "errno", None)
        )
        reason = os.strerror(number) if isinstance(number, int) else str(wrong)
        if number in {errno.EAGAIN, errno.EBUSY}:
            reason = "another program has it open"
        elif number == errno.EACCES:
            reason += ": this user must be in the group of the port (dialout)"
        if options.rs485 is not None and "RS485" in str(wrong):
            reason = (
                f'rs485 = "{options.rs485}" is not possible: the driver of this port cannot switch '
                "a transceiver. Most USB adapters switch theirs by themselves: leave rs485 out"
            )
        raise LinkDown(f"{options.port}: {reason}") from None
