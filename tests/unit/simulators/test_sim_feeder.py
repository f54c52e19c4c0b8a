"""A simulated pillar meters what its lamps draw."""

from __future__ import annotations

from math import sqrt

import pytest

from gateway.assets import FeederFacts, LampFacts
from simulators.devices.feeder import Feeder
from simulators.devices.lamp import Lamp
from simulators.world import PHASES, SteppedClock, World

MIDNIGHT = 1_759_939_200_000  # in Makati
LAMPS = 30


def feeder() -> tuple[Feeder, SteppedClock, World]:
    clock = SteppedClock(MIDNIGHT)
    world = World(14.5547, 121.0244, clock=clock)
    lamps = [
        Lamp(f"lamp-{i}", LampFacts(rated_power=100, feeder="F1", phase=PHASES[i % 3]), world)
        for i in range(LAMPS)
    ]
    return Feeder("pillar", FeederFacts(feeder="F1"), world, lamps), clock, world


def test_its_power_is_the_sum_of_its_lamps_and_a_little_loss() -> None:
    pillar, clock, _ = feeder()
    for minute in range(30):
        if minute == 10:
            for lamp in pillar.lamps[::2]:
                lamp.command("switch", 0)
        pillar.advance(clock.step(60))
        drawn = sum(lamp.power for lamp in pillar.lamps)
        losses = pillar.power - drawn
        assert 6.0 <= losses <= 6.0 + 0.02 * drawn


def test_each_phase_carries_its_own_lamps() -> None:
    pillar, clock, _ = feeder()
    for lamp in pillar.lamps:
        if lamp.facts.phase == "L2":
            lamp.command("switch", 0)
    pillar.advance(clock.step(10))
    shown = pillar.values()
    assert shown["power_l1"] == pytest.approx(1000, rel=0.05)
    assert shown["power_l2"] == pytest.approx(2 + 10 * 1.0, rel=0.05)
    total = [shown[f"power_l{n}"] for n in (1, 2, 3)]
    assert shown["power"] == pytest.approx(sum(float(p or 0) for p in total))


def test_current_times_voltage_is_the_apparent_power() -> None:
    pillar, _, _ = feeder()
    for load in pillar.loads:
        apparent = sqrt(load.power**2 + load.reactive**2)
        assert load.voltage * load.current == pytest.approx(apparent, rel=0.02)


def test_energy_is_the_integral_of_power() -> None:
    pillar, clock, _ = feeder()
    start, drawn = pillar.energy, 0.0
    for _ in range(600):
        pillar.advance(clock.step(6))
        drawn += pillar.power * 6 / 3_600_000
    assert pillar.energy - start == pytest.approx(drawn, rel=0.001)


def test_an_open_contactor_darkens_the_lamps_and_leaves_the_voltage() -> None:
    pillar, clock, _ = feeder()
    pillar.command("contactor", 0)
    pillar.advance(clock.step(1))
    assert all(lamp.voltage == 0 and not lamp.lit for lamp in pillar.lamps)
    assert pillar.loads[0].voltage == pytest.approx(230, rel=0.02)
    assert pillar.values()["contactor_state"] is False


def test_an_outage_takes_the_voltage_and_the_pillar_tells_so_from_its_battery() -> None:
    pillar, clock, _ = feeder()
    pillar.break_down("feeder_outage", 0)
    pillar.advance(clock.step(1))
    shown = pillar.values()
    assert [shown[f"voltage_l{n}"] for n in (1, 2, 3)] == [0, 0, 0]
    assert shown["power"] == 0
    assert shown["on_battery"] is True
    assert all(lamp.voltage == 0 for lamp in pillar.lamps)
    pillar.repair("feeder_outage")
    pillar.advance(clock.step(1))
    pillar.advance(clock.step(2))
    assert pillar.values()["voltage_l1"] == pytest.approx(230, rel=0.02)
    assert all(lamp.lit and lamp.power > 90 for lamp in pillar.lamps)
