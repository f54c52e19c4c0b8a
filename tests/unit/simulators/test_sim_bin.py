"""A simulated bin fills, is emptied, warms in the sun, and can be made to burn."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.assets import BinFacts
from simulators.devices.bin import Bin
from simulators.world import SteppedClock, World

MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning in Makati
FACTS = BinFacts(empty_distance=1800, full_distance=400)


def a_bin(name: str = "bin-1") -> tuple[Bin, SteppedClock]:
    clock = SteppedClock(MORNING)
    return Bin(name, FACTS, World(14.5547, 121.0244, clock=clock)), clock


def test_it_only_fills_between_collections_and_never_gets_full_by_itself() -> None:
    bin_, clock = a_bin()
    levels = [bin_.fill]
    for _ in range(10 * 24 * 60):
        bin_.advance(clock.step(60))
        levels.append(bin_.fill)
    falls = [(a, b) for a, b in pairwise(levels) if b < a]
    assert falls
    assert all(before > 70 and after < 10 for before, after in falls)
    assert max(levels) < 75


def test_the_distance_is_the_level_within_five_millimetres() -> None:
    bin_, clock = a_bin()
    errors = []
    for _ in range(500):
        bin_.advance(clock.step(1))
        shown = bin_.values()["distance"]
        assert isinstance(shown, float)
        errors.append(shown - (1800 - bin_.fill / 100 * 1400))
    assert max(map(abs, errors)) <= 5
    assert max(errors) > 1
    assert min(errors) < -1


def test_stuffing_takes_as_long_as_it_was_told_and_stays_below_overflowing() -> None:
    bin_, clock = a_bin()
    bin_.break_down("bin_full", 4)
    bin_.advance(clock.step(2))
    assert bin_.fill < 80
    bin_.advance(clock.step(3))
    assert 85 < bin_.fill < 90
    bin_.advance(clock.step(3600))
    assert 85 < bin_.fill < 90
    bin_.repair("bin_full")
    bin_.advance(clock.step(1))
    assert bin_.fill < 10


def test_a_fire_climbs_past_75_and_is_put_out() -> None:
    bin_, clock = a_bin()
    assert bin_.temperature < 45
    bin_.break_down("bin_fire", 5)
    for _ in range(6):
        bin_.advance(clock.step(1))
    assert bin_.temperature > 80
    bin_.repair("bin_fire")
    for _ in range(20):
        bin_.advance(clock.step(1))
    assert bin_.temperature < 45


def test_the_battery_lasts_for_years() -> None:
    bin_, clock = a_bin()
    before = bin_.values()["battery"]
    bin_.advance(clock.step(30 * 86_400))
    after = bin_.values()["battery"]
    assert before == pytest.approx(float(after or 0) + 3, abs=0.1)
