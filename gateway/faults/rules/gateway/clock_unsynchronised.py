"""The gateway does not know the time.

Source: domain §4: for 10 min (E), which is longer than a start with a slow uplink. Readings are
held until it does, or stamped by the time it knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class ClockUnsynchronised(Settings):
    """For how long, in seconds."""

    on_delay: Duration = 600.0


def judge(seen: Seen, _settings: ClockUnsynchronised, _memory: None) -> Verdict:
    """By the gateway's own word."""
    return NORMAL if seen.fresh["clock_synchronised"] is True else MET


def tell(
    seen: Seen, _settings: ClockUnsynchronised, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long."""
    message = f"the gateway's clock is not synchronised for {lasted(since, seen.t)}"
    return message, {"clock_synchronised": False}


RULE = Rule(
    code="clock_unsynchronised",
    kinds=frozenset({"gateway"}),
    severity=Severity.MINOR,
    settings=ClockUnsynchronised,
    judge=judge,
    tell=tell,
    points=("clock_synchronised",),
)
