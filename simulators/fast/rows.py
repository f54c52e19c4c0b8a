"""What a device shows as a line of a recording: the values its registers would have held.

On a wire a value is rounded to its register's resolution. Here the same rounding is worked out once
a profile, as a number of decimals where the scale is a power of ten; floats keep three. Values are
neither clipped nor wrapped at the end of a register: no healthy device comes near it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isclose, log10
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from gateway.model import Bad, Device, Millis, Uncertain, Value
from simulators.devices.contract import Values
from simulators.wires.maps import Map, Row, read_map

Writer: TypeAlias = Callable[[Millis, Values], bytes]
Step: TypeAlias = tuple[float, float]
_FLOATS = 3
"""Decimals kept of a float register."""


def decimals(row: Row) -> int | Step | None:
    """How a point is rounded: to decimals, to steps from an offset, or not at all (bits, words)."""
    if row.type.startswith("float"):
        return _FLOATS
    if row.type in {"bool", "string"} or row.bit is not None or row.labels:
        return None
    scale = row.scale / 10 if row.power is not None else row.scale
    places = -round(log10(scale))
    if isclose(scale, 10.0**-places) and round(row.offset, max(0, places)) == row.offset:
        return places
    return scale, row.offset


def rounding(plan: Map) -> Mapping[str, int | Step | None]:
    """By point, for all a device of this profile shows."""
    if not plan.points:
        return {"distance": 0}  # a sensor that says its distance in whole millimetres
    return {row.name: decimals(row) for row in plan.points}


def writer(device: Device, profile: Path, shown: Values) -> Writer:
    """The function that writes the lines of one device, which shows the points in ``shown``."""
    known = rounding(read_map(profile))
    plain = [(name, how) for name, how in known.items() if name in shown]
    digits = [(name, how) for name, how in plain if isinstance(how, int)]
    stepped = [(name, *how) for name, how in plain if isinstance(how, tuple)]
    as_is = [name for name, how in plain if how is None]
    head = orjson.dumps({"t": 0, "device": device.id})[len(b'{"t":0') : -1] + b',"values":'

    def line(t: Millis, values: Values) -> bytes:
        bad: list[str] = []
        found: dict[str, Any] = {}
        for name, places in digits:
            value = values[name]
            if value is None:
                bad.append(name)
            else:
                found[name] = round(value, places)  # type: ignore[arg-type]  # a number's row
        for name in as_is:
            found[name] = values[name]
        for name, scale, offset in stepped:
            value = values[name]
            if value is None:
                bad.append(name)
            else:
                found[name] = round((float(value) - offset) / scale) * scale + offset
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
