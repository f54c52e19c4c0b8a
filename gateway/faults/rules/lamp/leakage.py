"""Current flows to earth from a pole or a feeder: whoever touches it may be hurt.

Source: domain §1 (TALQ leakageDetected): a pole above 10 mA, major; a feeder above 100 mA warning,
150 major, 300 critical; for 10 s. Below 80 % of the first limit it is normal (E). Never taken in by
another alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bands import above
from gateway.faults.lamps import number
from gateway.faults.rule import UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class Leakage(Settings):
    """Milliamperes; normal below the share ``back`` of the first limit."""

    on_delay: Duration = 10.0
    off_delay: Duration = 60.0
    pole: float = 10.0
    feeder: float = 100.0
    feeder_major: float = 150.0
    feeder_critical: float = 300.0
    back: float = 0.8


def limit(seen: Seen, settings: Leakage) -> float:
    """The mA from which this device is told of."""
    return settings.feeder if seen.device.kind == "feeder" else settings.pole


def judge(seen: Seen, settings: Leakage, _memory: None) -> Verdict:
    """By the residual current."""
    current = number(seen, "leakage_current")
    if current is None:
        return UNDECIDED
    most = limit(seen, settings)
    return above(current, most, settings.back * most)


def grade(seen: Seen, settings: Leakage, _memory: None) -> Severity:
    """A pole is major; a feeder by how much it is."""
    current = number(seen, "leakage_current") or 0.0
    if seen.device.kind == "lamp":
        return Severity.MAJOR
    if current > settings.feeder_critical:
        return Severity.CRITICAL
    return Severity.MAJOR if current > settings.feeder_major else Severity.WARNING


def tell(
    seen: Seen, settings: Leakage, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How much, of how much, for how long."""
    current = number(seen, "leakage_current") or 0.0
    message = (
        f"{current:.0f} mA to earth, above {limit(seen, settings):.0f} mA "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"leakage_current": round(current, 1)}


RULE = Rule(
    code="leakage",
    kinds=frozenset({"lamp", "feeder"}),
    severity=Severity.MAJOR,
    settings=Leakage,
    judge=judge,
    tell=tell,
    points=("leakage_current",),
    grade=grade,
)
