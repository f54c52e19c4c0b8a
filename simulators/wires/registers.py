"""A device's registers: engineering values in, 16-bit words out, by pymodbus's own conversions.

An ``Image`` holds the tables of one unit as its profile lays them out. ``update`` turns values into
raw ones (the inverse of scale, label and bit) and hands those to pymodbus to become registers, so
that a mistake in our codec cannot hide in its mirror. ``read`` answers what a real device would:
holes up to the profile's ``max_gap`` read as zero, anything further out is an illegal address.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from struct import pack
from typing import cast

from pymodbus.client.mixin import ModbusClientMixin as Conversions

from gateway.model import Value
from simulators.wires.maps import Map, Row

_TYPES = {
    "int16": Conversions.DATATYPE.INT16,
    "uint16": Conversions.DATATYPE.UINT16,
    "int32": Conversions.DATATYPE.INT32,
    "uint32": Conversions.DATATYPE.UINT32,
    "int64": Conversions.DATATYPE.INT64,
    "uint64": Conversions.DATATYPE.UINT64,
    "float32": Conversions.DATATYPE.FLOAT32,
    "float64": Conversions.DATATYPE.FLOAT64,
}
_BITS = frozenset({"coil", "discrete"})
POWER = -1
"""What a scale register holds unless somebody says otherwise: tenths."""
_READ_THROUGH = 8
"""Registers between two points that every device answers for, whatever its profile says."""


@lru_cache
def limits(kind: str) -> tuple[int, int]:
    """The smallest and largest raw value of an integer type."""
    bits = int(kind.lstrip("uint"))
    return (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def raw_of(row: Row, value: Value | None, power: int = 0) -> float:
    """The raw value a device would hold: unscaled, rounded, wrapped if it counts, else clipped.

    ``power`` is what its exponent's register holds.
    """
    if value is None:
        if row.nothing is None and not row.type.startswith("float"):
            raise ValueError(f"{row.name} has no way to say that there is no value")
        return math.nan if row.nothing is None else row.nothing
    if isinstance(value, str):
        return row.labels[value]
    number = (value - row.offset) / row.scale / 10.0**power
    if row.type.startswith("float"):
        return number
    if row.bit is not None or row.type == "bool":
        return int(bool(value))
    low, high = limits(row.type)
    if row.rollover:
        low, size = (low, high - low + 1) if row.rollover is True else (0, row.rollover)
        return low + (math.floor(number) - low) % size
    return max(low, min(high, round(number)))


def permuted(registers: Sequence[int], order: str) -> list[int]:
    """Registers of a big-endian value, its bytes laid out in ``order``; its own inverse."""
    plain = b"".join(word.to_bytes(2, "big") for word in registers)
    wire = bytes(plain[ord(letter) - ord("A")] for letter in order)
    return [int.from_bytes(wire[i : i + 2], "big") for i in range(0, len(wire), 2)]


def to_registers(row: Row, raw: float) -> list[int]:
    """The words of a raw value, in wire order."""
    return permuted(Conversions.convert_to_registers(raw, _TYPES[row.type]), row.order)


def text_registers(row: Row, text: str) -> list[int]:
    """The words of a text, filled with NULs or cut to its length; bytes in the row's order."""
    words = Conversions.convert_to_registers(text, Conversions.DATATYPE.STRING)
    words = [*words, *[0] * row.words][: row.words]
    return [word for plain in words for word in permuted([plain], row.order)]


def from_registers(row: Row, words: Sequence[int]) -> float:
    """The engineering value in the words of a row: what a command says."""
    plain = permuted(words, row.order)
    raw = Conversions.convert_from_registers(plain, _TYPES[row.type])
    return cast("float", raw) * row.scale + row.offset


class Image:
    """The register tables of one unit.

    ``shown`` holds what a client that decodes them correctly must find, by point: the value after
    rounding to the register's resolution, or None for "no value". ``powers`` is what the device has
    chosen to hold in its scale registers; ``POWER`` where nothing is said.
    """

    def __init__(self, plan: Map, powers: Mapping[tuple[str, int], int] | None = None) -> None:
        self.map = plan
        places = {row.power for row in plan.points if row.power is not None}
        self._powers = dict.fromkeys(places, POWER) | dict(powers or {})
        self.shown: dict[str, Value | None] = {}
        self._rows = {row.name: row for row in plan.points}
        self._given: dict[str, Value | None] = {}
        self._raw: dict[str, float] = {}
        self._tables: dict[str, dict[int, int]] = {}
        for table, address, words in self._places():
            cells = self._tables.setdefault(table, {})
            cells.update(dict.fromkeys(range(address, address + words), 0))
        for table, cells in self._tables.items():
            reach = 0x10000 if table in _BITS else max(plan.max_gap, _READ_THROUGH)
            for left, right in pairwise(sorted(cells)):
                if right - left - 1 <= reach:
                    cells.update(dict.fromkeys(range(left + 1, right), 0))
        for (table, address), power in self._powers.items():
            self._tables[table][address] = power & 0xFFFF
        self.may_be_nothing = frozenset(row.name for row in plan.points if row.can_be_nothing)
        self.identify(right=True)
        self._writable = {
            (row.table, address): row
            for row in plan.commands
            for address in range(row.address, row.address + row.words)
        }

    def _places(self) -> list[tuple[str, int, int]]:
        rows = (*self.map.points, *self.map.commands)
        named = [(row.table, row.address, row.words) for row in rows]
        named += [(table, address, 1) for table, address in self._powers]
        return named + [(table, address, 1) for table, address, _ in self.map.identity]

    def identify(self, *, right: bool) -> None:
        """Hold in the registers of the profile's identity what it says, or something else."""
        for table, address, equals in self.map.identity:
            self._tables[table][address] = equals if right else equals ^ 0x00FF

    def update(self, values: Mapping[str, Value | None]) -> None:
        """Take over a device's values; points the profile does not have are left out.

        What has not changed is not encoded again: most of a device's points stand still between two
        looks, and a process serves thousands of them.
        """
        given, rows = self._given, self._rows
        for name, value in values.items():
            if name in rows and (name not in given or given[name] != value):
                self.set(rows[name], value)
                given[name] = value

    def set(self, row: Row, value: Value | None) -> None:
        """Put one value where its point stands."""
        if row.type == "string":
            self._tables[row.table].update(enumerate(text_registers(row, str(value)), row.address))
            self.shown[row.name] = str(value)
            return
        raw = raw_of(row, value, self._power(row))
        if self._raw.get(row.name) == raw:
            return
        self._raw[row.name] = raw
        cells = self._tables[row.table]
        if row.table in _BITS:
            cells[row.address] = int(raw)
        elif row.bit is not None:
            cells[row.address] = cells[row.address] & ~(1 << row.bit) | int(raw) << row.bit
        elif row.mask != 0xFFFF:
            field = int(raw) << row.shift & row.mask
            cells[row.address] = cells[row.address] & ~row.mask | field
        else:
            words = to_registers(row, raw)
            cells.update(enumerate(words, row.address))
        self.shown[row.name] = self._shown(row, raw, value)

    def _power(self, row: Row) -> int:
        return 0 if row.power is None else self._powers[row.power]

    def _shown(self, row: Row, raw: float, value: Value | None) -> Value | None:
        if value is None or isinstance(value, str):
            return value
        if row.bit is not None or row.type == "bool":
            return bool(raw)
        if row.type == "float32":
            return from_registers(row, to_registers(row, raw))
        return raw * 10.0 ** self._power(row) * row.scale + row.offset

    def read(self, table: str, address: int, count: int) -> list[int] | None:
        """``count`` registers or bits from ``address``; None if one of them does not exist."""
        cells = self._tables.get(table, {})
        try:
            return [cells[place] for place in range(address, address + count)]
        except KeyError:
            return None

    def octets(self, table: str, address: int, count: int) -> bytes | None:
        """The same for registers as they travel, two bytes each."""
        cells = self._tables.get(table, {})
        try:
            return pack(f">{count}H", *map(cells.__getitem__, range(address, address + count)))
        except KeyError:
            return None

    def write(self, table: str, address: int, words: Sequence[int]) -> dict[str, float] | None:
        """The commands spoken by a write, by name; None if it touches what nobody may write."""
        spoken: dict[str, float] = {}
        written = dict(enumerate(words, address))
        for place in written:
            row = self._writable.get((table, place))
            if row is None:
                return None
            span = range(row.address, row.address + row.words)
            if not all(other in written for other in span):
                return None
            held = [written[other] for other in span]
            spoken[row.name] = held[0] if table in _BITS else from_registers(row, held)
        return spoken
