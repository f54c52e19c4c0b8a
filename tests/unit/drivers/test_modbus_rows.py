"""Rows of a profile: what they mean, and what is refused with which words."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from drivers.modbus.map.layout import WORDS, Type
from drivers.modbus.map.rows import Identity, Register, ScaleRegister, Traits
from drivers.modbus.map.setting import Setting

PLAIN = Traits()


def row(**keys: Any) -> Register:
    return Register(**{"table": "holding", "address": 10, **keys})


def completed(traits: Traits = PLAIN, **keys: Any) -> Register:
    return row(**keys).complete(traits)


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"table": "input", "address": 0x0C}, ("input", 12)),
        ({"table": None, "address": "40001"}, ("holding", 0)),
        ({"table": None, "address": "30013"}, ("input", 12)),
        ({"table": None, "address": "10001"}, ("discrete", 0)),
        ({"table": None, "address": "00001"}, ("coil", 0)),
        ({"table": "holding", "address": "400001"}, ("holding", 0)),
        ({"table": None, "address": "465536"}, ("holding", 65535)),
        ({"table": "coil", "address": 65535}, ("coil", 65535)),
    ],
)
def test_a_place_is_a_number_or_as_printed(keys: dict[str, Any], place: tuple[str, int]) -> None:
    assert completed(**keys).place == place


def test_a_profile_may_count_addresses_from_one_but_printed_ones_always_do() -> None:
    traits = Traits(address_base=1)
    assert completed(traits, address=1).place == ("holding", 0)
    assert completed(traits, address=65536).place == ("holding", 65535)
    assert completed(traits, address="40001").place == ("holding", 0)


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({"table": "coil"}, "bool"),
        ({"table": "discrete"}, "bool"),
        ({"address": "10001", "table": None}, "bool"),
        ({"bit": 3}, "bool"),
        ({}, "uint16"),
        ({"table": "input"}, "uint16"),
        ({"type": "float32"}, "float32"),
    ],
)
def test_the_type_may_be_left_out(keys: dict[str, Any], kind: str) -> None:
    assert completed(**keys).type == kind


@pytest.mark.parametrize(
    ("word", "byte", "orders"),
    [
        ("big", "big", ["AB", "ABCD", "ABCDEFGH"]),
        ("little", "big", ["AB", "CDAB", "GHEFCDAB"]),
        ("big", "little", ["BA", "BADC", "BADCFEHG"]),
        ("little", "little", ["BA", "DCBA", "HGFEDCBA"]),
    ],
)
def test_the_profile_lays_out_what_the_row_does_not(
    word: Any, byte: Any, orders: list[str]
) -> None:
    traits = Traits(word_order=word, byte_order=byte)
    kinds: list[Any] = ["uint16", "float32", "uint64"]
    assert [completed(traits, type=kind).order for kind in kinds] == orders
    assert completed(traits, type="float32", order="ABCD").order == "ABCD"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"address": 65536}, "address 65536 goes past 65535"),
        ({"address": 65535, "type": "uint32"}, "a uint32 at address 65535 goes past 65535"),
        ({"address": 65533, "type": "float64"}, "past 65535"),
        ({"address": 65500, "type": "string", "length": 40}, "past 65535"),
        ({"address": -1}, "address -1 lies before the first, 0"),
        ({"address": "40000"}, "address 40000 lies before the first, 40001"),
        ({"address": "465537"}, "past 65535"),
        ({"address": "30001"}, 'address "30001" lies in the input table, not in holding'),
        ({"address": "20001"}, "the first digit is 0 (coil), 1 (discrete), 3 (input) or 4"),
        ({"address": "4001"}, 'write a number, or a text like "40001" or "400001"'),
        ({"address": "0x10"}, "write a number"),
        ({"address": "٤٠٠٠١"}, "write a number"),
        ({"table": None}, "table is missing"),
        ({"table": "coil", "type": "uint16"}, "a coil is one bit"),
        ({"table": "discrete", "bit": 0}, "a discrete is one bit"),
        ({"table": "coil", "order": "AB"}, "a coil is one bit"),
        ({"bit": 16}, "bit is 0 to 15, not 16"),
        ({"bit": -1}, "bit is 0 to 15, not -1"),
        ({"bit": 32, "type": "uint32"}, "bit is 0 to 31, not 32"),
        (
            {"bit": 1, "type": "float32"},
            "bit picks from uint16, uint32 or uint64, not",
        ),
        ({"bit": 1, "type": "int16"}, "not from int16"),
        ({"bit": 1, "mask": 2}, "leave out mask and shift"),
        ({"bit": 1, "shift": 2}, "leave out mask and shift"),
        ({"mask": 0}, "mask must lie within the 16 bits of a uint16, and not be 0"),
        ({"mask": 0x10000}, "within the 16 bits"),
        ({"mask": 1, "type": "float32"}, "mask and shift work on uint16, uint32 or uint64"),
        ({"shift": 16}, "shift is 0 to 15, not 16"),
        ({"order": "ABCD"}, "order ABCD does not fit a uint16: use one of AB, BA"),
        ({"type": "float32", "order": "AB"}, "use one of ABCD, CDAB, BADC, DCBA"),
        ({"type": "uint64", "order": "CDAB"}, "use one of ABCDEFGH"),
        ({"type": "string"}, "a string needs a length of 1 to 125 registers"),
        ({"type": "string", "length": 126}, "1 to 125"),
        ({"length": 2}, "length is for strings, not for uint16"),
        ({"encoding": "latin-1"}, "encoding and trim are for strings, not for uint16"),
        ({"trim": False}, "encoding and trim are for strings"),
    ],
)
def test_what_cannot_be_read_is_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        completed(**keys)


def test_address_zero_does_not_exist_where_maps_count_from_one() -> None:
    with pytest.raises(ValueError, match="address 0 lies before the first, 1"):
        completed(Traits(address_base=1), address=0)


@pytest.mark.parametrize(
    ("keys", "i", "address", "bit"),
    [
        ({"type": "uint16"}, 0, 10, None),
        ({"type": "uint16"}, 3, 13, None),
        ({"type": "float32"}, 2, 14, None),
        ({"type": "string", "length": 8}, 1, 18, None),
        ({"table": "coil"}, 5, 15, None),
        ({"bit": 14}, 1, 10, 15),
        ({"bit": 14}, 2, 11, 0),
        ({"bit": 0, "type": "uint32"}, 33, 12, 1),
        ({"address": "40011"}, 3, 13, None),
        ({"address": "49999", "type": "uint32"}, 1, 10000, None),
    ],
)
def test_the_values_of_an_array_follow_each_other(
    keys: dict[str, Any], i: int, address: int, bit: int | None
) -> None:
    for element in (row(**keys).element(i).complete(PLAIN), completed(**keys).element(i)):
        assert (element.place[1], element.bit) == (address, bit)


def test_an_array_may_not_run_past_the_end() -> None:
    with pytest.raises(ValueError, match="past 65535"):
        row(address=65535).element(1).complete(PLAIN)


def test_only_completed_rows_have_a_place() -> None:
    with pytest.raises(TypeError, match="not completed"):
        Register(address="40001").place  # noqa: B018


def test_every_type_has_its_registers() -> None:
    assert {*WORDS, "string"} == set(get_args(Type))


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("keys", "write"),
    [
        ({"table": "coil"}, "single"),
        ({}, "single"),
        ({"write": "multiple"}, "multiple"),
        ({"type": "float32"}, "multiple"),
        ({"bit": 3}, "mask"),
        ({"table": "coil", "write": "multiple"}, "multiple"),
        ({"type": "string", "length": 1}, "single"),
        ({"type": "string", "length": 2}, "multiple"),
    ],
)
def test_the_function_of_a_command_follows_from_its_value(keys: dict[str, Any], write: str) -> None:
    setting = Setting(**{"table": "holding", "address": 1, **keys}).complete(PLAIN)
    assert setting.write == write


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"address": "30001", "table": None}, "cannot write the input table"),
        ({"address": 65535, "type": "float32"}, "past 65535"),
        ({"type": "float32", "write": "single"}, 'a float32 takes 2 registers: write = "multiple"'),
        ({"write": "mask"}, "say which with bit"),
        ({"bit": 1, "write": "single"}, 'written with write = "mask"'),
        ({"bit": 1, "type": "float32"}, "bit picks from one register, not from a float32"),
        ({"table": "coil", "type": "uint16"}, "a coil is one bit"),
        ({"table": "coil", "write": "mask"}, "a coil is one bit"),
        ({"scale": 0.0}, "scale 0 would lose the value"),
        ({"type": "string"}, "a string needs a length"),
        ({"order": "ABCD"}, "order ABCD does not fit a uint16"),
    ],
)
def test_what_cannot_be_written_is_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Setting(**{"table": "holding", "address": 1, **keys}).complete(PLAIN)


@pytest.mark.parametrize(
    ("keys", "write"),
    [
        ({}, "single"),
        ({"type": "float32"}, "multiple"),
        ({"bit": 3}, "mask"),
        ({"type": "uint8h"}, "mask"),
        ({"type": "int8l", "write": "single"}, "single"),
        ({"table": "coil"}, "single"),
    ],
)
def test_the_function_follows_from_what_is_written(keys: dict[str, Any], write: str) -> None:
    setting = Setting(**{"table": "holding", "address": 1, **keys}).complete(PLAIN)
    assert setting.write == write


@pytest.mark.parametrize(
    ("keys", "value", "held"),
    [
        ({}, 41.7, 42),
        ({"scale": 0.1}, 42.34, 42.3),
        ({"scale": 0.5, "offset": -10}, 20.2, 20.0),
        ({"type": "float32"}, 21.55, 21.549999237060547),
        ({"type": "float16"}, 0.1, 0.0999755859375),
        ({"type": "int16"}, -2.4, -2),
        ({"type": "uint8h"}, 200, 200),
        ({"type": "bcd16"}, 1234, 1234),
        ({"type": "mod10_32", "order": "CDAB"}, 12345678, 12345678),
        ({"type": "string", "length": 3}, "Öl", "Öl"),
        ({"type": "datetime"}, "2025-11-23T18:30:00", "2025-11-23T18:30:00.000"),
        ({"bit": 3}, 1, True),
        ({"table": "coil"}, False, False),
    ],
)
def test_what_a_device_will_hold_is_known_before(
    keys: dict[str, Any], value: Any, held: Any
) -> None:
    setting = Setting(**{"table": "holding", "address": 1, **keys}).complete(PLAIN)
    found = setting.nearest(value)
    assert found == (pytest.approx(held) if isinstance(held, float) else held)
    assert type(found) in {type(held), float}


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({}, 70000),
        ({}, -1),
        ({"type": "uint8l"}, 256),
        ({"bit": 3}, 2),
        ({"type": "string", "length": 1}, "long"),
        ({"type": "bcd16"}, 10000),
        ({"type": "float32"}, float("nan")),
        ({"table": "coil"}, "on"),
        ({"type": "string", "length": 1}, True),
    ],
)
def test_what_no_register_can_hold_is_known_before(keys: dict[str, Any], value: Any) -> None:
    setting = Setting(**{"table": "holding", "address": 1, **keys}).complete(PLAIN)
    with pytest.raises(ValueError, match=r"fit|number|longer|text"):
        setting.nearest(value)


def test_an_identity_is_a_register_and_its_content() -> None:
    identity = Identity(table="holding", address=0, equals=0x5753)
    assert identity.register(PLAIN).place == ("holding", 0)
    assert (
        Identity(address="40001", equals="SunS", type="string", length=2).register(PLAIN).words == 2
    )


class TestScaleRegister:
    """``scale_register``: the power of ten that stands in a register of its own."""

    def exponent(self, traits: Traits = PLAIN, place: Any = None, **keys: Any) -> Any:
        scale = ScaleRegister(**(place or {"address": 20}))
        return completed(traits, type="int16", scale_register=scale, **keys).exponent

    def test_its_table_is_the_points_own_where_it_says_none(self) -> None:
        assert self.exponent().row.place == ("holding", 20)
        assert self.exponent(place={"table": "input", "address": 20}).row.place == ("input", 20)
        assert self.exponent(place={"address": "30021"}).row.place == ("input", 20)

    def test_addresses_and_bytes_are_as_in_the_rest_of_the_profile(self) -> None:
        traits = Traits(address_base=1, byte_order="little")
        assert self.exponent(traits).row.place == ("holding", 19)
        assert self.exponent(traits).row.order == "BA"

    def test_one_request_covers_both_if_it_can(self) -> None:
        scale = ScaleRegister(address=20)
        assert completed(type="int32", scale_register=scale).span == (10, 21)
        far = completed(Traits(max_registers=10), type="int32", scale_register=scale)
        assert far.span == (10, 12)
        assert completed(address=30, scale_register=scale).span == (20, 31)

    def test_the_values_of_an_array_share_it(self) -> None:
        third = row(scale_register=ScaleRegister(address=20)).element(2).complete(PLAIN)
        assert third.span == (12, 21)

    @pytest.mark.parametrize(
        ("keys", "place", "says"),
        [
            ({"bit": 3, "type": "uint16"}, {"address": 1}, "numbers, not for a single bit"),
            ({"type": "string", "length": 2}, {"address": 1}, "numbers, not for a string"),
            ({"type": "datetime"}, {"address": 1}, "numbers, not for a datetime"),
            ({}, {"address": 65536}, "scale_register: address 65536 goes past 65535"),
            ({}, {"address": "x"}, 'scale_register: address "x"'),
            ({}, {"table": "coil", "address": 1}, "scale_register is a register, not a coil"),
        ],
    )
    def test_what_makes_no_sense(self, keys: Any, place: Any, says: str) -> None:
        with pytest.raises(ValueError, match=says):
            completed(scale_register=ScaleRegister(**place), **keys)
