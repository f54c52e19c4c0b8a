"""A simulated lamp behaves like a lamp: switched by the sky, metered, worn, and breakable."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.assets import LampFacts
from simulators.devices.contract import CommandRefused
from simulators.devices.lamp import Lamp
from simulators.world import SteppedClock, World

MAKATI = (14.5547, 121.0244)
MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning there
MIDNIGHT = 1_759_939_200_000  # 2025-10-08T16:00Z


def lamp_at(t: int, **facts: object) -> tuple[Lamp, SteppedClock, World]:
    clock = SteppedClock(t)
    world = World(*MAKATI, clock=clock, seed=7)
    asset = LampFacts(**({"rated_power": 70.0, "feeder": "F1", "phase": "L2"} | facts))  # type: ignore[arg-type]
    return Lamp("lamp-1", asset, world), clock, world


def test_a_photocell_lamp_is_dark_by_day_and_lit_by_night() -> None:
    by_day, _, _ = lamp_at(MORNING, control="photocell")
    by_night, _, _ = lamp_at(MIDNIGHT, control="photocell")
    assert not by_day.commanded
    assert by_day.power == by_day.facts.standby_power
    assert by_night.commanded
    assert by_night.power == pytest.approx(70, rel=0.04)


def test_it_switches_once_at_dusk_and_once_at_dawn() -> None:
    lamp, clock, _ = lamp_at(MORNING, control="photocell")
    states = []
    for _ in range(24 * 60):
        lamp.advance(clock.step(60))
        states.append(lamp.commanded)
    changes = [after for before, after in pairwise(states) if before != after]
    assert changes == [True, False]


def test_a_tunnel_lamp_always_burns() -> None:
    lamp, _, _ = lamp_at(MORNING, tunnel=True)
    assert lamp.commanded
    assert lamp.power > 65


def test_energy_is_the_integral_of_power() -> None:
    lamp, clock, _ = lamp_at(MIDNIGHT)
    start, drawn = lamp.energy, 0.0
    for second in range(7200):
        if second == 1800:
            lamp.command("dim", 40)
        if second == 3600:
            lamp.command("switch", 0)
        if second == 5400:
            lamp.command("switch", 1)
        lamp.advance(clock.step(1))
        drawn += float(lamp.values()["power"] or 0) / 3_600_000
    assert lamp.energy - start == pytest.approx(drawn, rel=0.01)
    assert lamp.energy - start == pytest.approx(0.070 * 0.5 + 2 * 0.030 * 0.5, rel=0.05)


def test_counters_count_what_happened() -> None:
    lamp, clock, _ = lamp_at(MIDNIGHT)
    hours, switched = lamp.burn_hours, lamp.switch_count
    for order in (0, 1, 0, 1):
        lamp.command("switch", order)
        lamp.advance(clock.step(1800))
    assert lamp.switch_count - switched == 2
    assert lamp.burn_hours - hours == pytest.approx(1.0)


def test_current_voltage_and_power_factor_agree_with_power() -> None:
    lamp, clock, _ = lamp_at(MIDNIGHT)
    for dim in (100, 60, 20):
        lamp.command("dim", dim)
        lamp.advance(clock.step(300))
        shown = lamp.values()
        volts, amperes, factor = (shown[p] for p in ("voltage", "current", "power_factor"))
        assert isinstance(volts, float)
        assert isinstance(amperes, float)
        assert isinstance(factor, float)
        assert volts * amperes * factor == pytest.approx(shown["power"])
        assert shown["power"] == pytest.approx(lamp.power, rel=0.01)
    assert lamp.power == pytest.approx(70 * (0.05 + 0.95 * 0.2), rel=0.01)


def test_a_started_lamp_strikes_within_a_second_or_two_and_settles_as_it_warms() -> None:
    lamp, clock, _ = lamp_at(MORNING, control="photocell")
    lamp.command("switch", 1)
    lamp.advance(clock.step(0.5))
    assert lamp.power == lamp.facts.standby_power
    lamp.advance(clock.step(1))
    cold = lamp.power
    lamp.advance(clock.step(600))
    assert lamp.power == pytest.approx(70, rel=0.001)
    assert 70 < cold < 70 * 1.04


def test_a_failed_lamp_draws_next_to_nothing_though_commanded() -> None:
    lamp, clock, _ = lamp_at(MIDNIGHT)
    lamp.break_down("lamp_failure", 0)
    lamp.advance(clock.step(1))
    assert lamp.values()["switch_command"] is True
    assert lamp.power < 1
    lamp.repair("lamp_failure")
    lamp.advance(clock.step(1))
    lamp.advance(clock.step(2))
    assert lamp.power > 65


def test_a_day_burner_burns_uncommanded() -> None:
    lamp, clock, _ = lamp_at(MORNING, control="photocell")
    lamp.break_down("day_burner", 0)
    lamp.advance(clock.step(1))
    lamp.advance(clock.step(2))
    assert lamp.values()["switch_command"] is False
    assert lamp.values()["switch_state"] is True
    assert lamp.power > 65


def test_without_supply_everything_electrical_reads_zero() -> None:
    lamp, clock, world = lamp_at(MIDNIGHT)
    world.supply("F1").failed = True
    lamp.advance(clock.step(1))
    shown = lamp.values()
    assert [shown[p] for p in ("voltage", "current", "power", "frequency")] == [0, 0, 0, 0]


def test_neighbours_have_luck_of_their_own_and_a_seed_repeats_it() -> None:
    clock = SteppedClock(MIDNIGHT)
    worlds = [World(*MAKATI, clock=clock, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (Lamp("lamp-1", LampFacts(), world).values() for world in worlds)
    assert first == again
    assert first["energy"] != other["energy"]
    assert first["energy"] != Lamp("lamp-2", LampFacts(), worlds[0]).values()["energy"]


@pytest.mark.parametrize(("name", "value"), [("dim", 101), ("dim", -1), ("switch", 2), ("open", 1)])
def test_nonsense_is_refused(name: str, value: float) -> None:
    lamp, _, _ = lamp_at(MIDNIGHT)
    with pytest.raises(CommandRefused):
        lamp.command(name, value)


def test_a_controller_without_a_light_sensor_shows_none() -> None:
    tunnel, _, _ = lamp_at(MORNING, tunnel=True)
    street, _, _ = lamp_at(MORNING)
    assert tunnel.values()["illuminance"] is None
    assert street.values()["illuminance"] == pytest.approx(55_000, rel=0.5)
