"""A cabinet is too hot for what is in it.

Source: domain §2: more than 65 °C for 5 min; below 62 °C it has cooled down (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class CabinetOvertemperature(Settings):
    """Temperatures in °C: too hot above ``hot``, well below ``cool``."""

    on_delay: Duration = 300.0
    readings: int = 3
    hot: float = 65.0
    cool: float = 62.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.cool > self.hot:
            raise ValueError("cool is more than hot; a cabinet cannot be both")


def judge(seen: Seen, settings: CabinetOvertemperature, _memory: None) -> Verdict:
    """By the temperature."""
    temperature = seen.fresh["cabinet_temperature"]
    if isinstance(temperature, bool | str):
        return UNDECIDED
    if temperature > settings.hot:
        return MET
    return NORMAL if temperature < settings.cool else BETWEEN


def tell(
    seen: Seen, settings: CabinetOvertemperature, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How hot, for how long."""
    temperature = seen.fresh["cabinet_temperature"]
    message = (
        f"the cabinet is at {temperature:.0f} °C, above {settings.hot:.0f} °C "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"cabinet_temperature": temperature}


RULE = Rule(
    code="cabinet_overtemperature",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=CabinetOvertemperature,
    judge=judge,
    tell=tell,
    points=("cabinet_temperature",),
)
