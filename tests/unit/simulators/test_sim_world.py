"""The simulated world: a clock, a sky, mains and people, functions of place, time and seed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

import pytest

from gateway.sun import HORIZON
from simulators.world import DAY, Festival, RealClock, Spell, SteppedClock, World

REFERENCE = Path(__file__).parents[4] / "shared/vectors/sun_reference.json"
HOUR, MINUTE = 3_600_000, 60_000
START = 1_759_971_600_000  # a Thursday, 2025-10-09T01:00Z, nine in the morning in Makati


def world(latitude: float = 14.5547, longitude: float = 121.0244, **how: Any) -> World:
    return World(latitude, longitude, clock=SteppedClock(START), **how)


def reference() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        pytest.skip(f"the vectors with sunrise and sunset are not on this machine: {REFERENCE}")
    rows: list[dict[str, Any]] = json.loads(REFERENCE.read_text())["rows"]
    return rows


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def crossing(place: World, near: int) -> int:
    """When the sun passes the horizon within half an hour of a moment, to the second."""
    low, high = near - 30 * MINUTE, near + 30 * MINUTE
    rising = place.sun(low) < HORIZON
    while high - low > 500:
        middle = (low + high) // 2
        if (place.sun(middle) < HORIZON) is rising:
            low = middle
        else:
            high = middle
    return low


def test_the_sun_rises_and_sets_within_a_minute_of_an_almanac() -> None:
    compared = 0
    for row in reference():
        if abs(row["lat"]) < 60:
            place = world(row["lat"], row["lon"])
            for edge in ("rise", "set"):
                at = millis(row[f"ephem_sun_{edge}"])
                assert abs(crossing(place, at) - at) <= MINUTE, (row["place"], edge)
                compared += 1
    assert compared > 50


@pytest.mark.parametrize("latitude", [90.0, 69.65, -90.0])
@pytest.mark.parametrize("date", ["2026-06-21T00:00Z", "2026-12-21T00:00Z"])
def test_polar_day_and_night_are_days_like_any_other(latitude: float, date: str) -> None:
    place = world(latitude, 18.96)
    moments = range(millis(date), millis(date) + DAY, 10 * MINUTE)
    up = {place.sun(t) > HORIZON for t in moments}
    assert len(up) == 1, "it never crosses the horizon"
    assert all(place.illuminance(t) >= 0 for t in moments)
    assert all(-60 < place.temperature(t) < 40 for t in moments)


def test_two_looks_at_one_moment_agree_whatever_was_asked_before() -> None:
    moments = [START + hour * HOUR for hour in range(200)]
    seen: dict[int, dict[int, tuple[float, float, float]]] = {}
    for seed in (1, 2):
        for shuffled in (False, True):
            place = world(seed=seed)
            order = Random(5).sample(moments, len(moments)) if shuffled else moments
            found = {
                t: (place.cloud(t), place.temperature(t), place.supply("F1").incoming("L1", t))
                for t in order
            }
            assert seen.setdefault(seed, found) == found
    assert seen[1] != seen[2]


def test_weather_comes_and_goes_slowly() -> None:
    place = world()
    clouds = [place.cloud(START + quarter * 15 * MINUTE) for quarter in range(90 * 96)]
    assert all(0 <= cover <= 1 for cover in clouds)
    assert min(clouds) < 0.1
    assert max(clouds) > 0.9
    assert max(abs(a - b) for a, b in pairwise(clouds)) < 0.1


@pytest.mark.parametrize(("latitude", "warmer"), [(59.3, 7), (-36.9, 1)])
def test_summer_is_warm_and_so_is_the_afternoon(latitude: float, warmer: int) -> None:
    place = world(latitude, 0.0)

    def month(number: int, hour: int) -> float:
        begin = millis(f"2026-{number:02d}-01T{hour:02d}:00Z")
        return mean(place.temperature(begin + day * DAY) for day in range(28))

    colder = 8 - warmer
    assert month(warmer, 12) > month(colder, 12) + 8
    assert month(warmer, 15) > month(warmer, 3) + 3


def test_a_storm_darkens_and_cools_and_passes() -> None:
    fair, stormy = world(), world()
    noon = START + 3 * HOUR
    stormy.illuminance(noon)
    stormy.order(spell=Spell("storm", noon - 2 * HOUR, noon + 2 * HOUR))
    assert stormy.cloud(noon) == 1
    assert stormy.illuminance(noon) < 0.3 * fair.illuminance(noon)
    assert stormy.temperature(noon) < fair.temperature(noon) - 3
    assert stormy.illuminance(noon + 2 * HOUR) == fair.illuminance(noon + 2 * HOUR)


def test_the_voltage_stays_within_a_few_percent_of_nominal() -> None:
    supply = world().supply("F1")
    volts = [supply.incoming("L1", START + second * 7_000) for second in range(12_000)]
    assert 0.98 * 230 < min(volts) < 0.995 * 230
    assert 1.005 * 230 < max(volts) < 1.02 * 230


def test_traffic_peaks_in_the_place_s_own_rush_hours() -> None:
    place = world(zone="Asia/Manila")
    assert place.local(START) == (3, 9.0)
    midnight = START - 9 * HOUR
    day = [place.traffic(midnight + quarter * 15 * MINUTE) for quarter in range(96)]
    sunday = [place.traffic(midnight + 3 * DAY + quarter * 15 * MINUTE) for quarter in range(96)]
    assert day.index(max(day)) in range(31, 34) or day.index(max(day)) in range(68, 73)
    assert max(day[8:20]) < 0.1, "from two to five in the night"
    assert sunday[32] < 0.5 * day[32]


def test_a_clock_change_moves_the_rush_hour_with_the_clocks() -> None:
    place = world(-36.85, 174.76, zone="Pacific/Auckland")
    before, after = millis("2025-09-26T07:00:00+12:00"), millis("2025-09-29T07:00:00+13:00")
    assert place.local(before) == (4, 7.0)
    assert place.local(after) == (0, 7.0)
    assert place.traffic(before) == place.traffic(after)


def test_a_festival_multiplies_people_and_vehicles_while_it_lasts() -> None:
    place = world(zone="Asia/Manila")
    quiet = place.traffic(START)
    place.order(festival=Festival(START, START + HOUR, 4.0))
    assert place.crowd(START - 1) == place.crowd(START + HOUR) == 1
    assert place.crowd(START) == 4
    assert place.traffic(START) == 4 * quiet


@pytest.mark.alone
async def test_an_accelerated_clock_runs_through_an_hour_in_a_third_of_a_second() -> None:
    clock = RealClock(START, speed=10_000)
    began = time.monotonic()
    await clock.until(START + HOUR)
    assert time.monotonic() - began == pytest.approx(0.36, abs=0.3)
    assert clock.now() >= START + HOUR


def test_a_real_clock_begins_at_the_machine_s_time() -> None:
    now = datetime.now(UTC).timestamp() * 1000
    assert RealClock().now() == pytest.approx(now, abs=2_000)
