"""Alarms as JSON, so that a restart neither forgets nor duplicates one.

What was seen is not saved: after a restart values are read afresh, delays begin anew, and an alarm
stays until normal operation is observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.model import Acknowledgement, Alarm, Severity, State

VERSION = 1


def dump(alarms: Iterable[Alarm]) -> dict[str, Any]:
    """``{"version": 1, "alarms": [...]}``, of plain JSON values."""
    return {"version": VERSION, "alarms": [_dump(alarm) for alarm in alarms]}


def _dump(alarm: Alarm) -> dict[str, Any]:
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
    }


def load(saved: Mapping[str, Any]) -> list[Alarm]:
    """The alarms of a snapshot; ValueError if it is none, or of another version."""
    if saved.get("version") != VERSION:
        raise ValueError(f"not a snapshot of alarms, version {VERSION}: {saved.get('version')!r}")
    try:
        return [_load(alarm) for alarm in saved["alarms"]]
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
    )
