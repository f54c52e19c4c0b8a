"""Telemetry: readings by the thousand, so this is the hot path in both directions.

One outbox record is the JSON of its readings joined by commas, without brackets: several records
become one message by joining again, no JSON is parsed on the way out, and composing the same
records again gives the same bytes.

A value that is reported by exception (``deadband``, ``on_change`` of its point) is left out while
it stays what it was, but never for longer than ``REPEAT``: that bounds how long a value lost on the
way, or a centre with an empty memory, goes without it, and it is four points an hour in the
history, so that a trend without change is a line and no hole (15 minutes: an engineering choice).

A reading on the wire: ``{"d": device, "k": kind, "t": ms, "v": {point: value}}`` plus, only where
needed, ``u`` (uncertain points), ``b`` (bad points and why) and ``s`` (why the device is silent).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from typing import Any

import orjson

from gateway.model import KINDS, Millis, Reading, Value
from gateway.wire.payload import (
    MAX_TIME,
    BadPayload,
    count,
    load,
    place_in_stream,
    take,
    typed,
)

#: The longest a value that is reported by exception stays unsent, ms.
REPEAT: Millis = 900_000

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_POINT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_KINDS: frozenset[str] = frozenset(KINDS)
_VALUES: frozenset[type] = frozenset({bool, int, float, str})
_LEVEL = 6
_MOST_RECORDS = 1_000_000


def telemetry_body(readings: Iterable[Reading]) -> bytes:
    """One outbox record; empty without readings.

    A value JSON cannot hold (not finite, past 64 bits, broken text) becomes a bad point here
    rather than a message nobody can read.
    """
    readings = tuple(readings)
    try:
        text = orjson.dumps([_item(reading) for reading in readings], default=dict)
    except TypeError:
        text = b":null"
    if b":null" in text:
        text = orjson.dumps([_item(_sound(reading)) for reading in readings], default=dict)
    return text[1:-1]


def _item(reading: Reading) -> dict[str, Any]:
    item = {"d": reading.device, "k": reading.kind, "t": reading.t, "v": reading.values}
    if reading.uncertain:
        item["u"] = sorted(reading.uncertain)
    if reading.bad:
        item["b"] = reading.bad
    if reading.silent is not None:
        item["s"] = reading.silent
    return item


def _sound(reading: Reading) -> Reading:
    """The reading with every value JSON cannot hold moved to the bad ones."""
    unfit = {name: "not a number JSON can hold" for name, v in reading.values.items() if _odd(v)}
    return replace(
        reading,
        values={name: v for name, v in reading.values.items() if name not in unfit},
        uncertain=reading.uncertain - unfit.keys(),
        bad={**{name: _clean(why) for name, why in reading.bad.items()}, **unfit},
        silent=None if reading.silent is None else _clean(reading.silent),
    )


def _odd(value: Value) -> bool:
    if isinstance(value, str):
        return _clean(value) != value
    return not isfinite(value) or (isinstance(value, int) and not -(2**63) <= value < 2**64)


def _clean(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot say."""
    return text.encode("utf-8", "replace").decode()


def compose_telemetry(
    stream: str, first_seq: int, bodies: Sequence[bytes], compress: bool = True
) -> bytes:
    """The message of ``bodies``, the records from ``first_seq`` on: JSON, or the same deflated."""
    head = b'{"stream":"%s","seq":%d,"n":%d,"readings":[' % (
        stream.encode(),
        first_seq,
        len(bodies),
    )
    message = head + b",".join(filter(None, bodies)) + b"]}"
    return zlib.compress(message, _LEVEL) if compress else message


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A telemetry message: records ``seq`` … ``seq + n - 1`` of ``stream``."""

    stream: str
    seq: int
    n: int
    readings: tuple[Reading, ...]


def decode_telemetry(payload: bytes) -> Telemetry:
    """Take a telemetry message in; BadPayload says what is wrong with it."""
    data = load(payload, compressed=True)
    stream, seq = place_in_stream(data)
    n = count(data, "n", 1, _MOST_RECORDS)
    readings = take(data, "readings", list)
    return Telemetry(stream, seq, n, tuple(map(_reading, readings)))


def _reading(item: object) -> Reading:
    data = typed(item, dict, "reading")
    device, kind, t, values = data.get("d"), data.get("k"), data.get("t"), data.get("v")
    if type(device) is not str or not _is_id(device):
        raise BadPayload("reading: d is not a device id")
    if kind not in _KINDS or type(t) is not int or not 0 <= t <= MAX_TIME:
        raise BadPayload(f"reading of {device}: kind or time is wrong")
    if type(values) is not dict or not _VALUES.issuperset(map(type, values.values())):
        raise BadPayload(f"reading of {device}: v holds something that is no value")
    _check_points(values)
    if len(data) == 4:
        return Reading(device, kind, t, values)
    return Reading(device, kind, t, values, *_quality(data))


def _quality(data: dict[str, Any]) -> tuple[frozenset[str], dict[str, str], str | None]:
    uncertain = typed(data.get("u", []), list, "u")
    bad = typed(data.get("b", {}), dict, "b")
    silent = data.get("s")
    if not all(type(text) is str for text in (*uncertain, *bad.values())):
        raise BadPayload("u and b should hold texts")
    _check_points((*uncertain, *bad))
    return frozenset(uncertain), bad, None if silent is None else typed(silent, str, "s")


@lru_cache(maxsize=65536)
def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


_points_seen: set[str] = set()
_MOST_POINTS = 10_000


def _check_points(names: Iterable[str]) -> None:
    """Refuse what is no point name; names seen before cost one set operation for all of them."""
    if _points_seen.issuperset(names):
        return
    for name in names:
        if not _POINT.fullmatch(name):
            raise BadPayload(f"{name[:80]!r} is not a point name")
    if len(_points_seen) < _MOST_POINTS:
        _points_seen.update(names)
