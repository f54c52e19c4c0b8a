"""A lamp's driver is too hot.

Source: domain §1 (TALQ highTemperature): above 85 °C for 5 min; normal below 80 °C (E).
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
class DriverOvertemperature(Settings):
    """Temperatures in °C."""

    on_delay: Duration = 300.0
    hot: float = 85.0
    cool: float = 80.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.cool > self.hot:
            raise ValueError("cool is more than hot; a driver cannot be both")


def judge(seen: Seen, settings: DriverOvertemperature, _memory: None) -> Verdict:
    """By the driver's own thermometer."""
    temperature = number(seen, "driver_temperature")
    return UNDECIDED if temperature is None else above(temperature, settings.hot, settings.cool)


def tell(
    seen: Seen, settings: DriverOvertemperature, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How hot, for how long."""
    temperature = number(seen, "driver_temperature") or 0.0
    message = (
        f"driver at {temperature:.0f} °C, above {settings.hot:.0f} °C for {lasted(since, seen.t)}"
    )
    return message, {"driver_temperature": round(temperature, 1)}


RULE = Rule(
    code="driver_overtemperature",
    kinds=frozenset({"lamp"}),
    severity=Severity.WARNING,
    settings=DriverOvertemperature,
    judge=judge,
    tell=tell,
    points=("driver_temperature",),
)
