"""A battery is nearly empty: a bin's, or a cabinet's while it runs on it.

Source: domain §3: a bin's battery under 20 %, warning. Domain §2: a cabinet on its battery under
1.95 V a cell, warning; under 1.80 V, critical. A cabinet's cells must be known (``battery_cells``).
On mains its battery is being charged and no longer low from 2.05 V a cell on (E); a bin's is well
from 25 % on (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import cell_voltage
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

NOISE = 0.01
"""V a cell above the threshold that say nothing: it sinks slowly through its meter's noise."""


@dataclass(frozen=True, slots=True)
class BatteryLow(Settings):
    """A bin's ``least`` and ``well`` in %; a cabinet's voltages a cell."""

    on_delay: Duration = 30.0
    readings: int = 3
    least: float = 20.0
    well: float = 25.0
    low_cell: float = 1.95
    empty_cell: float = 1.80
    well_cell: float = 2.05

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.least > self.well:
            raise ValueError("least is more than well; a battery cannot be both")
        if not self.empty_cell <= self.low_cell <= self.well_cell:
            raise ValueError("low_cell is not between empty_cell and well_cell")


def judge(seen: Seen, settings: BatteryLow, _memory: None) -> Verdict:
    """By the charge of a bin's battery, the voltage of a cabinet's."""
    if seen.device.kind == "bin":
        return _by_charge(seen, settings)
    volts, on_battery = cell_voltage(seen), seen.good.get("on_battery")
    if volts is None or on_battery is None:
        return UNDECIDED
    if volts >= settings.well_cell:
        return NORMAL
    if on_battery is not True or volts >= settings.low_cell + NOISE:
        return BETWEEN
    return MET if volts < settings.low_cell else UNDECIDED


def _by_charge(seen: Seen, settings: BatteryLow) -> Verdict:
    charge = seen.fresh.get("battery")
    if charge is None or isinstance(charge, bool | str):
        return UNDECIDED
    if charge < settings.least:
        return MET
    return NORMAL if charge >= settings.well else BETWEEN


def grade(seen: Seen, settings: BatteryLow, _memory: None) -> Severity:
    """Critical where a cabinet is about to go dark."""
    if seen.device.kind == "bin" or seen.good.get("on_battery") is not True:
        return Severity.WARNING
    volts = cell_voltage(seen)
    empty = volts is not None and volts < settings.empty_cell
    return Severity.CRITICAL if empty else Severity.WARNING


def tell(
    seen: Seen, settings: BatteryLow, _memory: None, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What is left, and below what it is low."""
    if seen.device.kind == "bin":
        charge = seen.good.get("battery", 0.0)
        return f"battery at {charge:.0f} %, below {settings.least:.0f} %", {"battery": charge}
    volts = cell_voltage(seen) or 0.0
    low = settings.empty_cell if volts < settings.empty_cell else settings.low_cell
    message = f"on its battery, at {volts:.2f} V a cell, below {low:.2f} V"
    return message, {"cell_voltage": round(volts, 3)}


RULE = Rule(
    code="battery_low",
    kinds=frozenset({"bin", "signal"}),
    severity=Severity.WARNING,
    settings=BatteryLow,
    judge=judge,
    tell=tell,
    points=("battery", "battery_voltage"),
    needs=(("battery",), ("battery_voltage", "on_battery")),
    grade=grade,
)
