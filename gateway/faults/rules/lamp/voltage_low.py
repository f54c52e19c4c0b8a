"""The voltage at a lamp or pillar is too low.

Source: domain §1 (TALQ supplyVoltageTooLow): below 90 % of nominal for 10 min, the band of
EN 50160, only while supplied: below 70 % there is no supply, and that is another alarm. A lamp
whose pillar measures the same of its phase is not judged: one cause, one alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.lamps import reads
from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.voltages import SUPPLIED, judge_voltage, tell_voltage
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class VoltageLow(Settings):
    """Shares of the nominal voltage: too low below ``limit``, normal again at ``back`` (E)."""

    on_delay: Duration = 600.0
    off_delay: Duration = 60.0
    limit: float = 0.90
    back: float = 0.91


def judge(seen: Seen, settings: VoltageLow, _memory: None) -> Verdict:
    """By every phase there is."""
    return judge_voltage(seen, settings.limit, settings.back, above=False)


def quiet(seen: Seen, settings: VoltageLow, _memory: None) -> bool:
    """A lamp with a single voltage, and that within its band."""
    nominal = seen.device.facts.nominal_voltage
    return seen.device.kind == "lamp" and reads(seen, "voltage", settings.limit * nominal, math.inf)


def tell(
    seen: Seen, _settings: VoltageLow, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which voltages, of what, for how long."""
    return tell_voltage(seen, since)


RULE = Rule(
    code="voltage_low",
    kinds=frozenset({"lamp", "feeder"}),
    severity=Severity.MINOR,
    settings=VoltageLow,
    judge=judge,
    tell=tell,
    points=SUPPLIED,
    quiet=quiet,
)
