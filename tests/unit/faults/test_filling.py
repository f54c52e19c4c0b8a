"""A bin's forecast comes from its own last cycles, and from nothing it cannot know."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faults.filling import CYCLES, HOLE, HOUR, Filling, Forecast, quantile
from tests.detection import time_to_full

T0 = 1_760_000_000_000


def rising(hours: int, *, to: float, begin: int, level: float = 0.0) -> Iterator[tuple[int, float]]:
    """A level every hour from ``level`` to ``to``, linear."""
    steps = hours
    for step in range(steps + 1):
        yield begin + step * HOUR, level + (to - level) * step / steps


def learnt(*hours: int, to: float = 80.0) -> tuple[Filling, int]:
    """A bin that filled in so many hours each time, and when it was last emptied."""
    filling, t = Filling(), T0
    for each in hours:
        for moment, level in rising(each, to=to, begin=t):
            filling.take(moment, level)
        t += (each + 1) * HOUR
    filling.take(t, 0.0)
    return filling, t


def test_nothing_is_said_before_five_cycles() -> None:
    filling, _ = learnt(48, 48, 48, 48)
    assert filling.forecast(20) is None
    filling, _ = learnt(48, 48, 48, 48, 48)
    assert filling.forecast(20) is not None


def test_a_bin_that_always_takes_two_days_needs_half_of_that_from_half_way() -> None:
    filling, _ = learnt(*[48] * 8)
    forecast = filling.forecast(40)
    assert forecast is not None
    assert (forecast.p10, forecast.p50, forecast.p90) == pytest.approx((24, 24, 24), rel=0.05)


def test_the_spread_is_that_of_the_cycles() -> None:
    filling, _ = learnt(*range(20, 70, 5))
    forecast = filling.forecast(0)
    assert forecast is not None
    assert 20 <= forecast.p10 < 27
    assert 38 <= forecast.p50 <= 47
    assert 58 < forecast.p90 <= 65


def test_only_the_last_cycles_count() -> None:
    filling, _ = learnt(*[10] * CYCLES, *[100] * CYCLES)
    forecast = filling.forecast(0)
    assert forecast is not None
    assert forecast.p10 == pytest.approx(100, rel=0.05)


def test_a_moment_that_rounds_to_full_is_no_measure_and_no_mishap() -> None:
    """Levels are kept in whole %: one of 79.6 % has no way left to go."""
    filling, t = Filling(), T0
    for _ in range(8):
        for level in (2.0, 30.0, 60.0, 79.6, 85.0, 1.0):
            filling.take(t, level)
            t += 7 * HOUR
    soon = filling.forecast(75.0)
    assert soon is not None
    assert soon.p50 == pytest.approx(5 / 20 * 14.0, rel=0.5)


def test_a_full_bin_is_full_now() -> None:
    assert Filling().forecast(85) == Forecast(0.0, 0.0, 0.0)


def test_a_bin_that_is_always_emptied_early_is_carried_on_at_its_rate() -> None:
    filling, _ = learnt(*[30] * 6, to=60.0)
    forecast = filling.forecast(0)
    assert forecast is not None
    assert forecast.p50 == pytest.approx(40, rel=0.1)


def test_a_hole_leaves_no_cycle() -> None:
    filling, t = learnt(*[48] * 5)
    filling.take(t + HOUR, 10)
    filling.take(t + HOUR + HOLE + 1, 20)  # emptied meanwhile, or not: nobody knows
    before = filling.dump()["cycles"]
    filling.take(t + 2 * HOUR + HOLE + 1, 80)
    assert len(filling.dump()["cycles"]) == len(before) + len(before) // 5


def test_a_restart_forgets_nothing() -> None:
    filling, t = learnt(24, 30, 36, 42, 48, 54)
    filling.take(t + HOUR, 15)
    again = Filling()
    again.load(json.loads(json.dumps(filling.dump())))
    for level in (0, 20, 40, 79):
        assert again.forecast(level) == filling.forecast(level)
    filling.take(t + 30 * HOUR, 80)
    again.take(t + 30 * HOUR, 80)
    assert again.dump() == filling.dump()


@pytest.mark.parametrize("spoilt", [{}, {"cycles": [1], "now": [], "last": None, "spacing": 1}])
def test_what_is_no_dump_is_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Filling().load(spoilt)


@given(st.lists(st.tuples(st.integers(1, 3 * HOLE), st.floats(-5, 105)), max_size=400))
def test_whatever_comes_its_memory_is_bounded_and_its_quantiles_in_order(
    steps: list[tuple[int, float]],
) -> None:
    filling, t = Filling(), T0
    for step, level in steps:
        t += step
        filling.take(t, level)
        forecast = filling.forecast(level)
        assert forecast is None or 0 <= forecast.p10 <= forecast.p50 <= forecast.p90
    assert len(json.dumps(filling.dump())) < 3_000


def test_quantiles_lie_on_the_values_or_between_them() -> None:
    assert quantile([5.0], 0.9) == 5.0
    assert [quantile([0.0, 10.0, 20.0], share) for share in (0.0, 0.25, 0.5, 1.0)] == [0, 5, 10, 20]


def test_on_a_citys_bins_it_keeps_its_bounds() -> None:
    if not time_to_full.DATA.exists():
        pytest.skip(
            f"the city's data, with the shared vectors, is not on this machine: {time_to_full.DATA}"
        )
    assert time_to_full.measure().broken == []
