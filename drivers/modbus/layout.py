"""How values lie in registers: types, byte orders, and what struct calls them."""

from __future__ import annotations

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
