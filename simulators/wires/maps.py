"""A profile's map, read a second time, with eyes of its own.

The drivers read profiles through ``gateway.profile``, which compiles scale and labels into one-way
conversions. The simulators need the way back, and they must not share a mistake: so this module
reads the same TOML file by itself (contracts §4), and refuses what it cannot encode. Whether the
file is valid is ``gateway.profile``'s affair; here it is taken as checked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from gateway.model import NOTHING, Kind

WORDS = {
    "bool": 1, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2,
    "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip
"""16-bit registers each type takes."""


PRINTED = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
"""The table each first digit of a printed address stands for."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where one point (or command) stands and how a value becomes raw.

    ``order`` gives the bytes as they come over the wire, ``A`` the most significant. ``labels``
    turns a label into its code, ``nothing`` is the raw value that says "no value". ``power`` is the
    place of its exponent, where it has one, ``length`` the registers of a text. A row that says
    ``rollover`` begins again at the end of its type, or at that number.
    """

    name: str
    table: str
    address: int
    type: str = "uint16"
    order: str = "AB"
    bit: int | None = None
    mask: int = 0xFFFF
    shift: int = 0
    scale: float = 1.0
    offset: float = 0.0
    labels: Mapping[str, int] = NOTHING
    nothing: int | None = None
    rollover: bool | int = False
    power: tuple[str, int] | None = None
    length: int = 0

    @property
    def words(self) -> int:
        """Registers it spans (bits, in a table of bits)."""
        return self.length or WORDS[self.type]

    @property
    def can_be_nothing(self) -> bool:
        """Whether it has a way to say that there is no value: a sentinel, or NaN."""
        return self.nothing is not None or self.type.startswith("float")


@dataclass(frozen=True, slots=True)
class Map:
    """A profile as a simulator sees it. ``digits`` is the serial ASCII sensor's, 0 elsewhere."""

    file: Path
    kind: Kind
    family: str
    points: tuple[Row, ...]
    commands: tuple[Row, ...]
    identity: tuple[tuple[str, int, int], ...]
    max_gap: int
    digits: int


def read_map(file: Path) -> Map:
    """The map in a profile file.

    Raises:
        ValueError: it uses a part of the profile language the simulators cannot encode.
        OSError: it cannot be read.
    """
    head = tomllib.loads(file.read_text(encoding="utf-8"))
    modbus = head["driver"] == "modbus"
    points = [rows_of(entry, head) for entry in head["points"] if modbus and "derive" not in entry]
    commands = head.get("commands", {})
    return Map(
        file=file,
        kind=head["kind"],
        family=head["driver"],
        points=tuple(chain.from_iterable(points)),
        commands=tuple(row_of({"name": name} | entry, head) for name, entry in commands.items()),
        identity=tuple(
            (*place_of(mark, head), mark["equals"]) for mark in head.get("identity", ())
        ),
        max_gap=head.get("max_gap", 0),
        digits=head.get("digits", 0),
    )


def rows_of(entry: Mapping[str, Any], head: dict[str, Any]) -> Iterator[Row]:
    """One entry of ``points`` may stand for several: an array (``count``) or named ``flags``."""
    if flags := entry.get("flags"):
        plain = {key: value for key, value in entry.items() if key != "flags"}
        for bit, name in flags.items():
            yield row_of(plain | {"name": f"{entry['name']}_{name}", "bit": int(bit)}, head)
        return
    first = row_of(entry, head)
    if "count" not in entry:
        yield first
        return
    for number in range(entry["count"]):
        name = f"{first.name}_{number + 1}"
        if first.bit is None:
            yield replace(first, name=name, address=first.address + number * first.words)
        else:
            words, bit = divmod(first.bit + number, 16)
            yield replace(first, name=name, address=first.address + words, bit=bit)


def row_of(entry: Mapping[str, Any], head: dict[str, Any]) -> Row:
    """One entry as a row, with the head's defaults."""
    table, address = place_of(entry, head)
    kind = "bool" if table in {"coil", "discrete"} else entry.get("type", "uint16")
    if kind not in {*WORDS, "string"} or entry.get("bit", 0) > 15:
        raise ValueError(f"{head['kind']}: no simulator encodes {dict(entry)!r} yet")
    invalid = entry.get("invalid", [])
    return Row(
        name=entry["name"],
        table=table,
        address=address,
        type=kind,
        order=entry.get("order") or default_order(2 * WORDS.get(kind, 1), head),
        bit=entry.get("bit"),
        mask=entry.get("mask", 0xFFFF),
        shift=entry.get("shift", 0),
        scale=entry.get("scale", 1.0),
        offset=entry.get("offset", 0.0),
        labels={label: int(code) for code, label in entry.get("enum", {}).items()},
        nothing=invalid[-1] if invalid else beyond(entry),
        rollover=entry.get("rollover", False),
        power=power_of(entry, table, head),
        length=entry.get("length", 0),
    )


def beyond(entry: Mapping[str, Any]) -> int | None:
    """The raw value past a point's ``max``: how a device says "no value" that has no other word."""
    if "max" not in entry or entry.get("clamp"):
        return None
    most: float = (entry["max"] - entry.get("offset", 0.0)) / entry.get("scale", 1.0)
    return round(most) + 1


def power_of(
    entry: Mapping[str, Any], table: str, head: Mapping[str, Any]
) -> tuple[str, int] | None:
    """Where an entry's exponent stands; in its own table if it names none."""
    scale = entry.get("scale_register")
    return None if scale is None else place_of({"table": table} | scale, head)


def place_of(entry: Mapping[str, Any], head: Mapping[str, Any]) -> tuple[str, int]:
    """Table and 0-based address; a text is an address as printed maps have it, ``"30013"``."""
    address = entry["address"]
    if isinstance(address, str):
        return PRINTED[address[0]], int(address[1:]) - 1
    return entry["table"], address - head.get("address_base", 0)


def default_order(size: int, head: dict[str, Any]) -> str:
    """The byte order a profile's head asks for, spelled out for a value of ``size`` bytes."""
    letters = "ABCDEFGH"[:size]
    words = [letters[i : i + 2] for i in range(0, size, 2)]
    if head.get("word_order", "big") == "little":
        words.reverse()
    if head.get("byte_order", "big") == "little":
        words = [word[::-1] for word in words]
    return "".join(words)
