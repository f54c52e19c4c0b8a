"""Identity cards: how a gateway introduces its devices, once at its start, retained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import orjson

from gateway.model import (
    KINDS,
    NOTHING,
    Device,
    Kind,
)
from gateway.wire.payload import (
    BadPayload,
    JsonObject,
    load,
    may,
    number,
    place_in_stream,
    take,
    typed,
)
from gateway.wire.telemetry import REPEAT


def card_body(device: Device, estimated: Mapping[str, str] = NOTHING) -> bytes:
    """A device's identity card: what it is, its points and units, its place, its ratings.

    ``estimated`` names values that rules compute, with their units. ``every`` is how often at least
    there is a reading of it while it answers, in seconds.
    """
    points: dict[str, dict[str, object]] = {}
    for point in device.points:
        points[point.name] = {"unit": point.unit, "type": point.type}
        if point.codes:
            points[point.name]["codes"] = point.codes
    for derived in device.derived:
        points[derived.name] = {"unit": derived.unit, "type": "number"}
    for name, unit in estimated.items():
        points[name] = {"unit": unit, "type": "number"}
    return orjson.dumps(
        {
            "kind": device.kind,
            "profile": device.profile,
            "vendor": device.vendor,
            "model": device.model,
            "bus": device.bus,
            "every": _cadence(device),
            "points": points,
            "place": {"latitude": device.latitude, "longitude": device.longitude},
            "ratings": _ratings(device.facts),
        },
        default=dict,
    )


def _cadence(device: Device) -> float | None:
    """The shortest period of a point that is always sent; else how often all are repeated."""
    if not device.points:
        return None
    periods = {point.name: point.every for point in device.points}
    plain = [p.every for p in device.points if p.deadband is None and not p.on_change]
    plain += [periods[d.source] for d in device.derived if d.deadband is None and not d.on_change]
    return min(plain, default=max(REPEAT / 1000, min(periods.values())))


def _ratings(facts: object) -> dict[str, object]:
    if not is_dataclass(facts):
        return {}
    known = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CardPoint:
    """One point as its card describes it."""

    unit: str
    type: str
    codes: Mapping[str, int] = NOTHING


@dataclass(frozen=True, slots=True)
class Card:
    """A device as its gateway introduces it."""

    device: str
    kind: Kind
    profile: str
    vendor: str
    model: str
    bus: str
    points: Mapping[str, CardPoint]
    latitude: float | None
    longitude: float | None
    ratings: Mapping[str, Any]
    every: float | None = None


@dataclass(frozen=True, slots=True)
class CardMessage:
    """A card and its place in the events stream."""

    stream: str
    seq: int
    card: Card


def decode_card(payload: bytes, device: str) -> CardMessage:
    """Take a card in; ``device`` comes from its topic."""
    data = load(payload)
    kind = take(data, "kind", str)
    if kind not in KINDS:
        raise BadPayload(f"kind: {kind[:80]!r} is not one of {', '.join(KINDS)}")
    place = may(data, "place", dict) or {}
    points = may(data, "points", dict) or {}
    card = Card(
        device=device,
        kind=kind,
        profile=take(data, "profile", str),
        vendor=may(data, "vendor", str) or "",
        model=may(data, "model", str) or "",
        bus=may(data, "bus", str) or "",
        points={name: _card_point(point) for name, point in points.items()},
        latitude=_coordinate(place, "latitude", 90.0),
        longitude=_coordinate(place, "longitude", 180.0),
        ratings=may(data, "ratings", dict) or {},
        every=_period(data),
    )
    return CardMessage(*place_in_stream(data), card)


def _card_point(item: object) -> CardPoint:
    data = typed(item, dict, "point")
    codes = may(data, "codes", dict) or {}
    for code in codes.values():
        typed(code, int, "code")
    return CardPoint(may(data, "unit", str) or "", may(data, "type", str) or "number", codes)


def _period(data: JsonObject) -> float | None:
    value = data.get("every")
    if value is None:
        return None
    if number(value, "every") <= 0:
        raise BadPayload(f"every: {value} is no period")
    return float(value)


def _coordinate(place: JsonObject, key: str, most: float) -> float | None:
    value = place.get(key)
    if value is None:
        return None
    if not -most <= number(value, key) <= most:
        raise BadPayload(f"{key}: {value} is not on this planet")
    return float(value)
