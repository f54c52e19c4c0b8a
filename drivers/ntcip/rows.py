"""What people write about an SNMP device, and how its objects are gathered into requests.

A row names one object (``oid``), one bit of one (``bit``), or one bit of several (``combine``): the
lamps of a signal group stand in three bitmaps, and only all three say what it shows. Status objects
of NTCIP hold eight channels each, one a bit, so an array of bits goes on in the next object.

All objects of a row, and all rows of an atomic group, are read by one request: what it answers is
one moment of the controller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from gateway.driver import Block, Device, Point
from gateway.units import Between

NTCIP_1202 = "1.3.6.1.4.1.1206.4.2.1"
"""Where the objects of actuated signal controllers begin (NTCIP 1202, ``asc``)."""

CLEARED_BY_READ = {
    f"{NTCIP_1202}.3.9.0": "shortAlarmStatus loses its bit 2 (local cycle zero) when it is read",
}
"""Objects that a look changes; somebody else, say the traffic centre, may be waiting for them."""

_CHANNELS = 8
_OID = re.compile(r"\.?[0-9]{1,10}(\.[0-9]{1,10})*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The driver's part of a profile's head.

    ``base`` goes before every oid that begins with a dot. ``max_objects`` is how many objects one
    request may ask for: SNMP promises messages of 484 octets (RFC 1157), and an NTCIP object takes
    about 24 of them, so 16 are safe everywhere.
    """

    base: str = NTCIP_1202
    max_objects: Annotated[int, Between(1, 64)] = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A device's own keys: none. One bus is one host, and one host is one device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCommand:
    """Signal controllers are monitored, not driven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combine:
    """A number made of the same bit of several objects, the first one the least significant."""

    of: tuple[str, ...]
    bit: Annotated[int, Between(0, _CHANNELS - 1)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One point: an object, a bit of one, or a bit of several.

    ``clears`` is the word of who wrote the profile that an object may be read though reading it
    changes it (see ``CLEARED_BY_READ``).
    """

    oid: str | None = None
    bit: Annotated[int, Between(0, 31)] | None = None
    combine: Combine | None = None
    type: Literal["number", "string"] = "number"
    clears: bool = False

    @property
    def oids(self) -> tuple[str, ...]:
        """The objects it is made of."""
        if self.combine is not None:
            return self.combine.of
        return () if self.oid is None else (self.oid,)

    def element(self, i: int) -> Object:
        """The ``i``-th further one: the next bits, eight to an object, or the next object."""
        if self.combine is not None:
            objects, bit = divmod(self.combine.bit + i, _CHANNELS)
            of = tuple(_further(oid, objects) for oid in self.combine.of)
            return replace(self, combine=Combine(of=of, bit=bit))
        if self.oid is None:
            return self
        if self.bit is None:
            return replace(self, oid=_further(self.oid, i))
        if self.bit >= _CHANNELS:
            raise ValueError("count goes on in the next object after bit 7: begin below")
        objects, bit = divmod(self.bit + i, _CHANNELS)
        return replace(self, oid=_further(self.oid, objects), bit=bit)

    def complete(self, traits: Traits) -> Object:
        """This row with whole oids, checked; ValueError with a text for whoever wrote it."""
        if (self.oid is None) == (self.combine is None):
            raise ValueError("oid or combine: a row reads one object, or one bit of several")
        if self.bit is not None and self.type == "string":
            raise ValueError("bit is for numbers, not for a string")
        if self.combine is not None:
            return self._combined(self.combine, traits)
        assert self.oid is not None  # noqa: S101 - just seen
        oid = _whole("oid", self.oid, traits)
        self._check_clearing((oid,))
        return replace(self, oid=oid)

    def _combined(self, combine: Combine, traits: Traits) -> Object:
        if self.bit is not None or self.type == "string":
            raise ValueError("combine has its own bit, and gives a number: leave out bit and type")
        of = tuple(_whole("combine", oid, traits) for oid in combine.of)
        if len(of) < 2 or len(set(of)) < len(of):
            raise ValueError("combine needs two different objects or more; one alone is oid, bit")
        if len(of) > traits.max_objects:
            raise ValueError(f"combine: one request holds {traits.max_objects} objects at most")
        self._check_clearing(of)
        return replace(self, combine=replace(combine, of=of))

    def _check_clearing(self, oids: Sequence[str]) -> None:
        lost = [CLEARED_BY_READ[oid] for oid in oids if oid in CLEARED_BY_READ]
        if lost and not self.clears:
            raise ValueError(f"oid: {lost[0]}; say clears = true if nobody else needs it")


def _whole(key: str, oid: str, traits: Traits) -> str:
    whole = traits.base + oid if oid.startswith(".") else oid
    if not _OID.fullmatch(oid) or whole.startswith(".") or whole.count(".") < 2:
        raise ValueError(f'{key} "{oid}" is no object identifier; write it as "{NTCIP_1202}.3.6.0"')
    return whole


def _further(oid: str, by: int) -> str:
    """The object ``by`` rows further down its table."""
    table, _, row = oid.rpartition(".")
    return f"{table}.{int(row) + by}" if row.isdigit() else oid


@dataclass(frozen=True, slots=True, eq=False)
class Get:
    """One request: the rows it serves, and their objects in parts that nothing may tear apart."""

    rows: tuple[Object, ...]
    parts: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> int:
        """How many objects it asks for."""
        return len({oid for part in self.parts for oid in part})

    @property
    def asks(self) -> str:
        """The same for people."""
        return f"{self.size} object{'s' * (self.size > 1)}"


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """The requests that read these points; a request is filled before the next is begun."""
    most: int = device.traits.max_objects
    requests: list[list[tuple[Point, ...]]] = []
    for group in _groups(points, device.atomic, most):
        together = [*requests[-1], group] if requests else [group]
        apart = any(p.alone for one in together for p in one) or len(_objects(*together)) > most
        if requests and not apart:
            requests[-1] = together
        else:
            requests.append([group])
    return tuple(_block(device, request) for request in requests)


def _block(device: Device, groups: Sequence[tuple[Point, ...]]) -> Block:
    points = tuple(point for group in groups for point in group)
    parts = dict.fromkeys(_objects(group) for group in groups)
    return Block(device, points, Get(tuple(point.source for point in points), tuple(parts)))


def _groups(
    points: Sequence[Point], atomic: tuple[tuple[str, ...], ...], most: int
) -> Iterator[tuple[Point, ...]]:
    """The points that belong into one request: atomic groups that one can hold, then the others."""
    left = list(points)
    for patterns in atomic:
        group = tuple(p for p in left if any(fnmatchcase(p.name, name) for name in patterns))
        if group and len(_objects(group)) <= most:
            yield group
            left = [point for point in left if point not in group]
    for point in left:
        yield (point,)


def _objects(*groups: tuple[Point, ...]) -> tuple[str, ...]:
    """Every object of these points, once, in their order."""
    return tuple(dict.fromkeys(oid for group in groups for p in group for oid in p.source.oids))
