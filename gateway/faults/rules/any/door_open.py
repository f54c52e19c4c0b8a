"""A door stands open: a lamp's, a feeder pillar's, a signal cabinet's.

Source: domain §1 and §2: for more than 60 s, warning; a pillar's or a cabinet's at night, major
(cables are stolen then). Night is between sunset and sunrise. Work that is announced is the
engine's to know: a maintenance window suppresses this like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.sun import HORIZON
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class DoorOpen(Settings):
    """How long a door may stand open, in seconds."""

    on_delay: Duration = 60.0


def judge(seen: Seen, _settings: DoorOpen, _memory: None) -> Verdict:
    """By the door's contact."""
    return MET if seen.fresh["door_open"] is True else NORMAL


def grade(seen: Seen, _settings: DoorOpen, _memory: None) -> Severity:
    """Major for pillars and cabinets at night."""
    night = seen.device.kind != "lamp" and seen.sun() < HORIZON
    return Severity.MAJOR if night else Severity.WARNING


def tell(
    seen: Seen, settings: DoorOpen, memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long, and whether at night."""
    night = grade(seen, settings, memory) is Severity.MAJOR
    message = f"the door is open{' at night' if night else ''} for {lasted(since, seen.t)}"
    return message, {"door_open": True}


RULE = Rule(
    code="door_open",
    kinds=frozenset({"lamp", "feeder", "signal"}),
    severity=Severity.WARNING,
    settings=DoorOpen,
    judge=judge,
    tell=tell,
    points=("door_open",),
    grade=grade,
)
