"""A feeder's mains: what is switched when, seen alike by all who hang on them."""

from __future__ import annotations

import pytest

from simulators.world import Circuit, SteppedClock, Supply, World

MAKATI = (14.5547, 121.0244)
NOON = 1_759_982_400_000  # 2025-10-09T04:00Z
HOUR = 3_600_000


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def world(clock: SteppedClock) -> World:
    return World(*MAKATI, clock=clock)


@pytest.fixture
def supply(world: World) -> Supply:
    return world.supply("F1")


def test_the_voltage_stays_within_what_a_healthy_network_holds(supply: Supply) -> None:
    volts = [volt for t in range(0, 48 * HOUR, 97_001) for volt in supply.healthy(NOON + t)]
    assert min(volts) == pytest.approx(230 * 0.986, rel=0.002)
    assert max(volts) == pytest.approx(230 * 1.014, rel=0.002)


def test_a_phase_a_failure_and_the_contactor_take_what_is_theirs(supply: Supply) -> None:
    supply.change(shares=(1.0, 0.0, 1.0))
    assert supply.incoming("L2", NOON) == 0
    assert supply.incoming("L1", NOON) > 220
    supply.operate(order=False)
    assert supply.outgoing("L1", NOON) == 0
    assert supply.incoming("L1", NOON) > 220
    supply.failed = True
    assert supply.incoming("L1", NOON) == 0


def test_a_dip_is_in_the_journal_though_nobody_looked(supply: Supply, clock: SteppedClock) -> None:
    clock.step(60)
    supply.change(shares=(0.5, 0.5, 0.5))
    supply.later(NOON + 60_400, shares=(1.0, 1.0, 1.0))
    supply.advance(clock.step(240))
    assert [(one.t - NOON, one.shares[0]) for one in supply.journal] == [
        (0, 1.0),
        (60_000, 0.5),
        (60_400, 1.0),
    ]


@pytest.mark.parametrize("step", [1, 300, 43_200])
def test_a_switched_supply_is_closed_by_night_whoever_looks_how_often(
    supply: Supply, world: World, clock: SteppedClock, step: int
) -> None:
    supply.switch_by_clock()
    assert not supply.circuit.closed
    for _ in range(86_400 // step):
        supply.advance(clock.step(step))
    dusk, dawn = supply.journal[-2:]
    assert (dusk.closed, dawn.closed) == (True, False)
    assert world.sun(dusk.t) == pytest.approx(-3, abs=0.01)
    assert world.sun(dawn.t) == pytest.approx(-3, abs=0.01)
    assert 17 < (dusk.t % (24 * HOUR)) / HOUR + 8 < 18.5


def test_an_order_overrides_the_clock_and_a_stuck_contact_the_order(supply: Supply) -> None:
    supply.switch_by_clock()
    supply.operate(order=True)
    assert supply.circuit.closed
    supply.operate(order=True, stuck=False)
    assert (supply.circuit.ordered, supply.circuit.closed) == (True, False)
    supply.operate()
    assert (supply.circuit.ordered, supply.circuit.closed) == (False, False)


def test_a_cut_cable_leaves_the_lamps_before_the_cut(supply: Supply) -> None:
    cut = Circuit(NOON, cut=5)
    assert [cut.reaches(0, place) for place in (4, 5, 6)] == [True, False, False]
    assert not cut.reaches(1, 5)


def test_blown_fuses_take_every_second_lamp_of_a_phase(supply: Supply) -> None:
    blown = Circuit(NOON, blown=0)
    assert [blown.reaches(0, place) for place in (1, 4, 7, 10)] == [False, True, False, True]
    assert all(blown.reaches(number, 1) for number in (1, 2))


def test_a_moment_is_worked_out_once_and_right(world: World) -> None:
    assert world.moment(NOON) is world.moment(NOON)
    later = world.moment(NOON + HOUR)
    assert later == (
        NOON + HOUR,
        world.sun(NOON + HOUR),
        world.illuminance(NOON + HOUR),
        world.temperature(NOON + HOUR),
        world.frequency(NOON + HOUR),
    )
