"""A bin is full enough to be collected.

Source: domain §3: fill level at least 80 % for 30 min, levels being medians of three readings.
It is seen emptied, or settled, below 75 % (E): the sensor's noise and a lid's swing stay within
that dead band.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.faults.bins import Level
from gateway.faults.rule import Rule, Seen, Settings, Told, Verdict
from gateway.model import Millis, Severity
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class BinFull(Settings):
    """Fill levels in %: full from ``full`` on, not full below ``below``."""

    on_delay: Duration = 1800.0
    full: float = 80.0
    below: float = 75.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.below > self.full:
            raise ValueError("below is more than full; a bin cannot be both")


def judge(_seen: Seen, settings: BinFull, level: Level) -> Verdict:
    """By the median of the last three levels."""
    return level.judge(settings.full, settings.below)


def tell(seen: Seen, settings: BinFull, level: Level, since: Millis) -> Told:
    """How full, since when."""
    return level.tell(settings.full, since, seen.t)


RULE = Rule(
    code="bin_full",
    kinds=frozenset({"bin"}),
    severity=Severity.WARNING,
    settings=BinFull,
    judge=judge,
    tell=tell,
    points=("fill_level",),
    memory=Level,
)
