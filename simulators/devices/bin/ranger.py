"""Distance sensors under the lids: what each make measures, misses and gets wrong.

An ultrasonic sensor scatters by some millimetres, takes the air's speed of sound from a thermometer
of its own that the sun warms (0.17 %/K, most of it compensated), now and then hears an echo off a
wall or a bag on the way down, and sometimes none: then there is no value, and how it says so is the
wire's affair. One of them holds its last echo instead, and says its largest distance where there is
nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

_SOUND = 0.0017
"""Share of a distance by which a kelvin of error shifts it."""


@dataclass(frozen=True, slots=True)
class Ranger:
    """Distances in mm: the range, the scatter (one sigma and at most).

    ``nothing`` is what it reports without an echo, None for no value. ``heat`` is the share of the
    bin's warmth above the air's that its compensation does not see. ``short`` and ``missed`` are
    the shares of readings with a wrong echo and with none.
    """

    nearest: float
    farthest: float
    sigma: float
    most: float
    nothing: float | None = None
    heat: float = 0.25
    short: float = 0.001
    missed: float = 0.002

    def measure(
        self, distance: float, warmth: float, chance: Random, *, trouble: float = 1.0
    ) -> float | None:
        """What it shows of a true distance, ``warmth`` K above the air, in ``trouble`` times."""
        luck = chance.random()
        if luck < self.missed * trouble:
            return self.nothing
        if luck < (self.missed + self.short) * trouble:
            return chance.uniform(self.nearest, max(self.nearest, distance))
        shift = distance * _SOUND * self.heat * warmth
        noise = max(-self.most, min(self.most, chance.gauss(0, self.sigma)))
        shown = distance - shift + noise
        return self.nothing if shown > self.farthest else max(self.nearest, shown)


RANGERS: Mapping[str, Ranger] = MappingProxyType({
    "bin/generic": Ranger(250, 4_500, 2.0, 5.0),
    "bin/generic-gps": Ranger(250, 4_500, 2.0, 5.0),
    "bin/maxbotix-mb7389": Ranger(300, 5_000, 1.0, 3.0),
    "bin/dfrobot-sen0492": Ranger(40, 4_000, 1.5, 4.0, heat=0.0),
    "bin/apg-mnu": Ranger(100, 3_000, 2.0, 5.0, nothing=3_000.0, missed=0.0),
})  # fmt: skip
"""By the profile that reads them. The MB7389 is good to 1 mm at a still target (datasheet)."""
ULTRASONIC = RANGERS["bin/generic"]
