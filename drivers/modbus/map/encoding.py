"""Values to registers, for commands: the way back of ``codec``."""

from __future__ import annotations

import math
import struct
from array import array
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from drivers.modbus.map.layout import FORMAT, LAYOUT, SHUFFLED, WORDS, Type
from gateway.driver import Value

if TYPE_CHECKING:
    from drivers.modbus.map.rows import Register
    from drivers.modbus.map.setting import Setting


def encode(row: Register | Setting, value: Value) -> bytes:
    """The register bytes of a raw value, in the order they go over the wire.

    Raises:
        ValueError: the value does not fit the type; the text says what would.
    """
    assert row.order is not None  # noqa: S101 - rows are completed before they come here
    data = _big_endian(row, value)
    if row.order in SHUFFLED:
        return bytes(itemgetter(*SHUFFLED[row.order])(data))  # both are their own inverse
    swapped, endian = LAYOUT[row.order]
    if endian == "<":
        data = data[::-1]
    if swapped:
        words = array("H", data)
        words.byteswap()
        data = words.tobytes()
    return data


def _big_endian(row: Register | Setting, value: Value) -> bytes:
    kind = row.kind
    if kind == "string":
        return _encoded_text(row, value)
    if kind == "datetime":
        return _encoded_datetime(value)
    number = number_for(kind, value)
    try:
        match kind:
            case "bcd16" | "bcd32":
                return int(str(number), 16).to_bytes(2 * WORDS[kind], "big")
            case "mod10_32" | "mod10_64":
                return _encoded_mod10(number, WORDS[kind])
            case _:
                return struct.pack(">" + FORMAT[kind], number)
    except (struct.error, OverflowError, ValueError) as wrong:
        raise ValueError(f"{value} does not fit {kind}") from wrong


def number_for(kind: Type, value: Value) -> int | float:
    """The value as the number its type packs, whole for all but floats; ValueError if none."""
    if isinstance(value, str):
        raise ValueError(f'"{value}" is not a number')  # noqa: TRY004 - the user's value, not its type
    if kind.startswith("float"):
        return float(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} does not fit {kind}")
    number = round(value)
    if kind == "bool" and number not in {0, 1}:
        raise ValueError(f"{value} does not fit bool")
    return number


def _encoded_mod10(number: float, words: int) -> bytes:
    digits = f"{number:0{4 * words}d}"
    if number < 0 or len(digits) > 4 * words:
        raise OverflowError
    return struct.pack(f">{words}H", *(int(digits[i : i + 4]) for i in range(0, len(digits), 4)))


def _encoded_text(row: Register | Setting, value: Value) -> bytes:
    size = 2 * row.words
    if isinstance(value, bool):
        raise ValueError(f"{value} is no text")  # noqa: TRY004 - the user's value, not its type
    try:
        data = str(value).encode(row.encoding)
    except UnicodeEncodeError as wrong:
        raise ValueError(f"{value!r} cannot be written in {row.encoding}") from wrong
    if len(data) > size:
        raise ValueError(f"{value!r} is longer than {size} bytes")
    return data.ljust(size, b"\0")


def _encoded_datetime(value: Value) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f'{value} is not a time like "2025-11-23T18:30:00"')  # noqa: TRY004
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise ValueError(f'"{value}" is not a time like "2025-11-23T18:30:00"') from wrong
    if moment.tzinfo is not None or not 2000 <= moment.year <= 2127:
        raise ValueError(f'"{value}": a device keeps its own wall clock, 2000 to 2127, no zone')
    date = moment.month << 8 | moment.isoweekday() << 5 | moment.day
    clock = moment.hour << 8 | moment.minute
    ms = moment.second * 1000 + moment.microsecond // 1000
    return struct.pack(">4H", moment.year - 2000, date, clock, ms)
