"""The profile language of contracts §4, key by key: what is promised is done, from text to reading.

Each test writes a profile, loads it, plans it, asks a unit that holds the registers it names (over
the link the drivers use) and looks at the reading. Addresses beyond what the unit holds are
illegal, as on a real one. ``test_the_checklist_names_every_key`` keeps the list whole.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.link import ModbusLink
from drivers.modbus.map.layout import Order, Type
from drivers.modbus.map.rows import Register, Traits
from gateway.edge.counters import counters
from gateway.edge.news import watches
from gateway.model import Device, Reading
from gateway.problems import ConfigurationError
from gateway.profile import Head, Profile, load_profile, specimen
from gateway.profile.keys import DerivedKeys, PointKeys
from gateway.values import gather

TCP = DRIVERS["modbus-tcp"]
TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
HEAD = 'schema = 1\nkind = "bin"\nvendor = "V"\nmodel = "M"\ndriver = "modbus"\n'


@dataclass
class Unit:
    """A wire to one unit: what its tables hold, and what it was asked (table, address, count)."""

    cells: dict[tuple[str, int], int] = field(default_factory=dict)
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    depth: int = 1

    def hold(self, said: str) -> None:
        """``input 12: 02AA 0001, coil 3: 1``."""
        for part in said.split(", "):
            place, words = part.split(": ")
            table, address = place.split(" ")
            for i, word in enumerate(words.split(" ")):
                self.cells[table, int(address) + i] = int(word, 16)

    async def ask(self, unit: Any, question: Question) -> bytes:
        assert unit.unit == 1
        address, count = struct.unpack(">HH", question.pdu[1:5])
        table = TABLES[question.function]
        self.asked.append((table, address, count))
        try:
            held = [self.cells[table, a] for a in range(address, address + count)]
        except KeyError:
            raise Refused(2) from None
        if question.function < 3:
            return sum(bit << i for i, bit in enumerate(held)).to_bytes((count + 7) // 8, "little")
        return struct.pack(f">{count}H", *held)

    async def tell(self, question: Question) -> None:
        raise AssertionError(f"nobody was to be told {question}")


@dataclass
class Bench:
    """A profile of these rows, and a unit to read by it."""

    profile: Profile
    unit: Unit = field(default_factory=Unit)
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def device(self) -> Device:
        found = specimen(self.profile, TCP)
        assert found is not None
        facts = SimpleNamespace(**self.facts)
        return replace(found, derived=self.profile.derived, facts=facts)

    async def read(self, said: str = "") -> Reading:
        if said:
            self.unit.hold(said)
        device = self.device
        link = ModbusLink(self.unit, lambda: 0.0)
        blocks = TCP.plan(device, device.points)
        return gather(device, 0, [(block, await link.read(block)) for block in blocks])

    async def value(self, said: str) -> object:
        """What the point ``x`` shows: its value, or why it has none."""
        reading = await self.read(said)
        if "x" in reading.bad:
            return f"bad: {reading.bad['x']}"
        value = reading.values["x"]
        return f"uncertain: {value}" if "x" in reading.uncertain else value

    @property
    def requests(self) -> list[str]:
        blocks = TCP.plan(self.device, self.device.points)
        return [str(block.request.asks).partition(":")[0] for block in blocks]


Lay = Callable[..., Bench]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """``lay("{ … }", "{ … }", head="…")``: a profile on the bench."""

    def lay(*rows: str, head: str = "", more: str = "", **facts: float) -> Bench:
        points = ",\n".join(rows)
        (tmp_path / "it.toml").write_text(f"{HEAD}{head}\npoints = [\n{points}\n]\n{more}")
        return Bench(load_profile("it.toml", tmp_path), facts=facts)

    return lay


@pytest.fixture
def x(lay: Lay) -> Callable[[str], Bench]:
    """A profile of one point called x."""
    return lambda keys: lay(f'{{ name = "x", {keys} }}')


X = Callable[[str], Bench]


# ---------------------------------------------------------------- table and address


class TestPlaces:
    @pytest.mark.parametrize("table", ["coil", "discrete", "input", "holding"])
    async def test_each_table_is_read_by_its_own_function(self, table: str, x: X) -> None:
        bench = x(f'table = "{table}", address = 7')
        assert await bench.value(f"{table} 7: 1") == 1
        assert bench.unit.asked == [(table, 7, 1)]

    @pytest.mark.parametrize(
        ("keys", "table", "address"),
        [
            ('table = "input", address = 12', "input", 12),
            ('table = "input", address = 0x0C', "input", 12),
            ('address = "30013"', "input", 12),
            ('address = "40001"', "holding", 0),
            ('address = "00008"', "coil", 7),
            ('address = "10008"', "discrete", 7),
            ('address = "465536"', "holding", 65535),
            ('table = "holding", address = 65535', "holding", 65535),
        ],
    )
    async def test_an_address_is_a_number_or_as_printed(
        self, keys: str, table: str, address: int, x: X
    ) -> None:
        assert await x(keys).value(f"{table} {address}: 1") == 1

    async def test_maps_that_count_from_one_say_so_once(self, lay: Lay) -> None:
        bench = lay(
            '{ name = "a", table = "input", address = 13 }',
            '{ name = "b", address = "30014" }',
            '{ name = "c", table = "input", address = 20, scale_register = { address = 21 } }',
            head="address_base = 1",
        )
        reading = await bench.read("input 12: 0005 0006, input 19: 0007 0001")
        assert dict(reading.values) == {"a": 5, "b": 6, "c": 70}

    async def test_zero_and_65535_exist_and_nothing_beyond(self, x: X) -> None:
        assert await x('table = "input", address = 0').value("input 0: 0001") == 1
        for address in ("65536", "-1", '"30000"', '"365537"'):
            with pytest.raises(ConfigurationError):
                x(f'table = "input", address = {address}')

    def test_a_name_stands_for_one_point(self, lay: Lay) -> None:
        with pytest.raises(ConfigurationError, match='a second point is called "a"'):
            lay(*['{ name = "a", table = "input", address = 1 }'] * 2)


# ---------------------------------------------------------------- type and order

#: Bytes as a big-endian device sends them, and what they mean.
PLAIN: Mapping[Type, tuple[str, object]] = {
    "bool": ("0001", True),
    "int8h": ("FE03", -2),
    "int8l": ("03FE", -2),
    "uint8h": ("FE03", 254),
    "uint8l": ("03FE", 254),
    "int16": ("FFFE", -2),
    "uint16": ("FFFE", 65534),
    "float16": ("C100", -2.5),
    "bcd16": ("1234", 1234),
    "int32": ("FEDCBA98", -19088744),
    "uint32": ("FEDCBA98", 4275878552),
    "float32": ("43663334", pytest.approx(230.2, rel=1e-7)),
    "bcd32": ("12345678", 12345678),
    "mod10_32": ("04D2162E", 12345678),
    "int64": ("FEDCBA9876543210", -81985529216486896),
    "uint64": ("FEDCBA9876543210", 18364758544493064720),
    "float64": ("C07CD80000000000", -461.5),
    "mod10_64": ("000104D2162E0007", 1123456780007),
    "datetime": ("0018030F0C1E61A8", "2024-03-15T12:30:25.000"),
}
CASES = [
    (kind, order)
    for kind, (data, _) in PLAIN.items()
    for order in get_args(Order)
    if 2 * len(order) == len(data)
]


def words(data: bytes) -> str:
    return data.hex(" ", 2).upper()


def sent(plain: str, order: str) -> str:
    """The registers of a value whose bytes a device sends in this order: ``C`` is the third."""
    data = bytes.fromhex(plain)
    return words(bytes(data["ABCDEFGH".index(letter)] for letter in order))


class TestTypes:
    def test_all_of_them_are_here(self) -> None:
        assert {*PLAIN, "string"} == set(get_args(Type))
        assert {order for _, order in CASES} == set(get_args(Order))

    @pytest.mark.parametrize(("kind", "order"), CASES)
    async def test_every_type_in_every_order(self, kind: Type, order: str, x: X) -> None:
        plain, value = PLAIN[kind]
        bench = x(f'table = "holding", address = 4, type = "{kind}", order = "{order}"')
        assert await bench.value(f"holding 4: {sent(plain, order)}") == value

    @pytest.mark.parametrize("kind", PLAIN)
    @pytest.mark.parametrize(
        ("word", "byte", "orders"),
        [
            ("big", "big", ("AB", "ABCD", "ABCDEFGH")),
            ("little", "big", ("AB", "CDAB", "GHEFCDAB")),
            ("big", "little", ("BA", "BADC", "BADCFEHG")),
            ("little", "little", ("BA", "DCBA", "HGFEDCBA")),
        ],
    )
    async def test_the_head_says_the_order_for_all(
        self, kind: Type, word: str, byte: str, orders: tuple[str, ...], lay: Lay
    ) -> None:
        plain, value = PLAIN[kind]
        head = f'word_order = "{word}"\nbyte_order = "{byte}"'
        bench = lay(f'{{ name = "x", table = "input", address = 0, type = "{kind}" }}', head=head)
        order = next(order for order in orders if 2 * len(order) == len(plain))
        assert await bench.value(f"input 0: {sent(plain, order)}") == value

    async def test_bits_are_bools_and_registers_uint16_where_nothing_is_said(self, x: X) -> None:
        assert await x('table = "coil", address = 0').value("coil 0: 1") is True
        assert await x('table = "discrete", address = 0').value("discrete 0: 0") is False
        assert await x('table = "holding", address = 0').value("holding 0: FFFF") == 65535

    @pytest.mark.parametrize(
        ("kind", "data", "reason"),
        [
            ("bcd16", "12A4", "not a BCD number"),
            ("mod10_32", "0001 2710", "not a modulo-10000 number"),
            ("datetime", "0018 0D0F 0C1E 61A8", "not a date and time"),
            ("datetime", "0018 030F 0C9E 61A8", "the device's clock is not set"),
            ("float32", "7FC0 0000", "not a number"),
            ("float32", "FF80 0000", "infinite"),
            ("float16", "7C00", "infinite"),
            ("float64", "7FF8 0000 0000 0000", "not a number"),
        ],
    )
    async def test_what_is_no_value_of_its_type_is_bad(
        self, kind: str, data: str, reason: str, x: X
    ) -> None:
        bench = x(f'table = "input", address = 0, type = "{kind}"')
        assert await bench.value(f"input 0: {data}") == f"bad: {reason}"


class TestTexts:
    @pytest.mark.parametrize(
        ("encoding", "text"),
        [("utf-8", "Straße °"), ("latin-1", "Straße °"), ("cp437", "Straße °ÇéΩ")],
    )
    async def test_every_encoding(self, encoding: str, text: str, x: X) -> None:
        data = text.encode(encoding).ljust(24, b"\0")
        bench = x(
            f'table = "input", address = 0, type = "string", length = 12, encoding = "{encoding}"'
        )
        assert await bench.value(f"input 0: {words(data)}") == text

    @pytest.mark.parametrize(
        ("held", "text"),
        [
            (b"SDM630\0\0", "SDM630"),
            (b"SDM630  ", "SDM630"),
            (b"  SDM630", "SDM630"),
            (b"\0\0SDM630", "SDM630"),
            (b"AB\0rests", "AB"),
            (b"A B \0 \0 ", "A B"),
            (b"AB\r\n \0\0\0", "AB\r\n"),
            (b"        ", ""),
            (b"\0\0\0\0\0\0\0\0", ""),
        ],
    )
    async def test_nul_and_spaces_are_trimmed(self, held: bytes, text: str, x: X) -> None:
        bench = x('table = "input", address = 0, type = "string", length = 4')
        assert await bench.value(f"input 0: {words(held)}") == text

    async def test_unless_somebody_wants_them(self, x: X) -> None:
        bench = x('table = "input", address = 0, type = "string", length = 2, trim = false')
        assert await bench.value(f"input 0: {words(b' A' + bytes(2))}") == " A\0\0"

    async def test_text_in_swapped_bytes(self, lay: Lay) -> None:
        row = '{ name = "x", table = "input", address = 0, type = "string", length = 3 }'
        bench = lay(row, head='byte_order = "little"')
        assert await bench.value(f"input 0: {words(b'DS6M03')}") == "SDM630"

    async def test_bytes_that_are_no_text_are_bad(self, x: X) -> None:
        bench = x('table = "input", address = 0, type = "string", length = 1')
        assert await bench.value("input 0: FFFE") == "bad: not utf-8 text"


# ---------------------------------------------------------------- bit, mask, shift


class TestParts:
    @pytest.mark.parametrize("bit", range(16))
    async def test_bit_0_is_the_least_significant_of_the_word(self, bit: int, x: X) -> None:
        bench = x(f'table = "holding", address = 3, bit = {bit}')
        assert await bench.value(f"holding 3: {1 << bit:04X}") is True
        assert await bench.value(f"holding 3: {0xFFFF ^ 1 << bit:04X}") is False

    @pytest.mark.parametrize("order", [o for o in get_args(Order) if len(o) == 8])
    @pytest.mark.parametrize("bit", [0, 17, 40, 63])
    async def test_and_of_a_long_value_in_every_order(self, bit: int, order: str, x: X) -> None:
        bench = x(
            f'table = "holding", address = 3, type = "uint64", bit = {bit}, order = "{order}"'
        )
        assert await bench.value(f"holding 3: {sent(f'{1 << bit:016X}', order)}") is True
        assert (
            await bench.value(f"holding 3: {sent(f'{2**64 - 1 - (1 << bit):016X}', order)}")
        ) is False

    async def test_mask_then_shift(self, x: X) -> None:
        keys = 'table = "holding", address = 3, mask = 0x0FF0, shift = 4, scale = 0.5'
        assert await x(keys).value("holding 3: F64F") == 50
        assert await x('table = "holding", address = 3, shift = 12').value("holding 3: F64F") == 15

    async def test_flags_are_as_many_bools(self, x: X) -> None:
        reading = await x('table = "input", address = 0, flags = { 0 = "on", 15 = "hot" }').read(
            "input 0: 8000"
        )
        assert dict(reading.values) == {"x_on": False, "x_hot": True}


# ---------------------------------------------------------------- from raw to engineering values


class TestTransforms:
    async def test_scale_and_offset(self, x: X) -> None:
        keys = 'table = "input", address = 0, type = "int16", scale = 0.1, offset = -40'
        assert await x(keys).value("input 0: 0267") == 21.5
        assert await x(keys).value("input 0: FFFF") == -40.1

    async def test_an_exponent_register_near_and_far(self, lay: Lay) -> None:
        row = '{{ name = "x", table = "input", address = 0, type = "int16", scale_register = {0} }}'
        near = lay(row.format("{ address = 3 }"))
        assert await near.value("input 0: 08FD 0000 0000 FFFF") == 230.1
        far = lay(row.format('{ table = "holding", address = 900 }'))
        assert await far.value("input 0: 08FD, holding 900: 0002") == 230100
        assert await far.value("holding 900: 8000") == (
            "bad: its scale register holds -32768, which is no power of ten"
        )

    async def test_a_label_is_the_value_and_an_unknown_code_its_number_uncertain(
        self, x: X
    ) -> None:
        bench = x('table = "input", address = 0, enum = { 0 = "off", 0x10 = "on" }')
        assert await bench.value("input 0: 0010") == "on"
        assert await bench.value("input 0: 0011") == "uncertain: 17"
        (point,) = bench.profile.points
        assert (point.type, dict(point.codes)) == ("string", {"off": 0, "on": 16})

    async def test_a_label_of_a_bit(self, x: X) -> None:
        bench = x('table = "input", address = 0, bit = 2, enum = { 0 = "closed", 1 = "open" }')
        assert await bench.value("input 0: 0004") == "open"

    async def test_outside_of_its_limits_a_value_is_bad(self, x: X) -> None:
        bench = x('table = "input", address = 0, scale = 0.1, min = 5, max = 30')
        assert await bench.value("input 0: 0031") == "bad: below 5"
        assert await bench.value("input 0: 0032") == 5
        assert await bench.value("input 0: 012D") == "bad: above 30"

    async def test_or_clamped_and_uncertain(self, x: X) -> None:
        bench = x('table = "input", address = 0, scale = 0.1, min = 5, max = 30, clamp = true')
        assert await bench.value("input 0: 0000") == "uncertain: 5.0"
        assert await bench.value("input 0: FFFF") == "uncertain: 30.0"


SENTINELS: Mapping[str, tuple[str, str]] = {
    "int16": ("-32768", "8000"),
    "uint16": ("0xFFFF", "FFFF"),
    "int32": ("-2147483648", "80000000"),
    "uint32": ("0xFFFF_FFFF", "FFFFFFFF"),
    "int64": ("-9223372036854775808", "8000000000000000"),
    "uint64": ("18446744073709551615", "FFFFFFFFFFFFFFFF"),
    "float32": ("3.4028235e38", "7F7FFFFF"),
    "float64": ("1.7976931348623157e308", "7FEFFFFFFFFFFFFF"),
    "float16": ("65504.0", "7BFF"),
    "bcd16": ("9999", "9999"),
    "int8l": ("-128", "0080"),
}


class TestSentinels:
    @pytest.mark.parametrize(
        ("kind", "order"),
        [
            (kind, order)
            for kind, (_, data) in SENTINELS.items()
            for order in get_args(Order)
            if 2 * len(order) == len(data)
        ],
    )
    async def test_invalid_is_the_decoded_value_in_every_order(
        self, kind: str, order: str, x: X
    ) -> None:
        """A float32 sentinel is written with as many digits as its manual has."""
        raw, data = SENTINELS[kind]
        keys = f'table = "input", address = 0, type = "{kind}", order = "{order}"'
        bench = x(f"{keys}, invalid = [1, {raw}], scale = 0.1")
        assert str(await bench.value(f"input 0: {sent(data, order)}")).startswith("bad: no value")

    async def test_text_has_sentinels_too(self, x: X) -> None:
        bench = x('table = "input", address = 0, type = "string", length = 2, invalid = ["----"]')
        assert await bench.value(f"input 0: {words(b'----')}") == "bad: no value (----)"

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ("invalid = [65536]", "invalid 65536 is never read: a uint16 goes from 0"),
            ('invalid = [0x8000], type = "int16"', "invalid 32768 is never read: an int16"),
            ('invalid = ["-"]', 'invalid "-" is text, and a uint16 gives a number'),
            ("invalid = [0.5]", "invalid 0.5 is never read: a uint16 gives whole numbers"),
            (
                'invalid = [1], type = "string", length = 1',
                "invalid 1 is a number, and a string gives text",
            ),
            ('invalid = [1e39], type = "float32"', "more than a float32 holds"),
            ('enum = { 70000 = "a" }', "enum 70000 is never read"),
            ('enum = { 2 = "a" }, bit = 1', "enum 2 is never read: a bool"),
            ("invalid = [16], mask = 0xF0, shift = 4", "goes from 0 to 15"),
        ],
    )
    def test_one_that_is_never_read_is_refused(self, keys: str, says: str, x: X) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(says)):
            x(f'table = "input", address = 0, {keys}')


# ---------------------------------------------------------------- arrays and computed values


class TestArrays:
    @pytest.mark.parametrize(
        ("keys", "said", "values"),
        [
            ('table = "input", address = 3', "input 3: 0001 0002 0003", [1, 2, 3]),
            ('table = "coil", address = 3', "coil 3: 1 0 1", [True, False, True]),
            (
                'table = "input", address = 3, type = "uint32", order = "CDAB"',
                "input 3: 0001 0000 0002 0000 0003 0000",
                [1, 2, 3],
            ),
            (
                'table = "input", address = 3, type = "string", length = 1',
                "input 3: 4142 4344 4546",
                ["AB", "CD", "EF"],
            ),
            ('table = "input", address = 3, bit = 14', "input 3: 4000 0001", [True, False, True]),
            ('address = "30004"', "input 3: 0001 0002 0003", [1, 2, 3]),
            (
                'table = "input", address = 3, scale_register = { address = 9 }',
                "input 3: 0001 0002 0003 0000 0000 0000 0001",
                [10, 20, 30],
            ),
        ],
    )
    async def test_values_follow_each_other(
        self, keys: str, said: str, values: list[object], x: X
    ) -> None:
        reading = await x(f"count = 3, {keys}").read(said)
        assert [reading.values[f"x_{i}"] for i in (1, 2, 3)] == values


async def test_a_computed_value(lay: Lay) -> None:
    bench = lay(
        '{ name = "distance", table = "input", address = 0, invalid = [5000] }',
        '{ name = "x", unit = "%", derive = { from = "distance", '
        'linear = ["empty_distance", "full_distance"] } }',
        empty_distance=2000,
        full_distance=400,
    )
    assert await bench.value("input 0: 0320") == 75
    assert await bench.value("input 0: 1388") == "bad: distance: no value (5000)"


# ---------------------------------------------------------------- when and how


class TestPolling:
    def test_every_is_the_points_own_or_the_heads_or_ten_seconds(self, lay: Lay) -> None:
        rows = (
            '{ name = "a", table = "input", address = 0, every = "250ms" }',
            '{ name = "b", table = "input", address = 1 }',
        )
        assert [p.every for p in lay(*rows).profile.points] == [0.25, 10]
        assert [p.every for p in lay(*rows, head='every = "5m"').profile.points] == [0.25, 300]

    def test_alone_is_a_request_of_its_own(self, lay: Lay) -> None:
        row = '{{ name = "{0}", table = "input", address = {1}{2} }}'
        bench = lay(
            row.format("a", 0, ""), row.format("b", 1, ", alone = true"), row.format("c", 2, "")
        )
        assert sorted(bench.requests) == ["input 0 to 0", "input 1 to 1", "input 2 to 2"]
        bench = lay(
            row.format("a", 0, ""),
            row.format("b", 1, ", alone = true"),
            row.format("c", 2, ""),
            head="max_gap = 1",
        )
        assert sorted(bench.requests) == ["input 0 to 2", "input 1 to 1"]

    def test_block_limits_and_gaps(self, lay: Lay) -> None:
        row = '{ name = "x", count = 20, table = "input", address = 0 }'
        bits = '{ name = "y", count = 20, table = "coil", address = 0 }'
        assert lay(row, bits, head="max_registers = 8\nmax_bits = 16").requests == [
            "coil 0 to 15",
            "coil 16 to 19",
            "input 0 to 7",
            "input 8 to 15",
            "input 16 to 19",
        ]
        apart = '{ name = "z", table = "input", address = 23 }'
        assert lay(row, apart, head="max_gap = 2").requests == ["input 0 to 19", "input 23 to 23"]
        assert lay(row, apart, head="max_gap = 3").requests == ["input 0 to 23"]

    def test_an_atomic_group_stays_whole(self, lay: Lay) -> None:
        rows = (
            '{ name = "a", table = "input", address = 0 }',
            '{ name = "g", count = 3, table = "input", address = 1 }',
            '{ name = "b", table = "input", address = 4 }',
        )
        head = "max_registers = 3"
        assert lay(*rows, head=head).requests == ["input 0 to 2", "input 3 to 4"]
        head += '\natomic = [["g_*"]]'
        assert lay(*rows, head=head).requests == ["input 0 to 0", "input 1 to 3", "input 4 to 4"]
        with pytest.raises(ConfigurationError, match="cannot be read as one"):
            lay(*rows, head='max_registers = 3\natomic = [["a", "g_*"]]')

    async def test_an_illegal_address_costs_nobody_else_anything(self, lay: Lay) -> None:
        bench = lay('{ name = "p", count = 5, table = "input", address = 0 }')
        reading = await bench.read("input 0: 0001 0002, input 3: 0004 0005")
        assert dict(reading.values) == {"p_1": 1, "p_2": 2, "p_4": 4, "p_5": 5}
        assert dict(reading.bad) == {"p_3": "illegal address"}

    def test_identity_names_what_tells_it_from_others(self, lay: Lay) -> None:
        head = (
            'identity = [{ table = "holding", address = 0, equals = 0x5753 }, '
            '{ address = "40002", equals = "SunS", type = "string", length = 2 }]'
        )
        traits = lay('{ name = "x", table = "input", address = 0 }', head=head).profile.traits
        assert [one.register(traits).place for one in traits.identity] == [
            ("holding", 0),
            ("holding", 1),
        ]


class TestReporting:
    def test_deadband_and_on_change_are_for_who_publishes(self, lay: Lay) -> None:
        bench = lay(
            '{ name = "a", table = "input", address = 0, deadband = 5 }',
            '{ name = "b", table = "coil", address = 0, on_change = true, every = "1s" }',
            '{ name = "c", table = "input", address = 1 }',
            '{ name = "d", derive = { from = "a", linear = ["capacity", "dead_band"] }, '
            "on_change = true }",
        )
        watch = watches([replace(bench.device, id="d")])["d"]
        assert {name: (r.deadband, r.every) for name, r in watch.rules.items()} == {
            "a": (5, 10_000),
            "b": (0, 1000),
            "d": (0, 10_000),
        }

    @pytest.mark.parametrize(
        ("kind", "written", "low", "size"),
        [
            ("uint16", "true", 0, 65536),
            ("int16", "true", -32768, 65536),
            ("uint32", "true", 0, 2**32),
            ("uint64", "true", 0, 2**64),
            ("uint8h", "true", 0, 256),
            ("bcd16", "true", 0, 10**4),
            ("bcd32", "true", 0, 10**8),
            ("mod10_32", "true", 0, 10**8),
            ("mod10_64", "true", 0, 10**16),
            ("uint32", "1_000_000", 0, 10**6),
            ("int32", "1_000_000", 0, 10**6),
            ("uint16", "65536", 0, 65536),
        ],
    )
    def test_rollover_is_the_types_range_or_the_number_at_which_it_begins_again(
        self, kind: str, written: str, low: int, size: int, x: X
    ) -> None:
        keys = f'table = "input", address = 0, type = "{kind}", rollover = {written}'
        (point,) = x(keys).profile.points
        assert point.counter is not None
        assert (point.counter.low, point.counter.size) == (low, size)

    def test_a_part_of_a_register_counts_within_its_bits(self, x: X) -> None:
        (point,) = x(
            'table = "input", address = 0, mask = 0x0FF0, shift = 4, rollover = true'
        ).profile.points
        assert point.counter is not None
        assert point.counter.size == 256

    async def test_a_counter_goes_on_where_its_registers_begin_again(self, lay: Lay) -> None:
        bench = lay(
            '{ name = "x", count = 2, table = "input", address = 0, scale = 0.1, rollover = true }',
            '{ name = "y", table = "input", address = 2, rollover = 1000, '
            "scale_register = { address = 3 }, scale = 0.5 }",
        )
        device = bench.device
        kept: dict[str, object] = {}
        count = counters([device], kept.get, kept.__setitem__)[device.id]
        link = ModbusLink(bench.unit, lambda: 0.0)
        (block,) = TCP.plan(device, device.points)
        for said in ("input 0: FFFF 0010 03E7 FFFF", "input 0: 0001 0010 0002 FFFF"):
            bench.unit.hold(said)
            reading = gather(device, 0, [(block, await link.read(block))], count)
        assert dict(reading.values) == {"x_1": 6553.7, "x_2": 1.6, "y": 50.1}
        assert not reading.uncertain

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ('type = "float32", rollover = true', "rollover is for counters of whole numbers"),
            ('type = "float64", rollover = 1000', "not for a float64"),
            ('type = "string", length = 2, rollover = true', "rollover is for numbers"),
            ("bit = 1, rollover = true", "rollover is for numbers, not for a bool"),
            ("rollover = 65537", "rollover 65537 is never reached: 65535 is the most"),
            ("rollover = 5", "rollover is true, or a number from 10 on"),
            ("rollover = true, max = 10, clamp = true", "clamp holds it"),
            ('enum = { 0 = "a" }, rollover = true', "leave out rollover"),
            ('rollover = "yes"', "expected true or false or a whole number"),
        ],
    )
    def test_counters_that_are_none(self, keys: str, says: str, x: X) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(says)):
            x(f'table = "input", address = 0, {keys}')


# ---------------------------------------------------------------- nothing is left out

HERE = Path(__file__).read_text()
TOLD_BY_HEAD = {"schema", "kind", "vendor", "model", "driver", "points"}


@pytest.mark.parametrize("kind", [Head, Traits, PointKeys, DerivedKeys, Register])
def test_the_checklist_names_every_key(kind: type) -> None:
    tested = HERE[HERE.index("# ---") :]
    for one in fields(kind):
        key = one.name.rstrip("_")
        if key not in {*TOLD_BY_HEAD, "commands", "name"}:
            assert re.search(rf"(\b|\\n){key} = ", tested), f"no test writes {key}"
