"""How values lie in registers: types, byte orders, and what struct calls them."""

from __future__ import annotations

import struct
from typing import Literal, TypeAlias

Type: TypeAlias = Literal[
    "bool",
    "int8h",
    "int8l",
    "uint8h",
    "uint8l",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "bcd16",
    "bcd32",
    "mod10_32",
    "mod10_64",
    "string",
    "datetime",
]
Order: TypeAlias = Literal[
    "AB",
    "BA",
    "ABCD",
    "CDAB",
    "BADC",
    "DCBA",
    "ABCDEFGH",
    "BADCFEHG",
    "HGFEDCBA",
    "GHEFCDAB",
    "CDABGHEF",
    "EFGHABCD",
]
End: TypeAlias = Literal["big", "little"]

WORDS: dict[Type, int] = {
    "bool": 1,
    "int8h": 1,
    "int8l": 1,
    "uint8h": 1,
    "uint8l": 1,
    "int16": 1,
    "uint16": 1,
    "float16": 1,
    "bcd16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "bcd32": 2,
    "mod10_32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
    "mod10_64": 4,
    "datetime": 4,
}
"""Registers of every type but ``string``, which says its own ``length``."""

BOUNDS: dict[Type, tuple[int, int]] = {
    "bool": (0, 1),
    "int8h": (-(2**7), 2**7 - 1),
    "int8l": (-(2**7), 2**7 - 1),
    "uint8h": (0, 2**8 - 1),
    "uint8l": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "bcd16": (0, 10**4 - 1),
    "bcd32": (0, 10**8 - 1),
    "mod10_32": (0, 10**8 - 1),
    "mod10_64": (0, 10**16 - 1),
}
"""The least and the greatest of every type that gives whole numbers."""

DEFAULT_ORDER: dict[tuple[int, End, End], Order] = {
    (1, "big", "big"): "AB",
    (1, "little", "big"): "AB",
    (1, "big", "little"): "BA",
    (1, "little", "little"): "BA",
    (2, "big", "big"): "ABCD",
    (2, "little", "big"): "CDAB",
    (2, "big", "little"): "BADC",
    (2, "little", "little"): "DCBA",
    (4, "big", "big"): "ABCDEFGH",
    (4, "little", "big"): "GHEFCDAB",
    (4, "big", "little"): "BADCFEHG",
    (4, "little", "little"): "HGFEDCBA",
}
"""The order of a value of so many registers, by the profile's word order and byte order."""

FORMAT: dict[Type, str] = {
    "bool": "H",
    "int8h": "bx",
    "int8l": "xb",
    "uint8h": "Bx",
    "uint8l": "xB",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "bcd16": "H",
    "bcd32": "I",
    "mod10_32": "I",
    "mod10_64": "Q",
    "datetime": "Q",
}
"""The struct format of each type, as big as its registers."""

LAYOUT: dict[Order, tuple[bool, str]] = {
    "AB": (False, ">"),
    "BA": (True, ">"),
    "ABCD": (False, ">"),
    "DCBA": (False, "<"),
    "BADC": (True, ">"),
    "CDAB": (True, "<"),
    "ABCDEFGH": (False, ">"),
    "HGFEDCBA": (False, "<"),
    "BADCFEHG": (True, ">"),
    "GHEFCDAB": (True, "<"),
    "CDABGHEF": (False, ">"),
    "EFGHABCD": (False, ">"),
}
"""Whether the two bytes of each register are swapped first, and what endianness is left then."""

SHUFFLED: dict[Order, tuple[int, ...]] = {
    "CDABGHEF": (2, 3, 0, 1, 6, 7, 4, 5),
    "EFGHABCD": (4, 5, 6, 7, 0, 1, 2, 3),
}
"""The two orders that are neither: where in the value as it came its bytes A to H stand."""


def as_read(kind: Type, bounds: tuple[int, int] | None, value: bool | float | str) -> float | str:
    """A raw value somebody wrote, as a register of that type gives it.

    A float is what is left of it in so many bits. Raises ValueError if it is never read.
    """
    if isinstance(value, str):
        if kind in {"string", "datetime"}:
            return value
        raise ValueError(f'"{value}" is text, and {_a(kind)} gives a number')
    if kind in {"string", "datetime"}:
        raise ValueError(f"{value} is a number, and {_a(kind)} gives text")
    if bounds is not None:
        return _within(kind, bounds, value)
    try:
        (left,) = struct.unpack(">" + FORMAT[kind], struct.pack(">" + FORMAT[kind], value))
    except OverflowError:
        raise ValueError(f"{value:g} is never read: it is more than {_a(kind)} holds") from None
    return float(left)


def _within(kind: Type, bounds: tuple[int, int], value: float) -> float:
    low, high = bounds
    if value != int(value):
        raise ValueError(f"{value:g} is never read: {_a(kind)} gives whole numbers")
    if low <= value <= high:
        return value
    signed = value - (high - low + 1)
    meant = f"; write {signed}" if low < 0 and low <= signed < 0 else ""
    raise ValueError(f"{value} is never read: {_a(kind)} goes from {low} to {high}{meant}")


def _a(kind: Type) -> str:
    return f"an {kind}" if kind.startswith("int") else f"a {kind}"
