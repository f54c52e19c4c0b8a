"""Modbus RTU on a serial line: one thread a bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from gateway.driver import Link, LinkDown
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """``[bus.*]`` of a serial line.

    ``silence`` is the pause between frames, left out: 3.5 characters, and 1.75 ms above 19200 baud
    (MODBUS over Serial Line v1.02, §2.5.1.1). ``echo`` says that the adapter hears itself.
    """

    port: str
    baudrate: Annotated[int, Between(50, 4_000_000)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    bytesize: Literal[7, 8] = 8
    timeout: Duration = 0.3
    silence: Duration | None = None
    echo: bool = False


@asynccontextmanager
async def open_rtu(options: Serial) -> AsyncIterator[Link]:
    """Open the port."""
    raise LinkDown("not built yet")
    yield
