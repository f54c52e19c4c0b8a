"""A pre-emption does not end.

Source: domain §2: more than 10 min, 30 min where trains cross. How long it may last is the asset's
``max_preempt``, and that is the only delay; nothing else about a pre-emption is ever a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, facts
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import format_duration

PATIENCE = 60_000
"""ms: it may have ended and begun again in a longer hole (E)."""


@dataclass(frozen=True, slots=True)
class PreemptStuck(Settings):
    """``on_delay`` counts on top of the asset's ``max_preempt``."""

    readings: int = 1


def preemption(_seen: Seen) -> Lasting:
    """For how long the pre-emption lasts."""
    return Lasting(("preempt",), frozenset({True}), PATIENCE)


def judge(seen: Seen, settings: PreemptStuck, active: Lasting) -> Verdict:
    """Certain once it lasts too long, normal when it is over."""
    most = facts(seen).max_preempt + settings.on_delay
    return active.verdict(seen, lambda _: most)


def tell(
    seen: Seen, settings: PreemptStuck, active: Lasting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long, and how long it may."""
    since = active.since(("preempt",), since)
    most = facts(seen).max_preempt + settings.on_delay
    message = (
        f"pre-empted for {lasted(since, seen.t)}; at most {format_duration(most)} are expected"
    )
    return message, {"since": since, "max_preempt": most}


RULE = Rule(
    code="preempt_stuck",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=PreemptStuck,
    judge=judge,
    tell=tell,
    points=("preempt",),
    memory=preemption,
)
