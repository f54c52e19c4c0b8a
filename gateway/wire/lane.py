"""The events lane: alarms and events, like cards (``card``) one record and one message each.

A record's body is a JSON object without its place in the stream; ``compose_event`` puts
``stream`` and ``seq`` in front.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

import orjson

from gateway.model import (
    Acknowledgement,
    Alarm,
    Event,
    Millis,
    Severity,
    State,
    Value,
)
from gateway.wire.payload import (
    BadPayload,
    JsonObject,
    count,
    load,
    may,
    may_moment,
    moment,
    place_in_stream,
    stream_id,
    take,
    typed,
)

_NORMAL = b'"state":"normal"'
_SEVERITY = re.compile(rb'"severity":"(\w+)"')


def compose_event(stream: str, seq: int, body: bytes) -> bytes:
    """The message of one record of the events lane."""
    comma = b"" if body == b"{}" else b","
    return b'{"stream":"%s","seq":%d%s' % (stream.encode(), seq, comma) + body[1:]


def told_at(body: bytes) -> Millis | None:
    """When the first thing a record of either lane tells of happened; None if it says no time.

    A card says none.
    """
    t = orjson.loads(b"[%s]" % body)[0].get("t")
    return t if isinstance(t, int) else None


# --- alarms


def alarm_body(alarm: Alarm) -> bytes:
    """The record of an alarm as it stands after a transition."""
    acknowledged = alarm.acknowledged
    more = {"until": alarm.until, "work_order": alarm.work_order}
    return orjson.dumps(
        {
            "t": alarm.t,
            "state": alarm.state,
            "severity": alarm.severity,
            "raised": alarm.raised,
            "cleared": alarm.cleared,
            "acknowledged": acknowledged and {"by": acknowledged.by, "at": acknowledged.at},
            "message": alarm.message,
            "values": {name: value for name, value in alarm.values.items() if _finite(value)},
            "cause": alarm.cause,
            "suppressed": alarm.suppressed,
            **{key: value for key, value in more.items() if value is not None},
        }
    )


def _finite(value: Value) -> bool:
    return isinstance(value, str) or isfinite(value)


def ends_alarm(below: str, body: bytes) -> bool:
    """Whether this record takes an alarm back to normal, so that its retained topic is emptied."""
    if not below.startswith("alarm/") or _NORMAL not in body:
        return False
    return bool(orjson.loads(body).get("state") == State.NORMAL)


def severity_of(below: str, body: bytes) -> Severity | None:
    """How grave the alarm of a record is; None if it is a record of something else."""
    if not below.startswith("alarm/") or not body:
        return None
    found = _SEVERITY.search(body)  # our own bytes: it stands before every text of a device's
    return None if found is None else Severity(found[1].decode())


@dataclass(frozen=True, slots=True)
class AlarmMessage:
    """An alarm and its place in the events stream."""

    stream: str
    seq: int
    alarm: Alarm


def decode_alarm(payload: bytes, device: str, code: str) -> AlarmMessage:
    """Take an alarm in; ``device`` and ``code`` come from its topic."""
    data = load(payload)
    stream, seq = place_in_stream(data)
    try:
        state, severity = State(take(data, "state", str)), Severity(take(data, "severity", str))
    except ValueError as error:
        raise BadPayload(str(error)) from None
    alarm = Alarm(
        device=device,
        code=code,
        t=moment(data),
        state=state,
        severity=severity,
        message=take(data, "message", str),
        raised=moment(data, "raised"),
        cleared=may_moment(data, "cleared"),
        acknowledged=_acknowledgement(may(data, "acknowledged", dict)),
        values=_values(may(data, "values", dict) or {}),
        cause=may(data, "cause", str),
        suppressed=count(data, "suppressed") if "suppressed" in data else 0,
        until=may_moment(data, "until"),
        work_order=may(data, "work_order", str),
    )
    return AlarmMessage(stream, seq, alarm)


def _acknowledgement(data: JsonObject | None) -> Acknowledgement | None:
    return None if data is None else Acknowledgement(take(data, "by", str), moment(data, "at"))


def _values(data: dict[str, Any]) -> dict[str, Value]:
    for name, value in data.items():
        if type(value) not in (bool, int, float, str):
            raise BadPayload(f"{name[:80]}: should be a number, a text, true or false")
    return data


# --- events


def event_body(event: Event) -> bytes:
    """The record of something that happened once."""
    return orjson.dumps({"t": event.t, "event": event.event, "values": event.values}, default=dict)


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An event and its place in the events stream."""

    stream: str
    seq: int
    event: Event


def decode_event(payload: bytes, device: str) -> EventMessage:
    """Take an event in; ``device`` comes from its topic."""
    data = load(payload)
    values = may(data, "values", dict) or {}
    event = Event(device, take(data, "event", str), moment(data), values)
    return EventMessage(*place_in_stream(data), event)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Records that were lost before they were delivered: inclusive ranges of ``stream``.

    Both are empty where a damaged file no longer said what it held.
    """

    stream: str
    ranges: tuple[tuple[int, int], ...]
    reason: str


def dropped_event(gateway: str, t: Millis, dropped: Dropped) -> Event:
    """The event that puts a loss on record."""
    ranges = [each for each in dropped.ranges if each[0]]
    values = {"stream": dropped.stream, "ranges": ranges, "reason": dropped.reason}
    return Event(gateway, "dropped", t, values)


def decode_dropped(event: Event) -> Dropped | None:
    """The loss an event tells of; None if it is about something else."""
    if event.event != "dropped":
        return None
    found = seq_ranges(event.values.get("ranges"))
    reason = typed(event.values.get("reason", ""), str, "reason")
    stream = event.values.get("stream")
    return Dropped(stream_id(stream) if stream or found else "", found, reason)


def seq_ranges(data: object) -> tuple[tuple[int, int], ...]:
    """Inclusive seq ranges from their JSON form ``[[a, b], …]``."""
    if not isinstance(data, list | tuple):
        raise BadPayload("ranges should be a list of pairs")
    return tuple(map(_range, data))


def _range(pair: object) -> tuple[int, int]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise BadPayload("a range is a pair of seqs")
    bounds = {"from": pair[0], "to": pair[1]}
    first, last = count(bounds, "from", 1), count(bounds, "to", 1)
    if last < first:
        raise BadPayload(f"range {first}…{last} runs backwards")
    return first, last
