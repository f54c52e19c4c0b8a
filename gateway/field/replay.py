"""Replay: a recording through the fault engine, on the recording's own clock, opening no bus.

The engine is the daemon's own, so a replay decides as the edge did: notes tell it of restarts,
steps of the clock and what people asked of alarms. Only what changes between *there* and *not
there* is told; who acknowledged what is the console's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from gateway.config.site import Site
from gateway.faults.engine import FaultEngine, Outcome
from gateway.faults.rules import load_rules
from gateway.log import get_logger
from gateway.model import Alarm, AlarmAction, State
from gateway.recording import Note, read

log = get_logger()

Transition: TypeAlias = dict[str, Any]


def transitions(site: Site, recording: Path) -> Iterator[Transition]:
    """What the site's rules make of a recording, in order, as the objects of contracts §2.

    A device of the recording that is not in the site file is told once, on the log, and left out.
    Raises RecordingError for a row that is wrong, OSError if the file cannot be opened.
    """
    engine = FaultEngine(
        site.devices,
        load_rules(),
        site.gateway.latitude,
        site.gateway.longitude,
        site.rules,
        ZoneInfo(site.gateway.timezone),
    )
    known = {device.id: device.kind for device in site.devices}
    strangers = {site.gateway.id}  # its own figures, judged by no rule yet: left out in silence
    for row in read(recording, known):
        if isinstance(row, Note):
            outcomes = noted(engine, row)
        elif row.device in known:
            outcomes = engine.feed(row)
        else:
            if row.device not in strangers:
                strangers.add(row.device)
                log.warning("not in the site file, left out", device=row.device)
            continue
        for outcome in outcomes:
            told = transition(outcome)
            if told is not None:
                yield told


def noted(engine: FaultEngine, note: Note) -> list[Outcome]:
    """What a note makes the engine do."""
    if note.note in {"restart", "clock"}:
        engine.begin()
    elif note.note == "action":
        return engine.act(_action(note))
    return []


def _action(note: Note) -> AlarmAction:
    told = note.fields
    return AlarmAction(
        id=str(told.get("id", "")),
        device=str(told.get("device", "")),
        code=str(told.get("code", "")),
        t=note.t,
        action=told.get("action", "comment"),
        by=str(told.get("by", "")),
    )


def transition(outcome: Outcome) -> Transition | None:
    """The object of contracts §2 for an outcome; None for one that is no such transition."""
    if not isinstance(outcome, Alarm):
        return {
            "t": outcome.t,
            "device": outcome.device,
            "code": outcome.event,
            "severity": None,
            "transition": "event",
            "message": str(outcome.values.get("message", outcome.event)),
            "values": {k: v for k, v in outcome.values.items() if k != "message"},
        }
    change = _change(outcome)
    if change is None:
        return None
    return {
        "t": outcome.t,
        "device": outcome.device,
        "code": outcome.code,
        "severity": outcome.severity.value,
        "transition": change,
        "message": outcome.message,
        "values": dict(outcome.values),
    }


def _change(alarm: Alarm) -> str | None:
    if alarm.state is State.UNACKNOWLEDGED and alarm.raised == alarm.t:
        return "raise"
    if alarm.cleared == alarm.t:
        return "clear"
    return None


def as_text(told: Transition, timezone: str = "UTC") -> str:
    """One line for people: time, what happened to whom, and why."""
    at = datetime.fromtimestamp(told["t"] / 1000, ZoneInfo(timezone))
    severity = f" {told['severity']}" if told["severity"] else ""
    change = f"{told['transition']}{severity} {told['code']}"
    colon = ", was:" if told["transition"] == "clear" else ":"
    return f"{at:%Y-%m-%d %H:%M:%S}  {told['device']}  {change}{colon} {told['message']}"
