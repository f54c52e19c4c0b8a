"""Bins side by side and the crew that empties them: by calendar, within minutes, mostly.

The crew comes at the planned hour, a quarter of an hour early to twenty-five minutes late. It
empties what is more than a quarter full; where most of a stand is, all that is worth the lift. A
bin that would be full before its round is due is fetched in between. Broken things stand in the
crew's way: what must stay full is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Protocol

from gateway.model import Millis
from simulators.world.calendar import Calendar, local

_EARLY, _LATE = 900_000, 1_500_000
"""ms by which a round may come before and after its hour."""
_LIFT = 45_000
"""ms the crew needs for one bin."""
WORTH, ALONG = 28.0, 18.0
"""% from which a bin is emptied, and from which it is along with most of its stand."""


@dataclass(frozen=True, slots=True)
class Collection:
    """An emptying as it was: when the waste fell out, the levels in % before and after.

    ``visible`` says whether the bin's sensors could tell (domain §3, ``collected``).
    """

    at: Millis
    before: float
    after: float
    visible: bool


class Emptied(Protocol):
    """What a crew sees of a bin."""

    def run(self, t: Millis) -> None:
        """Let it live until ``t``."""

    @property
    def surface(self) -> float:
        """Its level in %."""

    @property
    def spared(self) -> bool:
        """Whether the crew cannot or will not empty it."""

    def due(self, t: Millis, *, along: bool) -> None:
        """The crew has come for it: at ``t``, ``along`` with most of its stand."""


class Stand:
    """Bins with one calendar; ``name`` seeds the crew's luck."""

    def __init__(self, name: str, seed: int, calendar: Calendar | None, now: Millis) -> None:
        self.name = name
        self.bins: list[Emptied] = []
        self._seed = seed
        self._calendar = calendar
        self._visits = self._plan(now)
        self._next = next(self._visits, None)
        self._visiting = False

    @property
    def gap(self) -> float | None:
        """Days between two rounds at most; None without a calendar."""
        if self._calendar is None:
            return None
        days = sorted({day for entry in self._calendar.entries for day in entry.days})
        pairs = zip(days, days[1:] + days[:1], strict=True)
        return max((after - day) % 7 or 7 for day, after in pairs)

    def next_visit(self) -> Millis | None:
        """When the crew has been here next and should have been, if it comes by plan."""
        return None if self._next is None else max(self._next)

    def advance(self, t: Millis) -> None:
        """Hold every round that is due by ``t``."""
        if self._visiting:
            return
        while self._next is not None and self._next[0] <= t:
            self._visiting = True
            self._hold(self._next[0])
            self._visiting = False
            self._next = next(self._visits, None)

    def _hold(self, t: Millis) -> None:
        for one in self.bins:
            one.run(t)
        full = sum(one.surface >= WORTH and not one.spared for one in self.bins)
        most = 2 * full > len(self.bins) > 1
        for place, one in enumerate(self.bins):
            if not one.spared and one.surface >= (ALONG if most else WORTH):
                one.due(t + place * _LIFT, along=most)

    def _plan(self, now: Millis) -> Iterator[tuple[Millis, Millis]]:
        """Every visit after ``now``, in order, and the hour it was planned for."""
        if self._calendar is None:
            return
        day = local(now, self._calendar.zone).date()
        while True:
            begins = sorted(begin for begin, _ in self._calendar.on(day))
            for begin in begins:
                luck = Random(f"{self._seed}/round/{self.name}/{begin}")
                visit = begin + luck.randint(-_EARLY, _LATE)
                if visit > now:
                    yield visit, begin
            day += timedelta(1)
