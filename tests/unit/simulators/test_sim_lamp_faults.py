"""Each fault of a lamp shows in its values exactly while it says so, and is gone when repaired.

The conditions are those of domain §1, read off what the controller shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.assets import LampFacts
from simulators.devices.lamp import FAULTS, Lamp
from simulators.world import SteppedClock, World

NOON = 1_759_982_400_000  # 2025-10-09T04:00Z in Makati
HOUR = 3_600_000
RATED = 70.0
BURNS = max(0.15 * RATED, 4.0)


@dataclass(frozen=True)
class Case:
    """What must be seen while a fault shows, and in which lamp."""

    seen: Callable[[Any], bool]
    control: str = "photocell"


def daylight(v: Any) -> bool:
    return bool(v.sun > 6)


CASES = {
    "lamp_failure": Case(lambda v: v.switch_command and v.voltage > 184 and v.power < 0.15 * RATED),
    "lamp_failure_flagged": Case(lambda v: v.lamp_failure_flag and v.power < 0.15 * RATED),
    "power_high": Case(lambda v: 1.2 * RATED < v.power < 1.45 * RATED),
    "power_low": Case(lambda v: 0.25 * RATED < v.power < 0.8 * RATED),
    "power_factor_low": Case(lambda v: v.power > 25 and v.power_factor < 0.85),
    "overcurrent": Case(lambda v: v.current > 1.5 * RATED / 230),
    "driver_overtemperature": Case(lambda v: v.driver_temperature > 85),
    "voltage_high": Case(lambda v: v.voltage > 253),
    "voltage_low": Case(lambda v: 184 < v.voltage < 207),
    "day_burner": Case(lambda v: not v.switch_command and v.power > BURNS and daylight(v)),
    "relay_stuck": Case(
        lambda v: v.relay_failure_flag and not v.switch_command and v.power > BURNS and v.sun <= -6
    ),
    "photocell_fault": Case(
        lambda v: v.switch_command and v.power > BURNS and v.sun > 4 and v.illuminance > 1000
    ),
    "leakage": Case(lambda v: v.leakage_current > 10),
    "pole_tilt": Case(lambda v: 5 < v.tilt < 15),
    "pole_down": Case(lambda v: v.tilt > 15 and v.voltage == 0),
    "door_open": Case(lambda v: v.door_open and v.voltage > 184),
    "relamping": Case(lambda v: v.door_open and v.voltage == 0),
    "test_switching": Case(lambda v: v.switch_command and v.power > BURNS and daylight(v)),
    "photocell_covered": Case(lambda v: v.illuminance < 100 and v.power > BURNS and daylight(v)),
    "lamp_exchanged": Case(lambda v: 0.6 * RATED < v.power < 0.8 * RATED),
}
"""Faults with a condition that every single reading tells."""
OVER_TIME = {"lamp_cycling", "energy_drift", "meter_spikes", "partial_gaps"}
WRONGLY_LIT = {"test_switching", "photocell_covered"}


def lamp_of(control: str = "photocell", technology: str = "led") -> tuple[Lamp, SteppedClock]:
    clock = SteppedClock(NOON)
    world = World(14.5547, 121.0244, clock=clock, seed=3)
    facts = LampFacts(
        rated_power=RATED, technology=technology, control=control, feeder="F1", phase="L1"  # type: ignore[arg-type]
    )  # fmt: skip
    return Lamp("lamp-1", facts, world), clock


def looks(lamp: Lamp, clock: SteppedClock, hours: float, step: float = 300.0) -> Iterator[Any]:
    """What it shows, look by look, with the sun's elevation."""
    for _ in range(round(hours * 3600 / step)):
        lamp.advance(clock.step(step))
        yield SimpleNamespace(**lamp.values(), sun=lamp.sun)


def test_every_fault_has_its_case() -> None:
    assert {fault.name for fault in FAULTS} == CASES.keys() | OVER_TIME
    assert {fault.kinds for fault in FAULTS} == {frozenset({"lamp"})}


@pytest.mark.parametrize("name", CASES)
def test_it_shows_when_it_says_so_and_not_after_repair(name: str) -> None:
    case = CASES[name]
    lamp, clock = lamp_of(case.control)
    for shown in looks(lamp, clock, 26):
        if name != "photocell_covered":
            assert not case.seen(shown), "a sound lamp shows it"
    lamp.break_down(name, 0.0)
    told = []
    for shown in looks(lamp, clock, 26):
        assert case.seen(shown) == lamp.shows(name), (shown, lamp.sun)
        told.append(lamp.shows(name))
    assert any(told)
    lamp.repair(name)
    list(looks(lamp, clock, 0.75))
    for shown in looks(lamp, clock, 26):
        assert not case.seen(shown)
        assert not lamp.shows(name)


@pytest.mark.parametrize("name", CASES)
def test_where_it_could_show_it_does(name: str) -> None:
    """As soon as it may be injected, or for a photocell by the next dusk or dawn."""
    lamp, clock = lamp_of()
    waited = 0
    while not lamp.could_show(name):
        lamp.advance(clock.step(300))
        waited += 1
        assert waited < 24 * 12, "nowhere in a day"
    lamp.break_down(name, 0.0)
    patience = 18.0 if name == "photocell_fault" else 0.5
    assert any(lamp.shows(name) for _ in looks(lamp, clock, patience, step=60))


@pytest.mark.parametrize("name", ["leakage", "pole_tilt", "driver_overtemperature"])
def test_what_grows_shows_only_once_it_is_past_the_threshold(name: str) -> None:
    lamp, clock = lamp_of()
    lamp.advance(clock.step(8 * 3600))
    lamp.break_down(name, 4 * 3600)
    told = []
    for shown in looks(lamp, clock, 5):
        assert CASES[name].seen(shown) == lamp.shows(name)
        told.append(lamp.shows(name))
    assert not any(told[:12])
    assert all(told[-12:])


@pytest.mark.parametrize(("technology", "minutes"), [("led", 1), ("hps", 8), ("mh", 10)])
def test_a_dead_lamp_shows_when_a_sound_one_would_be_warm(technology: str, minutes: int) -> None:
    lamp, clock = lamp_of(technology=technology)
    lamp.break_down("lamp_failure", 0.0)
    told = [(v.switch_command, lamp.shows("lamp_failure")) for v in looks(lamp, clock, 12, step=60)]
    on = [shows for commanded, shows in told if commanded]
    assert not any(shows for commanded, shows in told if not commanded)
    assert minutes - 1 <= on.index(True) <= minutes
    assert all(on[minutes:])


def test_a_stuck_relay_is_told_by_night_of_a_lamp_that_is_ordered_off() -> None:
    """What burns on in the morning is a day burner: one fault, one alarm."""
    lamp, clock = lamp_of()
    lamp.break_down("relay_stuck", 0.0)
    for shown in looks(lamp, clock, 24):
        assert not shown.switch_command
        assert shown.power > BURNS
        assert lamp.shows("relay_stuck") is (shown.sun <= -6)


@pytest.mark.parametrize("technology", ["led", "hps", "mh"])
def test_a_cycling_lamp_goes_out_and_comes_back_at_least_four_times_an_hour(
    technology: str,
) -> None:
    lamp, clock = lamp_of(technology=technology)
    lamp.advance(clock.step(8 * 3600))
    lamp.break_down("lamp_cycling", 0.0)
    assert lamp.shows("lamp_cycling")
    lit = [shown.power > 0.15 * RATED for shown in looks(lamp, clock, 1.5, step=10)]
    ons = [n for n, (was, now) in enumerate(pairwise(lit)) if now and not was]
    assert len(ons) >= 5, "a night's worth"
    if technology != "mh":
        assert sum(n < 360 for n in ons) >= 4
        outs = [sum(1 for _ in run) for run in runs(lit)]
        assert max(outs) * 10 < 300, "never out long enough to be dead"
    lamp.repair("lamp_cycling")
    list(looks(lamp, clock, 0.4))
    assert all(shown.power > 0.5 * RATED for shown in looks(lamp, clock, 1, step=10))


def runs(lit: list[bool]) -> Iterator[list[bool]]:
    """The stretches of darkness."""
    run: list[bool] = []
    for one in lit:
        if not one:
            run.append(one)
        elif run:
            yield run
            run = []


def test_a_drifting_register_counts_more_than_is_used_and_power_says_nothing() -> None:
    lamp, clock = lamp_of()
    lamp.break_down("energy_drift", 0.0)
    energy, used = lamp.energy, lamp.used
    for shown in looks(lamp, clock, 48):
        assert shown.power < 1.1 * RATED
    assert (lamp.energy - energy) / (lamp.used - used) == pytest.approx(1.3)
    lamp.repair("energy_drift")
    energy, used = lamp.energy, lamp.used
    list(looks(lamp, clock, 24))
    assert lamp.energy - energy == pytest.approx(lamp.used - used)


def test_spikes_stand_alone_and_never_twice_in_a_row() -> None:
    lamp, clock = lamp_of()
    lamp.advance(clock.step(8 * 3600))
    lamp.break_down("meter_spikes", 0.0)
    spiked = [shown.power > 2 * RATED for shown in looks(lamp, clock, 8, step=60)]
    assert 10 < sum(spiked) < 60
    assert not any(was and now for was, now in pairwise(spiked))
    lamp.repair("meter_spikes")
    assert all(shown.power < 2 * RATED for shown in looks(lamp, clock, 1, step=60))


def test_missing_points_are_back_with_the_next_reading() -> None:
    lamp, clock = lamp_of()
    lamp.break_down("partial_gaps", 0.0)
    seen = [vars(shown) for shown in looks(lamp, clock, 8)]
    missing = [{point for point, value in shown.items() if value is None} for shown in seen]
    assert sum(map(bool, missing)) > 20
    assert not any(was & now for was, now in pairwise(missing))
    lamp.repair("partial_gaps")
    assert all(None not in vars(shown).values() for shown in looks(lamp, clock, 2))


def test_a_dead_lamp_is_dead_in_every_point() -> None:
    lamp, clock = lamp_of()
    lamp.advance(clock.step(8 * 3600))
    (sound,) = looks(lamp, clock, 5 / 60)
    lamp.break_down("lamp_failure", 0.0)
    *_, dead = looks(lamp, clock, 2)
    assert dead.power < 1 < sound.power
    assert dead.current < 0.1 * sound.current
    assert dead.power_factor < 0.5 < sound.power_factor
    assert dead.driver_temperature < sound.driver_temperature - 20
    assert dead.voltage == pytest.approx(sound.voltage, rel=0.02)
    assert lamp.burn_hours == pytest.approx(lamp_hours(lamp, clock), abs=1e-6)


def lamp_hours(lamp: Lamp, clock: SteppedClock) -> float:
    """Its burn hours an hour later: a dead lamp gains none."""
    before = lamp.burn_hours
    lamp.advance(clock.step(3600))
    return before


def test_a_pole_that_is_down_still_tells_so_without_mains() -> None:
    lamp, clock = lamp_of()
    lamp.advance(clock.step(8 * 3600))
    lamp.break_down("pole_down", 0.0)
    (shown,) = looks(lamp, clock, 5 / 60)
    assert (shown.voltage, shown.current, shown.power) == (0, 0, 0)
    assert lamp.powered


def test_faults_add_up_and_leave_one_by_one() -> None:
    lamp, clock = lamp_of()
    lamp.advance(clock.step(8 * 3600))
    for name in ("power_low", "door_open", "leakage"):
        lamp.break_down(name, 0.0)
    (shown,) = looks(lamp, clock, 5 / 60)
    assert shown.door_open
    assert shown.leakage_current > 10
    assert shown.power == pytest.approx(0.6 * RATED, rel=0.06)
    lamp.repair("power_low")
    lamp.repair("power_low")
    (shown,) = looks(lamp, clock, 5 / 60)
    assert shown.door_open
    assert shown.power == pytest.approx(RATED, rel=0.06)


def test_a_partial_failure_stays_clear_of_the_codes_it_must_not_bring() -> None:
    """Nearest to the thresholds: the strongest lamp at the lowest voltage, and the weakest."""
    worst = 1.03 * 1.01 / (0.986 * 0.998)
    for name, factor in (("power_high", 0.96), ("power_factor_low", 0.96 * 0.77)):
        lamp, clock = lamp_of()
        lamp.advance(clock.step(8 * 3600))
        lamp.break_down(name, 0.0)
        (shown,) = looks(lamp, clock, 5 / 60)
        share = 1.3 if name == "power_high" else 1.0
        assert share * worst / factor < 1.5
        assert shown.current < 1.5 * RATED / 230
