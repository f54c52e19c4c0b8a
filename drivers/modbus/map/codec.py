"""Registers to values.

A block is decoded by a function made once for it. Every value becomes one field of a struct format
that covers the whole block, so that one ``unpack`` reads them all. Byte orders cost no more: each
of them is big- or little-endian, over the bytes as they came or with the two bytes of every
register swapped; the two orders of eight bytes that are neither take one step more, and so do
types that no struct format knows. Fields that overlap go into further formats.

Raw values leave here: scale, enumerations and sentinels are the gateway's, the same for every
driver.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias

from drivers.modbus.map.layout import FORMAT, LAYOUT, SHUFFLED
from drivers.modbus.map.rows import Register
from gateway.driver import Bad, Raw, Scaled

Decode: TypeAlias = Callable[[bytes], list[Raw]]
Fix: TypeAlias = Callable[[object], Raw]


def bits_decoder(start: int, rows: Sequence[Register]) -> Decode:
    """A function from the packed bits of a block to the rows' values, in their order."""
    places = [divmod(row.place[1] - start, 8) for row in rows]
    picks = [(byte, 1 << bit) for byte, bit in places]
    return lambda data: [data[byte] & mask != 0 for byte, mask in picks]


def registers_decoder(start: int, count: int, rows: Sequence[Register]) -> Decode:
    """A function from the bytes of ``count`` registers at ``start`` to the rows' values.

    A row whose exponent stands near gives a number with its exponent; one whose exponent stands
    far away gives the number alone.
    """
    near = [(i, e.row) for i, row in enumerate(rows) if (e := row.exponent) is not None and e.near]
    decode = _plain_decoder(start, count, [*rows, *(row for _, row in near)])
    if not near:
        return decode

    def decode_scaled(data: bytes) -> list[Raw]:
        values = decode(data)
        powers = values[len(rows) :]
        del values[len(rows) :]
        for (i, _), power in zip(near, powers, strict=True):
            values[i] = scaled(values[i], power)
        return values

    return decode_scaled


def scaled(value: Raw, power: Raw) -> Raw:
    """A number with the exponent its scale register holds, if both could be read."""
    if isinstance(value, Bad):
        return value
    if isinstance(power, Bad):
        return Bad(f"its scale register: {power.reason}")
    return Scaled(value, power)  # type: ignore[arg-type]  # the rows say that both are numbers


def _plain_decoder(start: int, count: int, rows: Sequence[Register]) -> Decode:
    formats: list[_Format] = []
    fields = [_field(row, start) for row in rows]
    positions = {f: _place(f, formats) for f in sorted(set(fields))}
    unpack = _unpacker(formats, count)
    offsets = [sum(len(f.fields) for f in formats[:i]) for i in range(len(formats))]
    picks = [offsets[i] + k for i, k in (positions[f] for f in fields)]
    fixes = [(i, fix) for i, row in enumerate(rows) if (fix := _fix(row)) is not None]
    bits = [
        (i, 1 << row.bit)
        for i, row in enumerate(rows)
        if row.bit is not None and row.order not in SHUFFLED
    ]
    return _assembled(unpack, picks, sum(len(f.fields) for f in formats), bits, fixes)


@dataclass(frozen=True, slots=True, order=True)
class _Field:
    """Where a value's bytes stand in the block, and how struct calls them."""

    at: int
    size: int
    code: str
    swapped: bool
    endian: str


@dataclass(slots=True)
class _Format:
    """A struct format in the making: fields of one layout that do not overlap, in order."""

    swapped: bool
    endian: str
    end: int = 0
    text: str = ""
    fields: list[_Field] = field(default_factory=list)


def _field(row: Register, start: int) -> _Field:
    assert row.order is not None  # noqa: S101 - rows are completed before they come here
    code = f"{2 * row.words}s" if row.kind == "string" else FORMAT[row.kind]
    if row.order in SHUFFLED:
        code = "8s"
    return _Field(2 * (row.place[1] - start), 2 * row.words, code, *LAYOUT[row.order])


def _place(new: _Field, formats: list[_Format]) -> tuple[int, int]:
    """Put a field into the first format it fits; return the format's index and its place there."""
    layout = (new.swapped, new.endian)
    fitting = [
        i
        for i, f in enumerate(formats)
        if (f.swapped, f.endian, f.end <= new.at) == (*layout, True)
    ]
    if not fitting:
        fitting = [len(formats)]
        formats.append(_Format(*layout))
    i = fitting[0]
    f = formats[i]
    f.text += f"{new.at - f.end}x" * (new.at > f.end) + new.code
    f.end = new.at + new.size
    f.fields.append(new)
    return i, len(f.fields) - 1


def _unpacker(formats: list[_Format], count: int) -> Callable[[bytes], tuple[object, ...]]:
    """One function that gives the fields of every format, one after the other."""
    readers = [
        (struct.Struct(f"{f.endian}{f.text}{2 * count - f.end}x").unpack, f.swapped)
        for f in formats
    ]
    plain = [unpack for unpack, swapped in readers if not swapped]
    if len(readers) == len(plain) == 1:
        return plain[0]

    def unpack_all(data: bytes) -> tuple[object, ...]:
        swapped = array("H", data)
        swapped.byteswap()
        values: tuple[object, ...] = ()
        for unpack, is_swapped in readers:
            values += unpack(swapped if is_swapped else data)
        return values

    return unpack_all


def _assembled(
    unpack: Callable[[bytes], tuple[object, ...]],
    picks: list[int],
    fields: int,
    bits: list[tuple[int, int]],
    fixes: list[tuple[int, Fix]],
) -> Decode:
    """The cheapest function that does what this block needs, and nothing else."""
    in_order = picks == list(range(fields))
    if in_order and not bits and not fixes:
        return lambda data: list(unpack(data))  # type: ignore[arg-type]
    pick = itemgetter(*picks) if len(picks) > 1 else lambda values: (values[picks[0]],)

    def decode(data: bytes) -> list[Raw]:
        values = unpack(data)
        out = list(values if in_order else pick(values))
        for i, mask in bits:
            out[i] = out[i] & mask != 0
        for i, fix in fixes:
            out[i] = fix(out[i])
        return out

    return decode


# ---------------------------------------------------------------- what struct does not know


def _fix(row: Register) -> Fix | None:
    """The step from the struct field to the raw value, where there is one.

    Bits have none of their own, but for those of the two orders that cost a step anyway.
    """
    if row.bit is not None and row.order not in SHUFFLED:
        return None
    picked = (_picked(row.bit),) if row.bit is not None else (_typed(row), _masked(row))
    steps = [step for step in (_shuffled(row), *picked) if step is not None]
    if len(steps) < 2:
        return steps[0] if steps else None

    def all_steps(value: object) -> Raw:
        for step in steps:
            value = step(value)
        return value  # type: ignore[return-value]

    return all_steps


def _shuffled(row: Register) -> Fix | None:
    if row.order is None or row.order not in SHUFFLED:
        return None
    sort, unpack = itemgetter(*SHUFFLED[row.order]), struct.Struct(">" + FORMAT[row.kind]).unpack
    return lambda data: unpack(bytes(sort(data)))[0]  # type: ignore[arg-type]


def _picked(bit: int) -> Fix:
    mask = 1 << bit
    return lambda value: value & mask != 0  # type: ignore[operator]


def _typed(row: Register) -> Fix | None:
    match row.kind:
        case "bool":
            return bool
        case "bcd16" | "bcd32":
            return _bcd
        case "mod10_32" | "mod10_64":
            return _mod10
        case "string":
            return _text(row.encoding, trim=row.trim)
        case "datetime":
            return _datetime
        case _:
            return None


def _masked(row: Register) -> Fix | None:
    if row.mask is None and not row.shift:
        return None
    mask, shift = row.mask or (1 << 16 * row.words) - 1, row.shift
    return lambda value: (value & mask) >> shift  # type: ignore[operator]


def _bcd(value: object) -> Raw:
    """Four bits a decimal digit."""
    digits = f"{value:x}"
    return int(digits) if digits.isdecimal() else Bad("not a BCD number")


def _mod10(value: object) -> Raw:
    """Registers of 0 to 9999 each, as four decimal digits each (ION "modulo 10000")."""
    assert isinstance(value, int)  # noqa: S101 - the struct format says so
    number, factor = 0, 1
    while value:
        value, word = divmod(value, 65536)
        if word > 9999:
            return Bad("not a modulo-10000 number")
        number += word * factor
        factor *= 10000
    return number


def _text(encoding: str, *, trim: bool) -> Fix:
    def decode(data: object) -> Raw:
        assert isinstance(data, bytes)  # noqa: S101 - the struct format says so
        if trim:
            data = data.strip(b"\0 ").split(b"\0", 1)[0].rstrip(b" ")
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            return Bad(f"not {encoding} text")

    return decode


# IEC 60870-5-4 type 081, as power meters keep their clock in four registers: year since 2000 (7
# bits) | month (4), weekday (3), day (5) | summer, hour (5), invalid, minute (6) | millisecond.
_CLOCK_INVALID = 0x80


def _datetime(value: object) -> Raw:
    assert isinstance(value, int)  # noqa: S101 - the struct format says so
    year, date, clock, ms = value >> 48, value >> 32 & 0xFFFF, value >> 16 & 0xFFFF, value & 0xFFFF
    if clock & _CLOCK_INVALID:
        return Bad("the device's clock is not set")
    try:
        moment = datetime(  # noqa: DTZ001 - the device's own wall clock; it has no zone
            2000 + (year & 0x7F),
            date >> 8 & 0xF,
            date & 0x1F,
            clock >> 8 & 0x1F,
            clock & 0x3F,
            ms // 1000,
            ms % 1000 * 1000,
        )
    except ValueError:
        return Bad("not a date and time")
    return moment.isoformat(timespec="milliseconds")
