"""People who fill bins: how much at which hour of which day, by what the place is used for.

The shapes are engineering judgement (E): a station has two rush hours, a market its mornings and
its Saturday, a park its afternoons and weekends, homes their evenings and a big Sunday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from types import MappingProxyType
from typing import Literal, TypeAlias

Use: TypeAlias = Literal["park", "station", "market", "residential"]


@dataclass(frozen=True, slots=True)
class Habit:
    """``peaks`` are the busy hours, ``days`` the weight of each weekday from Monday on.

    ``piece`` is what one throw takes, in % of the bin.
    """

    peaks: tuple[float, ...]
    days: tuple[float, ...]
    piece: float

    def weight(self, weekday: int, hour: float) -> float:
        """How busy it is, in no particular unit; nights are nearly quiet."""
        near = (exp(-((min(abs(hour - p), 24 - abs(hour - p)) / 2.2) ** 2)) for p in self.peaks)
        return self.days[weekday] * (0.03 + sum(near))


HABITS: Mapping[Use, Habit] = MappingProxyType({
    "park": Habit((13, 17), (0.7, 0.7, 0.7, 0.8, 1.0, 1.6, 1.5), 0.5),
    "station": Habit((8, 13, 18), (1.1, 1.1, 1.1, 1.1, 1.2, 0.8, 0.6), 0.4),
    "market": Habit((9, 12), (0.8, 0.9, 1.0, 1.0, 1.2, 1.8, 0.3), 0.8),
    "residential": Habit((8, 19), (1.0, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2), 2.0),
})  # fmt: skip


def shares(use: Use) -> tuple[float, ...]:
    """What of an average day falls into each hour of the week, Monday's first; the mean is 1/24."""
    habit = HABITS[use]
    weights = [habit.weight(day, hour + 0.5) for day in range(7) for hour in range(24)]
    week = sum(weights)
    return tuple(7 * weight / week for weight in weights)


WEEKS: Mapping[Use, tuple[float, ...]] = MappingProxyType({use: shares(use) for use in HABITS})
