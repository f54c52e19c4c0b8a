"""What a device shows as a line of a recording: the values its registers would have held.

On a wire a value is rounded to its register's resolution. Here the same rounding is worked out once
a profile, as a number of decimals where the scale is a power of ten; floats keep three. Values are
neither clipped nor wrapped at the end of a register: no healthy device comes near it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, isclose, log10
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from gateway.model import Bad, Device, Millis, Uncertain, Value
from simulators.devices.contract import Values
from simulators.wires.maps import Map, Row, read_map

Writer: TypeAlias = Callable[[Millis, Values], bytes]
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


def writer(device: Device, profile: Path, shown: Values) -> Writer:
    """The function that writes the lines of one device, which shows the points in ``shown``."""
    plan = layout(read_map(profile), shown)
    head = orjson.dumps({"t": 0, "device": device.id})[len(b'{"t":0') : -1] + b',"values":'

    def line(t: Millis, values: Values) -> bytes:
        found: dict[str, Any] = {}
        for name, places in plan.decimal:
            value = values[name]
            found[name] = None if value is None else round(value, places)  # type: ignore[arg-type]
        for name, places, scale in plan.counted:
            value = values[name]
            found[name] = None if value is None else round(floor(value / scale) * scale, places)  # type: ignore[operator]
        for name in plan.as_is:
            found[name] = values[name]
        for name, scale, offset in plan.stepped:
            value = values[name]
            found[name] = (
                None if value is None else round((float(value) - offset) / scale) * scale + offset
            )
        bad = [name for name in found if found[name] is None] if None in found.values() else []
        for name in bad:
            del found[name]
        if device.derived:
            derive(device, found, bad)
        tail = b',"bad":' + orjson.dumps(bad) + b"}\n" if bad else b"}\n"
        return b'{"t":%d' % t + head + orjson.dumps(found) + tail

    return line


def derive(device: Device, values: dict[str, Value], bad: list[str]) -> None:
    """Add what the gateway computes from other points."""
    for point in device.derived:
        if point.source in values:
            value = point.compute(values[point.source], device.facts)
            if isinstance(value, Bad):
                bad.append(point.name)
            else:
                values[point.name] = value.value if isinstance(value, Uncertain) else value


def silent(t: Millis, device: str) -> bytes:
    """The line of a poll that got no answer."""
    return orjson.dumps({"t": t, "device": device, "silent": True}) + b"\n"
