"""Leakage to earth grows from week to week: an insulation fails slowly.

Source: domain §1: the 7-day dry median has doubled and is above 30 mA. Rain makes everything leak,
so a day counts with its driest hours, the lower quartile of its readings (E); the median of seven
such days is compared with that of the first seven known, or of the best seven since: a leak that
was there at first and is mended is no measure (E). Normal below 1.5 times (E). What is not
energised leaks nothing: of a switched feeder only its nights count, and six hours make a day (E).
Poles are not judged: one that leaks 30 mA has long been ``leakage``, from 10 mA on.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

from gateway.faults.feeders import energised
from gateway.faults.lamps import measured
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value

DAY = 86_400_000
DAYS = 7
A_DAY = 24
"""Readings kept of a day, an hour apart."""

LEAST_A_DAY = 6


@dataclass(frozen=True, slots=True)
class LeakageTrend(Settings):
    """``times`` its first weeks' level, and more than ``least`` mA."""

    times: float = 2.0
    back: float = 1.5
    least: float = 30.0


class Weeks:
    """``first`` is the dry median of the first or best seven days in mA, ``now`` of the last.

    Both are None before there are seven.
    """

    kept_as: ClassVar[str] = "leakage/1"
    __slots__ = ("_at", "_day", "_days", "_today", "first", "now")

    def __init__(self, _seen: Seen) -> None:
        self.first: float | None = None
        self.now: float | None = None
        self._days = array("f")
        self._today = array("f")
        self._day = 0
        self._at: Millis = 0

    def begin(self) -> None:
        """A pause spoils nothing: a day counts by what was read in it."""

    def see(self, seen: Seen) -> None:
        """Keep a reading an hour."""
        current = measured(seen, "leakage_current")
        if current is None:
            return
        if seen.t // DAY != self._day:
            self._turn()
            self._day = seen.t // DAY
        if seen.t - self._at >= DAY // A_DAY and energised(seen):
            self._at = seen.t
            self._today = self._today[1 - A_DAY :]
            self._today.append(current)

    def _turn(self) -> None:
        if len(self._today) >= LEAST_A_DAY:
            dry = sorted(self._today)[len(self._today) // 4]
            self._days = self._days[1 - DAYS :]
            self._days.append(dry)
            self._compare()
        self._today = array("f")

    def _compare(self) -> None:
        self.now = median(self._days) if len(self._days) == DAYS else None
        if self.now is not None:
            self.first = self.now if self.first is None else min(self.first, self.now)

    def dump(self) -> dict[str, Any] | None:
        """The first level and the days."""
        if not self._days:
            return None
        first = None if self.first is None else round(self.first, 2)
        return {"first": first, "days": [round(day, 2) for day in self._days]}

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        first, days = value["first"], array("f", value["days"])
        if len(days) > DAYS:
            raise ValueError("more than seven days")
        self.first, self._days = None if first is None else float(first), days
        self._compare()


def judge(seen: Seen, settings: LeakageTrend, weeks: Weeks) -> Verdict:
    """By the dry medians of now and of its first week."""
    now = weeks.now
    if now is None or weeks.first is None or "leakage_current" not in seen.fresh:
        return UNDECIDED
    if now > settings.least and now >= settings.times * weeks.first:
        return MET
    normal = now < settings.back * weeks.first or now < 0.8 * settings.least
    return NORMAL if normal else BETWEEN


def tell(
    _seen: Seen, _settings: LeakageTrend, weeks: Weeks, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """From what to what."""
    now, first = weeks.now or 0.0, weeks.first or 0.0
    message = f"{now:.0f} mA to earth on dry days of the last week, {first:.0f} mA at first"
    return message, {"leakage_current": round(now, 1), "first": round(first, 1)}


RULE = Rule(
    code="leakage_trend",
    kinds=frozenset({"feeder"}),
    severity=Severity.WARNING,
    settings=LeakageTrend,
    judge=judge,
    tell=tell,
    points=("leakage_current",),
    memory=Weeks,
)
