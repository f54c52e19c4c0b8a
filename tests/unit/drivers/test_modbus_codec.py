"""Values out of registers and back, against everybody else's vectors and code."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin as Peer

from drivers.modbus.map.codec import bits_decoder, registers_decoder, scaled
from drivers.modbus.map.encoding import encode
from drivers.modbus.map.layout import WORDS, Order, Type
from drivers.modbus.map.rows import Register, ScaleRegister, Traits
from gateway.driver import Bad, Raw, Scaled
from tests.parts.modbus import vectors

LIBMODBUS = vectors("libmodbus_float32_orders.json")["cases"]
PYMODBUS = vectors("pymodbus_convert.json")["cases"]
EDGEX = vectors("edgex_transform.json")["cases"]


def row(address: int = 0, table: Any = "holding", **keys: Any) -> Register:
    return Register(table=table, address=address, **keys).complete(Traits())


def decoded(data: bytes, **keys: Any) -> Raw:
    subject = row(**keys)
    (value,) = registers_decoder(0, len(data) // 2, [subject])(data)
    return value


def packed(*registers: int) -> bytes:
    return struct.pack(f">{len(registers)}H", *registers)


def same(a: object, b: object) -> bool:
    """Equal, telling -0.0 from 0.0 and taking any NaN for another."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack(">d", a) == struct.pack(">d", b)
    return a == b


# ---------------------------------------------------------------- other people's vectors


@pytest.mark.parametrize("case", LIBMODBUS, ids=lambda c: c["repr"])
@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
def test_floats_in_every_order_of_libmodbus(case: dict[str, Any], order: str) -> None:
    bits = bytes.fromhex(case["float_bits"][2:])
    (value,) = struct.unpack(">f", bits)
    data = packed(*case[order])
    assert same(decoded(data, type="float32", order=order), value)
    assert encode(row(type="float32", order=order), value) == data
    assert decoded(data, type="uint32", order=order) == int.from_bytes(bits, "big")


@pytest.mark.parametrize("case", PYMODBUS, ids=lambda c: f"{c['datatype']}-{c['value']}")
def test_the_conversions_of_pymodbus(case: dict[str, Any]) -> None:
    data, value = packed(*case["registers"]), case["value"]
    kind = case["datatype"].lower()
    if kind == "bits":
        # Their bits run through the bytes; ours are numbered within the register.
        places = [(i // 16, i % 16 + 8 if i % 16 < 8 else i % 16 - 8) for i in range(len(value))]
        rows = [row(address=address, bit=bit) for address, bit in places]
        assert registers_decoder(0, len(data) // 2, rows)(data) == value
        return
    values = value if isinstance(value, list) else [value]
    keys: dict[str, Any] = {"type": kind}
    if kind == "string":
        keys |= {"length": len(data) // 2, "encoding": case.get("string_encoding") or "utf-8"}
    first = row(**keys)
    rows = [first.element(i) for i in range(len(values))]
    found = registers_decoder(0, len(data) // 2, rows)(data)
    assert [f"{v:.7g}" if kind == "float32" else v for v in found] == [
        f"{v:.7g}" if kind == "float32" else v for v in values
    ]
    assert b"".join(encode(first, v) for v in values) == data


SWAPS: dict[tuple[int, bool, bool], Order] = {
    (1, False, False): "AB",
    (1, True, False): "BA",
    (2, False, False): "ABCD",
    (2, True, False): "BADC",
    (2, False, True): "CDAB",
    (2, True, True): "DCBA",
    (4, False, False): "ABCDEFGH",
}


@pytest.mark.parametrize("case", EDGEX, ids=lambda c: f"{c['test']}-{c.get('name', '')}")
def test_the_transformations_of_edgex(case: dict[str, Any]) -> None:
    data = bytes(case["bytes"])
    kind = (case.get("raw_type") or case.get("value_type") or case["type"]).lower()
    if kind == "bool":
        if case["dir"] == "encode":
            assert encode(row(type="bool"), case["value"] == "true") == b"\0" + data
        elif case["table"].endswith("REGISTERS"):
            assert decoded(data, bit=int(case["startingAddress"].split(".")[1])) is case["expected"]
        else:
            table = "coil" if case["table"] == "COILS" else "discrete"
            assert bits_decoder(0, [row(table=table)])(data) == [case["expected"]]
        return
    order = SWAPS[len(data) // 2, case["byte_swap"], case["word_swap"]]
    value = float(case["value"]) if case["dir"] == "encode" else case["expected"]
    assert encode(row(type=kind, order=order), value) == data
    held = value if kind.startswith("float") else round(value)  # 112.1 in a uint16 is 112
    assert decoded(data, type=kind, order=order) == pytest.approx(held, rel=1e-7)


# ---------------------------------------------------------------- every type


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("int8h", "80ff", -128),
        ("int8l", "80ff", -1),
        ("uint8h", "80ff", 128),
        ("uint8l", "80ff", 255),
        ("int16", "8000", -32768),
        ("uint16", "8000", 32768),
        ("bool", "0000", False),
        ("bool", "0100", True),
        ("int32", "fffffffe", -2),
        ("uint32", "fffffffe", 4294967294),
        ("int64", "fffffffffffffffe", -2),
        ("uint64", "fffffffffffffffe", 18446744073709551614),
        ("float16", "3c00", 1.0),
        ("float16", "fc00", -math.inf),
        ("float32", "7fc00000", math.nan),
        ("float32", "80000000", -0.0),
        ("float64", "3ff199999999999a", 1.1),
        ("bcd16", "1234", 1234),
        ("bcd16", "0000", 0),
        ("bcd16", "12a4", Bad("not a BCD number")),
        ("bcd32", "00991234", 991234),
        ("bcd32", "0099123f", Bad("not a BCD number")),
        ("mod10_32", "00010002", 10002),
        ("mod10_32", "270f270f", 99999999),
        ("mod10_32", "00012710", Bad("not a modulo-10000 number")),
        ("mod10_64", "0001000200030004", 1000200030004),
        ("mod10_64", "ffff000000000000", Bad("not a modulo-10000 number")),
        ("datetime", "00190bf7121ee290", "2025-11-23T18:30:58.000"),
        ("datetime", "00190b37129eea60", Bad("the device's clock is not set")),
        ("datetime", "0019001700000000", Bad("not a date and time")),
    ],
)
def test_a_type_reads_its_bytes(kind: Any, data: str, value: object) -> None:
    assert same(decoded(bytes.fromhex(data), type=kind), value)


@pytest.mark.parametrize(
    ("data", "keys", "text"),
    [
        (b"SDM630\0\0", {}, "SDM630"),
        (b"SDM630  ", {}, "SDM630"),
        (b"  SDM630", {}, "SDM630"),
        (b"AB\0garba", {}, "AB"),
        (b"\0\0\0\0\0\0\0\0", {}, ""),
        (b"AB\0garba", {"trim": False}, "AB\0garba"),
        (b"DS6M03\0\0", {"order": "BA"}, "SDM630"),
        ("Straße".encode("latin-1") + b"\0\0", {"encoding": "latin-1"}, "Straße"),
        (b"caf\x82    ", {"encoding": "cp437"}, "café"),
        (b"\xff\xfe\0\0\0\0\0\0", {}, Bad("not utf-8 text")),
    ],
)
def test_text_is_decoded_and_trimmed(data: bytes, keys: dict[str, Any], text: object) -> None:
    assert decoded(data, type="string", length=4, **keys) == text


@pytest.mark.parametrize(
    ("data", "keys", "value"),
    [
        ("0008", {"bit": 3}, True),
        ("fff7", {"bit": 3}, False),
        ("8000", {"bit": 15}, True),
        ("0080", {"bit": 15, "order": "BA"}, True),
        ("00010000", {"bit": 16, "type": "uint32"}, True),
        ("00000001", {"bit": 16, "type": "uint32", "order": "CDAB"}, True),
        ("abcd", {"mask": 0x0F00, "shift": 8}, 0xB),
        ("abcd", {"shift": 12}, 0xA),
        ("abcd", {"mask": 0x00FF}, 0xCD),
        ("12345678", {"type": "uint32", "mask": 0xFF0000, "shift": 16}, 0x34),
        ("1122334455667788", {"type": "uint64", "order": "CDABGHEF", "mask": 0xFF}, 0x66),
    ],
)
def test_parts_of_a_value(data: str, keys: dict[str, Any], value: object) -> None:
    found = decoded(bytes.fromhex(data), **keys)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("order", get_args(Order))
def test_an_order_names_the_bytes_as_they_come(order: str) -> None:
    """``CDAB``: the third most significant byte of the value comes first."""
    wire = bytes(ord(letter) for letter in order)
    kind = {2: "uint16", 4: "uint32", 8: "uint64"}[len(order)]
    value = decoded(wire, type=kind, order=order)
    assert isinstance(value, int)
    assert value.to_bytes(len(order), "big") == bytes(sorted(wire))


# ---------------------------------------------------------------- there and back

RANGES: dict[str, st.SearchStrategy[Any]] = {
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
    "datetime": st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - a device's own wall clock has no zone
        max_value=datetime(2127, 12, 31),  # noqa: DTZ001
    ).map(lambda d: d.replace(microsecond=0).isoformat(timespec="milliseconds")),
}


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A row's type and order, and a value it can hold."""
    kind = draw(st.sampled_from(sorted(RANGES)))
    fitting = [order for order in get_args(Order) if len(order) == 2 * WORDS[kind]]  # type: ignore[index]
    return {"type": kind, "order": draw(st.sampled_from(fitting))}, draw(RANGES[kind])


@given(typed_values())
def test_what_is_written_is_read(typed: tuple[dict[str, Any], Any]) -> None:
    keys, value = typed
    assert same(decoded(encode(row(**keys), value), **keys), value)


@given(st.lists(typed_values(), min_size=1, max_size=20), st.data())
def test_a_block_reads_every_value_wherever_it_lies(
    typed: list[tuple[dict[str, Any], Any]], data: st.DataObject
) -> None:
    """Values in any order of addresses, with gaps, every type and byte order in one block."""
    rows, memory, at = [], b"", 0
    for keys, value in typed:
        gap = data.draw(st.integers(0, 3))
        memory += bytes(2 * gap)
        rows.append(row(address=100 + at + gap, **keys))
        memory += encode(rows[-1], value)
        at = len(memory) // 2
    shuffled = data.draw(st.permutations(range(len(rows))))
    found = registers_decoder(100, at, [rows[i] for i in shuffled])(memory)
    assert all(same(v, typed[i][1]) for v, i in zip(found, shuffled, strict=True))


@given(st.binary(min_size=16, max_size=16), st.lists(typed_values(), min_size=1, max_size=8))
def test_values_may_overlap(memory: bytes, typed: list[tuple[dict[str, Any], Any]]) -> None:
    rows = [row(address=i % (9 - WORDS[keys["type"]]), **keys) for i, (keys, _) in enumerate(typed)]
    alone = [
        registers_decoder(r.place[1], r.words, [r])(memory[2 * r.place[1] :][: 2 * r.words])[0]
        for r in rows
    ]
    together = registers_decoder(0, 8, rows)(memory)
    assert all(same(a, b) for a, b in zip(alone, together, strict=True))


PEERS: dict[Type, Any] = {
    "int16": Peer.DATATYPE.INT16,
    "uint16": Peer.DATATYPE.UINT16,
    "int32": Peer.DATATYPE.INT32,
    "uint32": Peer.DATATYPE.UINT32,
    "int64": Peer.DATATYPE.INT64,
    "uint64": Peer.DATATYPE.UINT64,
    "float32": Peer.DATATYPE.FLOAT32,
    "float64": Peer.DATATYPE.FLOAT64,
}


@given(st.sampled_from(sorted(PEERS)), st.sampled_from(["big", "little"]), st.data())
def test_pymodbus_reads_what_we_write_and_we_what_it_writes(
    kind: Any, word_order: Any, data: st.DataObject
) -> None:
    value = data.draw(RANGES[kind])
    ours = Register(table="input", address=0, type=kind).complete(Traits(word_order=word_order))
    theirs = packed(*Peer.convert_to_registers(value, PEERS[kind], word_order=word_order))
    assert encode(ours, value) == theirs or (isinstance(value, float) and math.isnan(value))
    assert same(registers_decoder(0, len(theirs) // 2, [ours])(theirs)[0], value)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(0, 65000), st.data())
def test_bits_are_read_from_the_lowest_up(
    values: list[bool], start: int, data: st.DataObject
) -> None:
    memory = sum(on << i for i, on in enumerate(values)).to_bytes(25, "little")
    picks = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1))
    rows = [row(table="coil", address=start + i) for i in picks]
    assert bits_decoder(start, rows)(memory) == [values[i] for i in picks]


# ---------------------------------------------------------------- what cannot be written


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("uint16", 65536, "65536 does not fit uint16"),
        ("uint16", -1, "-1 does not fit uint16"),
        ("int8h", 128, "128 does not fit int8h"),
        ("bcd16", 10000, "10000 does not fit bcd16"),
        ("bcd16", -1, "-1 does not fit bcd16"),
        ("mod10_32", 10**8, "does not fit mod10_32"),
        ("mod10_32", -1, "does not fit mod10_32"),
        ("bool", 2, "2 does not fit bool"),
        ("uint16", math.nan, "nan does not fit uint16"),
        ("uint32", math.inf, "inf does not fit uint32"),
        ("float32", 1e39, "does not fit float32"),
        ("float16", 70000.0, "does not fit float16"),
        ("uint16", "12", '"12" is not a number'),
        ("datetime", 5, "is not a time"),
        ("datetime", "noon", "is not a time"),
        ("datetime", "2025-11-23T18:30:00+08:00", "no zone"),
        ("datetime", "1999-01-01T00:00:00", "2000 to 2127"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind: Any, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode(row(type=kind), value)


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        ({"length": 2}, "SDM630", "longer than 4 bytes"),
        ({"length": 4, "encoding": "latin-1"}, "€", "cannot be written in latin-1"),
    ],
)
def test_text_that_does_not_fit_is_refused(keys: dict[str, Any], value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode(row(type="string", **keys), value)


def test_numbers_are_rounded_as_people_expect() -> None:
    assert encode(row(type="uint16"), 112.1) == b"\0\x70"
    assert encode(row(type="uint16"), 49.99999999999) == b"\0\x32"
    assert encode(row(type="int16"), True) == b"\0\1"


# ---------------------------------------------------------------- speed


def fastest(decode: Any, data: bytes, points: int) -> float:
    """Seconds a point in the best of several runs, so that a busy machine does not decide."""

    def run() -> float:
        began = time.perf_counter()
        for _ in range(1000):
            decode(data)
        return time.perf_counter() - began

    return min(run() for _ in range(7)) / 1000 / points


@pytest.mark.parametrize(
    "rows",
    [
        [row(address=i, type="uint16") for i in range(40)],
        [row(address=2 * i, type="float32", order="CDAB") for i in range(40)],
        [row(address=i // 16, bit=i % 16) for i in range(48)],
        [row(address=2 * i, type="uint32", order="CDAB" if i % 2 else "ABCD") for i in range(40)],
    ],
    ids=["words", "floats", "bits", "mixed orders"],
)
def test_a_point_costs_less_than_a_microsecond(rows: Sequence[Register]) -> None:
    """Usually 0.03 to 0.1 µs; the limit only catches a return to point-by-point decoding."""
    count = max(r.place[1] + r.words for r in rows)
    assert fastest(registers_decoder(0, count, rows), bytes(2 * count), len(rows)) < 1e-6


class TestExponents:
    """A number and the exponent that stands near it leave the codec together."""

    def test_each_number_finds_its_own(self) -> None:
        near, other = ScaleRegister(address=3), ScaleRegister(address=4)
        rows = [
            row(0, type="int16", scale_register=near),
            row(1, type="int16", scale_register=other),
            row(2),
            row(0, type="int16", scale_register=near),
        ]
        data = packed(0xFFFF, 7, 9, 0xFFFE, 2)
        assert registers_decoder(0, 5, rows)(data) == [
            Scaled(-1, -2),
            Scaled(7, 2),
            9,
            Scaled(-1, -2),
        ]

    def test_what_is_no_number_has_no_exponent(self) -> None:
        rows = [row(0, type="bcd16", scale_register=ScaleRegister(address=1))]
        assert registers_decoder(0, 2, rows)(packed(0xA, 1)) == [Bad("not a BCD number")]

    def test_a_far_exponent_is_not_this_blocks_affair(self) -> None:
        far = Register(table="holding", address=0, scale_register=ScaleRegister(address=9))
        alone = far.complete(Traits(max_registers=4))
        assert registers_decoder(0, 1, [alone])(packed(5)) == [5]
        assert scaled(5, -1) == Scaled(5, -1)
        assert scaled(Bad("busy"), -1) == Bad("busy")
        assert scaled(5, Bad("illegal address")) == Bad("its scale register: illegal address")
