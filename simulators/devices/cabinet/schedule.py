"""Which plan a controller runs at which hour of the local week.

The hours are written as the asset register has them (``gateway.weekly``), so that a cabinet and the
gateway that watches it go by the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model import Millis
from gateway.weekly import scheduled
from simulators.devices.cabinet.plan import Actuated, Fixed, Plan

WEEK = "mon-fri 07:00-09:00 2; mon-fri 16:00-19:00 3; 06:00-22:00 1; 4"
"""Morning peak, evening peak, the day between them, and the night (E)."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """The plans a controller has, and the hours of each."""

    plans: tuple[Plan, ...]
    week: str = WEEK

    def plan(self, day: int, minute: int) -> Plan:
        """The plan of a local day (Monday is 0) and minute; the first one where none is said."""
        return self.numbered(scheduled(self.week, day, minute) or self.plans[0].number)

    def numbered(self, number: int) -> Plan:
        """A plan by its number."""
        return next(plan for plan in self.plans if plan.number == number)


def usual(greens: Sequence[Millis], week: str | None = None) -> Timetable:
    """Day, morning peak, evening peak, and an actuated night, from the day's greens (E)."""
    last = len(greens) - 1

    def longer(stage: int) -> tuple[Millis, ...]:
        return tuple(green + 6_000 * (n == stage) for n, green in enumerate(greens))

    peaks = Fixed(2, longer(0), offset=8_000), Fixed(3, longer(last), offset=15_000)
    return Timetable((Fixed(1, tuple(greens)), *peaks, Actuated(4)), week or WEEK)
