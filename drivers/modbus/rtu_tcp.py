"""Modbus RTU frames over a TCP connection, as transparent serial servers carry them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from gateway.driver import Link, LinkDown
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuTcp:
    """``[bus.*]`` of a serial server: there is no usual port, so it has to be named."""

    host: str
    port: Annotated[int, Between(1, 65535)]
    timeout: Duration = 1.0
    connect_timeout: Duration = 3.0


@asynccontextmanager
async def open_rtu_tcp(options: RtuTcp) -> AsyncIterator[Link]:
    """Connect."""
    raise LinkDown("not built yet")
    yield
