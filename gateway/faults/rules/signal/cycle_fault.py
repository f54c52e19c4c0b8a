"""The controller does not get through its cycle.

Source: domain §2: the controller's bits for 30 s; CycleFail and RSMP's dead lock (A0008)
are major, CycleFault minor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, offered
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

FAILED = ("cycle_failed", "alarm_dead_lock")
FAULTY = ("cycle_fault",)
PATIENCE = 30_000
"""ms: a bit that is missing for longer begins anew."""


@dataclass(frozen=True, slots=True)
class CycleFault(Settings):
    """Each bit's own ``on_delay`` counts."""

    on_delay: Duration = 30.0
    readings: int = 1


def bits(seen: Seen) -> Lasting:
    """For how long each bit is set."""
    return Lasting(offered(seen, (*FAILED, *FAULTY)), frozenset({True}), PATIENCE)


def judge(seen: Seen, settings: CycleFault, faulty: Lasting) -> Verdict:
    """By the controller's bits."""
    return faulty.verdict(seen, lambda _: settings.on_delay)


def parts(seen: Seen, settings: CycleFault, faulty: Lasting) -> list[str]:
    """The bits that are set."""
    return faulty.overdue(seen, lambda _: settings.on_delay)


def grade(seen: Seen, settings: CycleFault, faulty: Lasting) -> Severity:
    """Major where it has failed, not merely been at fault."""
    failed = any(bit in FAILED for bit in parts(seen, settings, faulty))
    return Severity.MAJOR if failed else Severity.MINOR


def tell(
    seen: Seen, settings: CycleFault, faulty: Lasting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which bits, for how long."""
    names = parts(seen, settings, faulty)
    begun = faulty.since(names, since)
    message = (
        f"the controller reports a cycle fault ({', '.join(names)}) for {lasted(begun, seen.t)}"
    )
    return message, {"since": begun, **dict.fromkeys(names, True)}


RULE = Rule(
    code="cycle_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=CycleFault,
    judge=judge,
    tell=tell,
    points=(*FAILED, *FAULTY),
    memory=bits,
    grade=grade,
    parts=parts,
)
