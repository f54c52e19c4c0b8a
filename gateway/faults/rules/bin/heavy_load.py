"""A bin is heavier than what fills it ever was: rubble, water, soil.

Source: domain §3: kg per % above its own P99. Its own are the last months' readings, one an hour,
from 20 % on, in steps of a tenth; 120 of them, some weeks of a bin that is emptied daily, make a
P99 (E). It must hold for an hour, and be above P99 by half, because a P99 is passed once in a
hundred times by nothing at all (E). A bin that is less than 20 % full is heavy if it would be so at
20 %, and never seen to be well.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

from gateway.faults.bands import above
from gateway.faults.bins import Level, number
from gateway.faults.rule import MET, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

HOUR = 3_600_000
LEAST_LEVEL = 20.0
"""% below which weight over level is mostly the bin's own (E)."""

STEPS, FIRST, STEP = 64, 0.01, log(1.1)
"""Steps of kg per %, each a tenth above the one before, from 10 g on."""

ENOUGH, MOST = 120, 5_000


@dataclass(frozen=True, slots=True)
class HeavyLoad(Settings):
    """``times`` its P99; normal below ``back`` times (E)."""

    on_delay: Duration = 3600.0
    times: float = 1.5
    back: float = 1.2


class Weights:
    """How often which kg per % was seen.

    ``p99`` is the kg per % that one reading in a hundred passes; None while too few are known.
    The level is a median of three, so that no wrong echo makes a load light.
    """

    kept_as: ClassVar[str] = "bin_weight/1"
    rests_on: ClassVar = (Level,)
    __slots__ = ("_at", "_counts", "level", "p99")

    def __init__(self, _seen: Seen, level: Level) -> None:
        self.level = level
        self._counts = array("H", bytes(2 * STEPS))
        self.p99: float | None = None
        self._at: Millis = 0

    def begin(self) -> None:
        """A pause changes nothing."""

    def see(self, seen: Seen) -> None:
        """Count a reading an hour, unless it is far from all others."""
        if seen.t - self._at < HOUR:
            return
        ratio = self._ratio(seen)
        if ratio is None or (self.p99 is not None and ratio > 1.5 * self.p99):
            return
        self._at = seen.t
        self._counts[max(0, min(STEPS - 1, int(log(max(ratio, FIRST) / FIRST) / STEP)))] += 1
        if sum(self._counts) > MOST:
            self._counts = array("H", [count // 2 for count in self._counts])
        self.p99 = self._passed_by_one_in_a_hundred()

    def now(self, seen: Seen) -> float | None:
        """The level in %, as long as it is known."""
        return self.level.median if "fill_level" in seen.good else None

    def _ratio(self, seen: Seen) -> float | None:
        """Kg per % of the latest reading; None without both, or nearly empty."""
        weight, level = number(seen, "weight"), self.now(seen)
        if weight is None or level is None or level < LEAST_LEVEL:
            return None
        return weight / level

    def _passed_by_one_in_a_hundred(self) -> float | None:
        total = sum(self._counts)
        if total < ENOUGH:
            return None
        left = total // 100
        for step in range(STEPS - 1, -1, -1):
            left -= self._counts[step]
            if left < 0:
                return float(FIRST * 1.1 ** (step + 1))
        return None

    def dump(self) -> list[int] | None:
        """The counts."""
        return self._counts.tolist() if any(self._counts) else None

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        counts = array("H", value)
        if len(counts) != STEPS:
            raise ValueError(f"not {STEPS} steps")
        self._counts = counts
        self.p99 = self._passed_by_one_in_a_hundred()


def judge(seen: Seen, settings: HeavyLoad, weights: Weights) -> Verdict:
    """Against its own."""
    weight, level, usual = number(seen, "weight"), weights.now(seen), weights.p99
    if weight is None or level is None or usual is None:
        return UNDECIDED
    ratio = weight / max(level, LEAST_LEVEL)
    said = above(ratio, settings.times * usual, settings.back * usual)
    return said if said is MET or level >= LEAST_LEVEL else UNDECIDED


def tell(
    seen: Seen, _settings: HeavyLoad, weights: Weights, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How heavy for how full, and what it was before."""
    weight, level = number(seen, "weight") or 0.0, weights.level.median or 0.0
    usual = (weights.p99 or 0.0) * max(level, LEAST_LEVEL)
    message = (
        f"{weight:.0f} kg at {level:.0f} % where {usual:.0f} kg are the most it usually has, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"weight": round(weight, 1), "expected": round(usual, 1)}


RULE = Rule(
    code="heavy_load",
    kinds=frozenset({"bin"}),
    severity=Severity.WARNING,
    settings=HeavyLoad,
    judge=judge,
    tell=tell,
    points=("weight", "fill_level"),
    needs=(("weight", "fill_level"),),
    memory=Weights,
)
