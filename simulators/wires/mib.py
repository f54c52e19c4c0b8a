"""A controller's objects, as an SNMP profile lays them out; the way back from values to numbers.

The drivers read a profile through ``gateway.profile``, which compiles it into one-way conversions.
This module reads the same TOML with eyes of its own and turns a device's values into what each
object holds: bits of a channel in bitmaps of eight, one aspect spread over several bitmaps, a label
by its code. Where two points are made of one object (a mode and the cause of a flash), the number
is the one that says both. An aspect the bitmaps have no word for is the nearest they have.

Beside the profile's objects there is ``shortAlarmStatus`` (NTCIP 1202, unit 2.4.9): bit 0
pre-emption, 1 flash, 2 local cycle zero, 4 coordination, 5 a detector fault, 7 stop time. Bit 2 is
set when a cycle begins and cleared by reading it.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gateway.model import NOTHING, Value

Oid: TypeAlias = tuple[int, ...]

_CHANNELS = 8
_PREEMPT, _FLASH, _CYCLE_ZERO, _COORDINATION, _DETECTOR, _STOP = 0, 1, 2, 4, 5, 7
OTHER = 1
"""What an object of labels holds where no code fits: ``other``, in every NTCIP enumeration."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point stands: in one object or bitmaps of several, at a bit or whole.

    ``codes`` are the numbers of each label.
    """

    name: str
    oids: tuple[Oid, ...]
    bit: int | None
    codes: Mapping[str, frozenset[int]] = NOTHING


@dataclass(frozen=True, slots=True)
class Mib:
    """A profile as an agent sees it; ``short`` is where shortAlarmStatus stands."""

    places: tuple[Place, ...]
    short: Oid

    @property
    def oids(self) -> frozenset[Oid]:
        """Every object the agent has."""
        return frozenset({self.short, *(oid for place in self.places for oid in place.oids)})

    def objects(self, values: Mapping[str, Value | None]) -> dict[Oid, int]:
        """What the objects hold, apart from shortAlarmStatus.

        Points the device does not have read as zero, as unused channels do.
        """
        held = dict.fromkeys((oid for place in self.places for oid in place.oids), 0)
        labels: dict[Oid, list[frozenset[int]]] = defaultdict(list)
        for place in self.places:
            value = values.get(place.name)
            if place.bit is None and place.codes:
                labels[place.oids[0]].append(place.codes.get(str(value), frozenset()))
            elif place.bit is None:
                held[place.oids[0]] = round(float(value or 0))
            else:
                number = _code(place, str(value)) if place.codes else int(value or 0)
                for nth, oid in enumerate(place.oids):
                    held[oid] |= (number >> nth & 1) << place.bit
        for oid, choices in labels.items():
            held[oid] = min(frozenset.intersection(*choices), default=OTHER)
        return held

    def shown(self, values: Mapping[str, Value | None]) -> dict[str, Value | None]:
        """What a client that reads these objects correctly must find, by point."""
        held = self.objects(values)
        found: dict[str, Value | None] = {}
        for place in self.places:
            number = self._number(place, held)
            labels = [label for label, codes in place.codes.items() if number in codes]
            if place.codes:
                found[place.name] = labels[0] if labels else None
            else:
                found[place.name] = number if place.bit is None else bool(number)
        return found

    def _number(self, place: Place, held: Mapping[Oid, int]) -> int:
        if place.bit is None:
            return held[place.oids[0]]
        return sum((held[oid] >> place.bit & 1) << nth for nth, oid in enumerate(place.oids))


def _code(place: Place, label: str) -> int:
    """The number of a label, of its steady aspect, or zero."""
    codes = place.codes.get(label) or place.codes.get(label.removesuffix("_flash"))
    return min(codes, default=0) if codes else 0


def short_alarm(values: Mapping[str, Value | None], *, cycle_zero: bool) -> int:
    """The bits of shortAlarmStatus."""
    faults = [value for name, value in values.items() if name.startswith("detector_fault_")]
    bits = {
        _PREEMPT: values.get("preempt"),
        _FLASH: values.get("mode") == "flash",
        _CYCLE_ZERO: cycle_zero,
        _COORDINATION: values.get("coordination_fault") or values.get("coordination_failed"),
        _DETECTOR: any(faults),
        _STOP: values.get("stop_time"),
    }
    return sum(1 << bit for bit, on in bits.items() if on)


def read_mib(file: Path) -> Mib:
    """The objects in a profile file.

    Raises:
        ValueError: it is no SNMP profile, or names an object in a way not understood here.
        OSError: it cannot be read.
    """
    head = tomllib.loads(file.read_text(encoding="utf-8"))
    if head["driver"] != "ntcip":
        raise ValueError(f"{file.name} is a profile for {head['driver']}, not for SNMP")
    base = head.get("base", "1.3.6.1.4.1.1206.4.2.1")
    places = [place for entry in head["points"] for place in _places(entry, base)]
    return Mib(tuple(places), _oid(".3.9.0", base))


def _places(entry: Mapping[str, Any], base: str) -> Iterator[Place]:
    """One entry of ``points``: arrays go on in the next bit, and after bit 7 in the next object."""
    several = entry.get("combine")
    oids = [_oid(oid, base) for oid in (several["of"] if several else [entry["oid"]])]
    first = several.get("bit", 0) if several else entry.get("bit")
    codes: dict[str, frozenset[int]] = {}
    for code, label in entry.get("enum", {}).items():
        codes[label] = codes.get(label, frozenset()) | {int(code)}
    if "count" not in entry:
        yield Place(entry["name"], tuple(oids), first, codes)
        return
    for nth in range(entry["count"]):
        further, bit = (nth, None) if first is None else divmod(first + nth, _CHANNELS)
        here = tuple((*oid[:-1], oid[-1] + further) for oid in oids)
        yield Place(f"{entry['name']}_{nth + 1}", here, bit, codes)


def _oid(text: str, base: str) -> Oid:
    whole = base + text if text.startswith(".") else text
    return tuple(int(part) for part in whole.split("."))
