"""The world the simulated devices stand in: one clock, one seed, one sky, the mains.

Everything here is a function of place, time and seed, so that two devices that look at the same
moment see the same sun and the same voltage, and a run with the same seed sees the same world.
A device draws its own chance from ``World.chance(name)``, so that adding one device does not change
the luck of another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from math import cos, pi, radians, sin
from random import Random
from typing import NamedTuple, Protocol

from gateway import sun
from gateway.model import Millis
from simulators.world.mains import PHASES, Circuit, Phase, Supply

__all__ = [
    "DAY",
    "PHASES",
    "Circuit",
    "Clock",
    "Moment",
    "Phase",
    "RealClock",
    "SteppedClock",
    "Supply",
    "World",
    "steps",
]

DAY = 86_400_000
LONGEST_STEP = 60_000
"""No model integrates over more than a minute at once: dusk falls within it."""


class Clock(Protocol):
    """Where the world's time comes from."""

    def now(self) -> Millis:
        """Milliseconds UTC; never runs backwards."""

    async def until(self, t: Millis) -> None:
        """Return once ``now() >= t``."""


class RealClock:
    """The machine's time at the start, carried on by its monotonic clock."""

    def __init__(self) -> None:
        self._start = time.time_ns() - time.monotonic_ns()

    def now(self) -> Millis:
        """Milliseconds UTC."""
        return (self._start + time.monotonic_ns()) // 1_000_000

    async def until(self, t: Millis) -> None:
        """Sleep until ``t``."""
        await asyncio.sleep(max(0, t - self.now()) / 1000)


class SteppedClock:
    """Time that moves only when told to: for tests, and for running without wires."""

    def __init__(self, start: Millis) -> None:
        self._now = start
        self._waiting: list[tuple[Millis, asyncio.Event]] = []

    def now(self) -> Millis:
        """Milliseconds UTC."""
        return self._now

    def step(self, seconds: float) -> Millis:
        """Move on, wake whoever waited for a moment now past, and return the time."""
        self._now += round(seconds * 1000)
        for t, event in self._waiting:
            if t <= self._now:
                event.set()
        self._waiting = [(t, event) for t, event in self._waiting if t > self._now]
        return self._now

    async def until(self, t: Millis) -> None:
        """Wait for somebody to step past ``t``."""
        if t > self._now:
            event = asyncio.Event()
            self._waiting.append((t, event))
            await event.wait()


class Moment(NamedTuple):
    """The sky and the mains at one moment, for all who look at it: degrees, lux, °C, Hz."""

    t: Millis
    sun: float
    light: float
    air: float
    frequency: float


class World:
    """One place on earth, one clock, one seed."""

    def __init__(self, latitude: float, longitude: float, *, clock: Clock, seed: int = 1) -> None:
        self.latitude = latitude
        self.longitude = longitude
        self.clock = clock
        self.seed = seed
        self._supplies: dict[str, Supply] = {}
        self._moment = Moment(-1, 0.0, 0.0, 0.0, 0.0)

    def chance(self, name: str) -> Random:
        """A source of chance of its own for ``name``; the same for the same seed."""
        return Random(f"{self.seed}/{name}")

    def supply(self, feeder: str | None, nominal: float = 230.0) -> Supply:
        """The mains of a feeder, shared by all who name it; ``None`` is the street's own mains."""
        name = feeder or ""
        if name not in self._supplies:
            chance = self.chance(f"supply/{name}")
            self._supplies[name] = Supply(nominal, chance, sun=self.sun, now=self.clock.now)
        return self._supplies[name]

    def moment(self, t: Millis) -> Moment:
        """What every lamp asks of a moment, worked out once for those that look at it in turn."""
        if self._moment.t != t:
            light, air, hertz = self.illuminance(t), self.temperature(t), self.frequency(t)
            self._moment = Moment(t, self.sun(t), light, air, hertz)
        return self._moment

    def sun(self, t: Millis) -> float:
        """Elevation of the sun in degrees."""
        return sun.elevation(self.latitude, self.longitude, t)

    def illuminance(self, t: Millis) -> float:
        """Lux on level ground under a clear sky: full sun by day, a steep fall through twilight.

        A smooth fit through the usual table: 100 000 lx overhead, 400 lx at sunrise, 3 lx at -6°.
        """
        height = self.sun(t)
        if height > 0:
            return float(400 + 100_000 * sin(radians(height)) ** 1.15)
        return float(400 * 10 ** (0.354 * max(height, -18.0)))

    def temperature(self, t: Millis) -> float:
        """Air temperature in °C: warmest at three in the afternoon by the sun, cooler polewards."""
        hour = (t % DAY) / 3_600_000 + self.longitude / 15
        mean = 27 - 0.3 * abs(self.latitude)
        return mean + 5 * cos(2 * pi * (hour - 15) / 24)

    def frequency(self, t: Millis) -> float:
        """Mains frequency in Hz."""
        return 50 + 0.02 * sin(2 * pi * t / 311_000)


def steps(
    since: Millis, until: Millis, longest: int = LONGEST_STEP
) -> Iterator[tuple[Millis, float]]:
    """The end and the length in seconds of each step a model takes from ``since`` to ``until``."""
    while since < until:
        end = min(since + longest, until)
        yield end, (end - since) / 1000
        since = end
