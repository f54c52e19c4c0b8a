"""A bin is full enough to be collected.

Source: domain §3: fill level at least 80 % for 30 min, levels being medians of three readings.
It is seen emptied, or settled, below 75 % (E): the sensor's noise and a lid's swing stay within
that dead band.
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
    if level.median is None:
        return UNDECIDED
    if level.median >= settings.full:
        return MET
    return NORMAL if level.median < settings.below else BETWEEN


def tell(
    seen: Seen, settings: BinFull, level: Level, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How full, since when."""
    full = level.median or 0.0
    message = f"{full:.0f} % full, at least {settings.full:.0f} % for {lasted(since, seen.t)}"
    return message, {"fill_level": round(full, 1)}


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
