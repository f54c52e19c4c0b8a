"""A bin is so full that waste ends up beside it.

Source: domain §3: fill level at least 95 % for 30 min, levels being medians of three readings;
below 90 % it is seen not to overflow (E). It stands for the vaguer ``bin_full``.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.faults.bins import Level
from gateway.faults.rule import Rule, Seen, Settings, Told, Verdict
from gateway.model import Millis, Severity
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class BinOverflow(Settings):
    """Fill levels in %: overflowing from ``over`` on, no more below ``below``."""

    on_delay: Duration = 1800.0
    over: float = 95.0
    below: float = 90.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.below > self.over:
            raise ValueError("below is more than over; a bin cannot be both")


def judge(_seen: Seen, settings: BinOverflow, level: Level) -> Verdict:
    """By the median of the last three levels."""
    return level.judge(settings.over, settings.below)


def tell(seen: Seen, settings: BinOverflow, level: Level, since: Millis) -> Told:
    """How full, since when."""
    return level.tell(settings.over, since, seen.t)


RULE = Rule(
    code="bin_overflow",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=BinOverflow,
    judge=judge,
    tell=tell,
    points=("fill_level",),
    memory=Level,
    replaces=("bin_full",),
)
