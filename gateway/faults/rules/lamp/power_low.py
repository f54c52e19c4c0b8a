"""A lamp draws less than it should, but burns.

Source: domain §1 (TALQ lampPowerTooLow): below the expected power by more than max(20 %, 4 W,
3 sigma) for 15 min: a string of its LEDs is dead, or its driver derates. Expected is what this lamp
drew before at this dim level, else its plate (``gateway.faults.expected``). While it warms up, and
on a voltage outside ±10 %, it is not judged; one that draws next to nothing is a ``lamp_failure``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.expected import Expected
from gateway.faults.offpower import OffPower, judge_power, quiet_power, tell_power
from gateway.faults.rule import Rule, Seen, Verdict
from gateway.model import Millis, Severity, Value


@dataclass(frozen=True, slots=True)
class PowerLow(OffPower):
    """As ``OffPower``."""


def judge(seen: Seen, settings: PowerLow, known: Expected) -> Verdict:
    """By what it draws less than expected."""
    return judge_power(seen, settings, known, above=False)


def quiet(seen: Seen, settings: PowerLow, known: Expected) -> bool:
    """As ``quiet_power``."""
    return quiet_power(seen, settings, known, above=False)


def tell(
    seen: Seen, _settings: PowerLow, known: Expected, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What it draws and should, for how long."""
    return tell_power(seen, known, since)


RULE = Rule(
    code="power_low",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=PowerLow,
    judge=judge,
    tell=tell,
    points=("power",),
    quiet=quiet,
    memory=Expected,
)
