"""Each fault of a feeder shows in its values, and its lamps', exactly while it says so.

The conditions are those of domain §1, read off what the pillar and the controllers show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.assets import FeederFacts, LampFacts
from simulators.devices.feeder import FAULTS, Feeder
from simulators.devices.lamp import Lamp
from simulators.world import PHASES, SteppedClock, World

NOON = 1_759_982_400_000  # 2025-10-09T04:00Z in Makati
LAMPS = 30
RATED = 100.0


@dataclass(frozen=True)
class Case:
    """What must be seen while a fault shows, and on which feeder."""

    seen: Callable[[Any], bool]
    supply: str = "permanent"


def carries(v: Any) -> bool:
    """The lamps should burn."""
    return bool(v.contactor_command and v.expected > RATED)


def settled(v: Any) -> bool:
    """The lamps should burn, and have had the time to."""
    return carries(v) and bool(v.settled)


def dead_tail(v: Any) -> list[int]:
    """The positions of the lamps that do not answer."""
    return [lamp.facts.position for lamp in v.lamps if not lamp.powered]


CASES = {
    "feeder_outage": Case(lambda v: max(v.volts) < 0.7 * 230 and v.on_battery),
    "phase_loss": Case(lambda v: sorted(volt < 161 for volt in v.volts) == [False, False, True]),
    "neutral_loss": Case(lambda v: max(v.volts) > 253 and 161 < min(v.volts) < 207),
    "voltage_high": Case(lambda v: min(v.volts) > 253),
    "voltage_low": Case(lambda v: min(v.volts) > 184 and max(v.volts) < 207),
    "contactor_open": Case(
        lambda v: carries(v) and not v.contactor_state and v.power < 0.1 * v.expected
    ),
    "contactor_welded": Case(lambda v: not v.contactor_command and v.power > 300, "switched"),
    "feeder_underload": Case(
        lambda v: settled(v) and min(v.watts) < 800 < max(v.watts) and not dead_tail(v)
    ),
    "cable_break": Case(
        lambda v: (
            settled(v)
            and max(v.watts) < 800
            and dead_tail(v) == list(range(dead_tail(v)[0], LAMPS + 1))
        )
    ),
    "feeder_overload": Case(lambda v: settled(v) and v.power > 1.15 * LAMPS * RATED),
    "leakage": Case(lambda v: 100 < v.leakage_current < 150),
    "leakage_major": Case(lambda v: 150 < v.leakage_current < 300),
    "leakage_critical": Case(lambda v: v.leakage_current > 300),
    "leakage_trend": Case(lambda v: 30 < v.leakage_current < 100),
    "door_open": Case(lambda v: v.door_open),
    "maintenance": Case(lambda v: v.door_open),
    "test_switching": Case(
        lambda v: v.contactor_command and v.power > 300 and v.sun > 6, "switched"
    ),
    "dark_day": Case(
        lambda v: v.sun > 6 and v.lux < 100 and all(lamp.commanded for lamp in v.lamps)
    ),
}
"""Faults with a condition that every single reading tells."""


def feeder_of(supply: str = "permanent", technology: str = "led") -> tuple[Feeder, SteppedClock]:
    clock = SteppedClock(NOON)
    world = World(14.5547, 121.0244, clock=clock, seed=3)
    lamps = [
        Lamp(
            f"lamp-{place}",
            LampFacts(
                rated_power=RATED,
                control="photocell",
                feeder="F1",
                supply=supply,  # type: ignore[arg-type]
                technology=technology,  # type: ignore[arg-type]
                phase=PHASES[(place - 1) % 3],
                position=place,
            ),
            world,
        )
        for place in range(1, LAMPS + 1)
    ]
    return Feeder("pillar", FeederFacts(feeder="F1", supply=supply), world, lamps), clock  # type: ignore[arg-type]


def look(pillar: Feeder) -> Any:
    """What it shows, with its lamps and the sun."""
    shown = dict(pillar.values())
    return SimpleNamespace(
        **shown,
        volts=[shown[f"voltage_l{n}"] for n in (1, 2, 3)],
        watts=[shown[f"power_l{n}"] for n in (1, 2, 3)],
        lamps=pillar.lamps,
        expected=pillar.expected,
        settled=pillar.settled,
        lux=pillar.lamps[0].values()["illuminance"],
        sun=pillar.sun,
    )


def looks(pillar: Feeder, clock: SteppedClock, hours: float, step: float = 600.0) -> Iterator[Any]:
    """What it shows, look by look."""
    for _ in range(round(hours * 3600 / step)):
        pillar.advance(clock.step(step))
        yield look(pillar)


def test_every_fault_has_its_case() -> None:
    assert {fault.name for fault in FAULTS} == CASES.keys() | {"voltage_dip"}
    assert {(fault.kinds, fault.about) for fault in FAULTS} == {(frozenset({"feeder"}), "feeder")}


@pytest.mark.parametrize("name", CASES)
def test_it_shows_when_it_says_so_and_not_after_repair(name: str) -> None:
    case = CASES[name]
    pillar, clock = feeder_of(case.supply)
    for shown in looks(pillar, clock, 25):
        assert not case.seen(shown), "a sound feeder shows it"
    pillar.break_down(name, 0.0)
    assert case.seen(look(pillar)) == pillar.shows(name), "at once"
    told = []
    for shown in looks(pillar, clock, 25):
        assert case.seen(shown) == pillar.shows(name), shown
        told.append(pillar.shows(name))
    assert any(told)
    pillar.repair(name)
    for shown in looks(pillar, clock, 25):
        assert not case.seen(shown)
        assert not pillar.shows(name)


@pytest.mark.parametrize("name", CASES)
def test_where_it_could_show_it_does(name: str) -> None:
    pillar, clock = feeder_of(CASES[name].supply)
    waited = 0
    while not pillar.could_show(name):
        pillar.advance(clock.step(600))
        waited += 1
        assert waited < 24 * 6, "nowhere in a day"
    pillar.break_down(name, 0.0)
    pillar.advance(clock.step(120))
    assert pillar.shows(name)


@pytest.mark.parametrize("name", ["leakage", "leakage_critical", "leakage_trend"])
def test_leakage_grows(name: str) -> None:
    pillar, clock = feeder_of()
    pillar.break_down(name, 10 * 3600)
    told = [pillar.shows(name) for _ in looks(pillar, clock, 11)]
    assert not any(told[:12])
    assert told[-1]
    assert told == sorted(told)


@pytest.mark.parametrize(("technology", "rides"), [("led", True), ("hps", False)])
def test_a_dip_puts_out_arcs_and_nothing_else(technology: str, rides: bool) -> None:
    pillar, clock = feeder_of(technology=technology)
    pillar.advance(clock.step(10 * 3600))
    before = pillar.power
    assert pillar.could_show("voltage_dip")
    pillar.break_down("voltage_dip", 0.0)
    assert pillar.shows("voltage_dip")
    assert max(load.voltage for load in pillar.loads) < 0.6 * 230
    pillar.advance(clock.step(1))
    pillar.repair("voltage_dip")
    assert min(load.voltage for load in pillar.loads) > 0.95 * 230
    assert all(lamp.lit is rides for lamp in pillar.lamps)
    pillar.advance(clock.step(360))
    assert pillar.power == pytest.approx(before, rel=0.1)


def test_a_dip_between_two_polls_is_lived_through_by_every_lamp() -> None:
    pillar, clock = feeder_of(technology="mh")
    pillar.advance(clock.step(10 * 3600))
    pillar.break_down("voltage_dip", 0.0)
    pillar.advance(clock.step(300))
    assert not any(lamp.lit for lamp in pillar.lamps)
    assert pillar.power < 0.1 * LAMPS * RATED


def test_a_blown_fuse_leaves_its_lamps_their_voice_and_a_cut_cable_does_not() -> None:
    for name, silent in (("feeder_underload", 0), ("cable_break", LAMPS // 2)):
        pillar, clock = feeder_of()
        pillar.advance(clock.step(10 * 3600))
        pillar.break_down(name, 0.0)
        pillar.advance(clock.step(60))
        dark = [lamp for lamp in pillar.lamps if not lamp.lit]
        assert len(dark) >= 3
        assert sum(not lamp.powered for lamp in pillar.lamps) == silent
        assert all(lamp.voltage == 0 for lamp in dark)


def test_a_tap_is_metered_and_paid_for() -> None:
    sound, clock = feeder_of()
    sound.advance(clock.step(10 * 3600))
    start = sound.energy
    sound.advance(clock.step(3600))
    pillar, other = feeder_of()
    pillar.advance(other.step(10 * 3600))
    pillar.break_down("feeder_overload", 0.0)
    begin = pillar.energy
    pillar.advance(other.step(3600))
    more = (pillar.energy - begin) - (sound.energy - start)
    assert more == pytest.approx(0.4 * LAMPS * RATED / 1000, rel=0.05)


def test_two_faults_leave_one_by_one() -> None:
    pillar, _ = feeder_of()
    pillar.break_down("phase_loss", 0.0)
    pillar.break_down("door_open", 0.0)
    pillar.repair("phase_loss")
    pillar.repair("phase_loss")
    shown = look(pillar)
    assert min(shown.volts) > 220
    assert shown.door_open


def test_an_order_still_stands_after_a_crew_has_tried_the_contactor() -> None:
    pillar, _ = feeder_of("switched")
    pillar.command("contactor", 0)
    pillar.break_down("test_switching", 0.0)
    assert pillar.circuit.closed
    pillar.repair("test_switching")
    assert not pillar.circuit.ordered


def test_a_fault_mended_during_a_sag_of_the_mains_leaves_the_sag() -> None:
    pillar, clock = feeder_of()
    supply = pillar.supply
    pillar.break_down("phase_loss", 0.0)
    supply.change(sag=(0.9, 0.9, 0.9))
    pillar.advance(clock.step(1))
    pillar.repair("phase_loss")
    assert [load.voltage / 230 for load in pillar.loads] == pytest.approx([0.9] * 3, abs=0.02)
    supply.change(sag=(1.0, 1.0, 1.0))
    pillar.advance(clock.step(1))
    assert [load.voltage / 230 for load in pillar.loads] == pytest.approx([1.0] * 3, abs=0.02)


def test_what_is_switched_on_is_judged_after_its_lamps_had_their_time() -> None:
    pillar, clock = feeder_of("switched", "hps")
    pillar.break_down("cable_break", 0.0)
    while not pillar.circuit.closed:
        pillar.advance(clock.step(60))
    since = clock.now()
    while not pillar.shows("cable_break"):
        pillar.advance(clock.step(60))
    assert 13 * 60 - 60 <= (clock.now() - since) / 1000 <= 13 * 60 + 60


def test_a_contactor_that_stays_open_shows_once_every_photocell_must_have_lit() -> None:
    pillar, clock = feeder_of("switched")
    pillar.break_down("contactor_open", 0.0)
    while not pillar.shows("contactor_open"):
        pillar.advance(clock.step(60))
    assert pillar.circuit.ordered
    assert -6.5 < pillar.sun < -6.0


def test_worn_insulation_shows_by_what_leaks_on_dry_days() -> None:
    pillar, clock = feeder_of()
    pillar.break_down("leakage_trend", 0.0)
    pillar.advance(clock.step(60))
    now, before = pillar.worn
    assert now > 30
    assert now / before == pytest.approx(2.4)
