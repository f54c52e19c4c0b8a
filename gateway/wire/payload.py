"""Payloads taken in from outside: bounded, typed, and refused with a plain reason.

Anybody who may publish can send anything, so nothing is believed: the size is bounded before and
while inflating, JSON that is not finite or not the promised type is a ``BadPayload``, and keys we
do not know are ignored, so that a newer gateway can say more to an older centre.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import orjson

from gateway.model import Millis

MAX_MESSAGE = 4_000_000
"""Bytes of a message as it arrives."""

MAX_INFLATED = 16_000_000
"""Bytes of a compressed message once inflated."""

MAX_TIME: Millis = 9_223_372_036_854
"""The last millisecond a 64-bit count of nanoseconds can name: what a history can store."""

MAX_TEXT = 4096
"""Characters of one text: a message, a name, a reason."""

MAX_SEQ = 2**53
"""Beyond this a number is no longer exact in every JSON reader."""

JsonObject: TypeAlias = Mapping[str, Any]
T = TypeVar("T")

_STREAM = re.compile(r"[0-9a-f]{12}", re.ASCII)
_NAMES = {
    str: "a text",
    int: "an integer",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


class BadPayload(ValueError):
    """A message that cannot be believed; the text says what was wrong with it."""


def load(payload: bytes, *, compressed: bool = False) -> JsonObject:
    """The JSON object of a message, inflated if it may be and is compressed."""
    if len(payload) > MAX_MESSAGE:
        raise BadPayload(f"{len(payload)} bytes, more than {MAX_MESSAGE}")
    if compressed and payload[:1] == b"\x78":
        payload = _inflate(payload)
    if payload[:1] != b"{":
        raise BadPayload("not a JSON object")
    try:
        data = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise BadPayload(f"not JSON: {error.msg} at {error.pos}") from None
    return typed(data, dict, "message")


def _inflate(payload: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(payload, MAX_INFLATED)
    except zlib.error as error:
        raise BadPayload(f"cannot be inflated: {error}") from None
    if stream.unconsumed_tail:
        raise BadPayload(f"inflates to more than {MAX_INFLATED} bytes")
    if not stream.eof or stream.unused_data:
        raise BadPayload("the compressed data is cut off or has something after it")
    return data


def typed(value: object, kind: type[T], name: str) -> T:
    """``value``, if it is exactly of that JSON type (true is no integer)."""
    if type(value) is not kind:
        raise BadPayload(f"{name}: should be {_NAMES[kind]}")
    if kind is str and len(value) > MAX_TEXT:  # type: ignore[arg-type]
        raise BadPayload(f"{name}: longer than {MAX_TEXT} characters")
    return value


def take(data: JsonObject, key: str, kind: type[T]) -> T:
    """A key that must be there."""
    return typed(data.get(key), kind, key)


def may(data: JsonObject, key: str, kind: type[T]) -> T | None:
    """A key that may be missing or null."""
    value = data.get(key)
    return None if value is None else typed(value, kind, key)


def count(data: JsonObject, key: str, least: int = 0, most: int = MAX_SEQ) -> int:
    """An integer within bounds."""
    value = take(data, key, int)
    if not least <= value <= most:
        raise BadPayload(f"{key}: {value} is not within {least}…{most}")
    return value


def moment(data: JsonObject, key: str = "t") -> Millis:
    """A time in milliseconds."""
    return count(data, key, 0, MAX_TIME)


def may_moment(data: JsonObject, key: str) -> Millis | None:
    """A time that may be missing or null."""
    return None if data.get(key) is None else moment(data, key)


def number(value: object, name: str) -> float:
    """A number; the JSON reader lets no other than finite ones through."""
    if type(value) is not float and type(value) is not int:
        raise BadPayload(f"{name}: should be a number")
    return value


def stream_id(text: object) -> str:
    """An outbox stream's id: 12 lower-case hex digits."""
    if type(text) is not str or not _STREAM.fullmatch(text):
        raise BadPayload("stream: should be 12 hexadecimal digits")
    return text


def place_in_stream(data: JsonObject) -> tuple[str, int]:
    """``stream`` and the first ``seq`` of a message."""
    return stream_id(data.get("stream")), count(data, "seq", 1)
