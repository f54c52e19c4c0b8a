"""The small talk around the two lanes: status, confirmed, actions on alarms, commands, replies.

None of these has a place in a stream. Status and confirmed are retained; actions, commands and
replies are not, and carry an id by which a repeat is recognised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import orjson

from gateway.model import ActionName, AlarmAction, Command, Millis, Value
from gateway.units import format_duration, parse_duration
from gateway.wire.lane import seq_ranges
from gateway.wire.payload import BadPayload, count, load, may, moment, stream_id, take, typed

Result = Literal["done", "refused", "failed", "expired"]

_ACTIONS: tuple[ActionName, ...] = get_args(ActionName)
_RESULTS: tuple[Result, ...] = get_args(Result)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a gateway is connected; ``boot`` is the id of the machine's boot."""

    online: bool
    since: Millis
    version: str
    boot: str


def status_body(status: Status) -> bytes:
    """The retained status message, and with ``online`` false the will."""
    return orjson.dumps(status)


def decode_status(payload: bytes) -> Status:
    """Take a status in."""
    data = load(payload)
    online, since = take(data, "online", bool), moment(data, "since")
    return Status(online, since, may(data, "version", str) or "", may(data, "boot", str) or "")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the database holds of one stream: all up to ``upto`` but the ``missing`` ranges."""

    upto: int
    missing: tuple[tuple[int, int], ...] = ()


def confirmed_body(confirmed: Mapping[str, Confirmed]) -> bytes:
    """The retained confirmation, by stream id."""
    return orjson.dumps(dict(confirmed))


def decode_confirmed(payload: bytes) -> dict[str, Confirmed]:
    """Take a confirmation in."""
    return {stream_id(key): _confirmed(value) for key, value in load(payload).items()}


def _confirmed(value: object) -> Confirmed:
    data = typed(value, dict, "stream")
    return Confirmed(count(data, "upto"), seq_ranges(data.get("missing") or []))


def action_body(action: AlarmAction) -> bytes:
    """An action on an alarm; the topic names the alarm."""
    data: dict[str, object] = {"id": action.id, "action": action.action, "by": action.by}
    if action.period is not None:
        data["for"] = format_duration(action.period)
    if action.text:
        data["text"] = action.text
    return orjson.dumps(data)


def decode_action(payload: bytes, device: str, code: str, t: Millis) -> AlarmAction:
    """Take an action in; ``t`` is when it arrived."""
    data = load(payload)
    action = take(data, "action", str)
    if action not in _ACTIONS:
        raise BadPayload(f"action: {action[:80]!r} is not one of {', '.join(_ACTIONS)}")
    period = data.get("for")
    try:
        seconds = None if period is None else parse_duration(period)
    except ValueError as error:
        raise BadPayload(f"for: {error}") from None
    return AlarmAction(
        id=take(data, "id", str),
        device=device,
        code=code,
        t=t,
        action=action,
        by=take(data, "by", str),
        period=seconds,
        text=may(data, "text", str) or "",
    )


def command_body(command: Command) -> bytes:
    """A command; the topic names the device and what to set."""
    return orjson.dumps(
        {
            "id": command.id,
            "value": command.value,
            "by": command.by,
            "expires": command.expires,
        }
    )


def decode_command(payload: bytes, device: str, name: str) -> Command:
    """Take a command in."""
    data = load(payload)
    value = _scalar(data.get("value"))
    identity, by = take(data, "id", str), take(data, "by", str)
    return Command(identity, device, name, value, by, moment(data, "expires"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command."""

    id: str
    result: Result
    read_back: Value | None = None
    reason: str | None = None


def reply_body(reply: Reply) -> bytes:
    """The answer to a command."""
    return orjson.dumps(reply)


def decode_reply(payload: bytes) -> Reply:
    """Take a reply in."""
    data = load(payload)
    result = take(data, "result", str)
    if result not in _RESULTS:
        raise BadPayload(f"result: {result[:80]!r} is not one of {', '.join(_RESULTS)}")
    back = data.get("read_back")
    read_back = None if back is None else _scalar(back)
    return Reply(take(data, "id", str), result, read_back, may(data, "reason", str))


def _scalar(value: Any) -> Value:  # noqa: ANN401 - whatever JSON held
    if type(value) not in (bool, int, float, str):
        raise BadPayload("a value is a number, a text, true or false")
    scalar: Value = value
    return scalar
