"""A controller's sequence: its times, its plans, and that it never shows two greens in conflict."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from random import Random

import pytest

from gateway.assets import SignalFacts
from gateway.model import Millis
from simulators.devices.cabinet.plan import Actuated, Fixed, Layout, Plan, stages_of
from simulators.devices.cabinet.schedule import Timetable
from simulators.devices.cabinet.sequence import FOREVER, Sequence
from tests.parts.junctions import (
    ARROWS,
    CROSSING,
    EUROPEAN,
    FOUR_ARMS,
    NEMA,
    PLAIN,
    RINGS,
    WALKS,
    always,
    green,
    junction,
    runs,
    watched,
)

G, Y, R = "green", "yellow", "red"


class Crowd:
    """Callers by chance: any stage may be called at any moment, or idle."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self.layout = layout
        self.chance = Random(seed)

    def calls(self, _stage: int) -> bool:
        return self.chance.random() < 0.5

    def idle(self, _stage: int, _t: Millis) -> Millis:
        return self.chance.choice((0, 1_500, 4_000))

    def walkers(self, stage: int) -> frozenset[int]:
        here = self.layout.pedestrian & set(self.layout.stages[stage])
        return frozenset(group for group in here if self.chance.random() < 0.3)


def test_stages_hold_no_conflict_and_every_group_once() -> None:
    assert stages_of(4, FOUR_ARMS) == ((1, 2), (3, 4))
    assert stages_of(3, combinations((1, 2, 3), 2)) == ((1,), (2,), (3,))
    assert stages_of(2, ()) == ((1, 2),)
    assert stages_of(8, NEMA) == ((1, 5), (2, 6), (3, 7), (4, 8))


JUNCTIONS: Mapping[str, tuple[Layout, tuple[tuple[int, int], ...], Plan]] = {
    "four arms": (PLAIN, FOUR_ARMS, Fixed(1, (12_000, 15_000))),
    "European": (EUROPEAN, FOUR_ARMS, Fixed(1, (10_000, 9_000), offset=7_000)),
    "dual ring, actuated": (RINGS, NEMA, Actuated(1)),
    "rest in red": (RINGS, NEMA, Actuated(1, rest="red")),
    "pedestrians": (CROSSING, WALKS, Fixed(1, (16_000, 14_000))),
    "pedestrians, actuated": (CROSSING, WALKS, Actuated(1, most=20_000)),
}


IN_FULL = ("four arms", "dual ring, actuated")


@pytest.mark.parametrize("name", JUNCTIONS)
def test_no_two_conflicting_groups_are_green_together_in_ever_so_many_cycles(
    name: str,
) -> None:
    """Nothing changes between two boundaries, so each boundary is looked at, and nothing else."""
    layout, conflicts, plan = JUNCTIONS[name]
    foes = {g: {b if g == a else a for a, b in conflicts if g in {a, b}} for g in range(1, 9)}
    cycles, each = 0, 25_000 if name in IN_FULL else 4_200
    for seed in (1, 2, 3, 4):
        steps = Sequence(layout, plan, 0, Crowd(layout, seed))
        ended = dict.fromkeys(foes, -FOREVER)
        going: set[int] = set()
        while steps.counter < each:
            go = green(steps.aspects)
            for group in go - going:
                assert not foes[group] & go, steps.aspects
                for foe in foes[group]:
                    assert steps.since - ended[foe] >= layout.all_red, "the junction is not clear"
            ended |= dict.fromkeys(going - go, steps.since)
            going = go
            if steps.until == FOREVER:
                steps.interrupt(steps.since + 60_000)
            steps.step()
        cycles += steps.counter
    assert cycles >= (100_000 if name in IN_FULL else 16_000)


def test_green_ends_in_yellow_and_yellow_in_all_red() -> None:
    cabinet, clock = junction(timetable=always(Fixed(1, (12_000, 15_000))))
    shown = runs(cabinet, clock, 100)
    begin = next(n for n, (aspects, _) in enumerate(shown) if n and aspects[0] == "green")
    assert shown[begin : begin + 6] == [
        ((G, G, R, R), 12.0),
        ((Y, Y, R, R), 3.0),
        ((R, R, R, R), 2.0),
        ((R, R, G, G), 15.0),
        ((R, R, Y, Y), 3.0),
        ((R, R, R, R), 2.0),
    ]


def test_red_and_yellow_before_green_and_flashing_green_before_yellow() -> None:
    cabinet, clock = junction(layout=EUROPEAN, timetable=always(Fixed(1, (10_000, 9_000))))
    shown = runs(cabinet, clock, 90)
    begin = next(n for n, (aspects, _) in enumerate(shown) if aspects[0] == "red_yellow" and n)
    assert [(aspects[0], lasted) for aspects, lasted in shown[begin : begin + 5]] == [
        ("red_yellow", 1.0),
        ("green", 10.0),
        ("green_flash", 3.0),
        ("yellow", 4.0),
        ("red", 1.5),
    ]


def test_a_yellow_outside_three_to_six_seconds_is_refused() -> None:
    for yellow in (2_900, 6_100):
        with pytest.raises(ValueError, match="3 to 6 s"):
            Layout(1, ((1,),), yellow=yellow)


def test_pedestrians_rest_dark_walk_when_called_and_are_cleared_before_the_cars_stop() -> None:
    cabinet, clock = junction(WALKS, layout=CROSSING, timetable=always(Fixed(1, (16_000, 14_000))))
    cabinet.approaches.quiet = True
    cabinet.approaches.busy(cabinet.t, 0)
    cabinet.approaches.pressed = [False, False]
    assert {a[4] for a, _ in runs(cabinet, clock, 60)} == {"dark"}
    cabinet.approaches.press(0)
    walked = [(a[4], lasted) for a, lasted in runs(cabinet, clock, 60) if a[4] != "dark"]
    assert walked == [("green", 6.0), ("green_flash", 5.0)]
    assert {a[4] for a, _ in runs(cabinet, clock, 60)} == {"dark"}, "once called, once served"


def test_an_arrow_flashes_yellow_while_its_turn_is_permitted() -> None:
    cabinet, clock = junction(
        ((1, 3), (2, 3)), layout=ARROWS, timetable=always(Fixed(1, (12_000, 8_000)))
    )
    shown = {aspects for aspects, _ in runs(cabinet, clock, 60)}
    assert (G, G, "yellow_flash") in shown
    assert (Y, Y, Y) in shown
    assert (R, R, G) in shown
    assert cabinet.layout.flash == ("yellow_flash",) * 3


class TestPlans:
    HOURS = Timetable(
        (Fixed(1, (12_000, 12_000)), Fixed(2, (20_000, 15_000), offset=9_000), Actuated(4)),
        "mon-fri 09:10-24:00 2; 06:00-24:00 1; 4",
    )

    def test_the_schedule_goes_by_weekday_and_hour(self) -> None:
        at = [(3, 5 * 60), (3, 7 * 60), (3, 550), (5, 600)]
        assert [self.HOURS.plan(*when).number for when in at] == [4, 1, 2, 1]

    def test_a_plan_changes_between_two_cycles_and_comes_into_step(self) -> None:
        cabinet, clock = junction(timetable=self.HOURS)
        plans = [values["plan"] for values in watched(cabinet, clock, 700)]
        assert plans == [1] * plans.count(1) + [2] * plans.count(2)
        assert 599 <= plans.count(1) <= 600 + 10 + 34, "within a look at the clock and a cycle"
        for _ in watched(cabinet, clock, 300):
            pass
        assert cabinet.values()["coordinated"] is True
        assert cabinet.values()["cycle_time"] == 45.0
        # In step: every cycle begins 9 s after a multiple of 45 s of local time.
        before = cabinet.values()["cycle_counter"]
        while cabinet.values()["cycle_counter"] == before:
            cabinet.advance(clock.step(0.1))
        local = clock.now() + 8 * 3_600_000
        assert (local - 9_000) % 45_000 < 100

    def test_the_clocks_go_back_and_the_plans_with_them(self) -> None:
        """2025-10-26 in Berlin: 06:00 comes 25 hours after the last one."""
        start = 1_761_366_600_000  # Saturday the 25th, 06:30 in Berlin
        cabinet, clock = junction(start=start, zone="Europe/Berlin", timetable=self.HOURS)
        cabinet.advance(clock.step(60))
        assert cabinet.values()["plan"] == 1
        cabinet.advance(clock.step(24 * 3_600))  # Sunday, 05:31 by the new time
        assert cabinet.values()["plan"] == 4
        cabinet.advance(clock.step(3_600))
        assert cabinet.values()["plan"] == 1

    def test_the_planned_flash_is_local_and_runs_past_midnight(self) -> None:
        facts = SignalFacts(conflicts=FOUR_ARMS, planned_flash="23:30-05:00")
        cabinet, clock = junction(facts=facts)
        modes = []
        for _ in range(24 * 4):
            cabinet.advance(clock.step(900))
            values = cabinet.values()
            modes.append((values["mode"], values["flash_cause"]))
            if values["mode"] == "flash":
                assert {values[f"group_{n}"] for n in (1, 2, 3, 4)} == {"yellow_flash"}
        flashing = [n for n, mode in enumerate(modes) if mode == ("flash", "automatic")]
        assert len(flashing) == 22, "five and a half hours"
        assert flashing[0] == 4 * 14 + 1, "from half past eleven, counted from nine"
        assert set(modes) == {("control", "none"), ("flash", "automatic")}


class TestActuated:
    """Minimum green, gap-out, max-out, and rest."""

    PLAN = Actuated(4, least=6_000, gap=3_000, most=20_000)

    def quiet(self, plan: Plan) -> tuple[Sequence, list[set[int]]]:
        called: list[set[int]] = [set()]

        class Demand:
            def calls(self, stage: int) -> bool:
                return stage in called[0]

            def idle(self, stage: int, _t: Millis) -> Millis:
                return 0 if stage in called[0] else 60_000

            def walkers(self, _stage: int) -> frozenset[int]:
                return frozenset()

        return Sequence(PLAIN, plan, 0, Demand()), called

    def until_stage(self, steps: Sequence, stage: int) -> Millis:
        while steps.stage != stage or steps.running.kind != "green":
            steps.step()
        return steps.since

    def test_nobody_calls_and_the_green_stays(self) -> None:
        steps, _ = self.quiet(self.PLAN)
        assert steps.until == 6_000
        steps.step()
        assert (steps.until, steps.resting) == (FOREVER, True)
        assert green(steps.aspects) == {1, 2}

    def test_a_call_elsewhere_ends_a_green_that_nobody_uses(self) -> None:
        steps, called = self.quiet(self.PLAN)
        steps.step()
        called[0] = {1}
        steps.interrupt(50_000)
        assert self.until_stage(steps, 1) == 55_000, "yellow and all-red, 5 s"

    def test_a_green_in_use_ends_at_its_most(self) -> None:
        steps, called = self.quiet(self.PLAN)
        called[0] = {0}
        steps.step()
        called[0] = {0, 1}
        steps.interrupt(10_000)
        assert self.until_stage(steps, 1) == 10_000 + 20_000 + 5_000

    def test_a_green_in_use_ends_at_a_gap(self) -> None:
        steps, called = self.quiet(self.PLAN)
        called[0] = {0}
        steps.step()
        called[0] = {0, 1}
        steps.interrupt(10_000)
        steps.step()
        called[0] = {1}
        assert self.until_stage(steps, 1) == 13_000 + 5_000

    def test_rest_in_red_ends_with_a_call(self) -> None:
        steps, called = self.quiet(Actuated(4, rest="red"))
        while steps.until < FOREVER:
            steps.step()
        assert set(steps.aspects) == {"red"}
        called[0] = {0}
        steps.interrupt(100_000)
        assert self.until_stage(steps, 0) == 100_000

    def test_only_who_calls_is_served(self) -> None:
        cabinet, clock = junction(NEMA, layout=RINGS, timetable=always(self.PLAN))
        cabinet.break_down("quiet_night", 0)
        for _ in watched(cabinet, clock, 300):
            pass
        resting = green(cabinet.aspects)
        cabinet.approaches.press(1)  # beside group 2
        cabinet.sequence.interrupt(cabinet.t)
        served = [green(aspects) for aspects, _ in runs(cabinet, clock, 60) if green(aspects)]
        assert [group for group in served if group not in (resting, {2, 6})] == []
        assert served[-1] == {2, 6}


def test_a_leap_over_many_cycles_ends_where_walking_does() -> None:
    """A fixed plan is a function of time: nobody needs to have looked."""
    walked, clock = junction()
    leapt, other = junction()
    for _ in range(24 * 60):
        walked.advance(clock.step(60))
    leapt.advance(other.step(24 * 3_600))
    for _ in range(120):
        walked.advance(clock.step(1))
        leapt.advance(other.step(1))
        assert walked.aspects == leapt.aspects
    assert walked.values()["cycle_counter"] == pytest.approx(
        leapt.values()["cycle_counter"], rel=0.6
    )
