"""A simulated district for tests: on real wires, with time that moves only when told to.

While the clock stands still every device keeps showing the same values, so whoever reads it must
find exactly what it served.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.model import Millis
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.places import Place
from simulators.town.plan import Endpoint
from simulators.wires.servers import serve
from simulators.world import SteppedClock

MAKATI = Place("makati", "Makati", 14.5547, 121.0244, "Asia/Manila")
MORNING: Millis = 1_759_971_600_000
"""2025-10-09T01:00Z, nine in the morning in Makati: street lamps off, tunnel lamps on."""


@asynccontextmanager
async def simulated(folder: Path, devices: int = 20, remember: int = 4) -> AsyncIterator[City]:
    """Serve a district in Makati at nine in the morning; see ``serve`` for ``remember``."""
    district = make(devices, folder=folder, now=MORNING, place=MAKATI)
    async with serve(district, clock=SteppedClock(MORNING), remember=remember) as city:
        yield city


def step(city: City, seconds: float) -> None:
    """Let time pass."""
    clock = city.world.clock
    assert isinstance(clock, SteppedClock)
    clock.step(seconds)


def endpoint(city: City, name: str) -> Endpoint:
    """A wire by its name."""
    return next(one for one in city.district.endpoints if one.name == name)


def port(city: City, name: str) -> int:
    """The TCP port of a bus."""
    return endpoint(city, name).port


def path(city: City, name: str) -> Path:
    """The path of a serial line."""
    found = endpoint(city, name).path
    assert found is not None
    return found
