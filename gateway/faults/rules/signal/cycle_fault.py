"""The controller does not get through its cycle.

Source: domain §2: the controller's bits for 30 s; CycleFail and RSMP's dead lock (A0008)
are major, CycleFault minor.
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

FAILED = ("cycle_failed", "alarm_dead_lock")
FAULTY = ("cycle_fault",)


@dataclass(frozen=True, slots=True)
class CycleFault(Complained):
    """As ``Complained``."""


def bits(seen: Seen) -> Bits:
    """For how long each bit is set."""
    return Bits(seen, FAILED, FAULTY)


def judge(seen: Seen, settings: CycleFault, faulty: Bits) -> Verdict:
    """By the controller's bits."""
    return judge_bits(seen, settings, faulty)


def tell(
    seen: Seen, settings: CycleFault, faulty: Bits, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which bits, for how long."""
    return tell_bits(seen, settings, faulty, since, "cycle fault")


RULE = Rule(
    code="cycle_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=CycleFault,
    judge=judge,
    tell=tell,
    points=(*FAILED, *FAULTY),
    memory=bits,
    grade=grade_bits,
    parts=set_bits,
)
