"""A bin is not where it belongs.

Source: domain §3: more than 50 m away for 15 min. It belongs where the site file says; a bin
without a place there is not judged. Positions wander by some metres, so it is back within 30 m (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, hypot, radians

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

DEGREE = 111_320.0
"""Metres of a degree of latitude."""


@dataclass(frozen=True, slots=True)
class BinMoved(Settings):
    """Metres: moved beyond ``away``, in its place within ``home``."""

    on_delay: Duration = 900.0
    away: float = 50.0
    home: float = 30.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.home > self.away:
            raise ValueError("home is more than away; a bin cannot be both")


def distance(seen: Seen) -> float | None:
    """Metres between where it is and where it belongs; None if either is not known now."""
    north, east = number(seen, "latitude"), number(seen, "longitude")
    home = seen.device.latitude, seen.device.longitude
    if north is None or east is None or home[0] is None or home[1] is None:
        return None
    return hypot(north - home[0], (east - home[1]) * cos(radians(home[0]))) * DEGREE


def judge(seen: Seen, settings: BinMoved, _memory: None) -> Verdict:
    """By how far it is from its place."""
    away = distance(seen)
    if away is None:
        return UNDECIDED
    if away > settings.away:
        return MET
    return NORMAL if away <= settings.home else BETWEEN


def tell(
    seen: Seen, _settings: BinMoved, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How far, where it is, since when."""
    away = distance(seen) or 0.0
    where = {point: seen.fresh[point] for point in ("latitude", "longitude")}
    message = f"{away:.0f} m from its place for {lasted(since, seen.t)}"
    return message, {"distance_m": round(away), **where}


RULE = Rule(
    code="bin_moved",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=BinMoved,
    judge=judge,
    tell=tell,
    points=("latitude", "longitude"),
)
