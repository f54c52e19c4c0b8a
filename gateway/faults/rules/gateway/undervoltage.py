"""The gateway's supply is too weak.

Source: domain §4: a Raspberry Pi says so, three times in a row (E): cards die of it. Over after
five minutes without (E), since it comes and goes with the load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class Undervoltage(Settings):
    """Its delays, in seconds."""

    off_delay: Duration = 300.0
    readings: int = 3


def judge(seen: Seen, _settings: Undervoltage, _memory: None) -> Verdict:
    """By the firmware's word."""
    return MET if seen.fresh["undervoltage"] is True else NORMAL


def tell(
    seen: Seen, _settings: Undervoltage, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long."""
    message = f"the gateway's supply is too weak for {lasted(since, seen.t)} (Raspberry Pi)"
    return message, {"undervoltage": True}


RULE = Rule(
    code="undervoltage",
    kinds=frozenset({"gateway"}),
    severity=Severity.MINOR,
    settings=Undervoltage,
    judge=judge,
    tell=tell,
    points=("undervoltage",),
)
