"""A feeder carries more than its lamps can draw: somebody has tapped it.

Source: domain §1: above 115 % of the sum expected for 30 min. Expected is what the lamps' plates
and dim levels say, as this feeder usually carries of it (``gateway.faults.load``), and at least
50 W more than that (E), so that a pillar's own heater is no theft. Normal below 108 % (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.load import Load
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Group, Rule, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class FeederOverload(Settings):
    """Shares of the expected load, and ``least`` W above it."""

    on_delay: Duration = 1800.0
    share: float = 1.15
    back: float = 1.08
    least: float = 50.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.back > self.share:
            raise ValueError("back is more than share; a load cannot be high and normal at once")


def judge(group: Group, settings: FeederOverload, load: Load) -> Verdict:
    """By the sum of all phases."""
    if not load.measured or not load.expected or not load.settled(group.t):
        return UNDECIDED
    usual, measured = load.total
    usual += load.doubt  # a silent lamp may burn by day
    if measured > max(settings.share * usual, usual + settings.least):
        return MET
    normal = measured < max(settings.back * usual, usual + settings.least / 2)
    return NORMAL if normal else BETWEEN


def tell(
    group: Group, _settings: FeederOverload, load: Load, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How much of how much."""
    usual, measured = load.total
    message = (
        f"carries {measured:.0f} W where its lamps should draw {usual:.0f} W, "
        f"for {lasted(since, group.t)}"
    )
    return message, {"power": round(measured), "expected": round(usual)}


RULE = Rule(
    code="feeder_overload",
    kinds=frozenset({"feeder"}),
    severity=Severity.WARNING,
    settings=FeederOverload,
    judge=judge,
    tell=tell,
    points=("power", "power_l1", "power_l2", "power_l3"),
    scope="feeder",
    by_head=True,
    memory=Load,
)
