"""When will a bin be full? Wayside's forecast on the daily levels of the City of Wyndham's bins.

The data (31 bins, 2018 to 2021, CC BY 2.5 AU) has one level a day in steps of 20 %; rows with the
reason ALERT are a broken sensor and are left out. **Target**: on a day on which a bin is below
80 %, the days until it is at 80 % or more, for those days after which it got there without being
emptied before and without a day missing. **Split**: walk forward; a forecast knows only days up to
its own, the first year is only learnt from, and every method needs five ended cycles of that bin.

Beside it two plain methods: *persistence* (this time the bin fills at the rate of the last cycle)
and *empirical rate* (at the mean rate of all its cycles so far).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import mean

from gateway.faults.filling import Filling, Forecast
from tests.bench.longform import Verdict
from tests.bench.report import Table

DATA = Path(__file__).resolve().parents[3] / "shared/data/wyndham_bins_daily.csv.gz"
FULL, EMPTIED = 80.0, 15.0
LEARNING_ENDS = date(2019, 8, 1)
LEAST_CYCLES = 5
DAY = 86_400_000
COVERED, WORSE = (0.75, 0.85), 1.02

Day = tuple[date, float]


def days_of(file: Path = DATA) -> dict[str, list[Day]]:
    """Each bin's days in order, with its level in %."""
    found: dict[str, dict[date, float]] = {}
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["reason"] != "ALERT":
                day = date.fromisoformat(row["timestamp"])
                level = 10.0 * int(row["latestFullness"])
                found.setdefault(row["serialNumber"], {})[day] = level
    return {name: sorted(days.items()) for name, days in found.items()}


def stretches(days: list[Day]) -> Iterator[list[Day]]:
    """The days cut where one is missing, the bin was emptied, or it has stood full."""
    stretch = days[:1]
    for (before, was), (day, level) in pairwise(days):
        if (day - before).days > 1 or level <= was - EMPTIED or was >= FULL:
            yield stretch
            stretch = []
        if not (was >= FULL and (day - before).days == 1 and level > was - EMPTIED):
            stretch.append((day, level))  # else nobody knows since when it is full
    yield stretch


@dataclass
class Tally:
    """Absolute errors in days by method, and whether P10 to P90 held the truth."""

    ours: list[float] = field(default_factory=list)
    persistence: list[float] = field(default_factory=list)
    empirical: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)

    def take(self, days: int, forecast: Forecast, level: float, rates: list[float]) -> None:
        left = FULL - level
        self.ours.append(abs(forecast.p50 / 24 - days))
        self.persistence.append(abs(left / rates[-1] - days))
        self.empirical.append(abs(left / mean(rates) - days))
        self.covered.append(forecast.p10 / 24 <= days <= forecast.p90 / 24)


def judge(days: list[Day], tally: Tally) -> None:
    """Walk one bin's days forward."""
    filling, rates = Filling(FULL), list[float]()
    for stretch in stretches(days):
        said: list[tuple[date, float, Forecast, list[float]]] = []
        for day, level in stretch:
            filling.take((day - date(1970, 1, 1)).days * DAY, level)
            forecast = filling.forecast(level)
            if level >= FULL:
                for then, before, told, known in said:
                    tally.take((day - then).days, told, before, known)
                begun, at = stretch[0]
                if at < FULL:
                    rates = [*rates, (FULL - at) / (day - begun).days]
            elif day >= LEARNING_ENDS and forecast is not None and len(rates) >= LEAST_CYCLES:
                said.append((day, level, forecast, rates))


def measure(_seed: int = 0, _share: float = 1.0) -> Verdict:
    """Walk every bin forward; there is no chance in it."""
    tally = Tally()
    for days in days_of().values():
        judge(days, tally)
    return verdict(tally)


def verdict(tally: Tally) -> Verdict:
    """The table, and which bound was not kept."""
    errors = {
        "Wayside, P50": mean(tally.ours),
        "persistence": mean(tally.persistence),
        "empirical rate": mean(tally.empirical),
    }
    best = min(errors["persistence"], errors["empirical rate"])
    ratio, covered = errors["Wayside, P50"] / best, mean(tally.covered)
    rows = [(name, f"{error:.3f} days", f"{error / best:.3f}") for name, error in errors.items()]
    rows.append(("P10 to P90 holds the truth", f"{covered:.1%}", "75 to 85 %"))
    broken = []
    if ratio > WORSE:
        broken.append(f"P50 errs {ratio:.3f} times as much as the best plain method, not {WORSE}")
    if not COVERED[0] <= covered <= COVERED[1]:
        broken.append(f"P10 to P90 covers {covered:.1%}, not 75 to 85 %")
    says = (
        f"The City of Wyndham's bins, walked forward day by day: {len(tally.ours):,} forecasts of "
        "the days until a bin below 80 % is at 80 %, where it got there unemptied and no day is "
        "missing. Learnt from the days before, nothing else; the first year is not judged. Mean "
        "absolute error; the bound of ours is 1.02 of the better of the other two."
    )
    head = ("method", "measured", "of the best plain method · bound")
    return Verdict(Table("When will a bin be full?", says, head, rows), broken)
