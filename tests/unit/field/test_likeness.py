"""Guessing a profile from what a device's registers hold."""

from __future__ import annotations

import pytest

from gateway.field.likeness import Likeness, best, likeness, plausible
from gateway.model import Device, Point, Reading, Value
from tests.parts.modbus import device


def meter(**units: str) -> Device:
    return device(*(Point(name, None, every=1.0, unit=unit) for name, unit in units.items()))


METER = meter(voltage="V", current="A", power="W", frequency="Hz")


def reading(values: dict[str, Value], **keys: object) -> Reading:
    return Reading("x", "feeder", 0, values, **keys)  # type: ignore[arg-type]


class TestAFit:
    def test_counts_what_holds_something(self) -> None:
        found = likeness(
            METER, reading({"voltage": 231.2, "current": 0.0, "power": 0, "frequency": 50.0})
        )
        assert found == Likeness("test", telling=2, points=4)

    def test_a_value_the_device_says_it_has_not_is_no_contradiction(self) -> None:
        found = likeness(METER, reading({"voltage": 231.2}, bad={"power": "no value (65535)"}))
        assert found == Likeness("test", telling=1, points=4)

    def test_bits_tell_nothing(self) -> None:
        found = likeness(meter(door=""), reading({"door": True}))
        assert found == Likeness("test", telling=0, points=1)


class TestNoFit:
    @pytest.mark.parametrize(
        "wrong",
        [
            reading({}, silent="no answer in 0.3 s"),
            reading({"voltage": 230.0}, bad={"power": "illegal address"}),
            reading({"voltage": 230.0}, bad={"power": "not a number"}),
            reading({"voltage": 230.0}, uncertain=frozenset({"voltage"})),
            reading({"voltage": 6.5e6}),
            reading({"frequency": 400.0}),
            reading({"power": 4.6e-41}),
        ],
    )
    def test_is_what_such_a_device_could_not_say(self, wrong: Reading) -> None:
        assert likeness(METER, wrong) is None


def test_a_power_factor_is_known_by_its_name() -> None:
    assert plausible("power_factor", 0.98, "")
    assert not plausible("power_factor", 98, "")


def test_the_best_explains_most_and_then_claims_least() -> None:
    wide, narrow = Likeness("wide", 8, 20), Likeness("narrow", 8, 8)
    most, nothing = Likeness("most", 9, 30), Likeness("nothing", 0, 4)
    assert best([wide, nothing, narrow, most]) == [most, narrow, wide]
