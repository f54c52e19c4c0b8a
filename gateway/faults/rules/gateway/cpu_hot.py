"""The gateway's processor is too hot.

Source: domain §4: at 80 °C, where a Raspberry Pi begins to slow down (its firmware's soft limit),
for 5 min; over below 75 °C (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class CpuHot(Settings):
    """Temperatures in °C: too hot from ``hot`` on, well below ``cool``."""

    on_delay: Duration = 300.0
    readings: int = 3
    hot: float = 80.0
    cool: float = 75.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.cool > self.hot:
            raise ValueError("cool is more than hot; a processor cannot be both")


def judge(seen: Seen, settings: CpuHot, _memory: None) -> Verdict:
    """By the processor's temperature."""
    temperature = number(seen, "cpu_temperature")
    if temperature is None:
        return UNDECIDED
    if temperature >= settings.hot:
        return MET
    return NORMAL if temperature < settings.cool else BETWEEN


def tell(
    seen: Seen, settings: CpuHot, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How hot, for how long, and whether it is slowed down."""
    temperature = number(seen, "cpu_temperature") or 0.0
    slowed = "; it is slowed down" if seen.good.get("throttled") is True else ""
    message = (
        f"the gateway's processor is at {temperature:.0f} °C, at least {settings.hot:.0f} °C "
        f"for {lasted(since, seen.t)}{slowed}"
    )
    return message, {"cpu_temperature": temperature}


RULE = Rule(
    code="cpu_hot",
    kinds=frozenset({"gateway"}),
    severity=Severity.MINOR,
    settings=CpuHot,
    judge=judge,
    tell=tell,
    points=("cpu_temperature",),
)
