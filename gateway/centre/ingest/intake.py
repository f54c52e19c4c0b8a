"""What one message says, as far as the history and the ledger care. Pure: bytes to a value."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.centre.fields import Codes
from gateway.model import NOTHING, Alarm, Event, Kind, Reading
from gateway.wire import (
    STATUS,
    TELEMETRY,
    BadPayload,
    Card,
    Dropped,
    Parsed,
    Root,
    Status,
    decode_alarm,
    decode_card,
    decode_dropped,
    decode_event,
    decode_status,
    decode_telemetry,
    parse_topic,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in its stream: records ``first`` … ``last``."""

    stream: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a device's identity card says that we need; ``kind`` is None if the device is gone.

    ``codes`` are those of its enum points, ``every`` is its promise: a reading so often (s).
    """

    device: str
    kind: Kind | None
    codes: Codes = NOTHING
    every: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message, read; most of it is empty."""

    root: Root
    place: Place | None = None
    readings: tuple[Reading, ...] = ()
    alarm: Alarm | None = None
    event: Event | None = None
    introduction: Introduction | None = None
    dropped: Dropped | None = None
    status: Status | None = None


def read(topic: str, payload: bytes) -> Message:
    """Read a message; an emptied alarm is one with nothing in it.

    Raises:
        BadPayload: it is not what the contract promises; the text says what is wrong.
    """
    parsed = parse_topic(topic)
    if parsed is None:
        raise BadPayload("not a topic of the contract")
    match parsed.parts:
        case (below,) if below == TELEMETRY:
            said = decode_telemetry(payload)
            place = Place(said.stream, said.seq, said.seq + said.n - 1)
            return Message(parsed.root, place, said.readings)
        case (below,) if below == STATUS:
            return Message(parsed.root, status=decode_status(payload) if payload else None)
        case ("alarm", device, code):
            return _alarm(parsed.root, payload, device, code)
        case ("event", device):
            return _event(parsed.root, payload, device)
        case ("device", device):
            return _card(parsed, payload, device)
    raise BadPayload("not a topic ingest asks for")


def _alarm(root: Root, payload: bytes, device: str, code: str) -> Message:
    if not payload:
        return Message(root)
    told = decode_alarm(payload, device, code)
    return Message(root, Place(told.stream, told.seq, told.seq), alarm=told.alarm)


def _event(root: Root, payload: bytes, device: str) -> Message:
    told = decode_event(payload, device)
    place = Place(told.stream, told.seq, told.seq)
    return Message(root, place, event=told.event, dropped=decode_dropped(told.event))


def _card(parsed: Parsed, payload: bytes, device: str) -> Message:
    if not payload:
        return Message(parsed.root, introduction=Introduction(device, None))
    told = decode_card(payload, device)
    card = told.card
    return Message(
        parsed.root,
        Place(told.stream, told.seq, told.seq),
        introduction=Introduction(device, card.kind, _codes(card), card.every),
    )


def _codes(card: Card) -> Codes:
    return {name: point.codes for name, point in card.points.items() if point.codes}
