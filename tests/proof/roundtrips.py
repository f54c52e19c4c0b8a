"""Values there and back: every type, order, scale, offset, bit and mask.

Each property is a plain function of one drawn case; the tests draw a few hundred, the long form a
million. A value goes into registers as a command writes it and comes back as a point reads it, by
the row's own decoder and the profile's own conversion; ``naive`` reads the same registers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias, get_args

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from drivers.modbus.map.codec import Decode, registers_decoder
from drivers.modbus.map.encoding import encode
from drivers.modbus.map.layout import WORDS, Order, Type
from drivers.modbus.map.rows import Register, Traits
from drivers.modbus.map.setting import Setting
from gateway.driver import Bad
from gateway.values import converter
from tests.proof import naive

EACH = 20  # values an example draws; each is a round trip of its own
DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a device's own wall clock has no zone
LAST_DAY = datetime(2127, 12, 31)  # noqa: DTZ001

RANGES: dict[Type, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int8h": st.integers(-128, 127),
    "int8l": st.integers(-128, 127),
    "uint8h": st.integers(0, 255),
    "uint8l": st.integers(0, 255),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint16": st.integers(0, 2**16 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "float16": st.floats(width=16),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "bcd16": st.integers(0, 9999),
    "bcd32": st.integers(0, 99999999),
    "mod10_32": st.integers(0, 10**8 - 1),
    "mod10_64": st.integers(0, 10**16 - 1),
    "string": st.text(st.characters(codec="latin-1", categories=("L", "N", "P")), max_size=8),
    "datetime": st.datetimes(min_value=DAY, max_value=LAST_DAY).map(
        lambda d: d.isoformat(timespec="milliseconds")
    ),
}
ORDERS: dict[int, list[Order]] = {
    words: [order for order in get_args(Order) if len(order) == 2 * words] for words in (1, 2, 4)
}
SCALES = (1.0, 0.1, 0.01, 0.001, 0.0001, 0.5, 2.0, 10.0, 100.0, -1.0, -0.1, 0.25, 3.6, 1e-6)
OFFSETS = (0.0, -40.0, 100.0, 0.5, -273.15, 1e6)
# A command's value is a float: what it cannot hold exactly is not asked to come back exactly.
SCALED: tuple[Type, ...] = (
    "int8h",
    "int8l",
    "uint8h",
    "uint8l",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "bcd16",
    "bcd32",
    "mod10_32",
)


def same(a: object, b: object) -> bool:
    """Equal, telling -0.0 from 0.0 and taking any NaN for another."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack(">d", a) == struct.pack(">d", b)
    return a == b


@lru_cache(maxsize=4096)
def row_of(**keys: Any) -> Register:
    """A completed row at holding register 0."""
    return Register(table="holding", address=0, **keys).complete(Traits())


@lru_cache(maxsize=4096)
def setting_of(**keys: Any) -> Setting:
    """A completed command at holding register 0."""
    return Setting(table="holding", address=0, **keys).complete(Traits())


@lru_cache(maxsize=4096)
def decoder_of(row: Register) -> Decode:
    """The function of one row."""
    return registers_decoder(0, row.words, [row])


def decoded(row: Register, data: bytes) -> Any:
    """What a row makes of its registers."""
    (value,) = decoder_of(row)(data)
    return value


Keys: TypeAlias = dict[str, Any]


@st.composite
def typed(draw: st.DrawFn, kinds: tuple[Type, ...] = tuple(RANGES)) -> tuple[Keys, list[Any]]:
    """A row's type and order, and values it can hold."""
    kind = draw(st.sampled_from(kinds))
    more = {"length": 4, "encoding": "latin-1"} if kind == "string" else {}
    order = draw(st.sampled_from(ORDERS[1 if kind == "string" else WORDS[kind]]))
    return {"type": kind, "order": order, **more}, draw(several(RANGES[kind]))


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """As many values as one example takes."""
    return st.lists(values, min_size=EACH, max_size=EACH)


def there_and_back(keys: Keys, value: Any) -> None:
    """What is written is read, in every type and order."""
    row = row_of(**keys)
    assert same(decoded(row, encode(row, value)), value)


def written_and_read(keys: Keys, scale: float, offset: float, value: Any) -> None:
    """What a reading shows, given as a command, gives the registers that the reading shows."""
    convert = converter(scale=scale, offset=offset)
    shown = value if convert is None else convert(value)
    assert isinstance(shown, int | float)
    setting = setting_of(**keys, scale=scale, offset=offset, write="multiple")
    raw = decoded(row_of(**keys), setting.question(shown).pdu[6:])
    assert raw == value
    assert (raw if convert is None else convert(raw)) == shown


def bits_kept_apart(keys: Keys, bit: int, drawn: int) -> None:
    """A bit written by mask is read, and its fifteen neighbours are as they were."""
    on, word = drawn >> 16 == 1, drawn & 0xFFFF
    held = _masked(setting_of(**keys, bit=bit).question(on).pdu, word)
    rows = [row_of(**keys, bit=i) for i in range(16)]
    before = [decoded(row, word.to_bytes(2, "big")) for row in rows]
    before[bit] = on
    assert [decoded(row, held) for row in rows] == before


def bytes_kept_apart(keys: Keys, word: int, value: int) -> None:
    """A byte written by mask is read, and the other byte of its register is as it was."""
    held = _masked(setting_of(**keys).question(value).pdu, word)
    assert decoded(row_of(**keys), held) == value
    neighbour = row_of(**{**keys, "type": "uint8l" if keys["type"].endswith("h") else "uint8h"})
    assert decoded(neighbour, held) == decoded(neighbour, word.to_bytes(2, "big"))


def _masked(pdu: bytes, word: int) -> bytes:
    """What function 22 makes of a register, as its specification says it (§6.16)."""
    keep, put = int.from_bytes(pdu[3:5], "big"), int.from_bytes(pdu[5:7], "big")
    return (word & keep | put & ~keep & 0xFFFF).to_bytes(2, "big")


def parts(order: Order, mask: int, shift: int, data: bytes) -> None:
    """Mask, shift and bit pick from the value that plain arithmetic makes of the bytes."""
    bits = 8 * len(order)
    keys: Keys = {"type": f"uint{bits}", "order": order}
    plain = int.from_bytes(naive.value_bytes(data, order), "big")
    mask, shift = mask % (1 << bits) or 1, shift % bits
    assert decoded(row_of(**keys), data) == plain
    assert decoded(row_of(**keys, mask=mask, shift=shift), data) == (plain & mask) >> shift
    if order not in {"CDABGHEF", "EFGHABCD"}:
        assert decoded(row_of(**keys, bit=shift), data) is (plain >> shift & 1 == 1)


def _mod10(data: bytes) -> int | None:
    digits = ""
    for at in range(0, len(data), 2):
        word = 256 * data[at] + data[at + 1]
        if word > 9999:
            return None
        digits += f"{word:04d}"
    return int(digits)


PLAIN: dict[Type, Callable[[bytes], Any]] = {
    "bool": any,
    "int8h": lambda b: int.from_bytes(b[:1], "big", signed=True),
    "int8l": lambda b: int.from_bytes(b[1:], "big", signed=True),
    "uint8h": lambda b: b[0],
    "uint8l": lambda b: b[1],
    **dict.fromkeys(("uint16", "uint32", "uint64"), lambda b: int.from_bytes(b, "big")),
    **dict.fromkeys(("int16", "int32", "int64"), lambda b: int.from_bytes(b, "big", signed=True)),
    "float16": lambda b: struct.unpack(">e", b)[0],
    "float32": lambda b: struct.unpack(">f", b)[0],
    "float64": lambda b: struct.unpack(">d", b)[0],
    **dict.fromkeys(("bcd16", "bcd32"), lambda b: int(b.hex()) if b.hex().isdecimal() else None),
    **dict.fromkeys(("mod10_32", "mod10_64"), _mod10),
}


def any_bytes(kind: Type, order: Order, data: bytes) -> None:
    """Whatever registers hold, they mean what plain arithmetic says, or nothing."""
    found = decoded(row_of(type=kind, order=order), data)
    expected = PLAIN[kind](naive.value_bytes(data, order))
    if expected is None:
        assert isinstance(found, Bad)
    else:
        assert same(found, expected)


@st.composite
def _raw(draw: st.DrawFn) -> tuple[str, Order, list[bytes]]:
    kind = draw(st.sampled_from(tuple(PLAIN)))
    order = draw(st.sampled_from(ORDERS[WORDS[kind]]))
    return kind, order, draw(several(st.binary(min_size=len(order), max_size=len(order))))


@st.composite
def _parts(draw: st.DrawFn) -> tuple[Order, int, int, list[bytes]]:
    order = draw(st.sampled_from([order for orders in ORDERS.values() for order in orders]))
    mask, shift = draw(st.integers(0, 2**64 - 1)), draw(st.integers(0, 63))
    return order, mask, shift, draw(several(st.binary(min_size=len(order), max_size=len(order))))


@st.composite
def _scaled(draw: st.DrawFn) -> tuple[Keys, float, float, list[Any]]:
    keys, values = draw(typed(SCALED))
    return keys, draw(st.sampled_from(SCALES)), draw(st.sampled_from(OFFSETS)), values


@st.composite
def _bits(draw: st.DrawFn) -> tuple[Keys, int, list[int]]:
    keys = {"order": draw(st.sampled_from(ORDERS[1]))}
    return keys, draw(st.integers(0, 15)), draw(several(st.integers(0, 0x1FFFF)))


@st.composite
def _halves(draw: st.DrawFn) -> tuple[Keys, int, list[int]]:
    keys, values = draw(typed(("int8h", "int8l", "uint8h", "uint8l")))
    return keys, draw(st.integers(0, 0xFFFF)), values


# What is drawn (the last of it a list of values), and what must hold of each of the values.
PROPERTIES: dict[str, tuple[st.SearchStrategy[Any], Callable[..., None]]] = {
    "there and back, every type and order": (typed(), there_and_back),
    "scaled, as a command writes and a reading shows": (_scaled(), written_and_read),
    "any registers, against plain arithmetic": (_raw(), any_bytes),
    "bit, mask and shift, against plain arithmetic": (_parts(), parts),
    "a bit written by mask": (_bits(), bits_kept_apart),
    "a byte written by mask": (_halves(), bytes_kept_apart),
}


def check(name: str, examples: int, start: int) -> int:
    """Draw so many examples of a property from a seed; how many round trips that were."""
    drawn, holds = PROPERTIES[name]
    count = 0

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def run(example: tuple[Any, ...]) -> None:
        nonlocal count
        *fixed, values = example
        for value in values:
            holds(*fixed, value)
        count += len(values)

    run()
    return count
