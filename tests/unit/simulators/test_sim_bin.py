"""A simulated bin fills, is emptied, is misread, and breaks exactly while it says so."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from gateway.assets import BinFacts
from gateway.model import Millis
from simulators.devices.bin import FAULTS, RANGERS, Bin, Stand
from simulators.devices.bin.stand import WORTH
from simulators.devices.bin.waste import poisson
from simulators.world import DAY, SteppedClock, World
from simulators.world.calendar import local, read_calendar

MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning of a Thursday in Makati
ZONE = "Asia/Manila"
HOUR = 3_600_000
MINUTE = 60_000
NAMES = [fault.name for fault in FAULTS]


class Yard:
    """A stand of bins, and time that moves when told to."""

    def __init__(
        self, count: int = 1, collection: str | None = "mon,thu 06:30", seed: int = 1, **how: object
    ) -> None:
        self.clock = SteppedClock(MORNING)
        world = World(14.5547, 121.0244, clock=self.clock, seed=seed, zone=ZONE)
        plan = read_calendar(collection, ZONE) if collection else None
        stand = Stand("square-1", seed, plan, MORNING)
        facts = BinFacts(
            empty_distance=1800, full_distance=400, stand="square-1", stream="glass",
            collection=collection,
        )  # fmt: skip
        self.bins = [
            Bin(f"bin-{n}", facts, world, stand=stand, position=(14.55, 121.02), **how)  # type: ignore[arg-type]
            for n in range(1, count + 1)
        ]
        self.bin = self.bins[0]

    def wait(self, seconds: float) -> Bin:
        now = self.clock.step(seconds)
        for one in self.bins:
            one.advance(now)
        return self.bin

    def shown(self, point: str, seconds: float = 1.0) -> float:
        value = self.wait(seconds).values()[point]
        assert isinstance(value, float)
        return value


# ------------------------------------------------------------------ an ordinary life


@pytest.mark.parametrize("use", ["park", "station", "market", "residential"])
@pytest.mark.parametrize("collection", ["06:00", "mon,thu 06:30", "tue 07:00", None])
def test_it_only_fills_between_collections_and_never_gets_full_by_itself(
    use: str, collection: str | None
) -> None:
    yard = Yard(collection=collection, use=use)
    fills, surfaces = [yard.bin.waste.fill], [yard.bin.surface]
    for _ in range(28 * 24 * 6):
        bin_ = yard.wait(600)
        fills.append(bin_.waste.fill)
        surfaces.append(bin_.surface)
    falls = [(before, after) for before, after in pairwise(fills) if after < before]
    assert falls
    assert len(falls) == len(yard.bin.collections)
    assert all(before >= WORTH - 2.5 and after <= 12.5 for before, after in falls)
    assert max(surfaces) < 80
    slumps = [before - after for before, after in pairwise(surfaces) if 0 < before - after < 20]
    assert max(slumps, default=0.0) <= 2


def test_its_life_does_not_depend_on_who_looks_at_it_when() -> None:
    """Levels and collections are the same, whether it is polled each minute or each day."""
    often, seldom = Yard(3), Yard(3)
    for _ in range(10 * 24 * 60):
        often.wait(60)
        often.bin.values()
    for _ in range(10):
        seldom.wait(86_400)
    for one, other in zip(often.bins, seldom.bins, strict=True):
        assert one.waste.fill == pytest.approx(other.waste.fill)
        assert one.surface == pytest.approx(other.surface)
        assert [c.at for c in one.collections] == [c.at for c in other.collections]


def test_another_seed_is_another_life() -> None:
    assert Yard(seed=2).wait(DAY / 1000).waste.fill != Yard(seed=3).wait(DAY / 1000).waste.fill


def test_the_crew_comes_by_its_calendar_and_empties_a_stand_within_minutes() -> None:
    yard = Yard(4)
    yard.wait(28 * 86_400)
    every = [one.at for bin_ in yard.bins for one in bin_.collections]
    by_plan = [t for t in every if local(t, ZONE).hour in {6, 7}]
    assert len(by_plan) >= 0.9 * len(every)
    assert {local(t, ZONE).weekday() for t in by_plan} == {0, 3}
    by_day: dict[int, list[Millis]] = {}
    for t in by_plan:
        by_day.setdefault(t // DAY, []).append(t)
    assert len(by_day) == 8
    assert all(max(moments) - min(moments) <= 5 * MINUTE for moments in by_day.values())
    assert len({min(moments) % DAY for moments in by_day.values()}) > 4, "never at the same minute"


def test_a_bin_that_is_emptied_is_lifted_open_and_light_again() -> None:
    yard = Yard(collection=None)
    yard.bin.break_down("bin_full", 10)
    heavy = yard.shown("weight", 60)
    yard.bin.repair("bin_full")
    tilts, lids, distances = [], [], []
    for _ in range(60):
        shown = yard.wait(1).values()
        tilts.append(float(shown["tilt"] or 0) > 60)
        lids.append(shown["lid_open"] is True)
        distances.append(shown["distance"] is None)
    assert 8 <= sum(tilts) <= 16
    assert sum(lids) >= sum(tilts)
    assert sum(distances) >= sum(tilts)
    assert yard.shown("weight") < heavy / 5
    (collection,) = yard.bin.collections
    assert collection.before == pytest.approx(88, abs=1)
    assert collection.after < 5
    assert collection.visible


def test_some_emptyings_are_poor_and_all_that_are_visible_fall_far_enough() -> None:
    yard = Yard(6)
    yard.wait(120 * 86_400)
    every = [one for bin_ in yard.bins for one in bin_.collections]
    assert len(every) > 150
    assert any(one.after > 7 for one in every)
    assert all(one.before - one.after >= 11 for one in every)
    assert sum(one.visible for one in every) > 0.9 * len(every)


def test_people_throw_by_hour_weekday_and_place() -> None:
    added: dict[str, float] = {}
    for use in ("station", "residential"):
        yard = Yard(collection="04:00", use=use)
        for hour in range(7 * 24):
            before = yard.bin.waste.fill
            after = yard.wait(3600).waste.fill
            when = local(MORNING + hour * HOUR, ZONE)
            if after > before:
                part = "night" if when.hour < 5 else "day"
                days = "weekend" if when.weekday() >= 5 else "week"
                for key in (f"{use} {part}", f"{use} {days}"):
                    added[key] = added.get(key, 0) + after - before
    assert added["station night"] < 0.1 * added["station day"]
    assert added["station weekend"] / 2 < added["station week"] / 5
    assert added["residential weekend"] / 2 > added["station weekend"] / 2


# ------------------------------------------------------------------ what its sensors show


@pytest.mark.parametrize("make", RANGERS)
def test_the_distance_is_the_level_within_its_makers_error(make: str) -> None:
    ranger, chance = RANGERS[make], Random(1)
    shown = [ranger.measure(1_200, 4.0, chance) for _ in range(20_000)]
    right = [d for d in shown if d is not None and d != ranger.nothing and abs(d - 1_200) < 12]
    wrong = [d for d in shown if d is not None and d != ranger.nothing and abs(d - 1_200) >= 12]
    assert max(abs(d - 1_200) for d in right) <= ranger.most + 3
    assert max(right) - min(right) > ranger.most
    assert 0 < len(wrong) < 0.002 * len(shown), "an echo off something else"
    assert all(d < 1_200 for d in wrong)
    nothing = sum(d == ranger.nothing for d in shown)
    assert nothing / len(shown) == pytest.approx(ranger.missed, rel=0.5)


@pytest.mark.parametrize("make", RANGERS)
def test_nothing_in_range_is_nothing_and_too_near_is_the_nearest(make: str) -> None:
    ranger, chance = RANGERS[make], Random(1)
    still = [ranger.measure(ranger.farthest + 50, 0, chance, trouble=0) for _ in range(5)]
    assert set(still) == {ranger.nothing}
    assert ranger.measure(10, 0, chance, trouble=0) == ranger.nearest


def test_a_warm_sensor_takes_the_waste_for_nearer() -> None:
    ranger, chance = RANGERS["bin/generic"], Random(1)
    cold = sum(ranger.measure(1_500, 0, chance, trouble=0) or 0 for _ in range(500)) / 500
    warm = sum(ranger.measure(1_500, 20, chance, trouble=0) or 0 for _ in range(500)) / 500
    assert 8 < cold - warm < 18


def test_the_battery_lasts_for_years_and_the_cold_weakens_it() -> None:
    yard = Yard()
    before = yard.bin.battery
    assert yard.wait(30 * 86_400).battery == pytest.approx(before - 3, abs=0.1)
    clock = SteppedClock(1_736_640_000_000)  # a January night in the far north
    north = Bin("bin-1", yard.bin.facts, World(89.0, 25.0, clock=clock))
    shown = north.values()
    assert float(shown["battery"] or 0) < north.battery
    assert float(shown["battery"] or 0) > 20


# ------------------------------------------------------------------ how it breaks


def ready(fault: str) -> Yard:
    """A stand in which a fault of its first bin would show."""
    yard = Yard(3)
    while not yard.bin.could_show(fault):
        yard.wait(3600)
    return yard


@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_shows_from_some_moment_until_it_is_repaired(fault: str) -> None:
    yard = ready(fault)
    assert not yard.bin.shows(fault)
    yard.bin.break_down(fault, 600)
    shows = [yard.wait(60).shows(fault) for _ in range(5 * 24 * 60)]
    first = shows.index(True)
    late = fault == "late_collection"  # ends by itself
    assert all(shows[first:]) or late
    yard.bin.repair(fault)
    assert not yard.bin.shows(fault)
    yard.wait(7200)
    assert not any(one.shows(name) for one in yard.bins for name in NAMES)
    assert all(one.surface < 80 and one.temperature < 45 for one in yard.bins)


def test_right_after_an_emptying_it_may_be_the_crew_for_a_quarter_of_an_hour() -> None:
    for fault in ("bin_tilt", "lid_open"):
        yard = Yard(1)
        while not yard.bin.collections:
            yard.wait(60)
        yard.bin.break_down(fault, 0)
        shows = [yard.wait(60).shows(fault) for _ in range(30)]
        assert 12 <= shows.index(True) <= 15


def test_a_stand_with_a_bin_that_cannot_tell_its_level_is_not_seen_to_be_full() -> None:
    yard = ready("stand_full")
    yard.bins[1].break_down("sensor_stuck", 0)
    yard.bin.break_down("stand_full", 60)
    assert not yard.wait(3600).shows("stand_full")
    yard.bins[1].repair("sensor_stuck")
    assert yard.bin.shows("stand_full")


def test_what_blocks_the_sensor_of_a_well_filled_bin_cannot_be_told_from_waste() -> None:
    yard = Yard(1)
    yard.bin.break_down("bin_full", 60)
    yard.wait(600)
    yard.bin.break_down("sensor_blocked", 0)
    assert not yard.wait(3600).shows("sensor_blocked")


CONDITION = {
    "bin_full": lambda bin_: 80 <= bin_.surface < 95,
    "bin_overflow": lambda bin_: bin_.surface >= 95,
    "bin_fire": lambda bin_: bin_.temperature >= 75,
    "bin_fire_slow": lambda bin_: bin_.temperature >= 75,
    "bin_fire_by_peers": lambda bin_: 60 <= bin_.temperature < 75,
    "bin_tilt": lambda bin_: 60 < bin_.tilt < 90,
    "lid_open": lambda bin_: bin_.lid_open,
    "battery_low": lambda bin_: bin_.battery < 20,
}


@pytest.mark.parametrize("fault", CONDITION)
def test_shows_says_exactly_when_the_condition_is_there(fault: str) -> None:
    yard = ready(fault)
    yard.bin.break_down(fault, 1800)
    seen = set()
    for _ in range(120):
        bin_ = yard.wait(30)
        assert bin_.shows(fault) is CONDITION[fault](bin_)
        seen.add(bin_.shows(fault))
    assert True in seen


def test_what_fills_a_bin_takes_as_long_as_it_was_told_and_stays_where_it_belongs() -> None:
    yard = Yard()
    yard.bin.break_down("bin_full", 4)
    assert yard.wait(1).surface < 80
    assert 85 < yard.wait(3.5).surface < 90
    assert 85 < yard.wait(4 * 86_400).surface < 90, "no round empties it: that is why it is full"
    assert not yard.bin.collections


def test_a_full_stand_is_all_bins_of_its_stream() -> None:
    yard = ready("stand_full")
    yard.bins[2].facts = BinFacts(empty_distance=1800, full_distance=400, stream="paper")
    yard.bin.break_down("stand_full", 60)
    yard.wait(120)
    levels = [one.surface >= 90 for one in yard.bins]
    assert levels == [True, True, False]
    assert yard.bin.shows("stand_full")
    assert not Yard(1).bin.could_show("stand_full")


def test_a_missed_collection_is_a_full_bin_past_its_round() -> None:
    yard = ready("collection_missed")
    yard.bin.break_down("collection_missed", 0)
    while not yard.bin.shows("collection_missed"):
        yard.wait(300)
    when = local(yard.clock.now(), ZONE)
    assert (when.weekday() in {0, 3}, when.hour in {6, 7}) == (True, True)
    yard.wait(14 * 3600)
    assert yard.bin.surface > 80
    assert not yard.bin.collections
    assert yard.bins[1].collections or yard.bins[1].surface < WORTH


def test_a_late_collection_comes_the_same_day() -> None:
    yard = ready("late_collection")
    yard.bin.break_down("late_collection", 0)
    while not yard.bin.collections:
        assert yard.wait(300).surface < 88
    assert local(yard.clock.now(), ZONE).weekday() in {0, 3}
    assert 14 <= local(yard.clock.now(), ZONE).hour <= 15
    assert yard.bin.collections[-1].before > 80


def test_a_late_collection_that_is_called_off_leaves_one_collection_and_no_other() -> None:
    yard = ready("late_collection")
    yard.bin.break_down("late_collection", 0)
    while not yard.bin.shows("late_collection"):
        yard.wait(300)
    before = len(yard.bin.collections)
    yard.bin.repair("late_collection")
    yard.wait(12 * 3600)
    assert len(yard.bin.collections) == before + 1


@pytest.mark.parametrize(
    ("fault", "steepest", "hottest"),
    [("bin_fire_slow", 3.0, 82), ("bin_fire_by_peers", 3.0, 72), ("sun_warmed", 2.0, 59)],
)
def test_slow_warmings_are_slow(fault: str, steepest: float, hottest: float) -> None:
    yard = Yard()
    yard.bin.break_down(fault, 0)
    warmth = [yard.wait(60).temperature for _ in range(120)]
    assert max(after - before for before, after in pairwise(warmth)) < steepest
    assert max(warmth) < hottest


def test_a_fast_fire_is_put_out() -> None:
    yard = Yard()
    yard.bin.break_down("bin_fire", 5)
    assert yard.wait(6).temperature > 80
    yard.bin.repair("bin_fire")
    assert yard.wait(30).temperature < 45


def test_a_blocked_sensor_sees_the_dead_band_and_a_stuck_one_always_the_same() -> None:
    yard = ready("sensor_blocked")
    yard.bin.break_down("sensor_blocked", 0)
    near = [yard.shown("distance", 300) for _ in range(150)]
    assert max(near) < 300
    assert max(near) - min(near) < 10
    yard = ready("sensor_stuck")
    yard.bin.break_down("sensor_stuck", 0)
    assert len({yard.shown("distance", 3600) for _ in range(200)}) == 1
    assert not any(one.visible for one in yard.bin.collections)


def test_where_a_moved_bin_and_a_jittery_receiver_are() -> None:
    def north(yard: Yard) -> list[float]:
        return [(yard.shown("latitude", 60) - 14.55) * 111_320 for _ in range(500)]

    for fault, least, most in (("bin_moved", 100, 135), ("gps_jitter", -41, 41)):
        yard = ready(fault)
        yard.bin.break_down(fault, 0)
        away = north(yard)
        assert least <= min(away)
        assert max(away) <= most
    assert max(map(abs, north(Yard()))) <= 12


def test_rubble_is_heavy_and_takes_no_room() -> None:
    yard = Yard()
    before, fill = yard.shown("weight"), yard.bin.surface
    yard.bin.break_down("heavy_load", 0)
    assert yard.shown("weight") > before + 80
    assert yard.bin.surface == pytest.approx(fill, abs=1)


def test_a_festival_fills_bins_quickly_and_the_crew_keeps_up() -> None:
    quiet, feast = Yard(use="park"), Yard(use="park")
    feast.bin.break_down("festival", 0)
    highest = 0.0
    for _ in range(6 * 24 * 12):
        highest = max(highest, feast.wait(300).surface)
        quiet.wait(300)
    assert highest < 80
    assert len(feast.bin.collections) >= len(quiet.bin.collections) + 2, "on its way every day"


def test_what_a_sensor_cannot_tell_could_not_show() -> None:
    bare = Yard(points=frozenset({"distance"})).bin
    told = {fault for fault in NAMES if bare.could_show(fault)}
    assert {"bin_full", "bin_overflow", "sensor_stuck"} <= told
    assert not told & {"bin_fire", "bin_tilt", "lid_open", "bin_moved", "battery_low", "heavy_load"}


def test_poisson_counts_have_the_mean_and_the_spread_of_rare_things() -> None:
    chance = Random(1)
    counts = [poisson(2.5, chance) for _ in range(20_000)]
    mean = sum(counts) / len(counts)
    assert mean == pytest.approx(2.5, abs=0.05)
    assert sum((n - mean) ** 2 for n in counts) / len(counts) == pytest.approx(2.5, abs=0.1)
