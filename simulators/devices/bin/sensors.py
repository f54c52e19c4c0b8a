"""What a bin's sensors make of it: distance, temperature, tilt, lid, battery, scale, position.

Each look has its own noise, from a source of chance apart from the bin's life.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from math import cos, radians
from random import Random
from typing import Protocol

from gateway.model import Value
from simulators.devices.bin.ranger import Ranger
from simulators.devices.contract import Values

_METRE = 1 / 111_320
"""Degrees of latitude."""
_SCATTER, _FARTHEST = 3.0, 12.0
"""m of a receiver's scatter, one sigma and at most."""
_JITTER, _OFF = 12.0, 40.0
"""The same on a bad day, below the 50 m of the rule."""
_TROUBLED, _ASKEW = 40.0, 10.0
"""How many times as many wrong echoes there are: in a web; in a bin that lies or stands open."""
_SWINGS = 0.15
"""The share of time a lid in the wind stands open."""


class Truth(Protocol):
    """A bin as it is; mm, %, °C, degrees, kg, m."""

    @property
    def faults(self) -> Container[str]:
        """What is wrong with it."""

    @property
    def distance(self) -> float:
        """From the sensor to the waste."""

    @property
    def temperature(self) -> float:
        """Inside."""

    @property
    def air(self) -> float:
        """Outside."""

    @property
    def tilt(self) -> float:
        """From upright."""

    @property
    def lid_open(self) -> bool:
        """Whether the lid stands open."""

    @property
    def lifted(self) -> bool:
        """Whether the crew holds it upside down."""

    @property
    def battery(self) -> float:
        """Charge."""

    @property
    def weight(self) -> float:
        """What lies in it."""

    @property
    def moved(self) -> float:
        """How far north it stands of its place."""


@dataclass(slots=True)
class Sensors:
    """The sensors of one bin: what they report (``points``; None: everything) and where it stands.

    ``nearest`` mm is what a blocked ranger says at most, ``stuck`` what a dead one always says.
    """

    ranger: Ranger
    nearest: float
    chance: Random
    position: tuple[float, float] | None = None
    points: frozenset[str] | None = None
    stuck: float | None = None

    def values(self, bin_: Truth) -> Values:
        """All points; of scale, radio and receiver only if it has them."""
        chance = self.chance
        cold = max(0.0, -bin_.air)
        swings = "lid_swinging" in bin_.faults and chance.random() < _SWINGS
        values: dict[str, Value | None] = {
            "distance": self.distance(bin_),
            "temperature": bin_.temperature + 0.4 * chance.random() - 0.2,
            "tilt": bin_.tilt + 0.3 * chance.random(),
            "battery": max(0.0, bin_.battery - 0.2 * cold),
            "battery_voltage": 3.0 + 0.7 * bin_.battery / 100 - 0.004 * cold,
            "lid_open": bin_.lid_open or swings,
        }
        if self.points is None or "latitude" in self.points:
            values["weight"] = max(0.0, bin_.weight + chance.gauss(0, 0.2))
            values["signal"] = -88.0 + 12 * chance.random()
            values["latitude"], values["longitude"] = self.place(bin_)
        return values

    def distance(self, bin_: Truth) -> float | None:
        """What the ranger makes of the distance."""
        faults = bin_.faults
        if "bin_removed" in faults or bin_.lifted:
            return self.ranger.nothing
        if "sensor_blocked" in faults:
            return min(self.nearest, self.ranger.nearest + 2 * self.chance.random())
        if self.stuck is not None:
            return self.stuck
        trouble = _TROUBLED if "misreads" in faults else 1.0
        if "bin_tilt" in faults or "lid_open" in faults:
            trouble = max(trouble, _ASKEW)
        warmth = bin_.temperature - bin_.air
        return self.ranger.measure(bin_.distance, warmth, self.chance, trouble=trouble)

    def stick(self, bin_: Truth) -> None:
        """From now on, say always what is true now."""
        self.stuck = self.ranger.measure(bin_.distance, 0.0, self.chance, trouble=0.0)

    def place(self, bin_: Truth) -> tuple[float | None, float | None]:
        """Where the receiver believes the bin to be."""
        if self.position is None:
            return None, None
        bad = "gps_jitter" in bin_.faults
        sigma, most = (_JITTER, _OFF) if bad else (_SCATTER, _FARTHEST)
        north = bin_.moved + max(-most, min(most, self.chance.gauss(0, sigma)))
        east = max(-most / 2, min(most / 2, self.chance.gauss(0, sigma / 2)))
        latitude, longitude = self.position
        return latitude + north * _METRE, longitude + east * _METRE / cos(radians(latitude))
