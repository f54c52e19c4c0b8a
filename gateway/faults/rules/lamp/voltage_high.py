"""The voltage at a lamp or pillar is too high.

Source: domain §1 (TALQ supplyVoltageTooHigh): above 110 % of nominal for 10 min, the band of
EN 50160, only while supplied: below 70 % there is no supply, and that is another alarm. A lamp
whose pillar measures the same of its phase is not judged: one cause, one alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.lamps import reads
from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.voltages import SUPPLIED, judge_voltage, tell_voltage
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class VoltageHigh(Settings):
    """Shares of the nominal voltage: too high above ``limit``, normal again at ``back`` (E)."""

    on_delay: Duration = 600.0
    off_delay: Duration = 60.0
    limit: float = 1.10
    back: float = 1.09


def judge(seen: Seen, settings: VoltageHigh, _memory: None) -> Verdict:
    """By every phase there is."""
    return judge_voltage(seen, settings.limit, settings.back, above=True)


def quiet(seen: Seen, settings: VoltageHigh, _memory: None) -> bool:
    """A lamp with a single voltage, and that within its band."""
    nominal = seen.device.facts.nominal_voltage
    return seen.device.kind == "lamp" and reads(seen, "voltage", 0.0, settings.limit * nominal)


def tell(
    seen: Seen, _settings: VoltageHigh, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which voltages, of what, for how long."""
    return tell_voltage(seen, since)


RULE = Rule(
    code="voltage_high",
    kinds=frozenset({"lamp", "feeder"}),
    severity=Severity.MINOR,
    settings=VoltageHigh,
    judge=judge,
    tell=tell,
    points=SUPPLIED,
    quiet=quiet,
)
