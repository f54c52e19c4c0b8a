"""One cause, one alarm: what a parent takes in, what it never may, what becomes of it after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.assets import FeederFacts, LampFacts
from gateway.faults.causes import ANNOUNCE, CAUSES, NEVER, TAKES, Kin, announced, key_of, window
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.faults.telling import Telling
from gateway.model import Alarm, Device, Millis, Point, Reading, Severity, State, Value

T = 1_774_004_400_000
SECOND = 1000
RULES = load_rules()
PHASES = ("voltage_l1", "voltage_l2", "voltage_l3")


def lamp(
    name: str,
    bus: str = "line-1",
    feeder: str = "F1",
    phase: Any = "L1",
    position: int | None = None,
) -> Device:
    points = tuple(Point(one, None, 10.0) for one in ("switch_command", "power", "voltage"))
    facts = LampFacts(rated_power=70.0, feeder=feeder, phase=phase, position=position)
    return Device(name, "lamp", bus, "", None, None, points, facts=facts)


def pillar(name: str = "pillar-1", bus: str = "meters", feeder: str = "F1") -> Device:
    points = tuple(Point(one, None, 5.0) for one in PHASES)
    return Device(name, "feeder", bus, "", None, None, points, facts=FeederFacts(feeder=feeder))


class Street:
    """A pillar and its lamps, polled by turns; what the engine says of them."""

    def __init__(self, count: int) -> None:
        self.lamps = [lamp(f"lamp-{n}") for n in range(1, count + 1)]
        self.devices = (pillar(), *self.lamps)
        self.engine = FaultEngine(self.devices, RULES, 14.5, 121.0)
        self.telling = Telling()
        self.told: list[dict[str, Any]] = []
        self.alive = True
        self.metered = True
        self.t: Millis = T

    def readings(self, second: int) -> Iterator[Reading]:
        for number, device in enumerate(self.lamps):
            if (number - second) % 10 == 0:
                t = T + second * SECOND + number
                if self.alive:
                    values: dict[str, Value] = {
                        "switch_command": True,
                        "power": 69.0,
                        "voltage": 230.0,
                    }
                    yield Reading(device.id, "lamp", t, values)
                else:
                    yield Reading(device.id, "lamp", t, silent="timeout")
        if second % 5 == 4:
            volts = 230.0 if self.metered else 0.0
            t = T + second * SECOND + 900
            yield Reading("pillar-1", "feeder", t, dict.fromkeys(PHASES, volts))

    def run(self, begin: int, end: int) -> None:
        for second in range(begin, end):
            for reading in self.readings(second):
                self.say(self.engine.feed(reading))
            self.say(self.engine.tick(T + second * SECOND + 999))

    def say(self, outcomes: list[Any]) -> None:
        self.told += filter(None, map(self.telling.of, outcomes))

    def states(self) -> dict[State, int]:
        found: dict[State, int] = {}
        for alarm in self.engine.active():
            found[alarm.state] = found.get(alarm.state, 0) + 1
        return found


def test_a_feeder_outage_of_80_lamps_is_one_alarm_with_80_suppressed() -> None:
    street = Street(80)
    street.run(0, 60)
    street.alive = street.metered = False
    street.run(60, 300)
    assert street.states() == {State.UNACKNOWLEDGED: 1, State.SUPPRESSED: 80}
    [outage] = [one for one in street.engine.active() if one.state is State.UNACKNOWLEDGED]
    assert (outage.device, outage.code, outage.suppressed) == ("pillar-1", "feeder_outage", 80)
    raised = [one for one in street.told if one["transition"] == "raise"]
    assert [one["code"] for one in raised] == ["feeder_outage"], "no flood before it either"

    street.alive = street.metered = True
    street.run(300, 900)
    assert street.states() == {State.RETURNED: 1}
    gone = [one for one in street.told if one["transition"] == "unsuppress"]
    assert len(gone) == 80
    assert {one["t"] for one in gone} == {T + 604_900}, "five minutes after its supply came back"


def test_what_is_still_wrong_after_the_return_is_judged_afresh() -> None:
    street = Street(12)
    street.run(0, 60)
    street.alive = street.metered = False
    street.run(60, 120)
    street.metered = True  # the lamps stay silent: their controllers did not survive
    street.run(120, 500)
    assert street.states()[State.RETURNED] == 1
    last = street.told[-1]
    assert (last["transition"], last["code"]) in {("raise", "bus_down"), ("suppress", "comm_loss")}


def test_a_line_that_comes_and_goes_is_one_alarm_each_time_and_none_of_its_lamps() -> None:
    street = Street(12)
    street.run(0, 60)
    for begin in (60, 260, 460):
        street.alive = False
        street.run(begin, begin + 100)
        street.alive = True
        street.run(begin + 100, begin + 200)
    raised = [one["code"] for one in street.told if one["transition"] == "raise"]
    assert raised == ["bus_down"] * 3, "what failed meanwhile is not counted against a lamp"


def test_what_stays_silent_after_the_return_has_its_whole_delay_again() -> None:
    street = Street(12)
    street.run(0, 60)
    street.alive = False
    street.run(60, 160)
    silent = street.lamps.pop()
    street.alive = True
    street.run(160, 180)
    [back] = [one["t"] for one in street.told if one["transition"] == "clear"]
    for second in range(180, 260, 10):
        reading = Reading(silent.id, "lamp", T + second * SECOND, silent="timeout")
        street.say(street.engine.feed(reading))
    lost = street.told[-1]
    assert (lost["device"], lost["code"], lost["transition"]) == (silent.id, "comm_loss", "raise")
    assert lost["t"] >= back + 30 * SECOND


def test_a_restart_keeps_what_was_taken_in() -> None:
    street = Street(12)
    street.run(0, 60)
    street.alive = street.metered = False
    street.run(60, 120)
    saved = json.loads(json.dumps(street.engine.snapshot()))
    before = street.engine.active()
    street.engine = FaultEngine(street.devices, RULES, 14.5, 121.0)
    assert street.engine.restore(saved, T + 120 * SECOND) == []
    assert street.engine.active() == before
    street.alive = street.metered = True
    street.run(120, 500)
    assert street.states() == {State.RETURNED: 1}


def test_what_is_suppressed_by_nobody_is_let_go_at_the_start() -> None:
    street = Street(2)
    orphan = Alarm(
        "lamp-1",
        "comm_loss",
        T,
        State.SUPPRESSED,
        Severity.WARNING,
        "silent",
        T,
        cause="pillar-1/feeder_outage",
    )
    saved = {"version": 1, "alarms": [_row(orphan)]}
    [ended] = street.engine.restore(saved, T + SECOND)
    assert isinstance(ended, Alarm)
    assert ended.state is State.NORMAL


def _row(alarm: Alarm) -> dict[str, Any]:
    return {
        **{name: getattr(alarm, name) for name in ("device", "code", "t", "message", "raised")},
        "state": alarm.state.value,
        "severity": alarm.severity.value,
        "cleared": None,
        "acknowledged": None,
        "values": {},
        "cause": alarm.cause,
        "suppressed": 0,
    }


# The tables


def test_dangers_are_never_taken_in() -> None:
    assert not NEVER & frozenset().union(*TAKES.values())


def test_every_parent_and_child_is_a_code_of_the_catalogue() -> None:
    later = {"comm_degraded", "bad_data", "supply_failure", "undervoltage"}
    assert set(TAKES) | set(CAUSES) <= set(RULES) | later


@pytest.mark.parametrize(
    ("subject", "code", "parents"),
    [
        ("lamp-1", "comm_loss", {("bus:line-1", "bus_down"), ("pillar-1", "feeder_outage")}),
        ("pillar-1", "feeder_outage", {("utility", "utility_outage")}),
        ("bus:line-1", "bus_down", {("pillar-1", "feeder_outage")}),
        ("bus:both", "bus_down", set()),
        ("lamp-1", "pole_down", set()),
        ("lamp-1", "day_burner", {("pillar-1", "contactor_welded")}),
    ],
)
def test_who_may_explain_what(subject: str, code: str, parents: set[tuple[str, str]]) -> None:
    kin = Kin([pillar(), lamp("lamp-1"), lamp("lamp-2", "both"), lamp("lamp-3", "both", "F2")])
    assert parents <= set(kin.parents(subject, code))
    assert bool(parents) or not any(p[0] != subject for p in kin.parents(subject, code))


def parent(code: str, device: str = "pillar-1", **values: Value) -> Alarm:
    state, severity = State.UNACKNOWLEDGED, Severity.MAJOR
    return Alarm(device, code, T, state, severity, "", T, values=values)


def test_a_lost_phase_explains_its_own_lamps_only() -> None:
    kin = Kin([pillar(), lamp("lamp-1", phase="L1"), lamp("lamp-2", phase="L2")])
    lost = parent("phase_loss", phase="L2")
    assert not kin.explains(lost, "lamp-1", "comm_loss")
    assert kin.explains(lost, "lamp-2", "comm_loss")
    assert kin.explains(parent("feeder_outage"), "lamp-1", "comm_loss")
    assert not kin.explains(parent("feeder_outage", "pillar-9"), "lamp-1", "comm_loss")
    assert not kin.explains(parent("bus_down", "bus:line-1"), "lamp-1", "lamp_failure")


def test_a_broken_cable_explains_the_lamps_behind_it_only_and_not_the_pillar() -> None:
    street = [lamp("lamp-4", position=4), lamp("lamp-5", position=5), lamp("lamp-x")]
    kin, cut = Kin([pillar(), *street]), parent("cable_break", first_dead=5)
    assert not kin.explains(cut, "lamp-4", "comm_loss")
    assert kin.explains(cut, "lamp-5", "comm_loss")
    assert kin.explains(cut, "lamp-x", "comm_loss")
    assert not kin.explains(cut, "pillar-1", "comm_loss")
    assert kin.explains(cut, "pillar-1", "feeder_underload")
    assert ("pillar-1", "cable_break") not in set(kin.parents("pillar-1", "comm_loss"))


@pytest.mark.parametrize(("period", "wide"), [(10, 120), (30, 120), (60, 210), (300, 930)])
def test_the_window_follows_the_child_s_poll(period: int, wide: int) -> None:
    assert window(period * SECOND) == wide * SECOND


def test_what_may_be_explained_is_announced_a_minute_later() -> None:
    at: Callable[[Alarm], int] = lambda alarm: announced(alarm) - T  # noqa: E731
    assert at(parent("comm_loss")) == ANNOUNCE
    assert at(parent("pole_tilt")) == 0


def test_a_cause_names_its_alarm() -> None:
    assert key_of("feeder:F1/feeder_outage") == ("feeder:F1", "feeder_outage")
    assert key_of("maintenance") is None
    assert key_of(None) is None
