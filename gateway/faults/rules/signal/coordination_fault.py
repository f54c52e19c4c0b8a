"""The controller is out of step with its neighbours.

Source: domain §2: the controller's bits for 30 s; CoordFail is major, CoordFault and
RSMP's synchronisation error (A0005) minor. CoordActive is no fault and is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.complaints import (
    Bits,
    Complained,
    grade_bits,
    judge_bits,
    set_bits,
    tell_bits,
)
from gateway.faults.rule import Rule, Seen, Verdict
from gateway.model import Millis, Severity, Value

FAILED = ("coordination_failed",)
FAULTY = ("coordination_fault", "alarm_synchronisation")


@dataclass(frozen=True, slots=True)
class CoordinationFault(Complained):
    """As ``Complained``."""


def bits(seen: Seen) -> Bits:
    """For how long each bit is set."""
    return Bits(seen, FAILED, FAULTY)


def judge(seen: Seen, settings: CoordinationFault, faulty: Bits) -> Verdict:
    """By the controller's bits."""
    return judge_bits(seen, settings, faulty)


def tell(
    seen: Seen, settings: CoordinationFault, faulty: Bits, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which bits, for how long."""
    return tell_bits(seen, settings, faulty, since, "coordination fault")


RULE = Rule(
    code="coordination_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=CoordinationFault,
    judge=judge,
    tell=tell,
    points=(*FAILED, *FAULTY),
    memory=bits,
    grade=grade_bits,
    parts=set_bits,
)
