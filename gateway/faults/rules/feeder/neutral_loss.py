"""A feeder's neutral is broken: its phases share the voltage as their loads will have it.

Source: domain §1: one phase more than 10 % above nominal while another is more than 10 % below it,
for 5 s. Normal when every phase is seen within ±8 % (E). Lamps burn out by the dozen, and metal may
be live: critical, and never taken in by another alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.feeders import PHASES, energised
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.voltages import shares, tell_voltage
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class NeutralLoss(Settings):
    """Distances from nominal, as shares of it."""

    on_delay: Duration = 5.0
    off_delay: Duration = 60.0
    off: float = 0.10
    back: float = 0.08

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.back > self.off:
            raise ValueError("back is more than off; a voltage cannot be both")


def judge(seen: Seen, settings: NeutralLoss, _memory: None) -> Verdict:
    """By all phases in one reading; a phase that is gone is another alarm."""
    found = shares(seen).values()
    if len(found) < len(PHASES) or min(found) < 0.2 or not energised(seen):
        return UNDECIDED
    if max(found) > 1 + settings.off and min(found) < 1 - settings.off:
        return MET
    near = all(abs(share - 1) < settings.back for share in found)
    return NORMAL if near else BETWEEN


def tell(
    seen: Seen, _settings: NeutralLoss, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What every phase has."""
    message, values = tell_voltage(seen, since)
    return f"the neutral is broken, phases drift apart: {message}", values


RULE = Rule(
    code="neutral_loss",
    kinds=frozenset({"feeder"}),
    severity=Severity.CRITICAL,
    settings=NeutralLoss,
    judge=judge,
    tell=tell,
    points=PHASES,
    replaces=("voltage_high", "voltage_low", "phase_loss"),
)
