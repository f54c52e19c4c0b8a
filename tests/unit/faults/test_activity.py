"""What is learnt of a detector outlives a restart, is small, and damage to it is no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.assets import SignalFacts
from gateway.faults.activity import Activity, chance_of_none, decode, encode
from gateway.faults.engine import FaultEngine
from gateway.faults.rule import MOST_LEARNT
from gateway.faults.rules import load_rules
from gateway.model import Device, Point, Reading

MONDAY = 1_772_409_600_000
HOUR = 3_600_000
RULE = {"detector_no_activity": load_rules()["detector_no_activity"]}


def engine(detectors: int) -> FaultEngine:
    points = tuple(Point(f"detector_{n}", None, 60.0) for n in range(1, detectors + 1))
    device = Device("c", "signal", "b", "", None, None, points, facts=SignalFacts())
    return FaultEngine((device,), RULE, 14.5, 121.0)


def watch(judge: FaultEngine, begin: int, hours: int, detectors: int) -> None:
    for minute in range(hours * 60):
        values = {f"detector_{n}": minute % (n + 1) == 0 for n in range(1, detectors + 1)}
        judge.feed(Reading("c", "signal", begin + minute * 60_000, values))


def learnt(judge: FaultEngine) -> Any:
    return judge.learning.dump("c")


def test_a_week_of_sixteen_detectors_is_kept() -> None:
    judge = engine(16)
    watch(judge, MONDAY, 168 + 1, 16)
    dumped = learnt(judge)
    assert set(dumped) == {Activity.kept_as}
    assert len(json.dumps(dumped)) <= MOST_LEARNT
    again = engine(16)
    again.learning.load("c", json.loads(json.dumps(dumped)))
    assert learnt(again) == dumped


@pytest.mark.parametrize("damaged", ["", "not it", 7, None, [], {"a": 1}])
def test_what_is_damaged_is_learnt_again(damaged: object) -> None:
    judge = engine(2)
    judge.learning.load("c", {Activity.kept_as: damaged})
    assert learnt(judge) == {}


def test_what_is_of_other_detectors_is_learnt_again() -> None:
    judge, other = engine(2), engine(3)
    watch(judge, MONDAY, 2, 2)
    other.learning.load("c", learnt(judge))
    assert learnt(other) == {}


@pytest.mark.parametrize("rate", [0.0, 0.5, 3.0, 60.0, 900.0, 3600.0])
def test_a_rate_fits_a_byte(rate: float) -> None:
    assert decode(encode(rate)) == pytest.approx(rate, rel=0.04, abs=0.04)
    assert encode(rate) >= 1


def test_fifteen_expected_vehicles_are_what_one_in_ten_thousand_needs() -> None:
    assert chance_of_none(15.0) > 1e-4 > chance_of_none(15.2)


def test_where_the_others_see_as_little_nobody_comes() -> None:
    assert chance_of_none(40.0, others=120.0, came=0.0) > 0.01
    assert chance_of_none(40.0, others=120.0, came=90.0) < 1e-4


def test_traffic_beside_a_silent_loop_proves_no_more_than_its_own_silence() -> None:
    assert chance_of_none(9.0, others=30.0, came=30.0) == chance_of_none(9.0)
    assert chance_of_none(9.0, others=30.0, came=300.0) == chance_of_none(9.0)
