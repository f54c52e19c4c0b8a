"""Alarms as JSON, so that a restart neither forgets nor duplicates one.

What was seen is not saved: after a restart values are read afresh, delays begin anew, and an alarm
stays until normal operation is observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.model import Acknowledgement, Alarm, Severity, State

VERSION = 2
READABLE = frozenset({1, 2})
"""Version 1 knew no shelves and no work orders."""


def dump(alarms: Iterable[Alarm]) -> dict[str, Any]:
    """``{"version": 2, "alarms": [...]}``, of plain JSON values."""
    return {"version": VERSION, "alarms": [dump_one(alarm) for alarm in alarms]}


def dump_one(alarm: Alarm) -> dict[str, Any]:
    """One alarm, as plain JSON values."""
    acknowledged = alarm.acknowledged
    return {
        "device": alarm.device,
        "code": alarm.code,
        "t": alarm.t,
        "state": alarm.state.value,
        "severity": alarm.severity.value,
        "message": alarm.message,
        "raised": alarm.raised,
        "cleared": alarm.cleared,
        "acknowledged": acknowledged and {"by": acknowledged.by, "at": acknowledged.at},
        "values": dict(alarm.values),
        "cause": alarm.cause,
        "suppressed": alarm.suppressed,
        "until": alarm.until,
        "work_order": alarm.work_order,
    }


def load(saved: Mapping[str, Any]) -> list[Alarm]:
    """The alarms of a snapshot; ValueError if it is none, or of another version."""
    if saved.get("version") not in READABLE:
        raise ValueError(f"not a snapshot of alarms, version {VERSION}: {saved.get('version')!r}")
    try:
        rows = list(saved["alarms"])
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not a snapshot of alarms: {wrong!r}") from wrong
    return list(map(load_one, rows))


def load_one(row: Mapping[str, Any]) -> Alarm:
    """One alarm of a snapshot; ValueError if it is none."""
    try:
        return _load(row)
    except (KeyError, TypeError, ValueError) as wrong:
        raise ValueError(f"not a snapshot of alarms: {wrong!r}") from wrong


def _load(row: Mapping[str, Any]) -> Alarm:
    acknowledged = row["acknowledged"]
    return Alarm(
        device=row["device"],
        code=row["code"],
        t=row["t"],
        state=State(row["state"]),
        severity=Severity(row["severity"]),
        message=row["message"],
        raised=row["raised"],
        cleared=row["cleared"],
        acknowledged=acknowledged and Acknowledgement(acknowledged["by"], acknowledged["at"]),
        values=dict(row["values"]),
        cause=row["cause"],
        suppressed=row["suppressed"],
        until=row.get("until"),
        work_order=row.get("work_order"),
    )
