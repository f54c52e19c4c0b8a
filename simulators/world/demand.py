"""How busy the town is: traffic by hour and weekday, and what a festival adds.

Times are the place's own, so that a clock change moves the rush hour as it does in a town. The
shapes follow the usual counts of urban arterials (E): two peaks on working days, one broad one on
Saturdays and Sundays, a tenth of the day's flow at night.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import exp
from zoneinfo import ZoneInfo

from gateway.model import Millis
from simulators.world.clock import DAY

_QUARTER = 900_000
"""ms; every change of a time zone's offset falls on a quarter of an hour."""
_WORKDAY = ((8.0, 1.3, 0.95), (13.0, 3.5, 0.45), (17.5, 1.8, 1.0))
_WEEKEND = ((14.0, 4.5, 0.7),)
"""Hour, width in hours and height of each peak."""
_NIGHT = 0.04


@dataclass(frozen=True, slots=True)
class Festival:
    """From ``begin`` to ``end`` there are ``demand`` times as many people and vehicles."""

    begin: Millis
    end: Millis
    demand: float


@lru_cache(maxsize=256)
def _offset(zone: str, quarter: int) -> Millis:
    there = datetime.fromtimestamp(quarter * _QUARTER / 1000, UTC).astimezone(ZoneInfo(zone))
    offset = there.utcoffset()
    return round(offset.total_seconds() * 1000) if offset is not None else 0


def ahead(t: Millis, zone: str) -> Millis:
    """How far the clocks of a zone are ahead of UTC."""
    return _offset(zone, t // _QUARTER)


def local(t: Millis, zone: str) -> tuple[int, float]:
    """The weekday (Monday is 0) and the hour of a moment on the clocks of a zone."""
    wall = t + ahead(t, zone)
    return (wall // DAY + 3) % 7, (wall % DAY) / 3_600_000


def traffic(t: Millis, zone: str) -> float:
    """Vehicles as a share of the busiest hour's, by hour and weekday."""
    weekday, hour = local(t, zone)
    peaks = _WORKDAY if weekday < 5 else _WEEKEND
    flow = sum(height * exp(-(((hour - at) / width) ** 2)) for at, width, height in peaks)
    return min(1.0, _NIGHT + flow)


def crowd(t: Millis, festivals: Iterable[Festival]) -> float:
    """How many times as many people are out as on an ordinary day."""
    return max((one.demand for one in festivals if one.begin <= t < one.end), default=1.0)
