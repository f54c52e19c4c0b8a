"""How a bin warms: fires fast and slow, the blazing sun, and how it cools when that is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from types import MappingProxyType

from gateway.model import Millis

_COOLING, _SHADE = 4.0, 1_200.0
"""Time constants in s: of a fire put out with water, of a bin in the shade again."""
_SUN = "sun_warmed"
GOALS: Mapping[str, float] = MappingProxyType({
    "bin_fire": 85.0, "bin_fire_slow": 80.0, "bin_fire_by_peers": 70.0, _SUN: 58.0,
})  # fmt: skip
"""°C each warming reaches. One fire stays below 75 and is far above its peers, the sun below 60
(domain §3)."""
SLOW: Mapping[str, float] = MappingProxyType({
    "bin_fire": 0.1, "bin_fire_slow": 2_400.0, "bin_fire_by_peers": 1_800.0, _SUN: 1_800.0,
})  # fmt: skip
"""Seconds each takes at least."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A fault under way: since when, from which level on, for how many seconds it grows."""

    since: Millis
    begin: float
    seconds: float

    def share(self, t: Millis) -> float:
        """How much of it has grown by ``t``, 0 to 1."""
        return min(1.0, max(0.0, (t - self.since) / 1000 / self.seconds))


@dataclass(frozen=True, slots=True)
class Rest:
    """What a warming left behind: ``kelvin`` above the surroundings at ``since``."""

    since: Millis = 0
    kelvin: float = 0.0
    seconds: float = _COOLING

    def left(self, t: Millis) -> float:
        """K above the surroundings by ``t``."""
        return self.kelvin * exp(-(t - self.since) / 1000 / self.seconds) if self.kelvin else 0.0


def warmed(ambient: float, faults: Mapping[str, Growth], t: Millis) -> float:
    """°C that the warmest of what is going on has brought it to, ``ambient`` if nothing is."""
    warmest = ambient
    for fault, growth in faults.items():
        goal = GOALS.get(fault)
        if goal is not None:
            warmest = max(warmest, ambient + (goal - ambient) * growth.share(t))
    return warmest


def rest_of(fault: str, kelvin: float, t: Millis) -> Rest:
    """What is left when a warming ends."""
    return Rest(t, kelvin, _SHADE if fault == _SUN else _COOLING)


def alarming(fault: str, ambient: float) -> float:
    """°C from which a fire of that sort is one (domain §3)."""
    return max(60.0, ambient + 20.0) if fault == "bin_fire_by_peers" else 75.0
