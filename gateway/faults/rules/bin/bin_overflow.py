"""A bin is so full that waste ends up beside it.

Source: domain §3: fill level at least 95 % for 30 min, levels being medians of three readings;
below 90 % it is seen not to overflow (E). It stands for the vaguer ``bin_full``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import Level
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
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
    if level.median is None:
        return UNDECIDED
    if level.median >= settings.over:
        return MET
    return NORMAL if level.median < settings.below else BETWEEN


def tell(
    seen: Seen, settings: BinOverflow, level: Level, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How full, since when."""
    full = level.median or 0.0
    message = f"{full:.0f} % full, at least {settings.over:.0f} % for {lasted(since, seen.t)}"
    return message, {"fill_level": round(full, 1)}


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
