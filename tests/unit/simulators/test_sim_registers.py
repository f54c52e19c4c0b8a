"""Values become the registers a profile asks for, by pymodbus's conversions and nobody else's."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import pytest

from gateway import registry
from simulators.wires.maps import Row, read_map
from simulators.wires.registers import Image, from_registers, limits, permuted, raw_of, to_registers

PROFILES = sorted((registry.folder() / "profiles").rglob("*.toml"))
VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors"
PROFILE = """
schema = 1
kind = "other"
vendor = "V"
model = "M"
driver = "modbus"
max_gap = 4
identity = [ { table = "holding", address = 0, equals = 0x5753 } ]
[[points]]
name = "inside"
table = "input"
address = 3
type = "int16"
scale = 0.1
offset = -40.0
invalid = [-32768]
[[points]]
name = "energy"
table = "input"
address = 6
type = "uint32"
order = "CDAB"
scale = 0.01
rollover = true
[[points]]
name = "mode"
table = "holding"
address = 5
enum = { 0 = "off", 7 = "auto" }
[[points]]
name = "power"
table = "input"
address = 2
type = "uint16"
scale = 0.1
[[points]]
name = "volts"
table = "input"
address = 40
type = "float32"
[[points]]
name = "lit"
table = "input"
address = 8
bit = 3
[[points]]
name = "dark"
table = "input"
address = 8
bit = 0
[[points]]
name = "level"
table = "input"
address = 8
mask = 0x0FF0
shift = 4
[[points]]
name = "door"
count = 2
table = "discrete"
address = 4
[[points]]
name = "alarm"
table = "discrete"
address = 300
[[points]]
name = "status"
table = "input"
address = 9
flags = { 0 = "hot", 15 = "wet" }
[[points]]
name = "printed"
address = "30051"
type = "int32"
[[points]]
name = "percent"
derive = { from = "power", linear = ["a", "b"] }
[commands.dim]
table = "holding"
address = 100
type = "uint16"
scale = 0.5
[commands.target]
table = "holding"
address = 101
type = "float32"
[commands.relay]
table = "coil"
address = 0
"""


@pytest.fixture
def image(tmp_path: Path) -> Image:
    file = tmp_path / "other.toml"
    file.write_text(PROFILE)
    return Image(read_map(file))


def test_scale_offset_and_order_are_undone(image: Image) -> None:
    image.update({"power": 68.2, "inside": 21.5, "energy": 123_456.78})
    assert image.read("input", 2, 2) == [682, 615]
    assert image.read("input", 6, 2) == [12_345_678 & 0xFFFF, 12_345_678 >> 16]
    assert image.shown == pytest.approx({"power": 68.2, "inside": 21.5, "energy": 123_456.78})


def test_what_a_register_cannot_hold_is_clipped_and_a_counter_rolls_over(image: Image) -> None:
    image.update({"power": 9_999.0, "energy": (2**32 + 5) * 0.01})
    assert image.read("input", 2, 1) == [65_535]
    assert image.read("input", 6, 2) == [5, 0]
    image.update({"power": -3.0})
    assert image.read("input", 2, 1) == [0]


def test_no_value_is_the_profile_s_sentinel(image: Image) -> None:
    image.update({"inside": None, "volts": None})
    assert image.read("input", 3, 1) == [0x8000]
    words = image.read("input", 40, 2)
    assert words is not None
    assert math.isnan(struct.unpack(">f", struct.pack(">HH", *words))[0])
    assert image.shown["inside"] is None
    with pytest.raises(ValueError, match="power has no way"):
        image.update({"power": None})


def test_labels_bits_masks_and_flags_find_their_place(image: Image) -> None:
    image.update({"mode": "auto", "lit": True, "dark": True, "level": 0xAB, "status_wet": True})
    assert image.read("holding", 5, 1) == [7]
    assert image.read("input", 8, 2) == [0x0AB9, 0x8000]
    image.update({"lit": False, "level": 0x11})
    assert image.read("input", 8, 1) == [0x0111]


def test_arrays_and_printed_addresses(image: Image) -> None:
    image.update({"door_2": True, "printed": -2})
    assert image.read("discrete", 4, 2) == [0, 1]
    assert image.read("input", 50, 2) == [0xFFFF, 0xFFFE]


def test_small_holes_read_as_zero_and_the_rest_does_not_exist(image: Image) -> None:
    assert image.read("input", 2, 8) is not None
    assert image.read("input", 1, 2) is None
    assert image.read("input", 9, 32) is None
    assert image.read("discrete", 4, 297) is not None
    assert image.read("discrete", 300, 2) is None
    assert image.read("holding", 0, 1) == [0x5753]


METER = """
kind = "other"
driver = "modbus"
[[points]]
name = "volts"
table = "holding"
address = 4
type = "int16"
invalid = [-32768]
scale_register = { address = 6 }
[[points]]
name = "watts"
table = "holding"
address = 5
type = "int16"
scale_register = { table = "input", address = 9 }
[[points]]
name = "maker"
table = "holding"
address = 10
type = "string"
length = 2
[[points]]
name = "model"
table = "holding"
address = 12
type = "string"
length = 2
order = "BA"
"""


@pytest.fixture
def meter(tmp_path: Path) -> Image:
    file = tmp_path / "meter.toml"
    file.write_text(METER)
    return Image(read_map(file), powers={("input", 9): 2})


def test_a_scale_register_says_where_the_decimal_point_is(meter: Image) -> None:
    meter.update({"volts": 230.14, "watts": 1234})
    assert meter.read("holding", 4, 3) == [2301, 12, 0xFFFF]
    assert meter.read("input", 9, 1) == [2]
    assert meter.shown == pytest.approx({"volts": 230.1, "watts": 1200})
    meter.update({"volts": None})
    assert meter.read("holding", 4, 1) == [0x8000]


def test_text_fills_its_registers(meter: Image) -> None:
    meter.update({"maker": "ABC", "model": "AB"})
    assert meter.read("holding", 10, 4) == [0x4142, 0x4300, 0x4241, 0]
    meter.update({"maker": "ABCDEF"})
    assert meter.read("holding", 10, 2) == [0x4142, 0x4344]
    assert meter.shown["model"] == "AB"


def test_a_write_is_heard_as_commands(image: Image) -> None:
    assert image.write("holding", 100, [150]) == {"dim": 75.0}
    words = struct.unpack(">HH", struct.pack(">f", 21.5))
    assert image.write("holding", 100, [10, *words]) == {"dim": 5.0, "target": 21.5}
    assert image.write("coil", 0, [True]) == {"relay": 1}
    assert image.write("holding", 101, [0]) is None, "half a float"
    assert image.write("holding", 5, [0]) is None, "a point nobody may write"
    assert image.write("holding", 99, [0, 0]) is None


@pytest.mark.parametrize("order", ["CDAB", "BADC", "DCBA", "HGFEDCBA", "GHEFCDAB", "BADCFEHG"])
def test_an_order_laid_out_twice_is_undone(order: str) -> None:
    plain = [0x0102, 0x0304, 0x0506, 0x0708][: len(order) // 2]
    wire = b"".join(word.to_bytes(2, "big") for word in permuted(plain, order))
    assert "".join("_ABCDEFGH"[byte] for byte in wire) == order
    assert permuted(permuted(plain, order), order) == plain


def test_float32_orders_agree_with_libmodbus() -> None:
    file = VECTORS / "libmodbus_float32_orders.json"
    if not file.exists():
        pytest.skip("the shared test vectors are not here")
    cases = json.loads(file.read_text())["cases"]
    assert cases
    for case in cases:
        (value,) = struct.unpack(">f", bytes.fromhex(case["float_bits"][2:]))
        for order in ("ABCD", "DCBA", "BADC", "CDAB"):
            row = Row("x", "input", 0, type="float32", order=order)
            assert to_registers(row, value) == case[order], case
            if not math.isnan(value):
                assert from_registers(row, case[order]) == value


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("uint16", 0, 65535),
        ("int16", -32768, 32767),
        ("uint32", 0, 2**32 - 1),
        ("int64", -(2**63), 2**63 - 1),
    ],
)
def test_limits_of_integers(kind: str, low: int, high: int) -> None:
    assert limits(kind) == (low, high)
    row = Row("x", "input", 0, type=kind, rollover=True)
    assert raw_of(row, high + 1) == low


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_shipped_profile_can_be_simulated(file: Path) -> None:
    plan = read_map(file)
    image = Image(plan)
    for row in plan.points:
        image.set(row, next(iter(row.labels), 1) if row.labels else 1)
        assert row.name in image.shown


def test_what_no_simulator_encodes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    point = '{ name = "x", table = "input", address = 0, type = "bcd16" }'
    file.write_text(f'kind = "other"\ndriver = "modbus"\npoints = [{point}]\n')
    with pytest.raises(ValueError, match="no simulator encodes"):
        read_map(file)
