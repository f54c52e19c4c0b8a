"""The controller is out of step with its neighbours.

Source: domain §2: the controller's bits for 30 s; CoordFail is major, CoordFault and
RSMP's synchronisation error (A0005) minor. CoordActive is no fault and is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, offered
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

FAILED = ("coordination_failed",)
FAULTY = ("coordination_fault", "alarm_synchronisation")
PATIENCE = 30_000
"""ms: a bit that is missing for longer begins anew."""


@dataclass(frozen=True, slots=True)
class CoordinationFault(Settings):
    """Each bit's own ``on_delay`` counts."""

    on_delay: Duration = 30.0
    readings: int = 1


def bits(seen: Seen) -> Lasting:
    """For how long each bit is set."""
    return Lasting(offered(seen, (*FAILED, *FAULTY)), frozenset({True}), PATIENCE)


def judge(seen: Seen, settings: CoordinationFault, faulty: Lasting) -> Verdict:
    """By the controller's bits."""
    return faulty.verdict(seen, lambda _: settings.on_delay)


def parts(seen: Seen, settings: CoordinationFault, faulty: Lasting) -> list[str]:
    """The bits that are set."""
    return faulty.overdue(seen, lambda _: settings.on_delay)


def grade(seen: Seen, settings: CoordinationFault, faulty: Lasting) -> Severity:
    """Major where it has failed, not merely been at fault."""
    failed = any(bit in FAILED for bit in parts(seen, settings, faulty))
    return Severity.MAJOR if failed else Severity.MINOR


def tell(
    seen: Seen, settings: CoordinationFault, faulty: Lasting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which bits, for how long."""
    names = parts(seen, settings, faulty)
    begun = faulty.since(names, since)
    length = lasted(begun, seen.t)
    message = f"the controller reports a coordination fault ({', '.join(names)}) for {length}"
    return message, {"since": begun, **dict.fromkeys(names, True)}


RULE = Rule(
    code="coordination_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=CoordinationFault,
    judge=judge,
    tell=tell,
    points=(*FAILED, *FAULTY),
    memory=bits,
    grade=grade,
    parts=parts,
)
