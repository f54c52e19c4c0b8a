"""How long until a bin is full: published with its readings, decides nothing.

Source: domain §3: per-bin empirical rates with P10, P50 and P90 (``gateway.faults.filling``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from gateway.faults.bins import Level
from gateway.faults.filling import Filling
from gateway.faults.rule import Estimate, Seen, Switch
from gateway.model import Value


class Forecasts:
    """A bin's cycles, fed with its level as a median of three."""

    kept_as: ClassVar[str] = "bin_filling/1"
    rests_on: ClassVar = (Level,)
    __slots__ = ("_filling", "_level")

    def __init__(self, _seen: Seen, level: Level) -> None:
        self._level = level
        self._filling = Filling()

    def begin(self) -> None:
        """A pause is a hole like any other: the filling sees by itself how long it was."""

    def see(self, seen: Seen) -> None:
        """Take in a level."""
        if self._level.median is not None and "fill_level" in seen.fresh:
            self._filling.take(seen.t, self._level.median)

    def now(self) -> Mapping[str, Value]:
        """Hours until full; nothing while too few cycles are known."""
        level = self._level.median
        forecast = None if level is None else self._filling.forecast(level)
        if forecast is None:
            return {}
        return {
            "time_to_full": round(forecast.p50, 1),
            "time_to_full_p10": round(forecast.p10, 1),
            "time_to_full_p90": round(forecast.p90, 1),
        }

    def dump(self) -> dict[str, Any]:
        """As ``Filling.dump``."""
        return self._filling.dump()

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """As ``Filling.load``."""
        self._filling.load(value)


def estimate(_seen: Seen, _settings: Switch, forecasts: Forecasts) -> Mapping[str, Value]:
    """P50, P10 and P90."""
    return forecasts.now()


ESTIMATE = Estimate(
    name="time_to_full",
    kinds=frozenset({"bin"}),
    values={"time_to_full": "h", "time_to_full_p10": "h", "time_to_full_p90": "h"},
    estimate=estimate,
    points=("fill_level",),
    memory=Forecasts,
)
