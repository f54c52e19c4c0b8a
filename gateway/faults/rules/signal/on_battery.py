"""A cabinet has lost its mains and runs on its battery.

Source: domain §2: for more than 10 s. Over once it was on mains for a minute (E), so that a
recloser's tries are one alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class OnBattery(Settings):
    """Its delays, in seconds."""

    on_delay: Duration = 10.0
    off_delay: Duration = 60.0


def judge(seen: Seen, _settings: OnBattery, _memory: None) -> Verdict:
    """By the cabinet's own bit."""
    return MET if seen.fresh["on_battery"] is True else NORMAL


def tell(
    seen: Seen, _settings: OnBattery, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long, and at which voltages."""
    values = {
        name: seen.good[name]
        for name in ("supply_voltage", "battery_voltage")
        if isinstance(seen.good.get(name), int | float)
    }
    told = "".join(f", {name.split('_')[0]} at {volts:.1f} V" for name, volts in values.items())
    return f"runs on its battery for {lasted(since, seen.t)}{told}", values


RULE = Rule(
    code="on_battery",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=OnBattery,
    judge=judge,
    tell=tell,
    points=("on_battery",),
)
