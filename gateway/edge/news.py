"""Report by exception: what of a reading is news.

A point with a ``deadband`` or ``on_change`` is published when it moved by its deadband or more, or
changed at all, since it was last *published*; when its quality or the reason why it is bad changed;
with the first reading after the start and after silence; and at the latest after
``gateway.wire.REPEAT``. The rules and a recording see every value all the same. A reading with
nothing left is left out whole; silence never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gateway import wire
from gateway.model import Derived, Device, Millis, Point, Reading, Value

# Moved by a deadband of 0.1 is also what floating point makes of it.
_NEARLY = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """How one point is reported: by how much it must move (0: at all), and its period in ms."""

    deadband: float
    every: Millis


@dataclass(frozen=True, slots=True)
class Told:
    """What was last published of a point; a bad one has a reason instead of a value."""

    t: Millis
    value: Value | None
    quality: str


@dataclass(slots=True)
class Watch:
    """A device with points that are reported by exception, and what was told of them."""

    rules: Mapping[str, Rule]
    told: dict[str, Told] = field(default_factory=dict)


def watches(devices: Iterable[Device]) -> dict[str, Watch]:
    """A watch for each device that has such points, by its id; others are not mentioned."""
    found = {device.id: _rules(device) for device in devices}
    return {name: Watch(rules) for name, rules in found.items() if rules}


def _rules(device: Device) -> dict[str, Rule]:
    periods = {point.name: round(point.every * 1000) for point in device.points}
    every: tuple[Point | Derived, ...] = (*device.points, *device.derived)
    return {
        row.name: Rule(
            row.deadband or 0.0, periods[row.source if isinstance(row, Derived) else row.name]
        )
        for row in every
        if row.deadband is not None or row.on_change
    }


def news(watch: Watch, reading: Reading) -> Reading | None:
    """What of a reading is worth publishing; None if nothing is. ``watch`` remembers it."""
    if reading.silent is not None:
        watch.told.clear()
        return reading
    known: set[str] = set()
    for name, rule in watch.rules.items():
        now = _said(reading, name)
        if now is None:
            continue
        before = watch.told.get(name)
        if before is not None and _is_known(rule, before, now):
            known.add(name)
        else:
            watch.told[name] = now
    return _without(reading, known) if known else reading


def _said(reading: Reading, name: str) -> Told | None:
    if name in reading.values:
        quality = "uncertain" if name in reading.uncertain else "good"
        return Told(reading.t, reading.values[name], quality)
    if name in reading.bad:
        return Told(reading.t, None, f"bad: {reading.bad[name]}")
    return None


def _is_known(rule: Rule, before: Told, now: Told) -> bool:
    # If the next reading would come too late for a repetition, this one is it; so is one after
    # the clock was set back.
    if not 0 <= now.t - before.t <= wire.REPEAT - rule.every or now.quality != before.quality:
        return False
    if now.value == before.value:
        return True
    if isinstance(now.value, int | float) and isinstance(before.value, int | float):
        return abs(now.value - before.value) < rule.deadband * _NEARLY
    return False


def _without(reading: Reading, known: set[str]) -> Reading | None:
    values = {name: value for name, value in reading.values.items() if name not in known}
    bad = {name: reason for name, reason in reading.bad.items() if name not in known}
    if not values and not bad:
        return None
    return replace(reading, values=values, bad=bad, uncertain=reading.uncertain - known)
