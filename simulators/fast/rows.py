"""What a device shows as a line of a recording: the values its registers would have held.

On a wire a value is rounded to its register's resolution. Here the same rounding is worked out once
a profile, as a number of decimals where the scale is a power of ten; floats keep three. Values are
neither clipped nor wrapped at the end of a register: no healthy device comes near it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor, isclose, log10
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from gateway.model import Bad, Device, Millis, Reading, Uncertain, Value
from gateway.recording import encode, parse
from simulators.devices.contract import Simulated, Values
from simulators.fast.stage import Desk
from simulators.wires.maps import Map, Row, read_map
from simulators.wires.mib import read_mib

_KEPT = 4_096
_FLOATS = 3
"""Decimals kept of a float register."""


def decimals(row: Row) -> int | None:
    """To how many decimals a point is rounded; None: not to decimals."""
    if row.type.startswith("float"):
        return _FLOATS
    scale = row.scale / 10 if row.power is not None else row.scale
    places = -round(log10(scale))
    whole = isclose(scale, 10.0**-places) and round(row.offset, max(0, places)) == row.offset
    return places if whole else None


def worded(row: Row) -> bool:
    """Whether a point is a bit or a word, not a number."""
    return row.type in {"bool", "string"} or row.bit is not None or bool(row.labels)


@dataclass(frozen=True, slots=True)
class Layout:
    """The points of a device, by how they are rounded.

    ``counted`` are rounded down to a number of decimals, as a counter's register is.
    """

    decimal: Sequence[tuple[str, int]]
    counted: Sequence[tuple[str, int, float]]
    stepped: Sequence[tuple[str, float, float]]
    as_is: Sequence[str]


def layout(plan: Map, shown: Values) -> Layout:
    """What of the profile's points the device shows."""
    if plan.family == "ntcip":
        return Layout([], [], [], [p.name for p in read_mib(plan.file).places if p.name in shown])
    if not plan.points:
        return Layout([("distance", 0)], [], [], [])  # a sensor says it in whole millimetres
    rows = [row for row in plan.points if row.name in shown]
    numbers = [(row, decimals(row)) for row in rows if not worded(row)]
    return Layout(
        [(row.name, how) for row, how in numbers if how is not None and not row.rollover],
        [(row.name, how, row.scale) for row, how in numbers if how is not None and row.rollover],
        [(row.name, row.scale, row.offset) for row, how in numbers if how is None],
        [row.name for row in rows if worded(row)],
    )


def values_of(names: Sequence[str]) -> Callable[[Values], tuple[Any, ...]]:
    """The function that picks those values, in that order."""
    if len(names) < 2:
        return lambda values: tuple(values[name] for name in names)
    return itemgetter(*names)


@lru_cache
def _map(profile: Path) -> Map:
    return read_map(profile)


class Writer:
    """Writes the lines of one device.

    A recording is millions of lines, so the numbers of a line are formatted in one go by a template
    made once for each set of points that have a value, and its bits and words, which seldom change,
    are kept as text.
    """

    def __init__(self, device: Device, profile: Path, shown: Values) -> None:
        self._device = device
        self._plan = plan = layout(_map(profile), shown)
        self._numbers = [name for name, _ in plan.decimal] + [name for name, *_ in plan.counted]
        self._places = [at for _, at in plan.decimal] + [at for _, at, _ in plan.counted]
        self._counted = [
            (number, scale) for number, (_, _, scale) in enumerate(plan.counted, len(plan.decimal))
        ]
        self._of_numbers, self._of_words = values_of(self._numbers), values_of(plan.as_is)
        self._head = f',"device":{orjson.dumps(device.id).decode()},"values":{{'
        self._words: dict[tuple[Value | None, ...], str] = {}
        self._templates: dict[tuple[int, ...], tuple[str, str]] = {}

    def line(self, t: Millis, values: Values) -> bytes:
        """What the device showed at ``t``."""
        if self._plan.stepped or self._device.derived:
            return self._slowly(t, values)
        numbers: list[Any] = list(self._of_numbers(values))
        for place, scale in self._counted:
            if numbers[place] is not None:
                numbers[place] = floor(numbers[place] / scale) * scale
        without: tuple[int, ...] = ()
        if None in numbers:
            without = tuple(place for place, value in enumerate(numbers) if value is None)
            numbers = [value for value in numbers if value is not None]
        found = self._templates.get(without)
        if found is None:
            found = self._templates[without] = self._template(without)
        template, bad = found
        kept = self._of_words(values)
        words = self._words.get(kept)
        if words is None:
            words = self._words[kept] = self._worded(kept)
        body = template % tuple(numbers)
        comma = "," if body and words else ""
        return f'{{"t":{t}{self._head}{body}{comma}{words}}}{bad}}}\n'.encode()

    def _template(self, without: tuple[int, ...]) -> tuple[str, str]:
        """How the numbers are formatted where some have no value, and what tells of those."""
        places = zip(self._numbers, self._places, strict=True)
        shown = [
            f'"{name}":%.{max(0, at)}f'
            for place, (name, at) in enumerate(places)
            if place not in without
        ]
        bad = [self._numbers[place] for place in without]
        return ",".join(shown), f',"bad":{orjson.dumps(bad).decode()}' if bad else ""

    def _worded(self, kept: tuple[Value | None, ...]) -> str:
        """Bits and words as the inside of an object; one without a value is left out."""
        if len(self._words) > _KEPT:
            self._words.clear()
        pairs = zip(self._plan.as_is, kept, strict=True)
        return orjson.dumps({name: value for name, value in pairs if value is not None}).decode()[
            1:-1
        ]

    def _slowly(self, t: Millis, values: Values) -> bytes:
        """The same for devices with odd scales or computed points."""
        plan = self._plan
        found: dict[str, Any] = {}
        for name, places in plan.decimal:
            value: Any = values[name]
            found[name] = None if value is None else round(value, places)
        for name, places, scale in plan.counted:
            value = values[name]
            found[name] = None if value is None else round(floor(value / scale) * scale, places)
        for name in plan.as_is:
            found[name] = values[name]
        for name, scale, offset in plan.stepped:
            value = values[name]
            found[name] = (
                None if value is None else round((value - offset) / scale) * scale + offset
            )
        bad = [name for name in found if found[name] is None]
        for name in bad:
            del found[name]
        uncertain = derive(self._device, found, bad)
        row: dict[str, Any] = {"t": t, "device": self._device.id, "values": found}
        if uncertain:
            row["uncertain"] = uncertain
        if bad:
            row["bad"] = bad
        return orjson.dumps(row) + b"\n"


def derive(device: Device, values: dict[str, Value], bad: list[str]) -> list[str]:
    """Add what the gateway computes from other points; the names of what of that is uncertain."""
    uncertain = []
    for point in device.derived:
        if point.source in values:
            value = point.compute(values[point.source], device.facts)
            if isinstance(value, Bad):
                bad.append(point.name)
                continue
            if isinstance(value, Uncertain):
                uncertain.append(point.name)
                value = value.value
            values[point.name] = value
    return uncertain


def befallen(desk: Desk, line: bytes) -> bytes:
    """The line of a poll that something befell on its way."""
    row = parse(line, {desk.device.name: desk.device.kind})
    assert isinstance(row, Reading)  # noqa: S101  # ours, made above
    return encode(desk.reads(row)) + b"\n"


def unpowered(t: Millis, device: Simulated) -> bytes:
    """The line of a poll that nobody could answer: the controller has no supply."""
    return encode(Reading(device.name, device.kind, t, silent="no answer")) + b"\n"
