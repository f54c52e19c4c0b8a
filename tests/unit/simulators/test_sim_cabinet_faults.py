"""Each fault of a cabinet shows exactly while ``shows`` says so, and is gone after its repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from simulators.devices.cabinet import FAULTS, Cabinet
from simulators.devices.contract import Values
from simulators.world import SteppedClock
from tests.parts.junctions import FOUR_ARMS, junction, watched

GROUPS = tuple(f"group_{n}" for n in (1, 2, 3, 4))
NAMES = [fault.name for fault in FAULTS]
NUISANCES = [fault.name for fault in FAULTS if fault.code is None]
CATALOGUE = {
    "conflicting_greens", "junction_dark", "signal_dark", "flash_mode",
    "conflict_monitor_fault", "all_red_stuck", "phase_not_served", "long_yellow",
    "short_yellow", "lamp_fault", "detector_stuck_on", "detector_no_activity",
    "detector_erratic", "ped_button_stuck", "preempt_stuck", "stop_time", "cycle_fault",
    "coordination_fault", "plan_mismatch", "on_battery", "battery_low", "charger_fault",
    "cabinet_overtemperature", "door_open", "clock_drift",
}  # fmt: skip
"""Every code of domain.md §2."""


def aspects(shown: Values) -> list[Any]:
    return [shown[group] for group in GROUPS]


def conflict(shown: Values) -> bool:
    return any(shown[f"group_{a}"] == shown[f"group_{b}"] == "green" for a, b in FOUR_ARMS)


def flash(*causes: str) -> Callable[[Values], bool]:
    return lambda shown: shown["mode"] == "flash" and shown["flash_cause"] in causes


def point(name: str) -> Callable[[Values], bool]:
    return lambda shown: shown[name] is True


def number(name: str, low: float, high: float) -> Callable[[Values], bool]:
    return lambda shown: low < float(shown[name] or 0) < high


#: What a look at the points alone must find while ``shows`` says yes, and at no other time.
TO_BE_SEEN: Mapping[str, Callable[[Values], bool]] = {
    "conflicting_greens": conflict,
    "caught_conflict": flash("mmu"),
    "junction_dark": lambda shown: set(aspects(shown)) == {"dark"},
    "signal_dark": lambda shown: "dark" in aspects(shown) and shown["mode"] == "control",
    "lamp_fault_red": lambda s: any(s[f"lamp_fault_{n}"] for n in (1, 2, 3, 4)),
    "lamp_fault": lambda s: any(s[f"lamp_fault_{n}"] for n in (1, 2, 3, 4)),
    "conflict_monitor_fault": lambda shown: shown["conflict_monitor_ok"] is False,
    "flash_mode": flash("mmu"),
    "controller_fault": flash("fault_monitor"),
    "forgotten_flash": flash("manual"),
    "manual_flash": flash("manual"),
    "planned_flash": flash("automatic"),
    "preempt_flash": flash("preempt"),
    "preempt_stuck": point("preempt"),
    "preemption": point("preempt"),
    "stop_time": point("stop_time"),
    "cycle_fault": point("cycle_fault"),
    "cycle_failed": point("cycle_failed"),
    "coordination_fault": point("coordination_fault"),
    "coordination_failed": point("coordination_failed"),
    "plan_mismatch": lambda shown: shown["plan"] != 1,
    "detector_erratic": lambda s: any(s[f"detector_fault_{n}"] for n in (1, 2, 3, 4)),
    "on_battery": point("on_battery"),
    "battery_low": lambda s: s["on_battery"] is True and number("battery_voltage", 0, 23.40)(s),
    "charger_fault": number("battery_voltage", 0, 26.46),
    "cabinet_overtemperature": number("cabinet_temperature", 65, 90),
    "sunny_cabinet": number("cabinet_temperature", 55, 65.01),
    "door_open": point("door_open"),
    "door_glance": point("door_open"),
    "maintenance": point("door_open"),
    "clock_drift": lambda s: abs(float(s["clock_offset"] or 0)) > 2,
    "clock_dst": number("clock_offset", 3_599, 3_601),
    "lamp_test": lambda shown: shown["mode"] == "test",
    "switched_off": lambda shown: shown["mode"] == "standby",
    "power_dip": lambda shown: shown["mode"] == "startup",
}  # fmt: skip
_DULL = {"battery_low", "charger_fault", "sunny_cabinet", "cabinet_overtemperature", "clock_drift"}
"""Crossing a threshold, their own noise may disagree with them for a look."""
_SINKS = {"battery_low"}
"""Through its meter's error in minutes; see the test of its own below."""


def warmed_up() -> tuple[Cabinet, SteppedClock]:
    cabinet, clock = junction()
    for _ in watched(cabinet, clock, 120):
        pass
    return cabinet, clock


def test_every_code_of_the_domain_has_a_fault_and_every_nuisance_has_none() -> None:
    assert {fault.code for fault in FAULTS if fault.code} == CATALOGUE
    assert set(NUISANCES) >= {
        "planned_flash", "preemption", "power_dip", "maintenance", "manual_flash", "quiet_night",
        "dst_change", "sunny_cabinet", "green_rest", "red_rest",
    }  # fmt: skip
    for fault in FAULTS:
        assert fault.kinds == {"signal"}
        assert not set(fault.must_not) & {fault.code, *fault.may}


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_in_time_and_is_gone_after_its_repair(name: str) -> None:
    cabinet, clock = warmed_up()
    assert cabinet.could_show(name)
    assert not cabinet.shows(name)
    cabinet.break_down(name, 5.0)
    assert any(cabinet.shows(name) for _ in watched(cabinet, clock, 600))
    cabinet.repair(name)
    assert not cabinet.shows(name)
    for _ in watched(cabinet, clock, 240):
        assert not cabinet.shows(name)
    shown = cabinet.values()
    assert (shown["mode"], shown["plan"], shown["conflict_monitor_ok"]) == ("control", 1, True)
    ill = [key for key, value in shown.items() if value is True and "fault" in key]
    assert not ill
    served: set[int] = set()
    for one in watched(cabinet, clock, 60):
        served |= {n for n in (1, 2, 3, 4) if one[f"group_{n}"] == "green"}
    assert served == {1, 2, 3, 4}, "business as usual"


@pytest.mark.parametrize("name", TO_BE_SEEN)
def test_what_shows_is_to_be_seen_in_the_points(name: str) -> None:
    cabinet, clock = warmed_up()
    seen = TO_BE_SEEN[name]
    assert not any(seen(shown) for shown in watched(cabinet, clock, 60))
    cabinet.break_down(name, 0.0 if name in _SINKS else 20.0)
    odd = 0
    for shown in watched(cabinet, clock, 300):
        odd += seen(shown) is not cabinet.shows(name)
    assert odd <= (6 if name in _DULL else 0)


def test_a_yellow_is_long_after_ten_seconds_and_short_below_three() -> None:
    for name, low, high in (("long_yellow", 10.5, 12.1), ("short_yellow", 1.4, 1.6)):
        cabinet, clock = warmed_up()
        cabinet.break_down(name, 0)
        lengths: list[float] = []
        shows = 0
        for shown in watched(cabinet, clock, 120, 0.1):
            yellow = shown["group_1"] == "yellow"
            if yellow and (not lengths or lengths[-1] < 0):
                lengths.append(0.0)
            if yellow:
                lengths[-1] = round(lengths[-1] + 0.1, 1)
            elif lengths:
                lengths.append(-1.0)
            shows += cabinet.shows(name)
        whole = [length for length in lengths if length > 0]
        assert whole
        assert all(low <= length <= high for length in whole[1:-1])
        assert shows


@pytest.mark.parametrize("wait", range(0, 40, 2))
def test_a_conflict_shows_soon_and_is_never_a_glimpse(wait: int) -> None:
    cabinet, clock = warmed_up()
    for _ in watched(cabinet, clock, wait):
        pass
    cabinet.break_down("conflicting_greens", 0)
    clashes = [conflict(shown) for shown in watched(cabinet, clock, 90, 0.5)]
    first = clashes.index(True)
    assert first <= 20, "within ten seconds: the demo's lasts for sixteen"
    assert all(clashes[first : first + 6]), "three readings at one a second"


def test_a_yellow_is_known_to_be_short_when_it_has_ended() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("short_yellow", 0)
    before: list[bool] = []
    for shown in watched(cabinet, clock, 120, 0.1):
        if cabinet.shows("short_yellow"):
            break
        before.append("yellow" in aspects(shown))
    assert 14 <= sum(before) <= 15, "one whole yellow of a second and a half"
    assert before[-1]
    assert all(cabinet.shows("short_yellow") for _ in watched(cabinet, clock, 60))


def test_a_low_battery_shows_once_its_meter_says_so_whatever_its_error() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("battery_low", 120.0)
    volts: dict[bool, list[float]] = {False: [], True: []}
    for shown in watched(cabinet, clock, 600):
        volts[cabinet.shows("battery_low")].append(float(shown["battery_voltage"] or 0))
    assert 100 <= len(volts[False]) <= 180, "about the time it was to take"
    assert max(volts[True]) < 23.40 <= max(volts[False])


def test_a_nuisance_that_was_over_and_came_back_lasts_its_own_time() -> None:
    cabinet, clock = warmed_up()
    for _ in range(2):
        cabinet.break_down("door_glance", 0)
        for shown in watched(cabinet, clock, 30):
            assert shown["door_open"] is True
        cabinet.repair("door_glance")


@pytest.mark.parametrize(
    ("name", "most"), [("manual_flash", 3_600), ("preempt_flash", 600), ("dst_change", 360)]
)
def test_what_is_ordinary_is_over_before_its_alarm_would_ask(name: str, most: int) -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down(name, 0)
    ended = next(n for n, _ in enumerate(watched(cabinet, clock, most)) if not cabinet.shows(name))
    assert 30 <= ended < most


def test_nobody_is_served_and_everybody_waits() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("phase_not_served", 0)
    group = cabinet.sequence.omitted
    waited = [
        shown[f"vehicle_call_{group}"]
        for shown in watched(cabinet, clock, 600)
        if shown[f"group_{group}"] != "green"
    ]
    assert len(waited) == 600, "no green in ten minutes"
    assert all(waited[-300:])
    assert cabinet.shows("phase_not_served")


def test_all_red_stays_with_people_waiting() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("all_red_stuck", 0)
    for _ in watched(cabinet, clock, 100):
        pass
    for shown in watched(cabinet, clock, 200):
        assert set(aspects(shown)) == {"red"}
        assert cabinet.shows("all_red_stuck")
        assert any(shown[f"vehicle_call_{n}"] for n in (1, 2, 3, 4))


def test_a_rest_in_red_has_nobody_waiting() -> None:
    """That is what tells it from a junction that is stuck."""
    cabinet, clock = warmed_up()
    cabinet.break_down("red_rest", 0)
    for _ in watched(cabinet, clock, 120):
        pass
    for shown in watched(cabinet, clock, 600):
        assert set(aspects(shown)) == {"red"}
        assert not any(shown[f"vehicle_call_{n}"] for n in (1, 2, 3, 4))
        assert not cabinet.shows("all_red_stuck")


def test_a_dead_detector_sees_nobody_and_a_stuck_one_always_somebody() -> None:
    for name, expected in (("detector_no_activity", {False}), ("detector_stuck_on", {True})):
        cabinet, clock = warmed_up()
        cabinet.break_down(name, 0)
        (lane,) = cabinet.approaches.ill
        key = f"detector_{lane + 1}"
        assert {shown[key] for shown in watched(cabinet, clock, 900)} == expected


def test_a_chattering_detector_actuates_more_than_sixty_times_a_minute() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("detector_erratic", 0)
    (lane,) = cabinet.approaches.ill
    on = [shown[f"detector_{lane + 1}"] for shown in watched(cabinet, clock, 60, 0.1)]
    assert sum((a, b) == (False, True) for a, b in pairwise(on)) > 60


def test_a_stuck_button_calls_in_every_cycle() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("ped_button_stuck", 0)
    assert all(shown["ped_call_1"] for shown in watched(cabinet, clock, 900))


def test_a_door_glance_and_a_pre_emption_end_by_themselves() -> None:
    for name, key in (("door_glance", "door_open"), ("preemption", "preempt")):
        cabinet, clock = warmed_up()
        cabinet.break_down(name, 0)
        on = [shown[key] for shown in watched(cabinet, clock, 120)]
        assert on[0] is True
        assert 30 <= on.index(False) <= 60


def test_two_faults_of_one_cabinet_do_not_mend_each_other() -> None:
    cabinet, clock = warmed_up()
    for name in ("detector_stuck_on", "detector_erratic", "lamp_fault", "door_open", "on_battery"):
        cabinet.break_down(name, 0)
    for _ in watched(cabinet, clock, 120):
        pass
    cabinet.repair("detector_stuck_on")
    cabinet.repair("on_battery")
    for _ in watched(cabinet, clock, 60):
        pass
    assert [n for n in NAMES if cabinet.shows(n)] == ["lamp_fault", "detector_erratic", "door_open"]


def test_in_flash_what_needs_control_would_not_show() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("planned_flash", 0)
    cabinet.advance(clock.step(1))
    assert not cabinet.could_show("conflicting_greens")
    assert cabinet.could_show("door_open")


def test_a_breaker_that_trips_in_flash_is_known_when_the_program_runs_again() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("planned_flash", 0)
    cabinet.break_down("junction_dark", 0)
    for shown in watched(cabinet, clock, 60):
        assert not cabinet.shows("junction_dark")
        assert not any(shown[f"lamp_fault_{n}"] for n in (1, 2, 3, 4)), "the flasher is not watched"
    cabinet.repair("planned_flash")
    assert any(cabinet.shows("junction_dark") for _ in watched(cabinet, clock, 30))


def test_time_that_stops_at_a_rest_goes_on_from_there() -> None:
    cabinet, clock = warmed_up()
    cabinet.break_down("green_rest", 0)
    for _ in watched(cabinet, clock, 300):
        pass
    assert cabinet.sequence.resting
    cabinet.break_down("stop_time", 0)
    for _ in watched(cabinet, clock, 60):
        pass
    cabinet.repair("stop_time")
    cabinet.repair("green_rest")
    seen = [aspects(shown) for shown in watched(cabinet, clock, 180)]
    assert all(any(one[group] == "green" for one in seen) for group in range(4))


def test_without_conflicts_there_is_nothing_to_conflict() -> None:
    cabinet, _ = junction(())
    assert not cabinet.could_show("conflicting_greens")
    assert cabinet.could_show("door_open")
