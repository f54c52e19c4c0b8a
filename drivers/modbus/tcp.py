"""Modbus TCP: one connection, asyncio, as many requests under way as the device bears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from gateway.driver import Link, LinkDown
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """``[bus.*]`` of a Modbus TCP endpoint.

    ``pipeline`` is how many requests the device takes at once; most take one.
    """

    host: str
    port: Annotated[int, Between(1, 65535)] = 502
    timeout: Duration = 1.0
    connect_timeout: Duration = 3.0
    pipeline: Annotated[int, Between(1, 64)] = 1


@asynccontextmanager
async def open_tcp(options: Tcp) -> AsyncIterator[Link]:
    """Connect."""
    raise LinkDown("not built yet")
    yield
