"""From raw values to a reading: the transforms of contracts §4, and what makes a value bad."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.assets import BinFacts
from gateway.driver import Block, Raw, Scaled
from gateway.model import Bad, Derived, Device, Point, Uncertain, Value
from gateway.values import Answer, converter, gather, linear_percent, powered

NAN, INFINITE = math.nan, math.inf


def device(*points: Point, derived: tuple[Derived, ...] = (), facts: object = None) -> Device:
    return Device("bin-1", "bin", "b", "p", None, None, points=points, derived=derived, facts=facts)


def point(name: str, **keys: Any) -> Point:
    return Point(name, None, 1.0, convert=converter(**keys))


def read(raws: Mapping[Point, Raw], **keys: Any) -> Any:
    subject = device(*raws, **keys)
    return gather(subject, 7, [(Block(subject, tuple(raws), None), list(raws.values()))])


def converted(raw: Raw, **keys: Any) -> Value | Uncertain | Bad:
    """What one raw value becomes."""
    reading = read({point("x", **keys): raw})
    if "x" in reading.bad:
        return Bad(reading.bad["x"])
    value: Value = reading.values["x"]
    return Uncertain(value) if "x" in reading.uncertain else value


class TestScale:
    def test_a_value_is_raw_times_scale_plus_offset(self) -> None:
        assert converted(215, scale=0.1, offset=-40) == -18.5
        assert converted(3, scale=1000) == 3000
        assert converted(3.5, scale=2, offset=0.5) == 7.5

    def test_a_tenth_is_a_tenth(self) -> None:
        assert 3 * 0.1 != 0.3
        assert converted(3, scale=0.1) == 0.3

    def test_text_is_never_multiplied(self) -> None:
        """Python would answer ``"ab" * 10**6`` with two million letters."""
        assert converted("ab", scale=10**12) == Bad("cannot be converted: 'ab'")
        assert converted("ab", scale=0.123456) == Bad("cannot be converted: 'ab'")

    @given(
        raw=st.integers(-(2**31), 2**32),
        scale=st.decimals("0.0001", 1000, places=4),
        offset=st.decimals(-500, 500, places=3),
    )
    def test_a_whole_raw_value_becomes_the_nearest_float(
        self, raw: int, scale: Any, offset: Any
    ) -> None:
        exact = raw * Fraction(scale) + Fraction(offset)
        assert converted(raw, scale=float(scale), offset=float(offset)) == float(exact)

    def test_scales_too_fine_for_a_fraction_still_work(self) -> None:
        assert converted(3, scale=1e-300) == pytest.approx(3e-300)
        assert converted(2, scale=1.7453292519943295) == pytest.approx(3.490658503988659)

    def test_a_point_that_changes_nothing_costs_nothing(self) -> None:
        assert converter() is None
        assert converter(scale=1.0, offset=0.0) is None

    def test_text_where_a_number_should_be_is_bad_and_harms_nobody(self) -> None:
        good, odd = point("good", scale=0.1), point("odd", scale=0.1)
        reading = read({odd: "ERR", good: 5})
        assert reading.values == {"good": 0.5}
        assert reading.bad == {"odd": "cannot be converted: 'ERR'"}


class TestEnum:
    LABELS: ClassVar = {0: "off", 1: "auto", 2: "manual"}

    def test_the_value_is_the_label(self) -> None:
        assert converted(1, enum=self.LABELS) == "auto"
        assert converted(True, enum={0: "closed", 1: "open"}) == "open"
        assert converted(2.0, enum=self.LABELS) == "manual"

    def test_an_unknown_code_is_its_number_as_text_uncertain(self) -> None:
        assert converted(9, enum=self.LABELS) == Uncertain("9")
        assert converted(9.0, enum=self.LABELS) == Uncertain("9")
        assert converted(NAN, enum=self.LABELS) == Bad("not a number")


class TestSentinels:
    def test_a_listed_raw_value_means_no_value(self) -> None:
        assert converted(65535, invalid=[0, 65535], scale=0.1) == Bad("no value (65535)")
        assert converted(-32768, invalid=[-32768]) == Bad("no value (-32768)")
        assert converted("----", invalid=["----"]) == Bad("no value (----)")

    def test_it_is_the_raw_value_that_is_compared(self) -> None:
        assert converted(100, invalid=[10], scale=0.1) == 10.0

    def test_it_comes_before_the_label(self) -> None:
        assert converted(255, invalid=[255], enum={1: "on"}) == Bad("no value (255)")

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [(NAN, "not a number"), (INFINITE, "infinite"), (-INFINITE, "infinite")],
    )
    @pytest.mark.parametrize(
        "keys",
        [{}, {"scale": 0.1}, {"low": 0, "high": 10, "clamp": True}, {"high": 5}, {"invalid": [7]}],
        ids=str,
    )
    def test_what_is_not_finite_is_bad_whatever_else_is_asked(
        self, raw: float, reason: str, keys: dict[str, Any]
    ) -> None:
        assert converted(raw, **keys) == Bad(reason)


class TestLimits:
    def test_outside_is_bad(self) -> None:
        assert converted(299, low=300, high=5000) == Bad("below 300")
        assert converted(5001, low=300, high=5000) == Bad("above 5000")
        assert converted(300, low=300, high=5000) == 300
        assert converted(5000, low=300, high=5000) == 5000

    def test_or_clamped_and_uncertain(self) -> None:
        assert converted(130, high=100.0, clamp=True) == Uncertain(100.0)
        assert converted(-3, low=0.0, clamp=True) == Uncertain(0.0)
        assert converted(50, low=0, high=100, clamp=True) == 50

    def test_they_are_in_engineering_units(self) -> None:
        assert converted(600, scale=0.1, high=50) == Bad("above 50")
        assert converted(499, scale=0.1, high=50) == 49.9


class TestReading:
    def test_it_holds_each_point_once_where_it_belongs(self) -> None:
        reading = read(
            {
                point("power", scale=0.1): 682,
                point("mode", enum={1: "auto"}): 7,
                point("voltage"): NAN,
                point("door"): True,
                point("name"): "pole 7",
                point("energy"): Bad("illegal address"),
            }
        )
        assert (reading.device, reading.kind, reading.t) == ("bin-1", "bin", 7)
        assert reading.values == {"power": 68.2, "mode": "7", "door": True, "name": "pole 7"}
        assert reading.uncertain == {"mode"}
        assert reading.bad == {"voltage": "not a number", "energy": "illegal address"}
        assert reading.silent is None

    def test_a_bad_raw_value_is_never_converted(self) -> None:
        assert converted(Bad("short answer"), scale=0.1) == Bad("short answer")

    def test_a_failed_block_takes_its_own_points_only(self) -> None:
        first, second, third = point("a"), point("b"), point("c")
        subject = device(first, second, third)
        blocks: list[Answer] = [
            (Block(subject, (first,), None), [1]),
            (Block(subject, (second, third), None), "exception 2: illegal address"),
        ]
        reading = gather(subject, 1, blocks)
        assert reading.values == {"a": 1}
        assert reading.bad == dict.fromkeys("bc", "exception 2: illegal address")

    def test_points_that_were_not_due_are_not_mentioned(self) -> None:
        due, later = point("due"), point("later")
        subject = device(due, later)
        reading = gather(subject, 1, [(Block(subject, (due,), None), [1])])
        assert set(reading.values) | set(reading.bad) == {"due"}

    def test_a_driver_that_gives_too_few_values_is_a_bug_and_says_so(self) -> None:
        subject = device(point("a"), point("b"))
        with pytest.raises(ValueError, match="shorter"):
            gather(subject, 1, [(Block(subject, subject.points, None), [1])])


class TestFillLevel:
    FACTS = BinFacts(empty_distance=1800, full_distance=400)
    LEVEL = Derived(
        "fill_level", "distance", linear_percent("empty_distance", "full_distance"), "%"
    )

    def level(self, raw: Raw, **keys: Any) -> Any:
        points = {point("distance", **keys): raw}
        return read(points, derived=(self.LEVEL,), facts=self.FACTS)

    @pytest.mark.parametrize(
        ("distance", "percent"), [(1800, 0), (1100, 50), (400, 100), (1450, 25)]
    )
    def test_it_lies_between_two_asset_facts(self, distance: int, percent: float) -> None:
        assert self.level(distance).values["fill_level"] == percent

    def test_above_full_is_full_and_good(self) -> None:
        """An overflowing bin is seen nearer than its full line, and must raise its alarm."""
        reading = self.level(300)
        assert reading.values["fill_level"] == 100
        assert not reading.uncertain

    def test_a_little_below_empty_is_empty_and_far_below_is_uncertain(self) -> None:
        assert self.level(1900).values["fill_level"] == 0
        assert not self.level(1900).uncertain
        assert self.level(3000).values["fill_level"] == 0
        assert self.level(3000).uncertain == {"fill_level"}

    def test_it_is_as_good_as_its_source(self) -> None:
        assert self.level(9999, invalid=[9999]).bad["fill_level"] == "distance: no value (9999)"
        clamped = self.level(5, low=400.0, clamp=True)
        assert clamped.uncertain == {"distance", "fill_level"}

    def test_it_is_absent_where_its_source_was_not_read(self) -> None:
        subject = device(derived=(self.LEVEL,), facts=self.FACTS)
        assert gather(subject, 1, []).values == {}

    def test_text_has_no_percentage(self) -> None:
        assert self.level("E1").bad["fill_level"] == "not a number: E1"


RAW: st.SearchStrategy[Raw] = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.builds(Bad, st.text())
)
KEYS: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "scale": lambda: st.floats(0.001, 1000),
    "offset": lambda: st.floats(-1000, 1000),
    "invalid": lambda: st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=2),
    "low": lambda: st.floats(-10, 0),
    "high": lambda: st.floats(1, 10),
    "clamp": st.booleans,
    "enum": lambda: st.dictionaries(st.integers(0, 9), st.sampled_from("abc"), max_size=3),
}


@given(
    raw=RAW, keys=st.fixed_dictionaries({}, optional={key: make() for key, make in KEYS.items()})
)
def test_no_raw_value_and_no_profile_can_break_a_reading(raw: Raw, keys: dict[str, Any]) -> None:
    reading = read({point("x", **keys): raw})
    assert len(reading.values) + len(reading.bad) == 1
    value = reading.values.get("x", "")
    assert not isinstance(value, float) or math.isfinite(value)


class TestUncertainRawValues:
    """What a driver already doubts, such as a recorded value, stays in doubt."""

    def test_it_is_converted_and_stays_uncertain(self) -> None:
        assert converted(Uncertain(5)) == Uncertain(5)
        assert converted(Uncertain(5), scale=0.1) == Uncertain(0.5)
        assert converted(Uncertain(1), enum={1: "on"}) == Uncertain("on")
        assert converted(Uncertain(5), high=9) == Uncertain(5)

    def test_it_can_still_be_bad(self) -> None:
        assert converted(Uncertain(50), high=9) == Bad("above 9")
        assert converted(Uncertain("ab"), scale=2) == Bad("cannot be converted: 'ab'")


class TestScaleRegisters:
    """``scale_register``: the device itself says where the decimal point is."""

    def read(self, raw: Raw, invalid: tuple[Value, ...] = (), **keys: Any) -> object:
        subject = Point("x", None, 1.0, convert=powered(converter(**keys), invalid))
        reading = read({subject: raw})
        return reading.values.get("x", reading.bad.get("x"))

    def test_a_value_is_raw_times_ten_to_the_exponent(self) -> None:
        assert self.read(Scaled(2301, -1)) == 230.1
        assert self.read(Scaled(-5, 2)) == -500
        assert self.read(Scaled(7, 0)) == 7
        assert 3 * 10**-1 != 0.3
        assert self.read(Scaled(3, -1)) == 0.3

    def test_scale_offset_and_limits_come_after_it(self) -> None:
        assert self.read(Scaled(95, -1), scale=0.1) == 0.95
        assert self.read(Scaled(95, 1), offset=-50) == 900
        assert self.read(Scaled(95, 1), high=900) == "above 900"

    def test_a_sentinel_is_the_raw_number_whatever_the_exponent(self) -> None:
        assert self.read(Scaled(-32768, -2), invalid=(-32768,)) == "no value (-32768)"
        assert self.read(Scaled(-32768, -32768), invalid=(-32768,)) == "no value (-32768)"
        assert self.read(Scaled(-3276.8, 1), invalid=(-32768,)) == -32768

    @pytest.mark.parametrize("power", [-32768, -11, 11, 32767])
    def test_an_exponent_that_is_none(self, power: int) -> None:
        assert self.read(Scaled(1, power)) == (
            f"its scale register holds {power}, which is no power of ten"
        )

    def test_the_driver_may_have_failed_already(self) -> None:
        assert self.read(Bad("illegal address")) == "illegal address"
