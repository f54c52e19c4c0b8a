"""A simulated pillar meters what its lamps draw, and switches them."""

from __future__ import annotations

from math import sqrt

import pytest

from gateway.assets import FeederFacts, LampFacts
from simulators.devices.contract import CommandRefused
from simulators.devices.feeder import Feeder, wetness
from simulators.devices.lamp import Lamp
from simulators.world import PHASES, Spell, SteppedClock, World

MIDNIGHT = 1_759_939_200_000  # in Makati
NOON = MIDNIGHT + 12 * 3_600_000
LAMPS = 30


def feeder(t: int = MIDNIGHT, **facts: object) -> tuple[Feeder, SteppedClock, World]:
    clock = SteppedClock(t)
    world = World(14.5547, 121.0244, clock=clock)
    common = {"rated_power": 100, "feeder": "F1"} | facts
    lamps = [
        Lamp(f"lamp-{i}", LampFacts(phase=PHASES[(i - 1) % 3], position=i, **common), world)  # type: ignore[arg-type]
        for i in range(1, LAMPS + 1)
    ]
    supply = facts.get("supply", "permanent")
    pillar = FeederFacts(feeder="F1", supply=supply)  # type: ignore[arg-type]
    return Feeder("pillar", pillar, world, lamps), clock, world


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


@pytest.mark.parametrize("technology", ["led", "hps"])
@pytest.mark.parametrize("step", [10, 300])
def test_energy_is_the_integral_of_power_through_dusk(technology: str, step: int) -> None:
    pillar, clock, _ = feeder(NOON + 5 * 3_600_000, technology=technology, control="photocell")
    start, drawn = pillar.energy, 0.0
    for _ in range(3 * 3600 // 10):
        before = pillar.power
        pillar.advance(clock.step(10))
        drawn += (before + pillar.power) / 2 * 10 / 3_600_000
    other, clock, _ = feeder(NOON + 5 * 3_600_000, technology=technology, control="photocell")
    for _ in range(3 * 3600 // step):
        other.advance(clock.step(step))
    assert drawn > 4
    assert other.energy - start == pytest.approx(drawn, rel=0.01)


def test_its_energy_is_what_the_lamps_used_and_the_losses() -> None:
    pillar, clock, _ = feeder()
    start, used = pillar.energy, sum(lamp.used for lamp in pillar.lamps)
    for _ in range(48):
        pillar.advance(clock.step(300))
    drawn = sum(lamp.used for lamp in pillar.lamps) - used
    assert 0 < pillar.energy - start - drawn < 0.02 * drawn + 0.006 * 4.01


def test_an_open_contactor_darkens_the_lamps_and_leaves_the_voltage() -> None:
    pillar, clock, _ = feeder()
    pillar.command("contactor", 0)
    pillar.advance(clock.step(1))
    assert all(lamp.voltage == 0 and not lamp.lit for lamp in pillar.lamps)
    assert pillar.loads[0].voltage == pytest.approx(230, rel=0.02)
    shown = pillar.values()
    assert (shown["contactor_command"], shown["contactor_state"]) == (False, False)
    assert shown["leakage_current"] == 0


@pytest.mark.parametrize("first", ["lamps", "pillar"])
def test_a_switched_feeder_closes_at_dusk_for_all_at_the_same_moment(first: str) -> None:
    """Whoever is polled first."""
    pillar, clock, world = feeder(NOON, supply="switched")
    assert not any(lamp.powered for lamp in pillar.lamps)
    seen: list[tuple[bool, bool]] = []
    for _ in range(24 * 12):
        t = clock.step(300)
        if first == "lamps":
            for lamp in pillar.lamps:
                lamp.advance(t)
        pillar.advance(t)
        closed = bool(pillar.values()["contactor_state"])
        assert {lamp.powered for lamp in pillar.lamps} == {closed}
        assert {lamp.lit for lamp in pillar.lamps} == {closed}
        seen.append((closed, world.sun(t) < -3))
    assert all(closed == night for closed, night in seen)
    assert {closed for closed, _ in seen} == {True, False}
    (hours,) = {round(lamp.used, 3) // 0.1 for lamp in pillar.lamps[:1]}
    assert hours > 10


def test_switching_on_rushes_in() -> None:
    pillar, clock, _ = feeder(NOON, supply="switched", technology="hps")
    pillar.command("contactor", 1)
    pillar.advance(clock.step(0.2))
    rush = float(pillar.values()["current_l1"] or 0)
    pillar.advance(clock.step(15))
    start = float(pillar.values()["current_l1"] or 0)
    pillar.advance(clock.step(900))
    warm = float(pillar.values()["current_l1"] or 0)
    assert start > 1.3 * warm, "cold arcs"
    assert rush > 1.2 * warm, "empty capacitors"


def test_it_obeys_the_contactor_only() -> None:
    pillar, _, _ = feeder()
    for name, value in (("contactor", 2.0), ("dim", 50.0)):
        with pytest.raises(CommandRefused):
            pillar.command(name, value)


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


def test_a_wet_cable_leaks_more() -> None:
    assert [wetness(cover) for cover in (0.0, 0.8, 0.9, 1.0)] == pytest.approx([0, 0, 0.5, 1])
    leaked = {}
    for weather in ("clear", "storm"):
        pillar, clock, world = feeder()
        world.order(spell=Spell(weather, clock.now(), clock.now() + 24 * 3_600_000))
        pillar.advance(clock.step(6 * 3600))
        leaked[weather] = pillar.sound_leakage
    assert leaked["clear"] + 1 < leaked["storm"] < 1.5 * leaked["clear"]
