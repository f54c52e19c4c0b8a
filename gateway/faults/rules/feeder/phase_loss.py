"""A feeder has lost one of its phases.

Source: domain §1: one phase below 70 % of nominal, all others at 90 % or more, for 5 s; it is back
when every phase is seen at 80 % or more (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.feeders import PHASES, energised
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.voltages import GONE, shares, tell_voltage
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class PhaseLoss(Settings):
    """Shares of the nominal voltage."""

    on_delay: Duration = 5.0
    off_delay: Duration = 300.0
    lost: float = GONE
    there: float = 0.9
    back: float = 0.8


def judge(seen: Seen, settings: PhaseLoss, _memory: None) -> Verdict:
    """By all phases in one reading."""
    found = sorted(shares(seen).values())
    if len(found) < len(PHASES):
        return UNDECIDED
    if found[0] >= settings.back:
        return NORMAL  # whether it is switched on or not
    if not energised(seen):
        return UNDECIDED
    alone = found[0] < settings.lost and found[1] >= settings.there
    return MET if alone else BETWEEN


def tell(
    seen: Seen, _settings: PhaseLoss, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which phase, and what the others have."""
    found = shares(seen)
    lost = min(found, key=lambda point: found[point])
    message, values = tell_voltage(seen, since)
    phase = lost[-2:].upper()
    return f"phase {phase} is lost: {message}", {"phase": phase, **values}


RULE = Rule(
    code="phase_loss",
    kinds=frozenset({"feeder"}),
    severity=Severity.MAJOR,
    settings=PhaseLoss,
    judge=judge,
    tell=tell,
    points=PHASES,
    replaces=("voltage_low",),
)
