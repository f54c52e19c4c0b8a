"""The streets of a district: numbered streets side by side, and avenues across them.

A street is for one feeder and as long as its lamps need; cabinets stand where avenues cross, bins
at the squares behind the crossings and at stops between them. The whole is turned by an angle the
seed chooses, and becomes GeoJSON (RFC 7946: degrees east first, then north).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, cos, radians, sin, sqrt
from random import Random
from typing import Any, Literal

from simulators.town.places import Place, moved
from simulators.town.plan import Asset, District, Way

APART, BLOCK, SPACING = 140.0, 220.0, 30.0
"""Metres between two streets, two avenues, two lamps."""
_FIRST = 100.0
"""Metres from the head of the streets to the first avenue."""
_KERB = 6.0
_STOP = 90.0
"""Metres between two stands of bins in a street."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``lamps`` of each street in turn (the first may be a tunnel); ``avenues`` cross them all."""

    place: Place
    bearing: float
    lamps: tuple[int, ...]
    avenues: int
    tunnel: bool

    def at(self, along: float, across: float) -> tuple[float, float]:
        """Latitude and longitude so many metres down the streets and across them."""
        angle = radians(self.bearing)
        north = along * cos(angle) + across * sin(angle)
        east = along * sin(angle) - across * cos(angle)
        return moved(self.place.latitude, self.place.longitude, north, east)

    def pillar(self, row: int) -> tuple[float, float]:
        """At the head of a street."""
        return self.at(-8.0, APART * row + _KERB)

    def lamp(self, row: int, position: int) -> tuple[float, float]:
        """On the left and the right of a street by turns."""
        return self.at(SPACING * position, APART * row + (_KERB if position % 2 else -_KERB))

    def crossing(self, number: int) -> tuple[float, float]:
        """At the corner of the ``number``-th crossing."""
        avenue, row = divmod(number, len(self.lamps))
        return self.at(_FIRST + BLOCK * avenue + 9.0, APART * row + 9.0)

    def stop(self, stand: int, place: int) -> tuple[float, float]:
        """The ``place``-th bin of a stand."""
        stretch, row = divmod(stand, len(self.lamps))
        return self.at(30.0 + _STOP * stretch + 2.5 * place, APART * row - 2 * _KERB)

    def ways(self) -> Iterator[Way]:
        """Streets and avenues as lines."""
        reach = _FIRST + BLOCK * (self.avenues - 1) + 40.0
        for row, lamps in enumerate(self.lamps):
            under = self.tunnel and row == 0
            kind: Literal["tunnel", "street"] = "tunnel" if under else "street"
            name = "Tunnel 1" if under else f"Street {row + (not self.tunnel)}"
            length = max(SPACING * (lamps + 1), reach)
            corners = [-20.0, *(_FIRST + BLOCK * k for k in range(self.avenues)), length]
            yield Way(name, kind, tuple(self.at(x, APART * row) for x in corners))
        for number in range(self.avenues):
            x = _FIRST + BLOCK * number
            rows = (APART * row for row in range(len(self.lamps)))
            ends = (-60.0, *rows, APART * (len(self.lamps) - 1) + 60.0)
            yield Way(f"Avenue {number + 1}", "avenue", tuple(self.at(x, y) for y in ends))


def grid_of(
    place: Place, seed: int, lamps: tuple[int, ...], cabinets: int, *, tunnel: bool
) -> Grid:
    """Streets for so many lamps each, and crossings enough for the cabinets."""
    rows = lamps + (0,) * max(0, max(1, round(sqrt(cabinets / 2))) - len(lamps))
    bearing = Random(f"{seed}/streets").uniform(60, 90)
    return Grid(place, bearing, rows, max(1, ceil(cabinets / len(rows))), tunnel)


def map_of(district: District) -> str:
    """A district as a GeoJSON feature collection: its ways, then its devices, a line each."""
    features = [*map(_way, district.ways), *_points(district.assets)]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def _way(way: Way) -> dict[str, Any]:
    line = [[east, north] for north, east in way.points]
    return _feature("LineString", line, {"name": way.name, "kind": way.kind})


def _points(assets: Iterable[Asset]) -> Iterator[dict[str, Any]]:
    for asset in assets:
        properties = {"id": asset.id, "kind": asset.kind}
        for fact in ("feeder", "phase", "stand", "stream"):
            value = getattr(asset.facts, fact, None)
            if value is not None:
                properties[fact] = value
        yield _feature("Point", [asset.longitude, asset.latitude], properties)


def _feature(kind: str, coordinates: list[Any], properties: dict[str, str]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
