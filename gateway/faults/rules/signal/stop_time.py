"""The controller's time stands still.

Source: domain §2: stop time (NTCIP 1202 unitAlarmStatus, bit StopTime) for more than 5 min.
Technicians and monitors use it for moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class StopTime(Settings):
    """How long it may stand still, in seconds."""

    on_delay: Duration = 300.0


def judge(seen: Seen, _settings: StopTime, _memory: None) -> Verdict:
    """By the controller's bit."""
    return MET if seen.fresh["stop_time"] is True else NORMAL


def tell(
    seen: Seen, _settings: StopTime, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long."""
    message = f"the controller is held by stop time for {lasted(since, seen.t)}"
    return message, {"stop_time": True}


RULE = Rule(
    code="stop_time",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=StopTime,
    judge=judge,
    tell=tell,
    points=("stop_time",),
)
