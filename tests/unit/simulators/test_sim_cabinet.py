"""A simulated signal cabinet keeps its promises, until it is made to break one."""

from __future__ import annotations

from itertools import combinations

import pytest

from gateway.assets import SignalFacts
from simulators.devices.cabinet import ALL_RED, YELLOW, Cabinet, Plan, stages_of
from simulators.world import SteppedClock, World

FOUR_ARMS = ((1, 3), (1, 4), (2, 3), (2, 4))
START = 1_759_971_600_000


def cabinet() -> tuple[Cabinet, SteppedClock]:
    clock = SteppedClock(START)
    world = World(14.5547, 121.0244, clock=clock)
    return Cabinet("cabinet-1", SignalFacts(conflicts=FOUR_ARMS), world), clock


def green(aspects: list[str]) -> set[int]:
    return {group for group, aspect in enumerate(aspects, 1) if aspect == "green"}


def test_stages_hold_no_conflict_and_every_group_once() -> None:
    assert stages_of(4, FOUR_ARMS) == ((1, 2), (3, 4))
    assert stages_of(3, combinations((1, 2, 3), 2)) == ((1,), (2,), (3,))
    assert stages_of(2, ()) == ((1, 2),)


def test_no_two_conflicting_groups_are_ever_green_together() -> None:
    plan = Plan(4, stages_of(4, FOUR_ARMS), (12.0, 15.0))
    tenths = range(int(plan.cycle * 10))
    for tenth in tenths:
        go = green(plan.aspects(tenth / 10))
        assert not any({a, b} <= go for a, b in FOUR_ARMS)
    # The plan is periodic, so one cycle stands for any number of them.
    for cycles in (1, 7, 100_000):
        assert plan.aspects(3.3 + cycles * plan.cycle) == plan.aspects(3.3)


def test_green_ends_in_yellow_and_yellow_in_all_red() -> None:
    plan = Plan(4, ((1, 2), (3, 4)), (12.0, 15.0))
    shown = [tuple(plan.aspects(second + 0.5)) for second in range(int(plan.cycle))]
    phases = [shown[0]]
    lengths = [0]
    for aspects in shown:
        if aspects != phases[-1]:
            phases.append(aspects)
            lengths.append(0)
        lengths[-1] += 1
    red, yellow, go = "red", "yellow", "green"
    assert phases == [
        (go, go, red, red),
        (yellow, yellow, red, red),
        (red, red, red, red),
        (red, red, go, go),
        (red, red, yellow, yellow),
        (red, red, red, red),
    ]
    assert lengths == [12, YELLOW, ALL_RED, 15, YELLOW, ALL_RED]


def test_every_group_is_served_in_every_cycle() -> None:
    junction, clock = cabinet()
    served: set[int] = set()
    for _ in range(int(junction.plan.cycle) + 1):
        junction.advance(clock.step(1))
        served |= green(junction.aspects())
    assert served == {1, 2, 3, 4}
    assert junction.plan.cycle < 120


def test_traffic_calls_detectors_and_is_let_go() -> None:
    junction, clock = cabinet()
    called, pressed, stuck = set(), set(), 0
    for _ in range(1200):
        junction.advance(clock.step(1))
        shown = junction.values()
        for group in (1, 2, 3, 4):
            if shown[f"vehicle_call_{group}"]:
                called.add(group)
                assert shown[f"detector_{group}"]
                assert shown[f"group_{group}"] != "green"
        pressed |= {n for n in (1, 2) if shown[f"ped_call_{n}"]}
        stuck = stuck + 1 if all(shown[f"detector_{n}"] for n in (1, 2, 3, 4)) else 0
        assert stuck < 300
    assert called == {1, 2, 3, 4}
    assert pressed == {1, 2}


def test_the_fault_shows_at_every_green_and_ends_with_it() -> None:
    junction, clock = cabinet()
    junction.break_down("conflicting_greens", 0)
    longest_wait = wait = 0
    for _ in range(120):
        junction.advance(clock.step(1))
        go = green(junction.aspects())
        bad = any({a, b} <= go for a, b in FOUR_ARMS)
        wait = 0 if bad else wait + 1
        longest_wait = max(longest_wait, wait)
    assert longest_wait <= YELLOW + ALL_RED + 1
    assert junction.values()["conflict_monitor_ok"] is True
    junction.repair("conflicting_greens")
    for _ in range(120):
        junction.advance(clock.step(1))
        go = green(junction.aspects())
        assert not any({a, b} <= go for a, b in FOUR_ARMS)


def test_cycles_are_counted() -> None:
    junction, clock = cabinet()
    before = junction.values()["cycle_counter"]
    junction.advance(clock.step(10 * junction.plan.cycle))
    after = junction.values()["cycle_counter"]
    assert isinstance(before, int)
    assert after == pytest.approx(before + 10)
