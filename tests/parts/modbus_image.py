"""What every foreign Modbus server of the tests holds.

Holding and input register ``a`` of a unit holds ``a + 1000 x unit``, up to ``END`` and in the last
places there are; registers 200 to 299 do not exist, and from 500 on lie values of every type. Bit
``a`` is on where ``a`` is a multiple of three; it exists up to 99, where a longest block lies, and
in the last places. The typed values are written down in bytes here, not encoded by anybody.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, TypeAlias

Run: TypeAlias = tuple[int, list[int]]

UNITS = (1, 2, 3)
TYPED_AT = 500
END = 600  # the first register behind all that is numbered in a row
LAST = 65535

# Type and order of a point, its bytes as they come over the wire, and what they mean.
TYPED: list[tuple[dict[str, Any], str, Any]] = [
    ({"type": "int8h"}, "80ff", -128),
    ({"type": "int8l"}, "80ff", -1),
    ({"type": "uint8h"}, "80ff", 128),
    ({"type": "uint8l"}, "80ff", 255),
    ({"type": "int16"}, "ff85", -123),
    ({"type": "int16", "order": "BA"}, "85ff", -123),
    ({"type": "uint16"}, "fff0", 65520),
    ({"type": "int32"}, "fffffffe", -2),
    ({"type": "uint32", "order": "ABCD"}, "075bcd15", 123456789),
    ({"type": "uint32", "order": "CDAB"}, "cd15075b", 123456789),
    ({"type": "uint32", "order": "BADC"}, "5b0715cd", 123456789),
    ({"type": "uint32", "order": "DCBA"}, "15cd5b07", 123456789),
    ({"type": "int64"}, "fffffffffffffffe", -2),
    ({"type": "uint64", "order": "ABCDEFGH"}, "0011223344556677", 0x0011223344556677),
    ({"type": "uint64", "order": "GHEFCDAB"}, "6677445522330011", 0x0011223344556677),
    ({"type": "uint64", "order": "BADCFEHG"}, "1100332255447766", 0x0011223344556677),
    ({"type": "uint64", "order": "HGFEDCBA"}, "7766554433221100", 0x0011223344556677),
    ({"type": "uint64", "order": "CDABGHEF"}, "2233001166774455", 0x0011223344556677),
    ({"type": "uint64", "order": "EFGHABCD"}, "4455667700112233", 0x0011223344556677),
    ({"type": "float16"}, "c000", -2.0),
    ({"type": "float32"}, "47f12000", 123456.0),
    ({"type": "float32", "order": "CDAB"}, "200047f1", 123456.0),
    ({"type": "float64"}, "3ff199999999999a", 1.1),
    ({"type": "bcd16"}, "1234", 1234),
    ({"type": "bcd32"}, "00991234", 991234),
    ({"type": "mod10_32"}, "00010002", 10002),
    ({"type": "mod10_64"}, "0001000200030004", 1000200030004),
    ({"type": "string", "length": 3}, "53444d363330", "SDM630"),
    ({"type": "datetime"}, "00190bf7121ee290", "2025-11-23T18:30:58.000"),
    ({"type": "bool"}, "0001", True),
    ({"bit": 3}, "0008", True),
    ({"mask": 0x0F00, "shift": 8}, "abcd", 0xB),
    ({"type": "int16", "scale": 0.1, "offset": -40.0}, "02bc", 30.0),
    ({"enum": {"0": "off", "1": "auto"}}, "0001", "auto"),
]


def held(unit: int, address: int) -> int:
    """What a register holds, at the start."""
    return (address + 1000 * unit) & 0xFFFF


def absent(address: int) -> bool:
    """Whether a register does not exist."""
    return 200 <= address < 300


def typed_points() -> list[tuple[dict[str, Any], Any]]:
    """The points that read ``TYPED``, as a profile says them, and their values."""
    points, at = [], TYPED_AT
    for i, (keys, data, value) in enumerate(TYPED):
        points.append(({"name": f"t{i}", "table": "holding", "address": at, **keys}, value))
        at += len(data) // 4
    return points


def register_runs(unit: int) -> list[Run]:
    """The registers there are, as runs of neighbours."""
    words = bytes.fromhex("".join(data for _, data, _ in TYPED))
    typed = list(struct.unpack(f">{len(words) // 2}H", words))
    rest = range(TYPED_AT + len(typed), END)
    return [
        (0, [held(unit, a) for a in range(200)]),
        (
            300,
            [held(unit, a) for a in range(300, TYPED_AT)] + typed + [held(unit, a) for a in rest],
        ),
        (LAST - 5, [held(unit, a) for a in range(LAST - 5, LAST + 1)]),
    ]


def bit_runs() -> list[Run]:
    """The bits there are, as runs of neighbours."""
    return [
        (start, [int(a % 3 == 0) for a in range(start, end)])
        for start, end in ((0, 100), (1000, 3000), (LAST - 7, LAST + 1))
    ]


def write_image(file: Path) -> None:
    """The same for servers that are not Python: units → coil, discrete, input, holding → runs."""
    units = {
        unit: {
            "coil": bit_runs(),
            "discrete": bit_runs(),
            "input": register_runs(unit),
            "holding": register_runs(unit),
        }
        for unit in UNITS
    }
    file.write_text(json.dumps(units))


def read_runs(file: Path) -> dict[int, dict[str, list[Run]]]:
    """Units → table → runs."""
    return {int(unit): tables for unit, tables in json.loads(file.read_text()).items()}


def read_image(file: Path) -> dict[int, dict[str, dict[int, int]]]:
    """Units → table → address → value."""
    return {
        unit: {
            table: {start + i: v for start, values in runs for i, v in enumerate(values)}
            for table, runs in tables.items()
        }
        for unit, tables in read_runs(file).items()
    }
