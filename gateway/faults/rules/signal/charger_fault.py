"""A cabinet's battery is not charged, though there is mains.

Source: domain §2: on mains and under 2.20 V a cell for 24 h, which is longer than an empty battery
takes to charge. Running on the battery ends that time; 2.23 V a cell, a float charge, is well (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import cell_voltage
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class ChargerFault(Settings):
    """Voltages a cell: not charged under ``least``, charged from ``charged`` on."""

    on_delay: Duration = 86_400.0
    readings: int = 3
    least: float = 2.20
    charged: float = 2.23

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.least > self.charged:
            raise ValueError("least is more than charged; a battery cannot be both")


def judge(seen: Seen, settings: ChargerFault, _memory: None) -> Verdict:
    """By the voltage of a cell, on mains only."""
    volts = cell_voltage(seen)
    mains = seen.good.get("on_battery")
    if volts is None or mains is None:
        return UNDECIDED
    if mains is True:
        return BETWEEN
    if volts < settings.least:
        return MET
    return NORMAL if volts >= settings.charged else BETWEEN


def tell(
    seen: Seen, settings: ChargerFault, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """The voltage, what it should be, for how long."""
    volts = cell_voltage(seen) or 0.0
    message = (
        f"battery at {volts:.2f} V a cell on mains for {lasted(since, seen.t)}; "
        f"charged it has {settings.least:.2f} V"
    )
    return message, {"cell_voltage": round(volts, 3)}


RULE = Rule(
    code="charger_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=ChargerFault,
    judge=judge,
    tell=tell,
    points=("battery_voltage",),
    needs=(("battery_voltage", "on_battery"),),
)
