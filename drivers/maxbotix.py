"""MaxBotix ultrasonic sensors on a serial line: ``R``, digits, CR, several times a second.

The sensor talks by itself and has no address, so a bus holds one device, which has no keys of its
own. The link keeps the newest whole frame and drops everything else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from gateway.driver import Block, Device, Driver, Link, LinkDown, Point
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """``[bus.*]``: the port; the sensors speak 9600 8N1 and nothing else unless ordered so."""

    port: str
    baudrate: Annotated[int, Between(50, 4_000_000)] = 9600
    timeout: Duration = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A device's own keys: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The profile's head: how many digits a frame has (3 in inches or cm, 4 in mm)."""

    digits: Annotated[int, Between(3, 5)] = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A point: the one number the sensor sends, in the unit of its model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCommand:
    """The sensor takes no commands."""


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """One block: every point is the same number."""
    return (Block(device, tuple(points), None),) if points else ()


@asynccontextmanager
async def open_maxbotix(options: Serial) -> AsyncIterator[Link]:
    """Open the port."""
    raise LinkDown("not built yet")
    yield


DRIVERS: Mapping[str, Driver] = {
    "maxbotix": Driver(
        name="maxbotix",
        family="maxbotix",
        summary="MaxBotix serial ultrasonic sensor, one a line",
        options=Serial,
        device=Sensor,
        traits=Traits,
        point=Distance,
        command=NoCommand,
        plan=plan,
        open=open_maxbotix,
    )
}
