"""The world the simulated devices stand in: one clock, one seed, one sky, the mains, the people.

Everything here is a function of place, time and seed, so that two devices that look at the same
moment see the same sun and the same voltage, and a run with the same seed sees the same world.
A device draws its own chance from ``World.chance(name)``, so that adding one device does not change
the luck of another. What a scenario orders on top, a storm or a festival, is kept in lists that
``World`` looks through; a voltage dip is written into the journal of the ``Supply`` it befalls.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sin
from random import Random
from typing import NamedTuple

from gateway import sun
from gateway.model import Millis
from simulators.world import demand, sky
from simulators.world.clock import (
    DAY,
    FASTEST,
    LONGEST_STEP,
    Clock,
    RealClock,
    SteppedClock,
    steps,
)
from simulators.world.demand import Festival
from simulators.world.mains import PHASES, Circuit, Phase, Supply
from simulators.world.sky import Spell

__all__ = [
    "DAY",
    "FASTEST",
    "LONGEST_STEP",
    "PHASES",
    "Circuit",
    "Clock",
    "Festival",
    "Moment",
    "Phase",
    "RealClock",
    "Spell",
    "SteppedClock",
    "Supply",
    "World",
    "steps",
]

_MINUTE: Millis = 60_000
_KEPT = 64
"""Moments whose sky is remembered: a district looks at the same few again and again."""


class Moment(NamedTuple):
    """The sky and the mains at one moment, for all who look at it: degrees, lux, °C, Hz."""

    t: Millis
    sun: float
    light: float
    air: float
    frequency: float


class World:
    """One place on earth, one clock, one seed; ``zone`` is the name of its time zone."""

    def __init__(
        self, latitude: float, longitude: float, *, clock: Clock, seed: int = 1, zone: str = "UTC"
    ) -> None:
        self.latitude = latitude
        self.longitude = longitude
        self.clock = clock
        self.seed = seed
        self.zone = zone
        self.spells: list[Spell] = []
        self.festivals: list[Festival] = []
        self._supplies: dict[str, Supply] = {}
        self._moments: dict[Millis, Moment] = {}
        self._suns: dict[Millis, float] = {}
        self._clouds: dict[Millis, float] = {}
        self._airs: dict[Millis, float] = {}
        self._lights: dict[Millis, float] = {}

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
        found = self._moments.get(t)
        if found is None:
            if len(self._moments) >= _KEPT:
                self._moments.clear()
            light, air, hertz = self.illuminance(t), self.temperature(t), self.frequency(t)
            found = self._moments[t] = Moment(t, self.sun(t), light, air, hertz)
        return found

    def order(self, *, spell: Spell | None = None, festival: Festival | None = None) -> None:
        """Let a scenario have its weather or its crowd; what was already looked up is forgotten."""
        if spell is not None:
            self.spells.append(spell)
        if festival is not None:
            self.festivals.append(festival)
        self._moments.clear()
        for kept in (self._clouds, self._airs, self._lights):
            kept.clear()

    def sun(self, t: Millis) -> float:
        """Elevation of the sun in degrees."""
        return _kept(self._suns, t, self._sun)

    def cloud(self, t: Millis) -> float:
        """The share of the sky that is covered, by the minute."""
        return _kept(self._clouds, t - t % _MINUTE, self._cloud)

    def temperature(self, t: Millis) -> float:
        """Air temperature in °C, by the minute: it moves by less than 0.02 °C in one."""
        return _kept(self._airs, t - t % _MINUTE, self._air)

    def illuminance(self, t: Millis) -> float:
        """Lux on level ground, under the clouds there are."""
        return _kept(self._lights, t, self._light)

    def frequency(self, t: Millis) -> float:
        """Mains frequency in Hz."""
        return 50 + 0.02 * sin(2 * pi * t / 311_000)

    def traffic(self, t: Millis) -> float:
        """Vehicles as a share of an ordinary busiest hour's."""
        return demand.traffic(t, self.zone) * self.crowd(t)

    def crowd(self, t: Millis) -> float:
        """How many times as many people are out as on an ordinary day: 1, more at a festival."""
        return demand.crowd(t, self.festivals)

    def local(self, t: Millis) -> tuple[int, float]:
        """The weekday (Monday is 0) and the hour on the place's clocks."""
        return demand.local(t, self.zone)

    def _sun(self, t: Millis) -> float:
        return sun.elevation(self.latitude, self.longitude, t)

    def _cloud(self, t: Millis) -> float:
        return sky.cloud(self.seed, t, self.spells)

    def _air(self, t: Millis) -> float:
        air = sky.temperature(self.seed, self.latitude, self.longitude, t, self.cloud(t))
        return air + sky.shift(t, self.spells)

    def _light(self, t: Millis) -> float:
        clear = sky.daylight(self.sun(t))
        return clear * sky.through(self.cloud(t)) * sky.gloom(t, self.spells)


def _kept(cache: dict[Millis, float], t: Millis, compute: Callable[[Millis], float]) -> float:
    """What was found for a moment before, or is now."""
    found = cache.get(t)
    if found is None:
        if len(cache) >= _KEPT:
            cache.clear()
        found = cache[t] = compute(t)
    return found
