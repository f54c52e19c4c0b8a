"""What the engine promises, whatever the rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as sized
from hypothesis import strategies as st

from gateway.assets import FeederFacts, LampFacts
from gateway.faults.engine import FaultEngine
from gateway.faults.rule import BETWEEN, MET, NORMAL, Rule, Seen, Settings, Verdict
from gateway.model import (
    ActionName,
    Alarm,
    AlarmAction,
    Device,
    Millis,
    Point,
    Reading,
    Severity,
    State,
    Value,
)

T = 1_774_004_400_000
SECOND = 1000


@dataclass(frozen=True, slots=True)
class Limits(Settings):
    high: float = 10.0
    low: float = 8.0


def over(seen: Seen, settings: Limits, _memory: object) -> Verdict:
    level = seen.fresh["level"]
    assert isinstance(level, int | float)
    return MET if level >= settings.high else NORMAL if level < settings.low else BETWEEN


def tell(
    seen: Seen, settings: Limits, _memory: object, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    return f"{seen.fresh.get('level')} of {settings.high}", {}


OVER = Rule(
    code="over",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=Limits,
    judge=over,
    tell=tell,
    points=("level",),
)
FAR_OVER = replace(
    OVER,
    code="far_over",
    judge=lambda s, c, m: over(s, replace(c, high=50.0), m),
    replaces=("over",),
)


def lamp(name: str = "lamp-1", **extra: Any) -> Device:
    points = (Point("level", None, 1.0), Point("slow", None, 60.0))
    return Device(name, "lamp", "a", "", None, None, points, facts=LampFacts(), **extra)


def engine(*rules: Rule, devices: tuple[Device, ...] | None = None, **site: Any) -> FaultEngine:
    chosen = {rule.code: rule for rule in rules or (OVER,)}
    return FaultEngine(devices or (lamp(),), chosen, 14.5, 121.0, site)


def feed(judge: FaultEngine, *levels: float, start: int = 0, device: str = "lamp-1") -> list[Alarm]:
    """Feed levels a second apart, the first at ``start`` seconds; every alarm they change."""
    said: list[Alarm] = []
    for number, level in enumerate(levels):
        reading = Reading(device, "lamp", T + (start + number) * SECOND, {"level": level})
        said += [one for one in judge.feed(reading) if isinstance(one, Alarm)]
    return said


def states(alarms: list[Alarm]) -> list[tuple[str, State]]:
    return [(alarm.code, alarm.state) for alarm in alarms]


def act(judge: FaultEngine, action: ActionName, code: str = "over", t: int = 100) -> list[Alarm]:
    done = judge.act(AlarmAction("", "lamp-1", code, T + t * SECOND, action, "ana"))
    return [one for one in done if isinstance(one, Alarm)]


# Raising and clearing


def test_it_says_what_changes_and_nothing_else() -> None:
    said = feed(engine(), 5, 12, 12, 12, 9, 9, 5, 5)
    assert states(said) == [("over", State.UNACKNOWLEDGED), ("over", State.RETURNED)]
    assert [(a.t - T, a.raised - T) for a in said] == [(2000, 2000), (6000, 2000)]


def test_a_raised_alarm_carries_the_sentence_and_since_when() -> None:
    [alarm] = feed(engine(), 12, 13)
    assert alarm.message == "13 of 10.0"
    assert alarm.values["since"] == T
    assert (alarm.device, alarm.severity) == ("lamp-1", Severity.MINOR)


def test_active_are_those_that_are_not_normal() -> None:
    judge = engine()
    assert judge.active() == ()
    [alarm] = feed(judge, 12, 12)
    assert judge.active() == (alarm,)
    [returned] = feed(judge, 5, start=2)
    assert judge.active() == (returned,)
    act(judge, "acknowledge")
    assert judge.active() == ()


def test_an_unknown_device_is_ignored() -> None:
    assert engine().feed(Reading("stranger", "lamp", T, {"level": 99.0})) == []


def test_a_rule_without_its_points_does_not_judge() -> None:
    judge = engine(replace(OVER, points=("pressure",)))
    assert feed(judge, 12, 12, 12) == []


# Settings


def test_settings_of_the_site_and_then_of_the_device_count() -> None:
    own = lamp("lamp-2", rules={"over": {"high": 30.0}})
    judge = engine(devices=(lamp(), own), over={"high": 20.0, "readings": 3})
    assert feed(judge, 12, 12, 12) == []
    assert len(feed(judge, 21, 21, 21, start=10)) == 1
    assert feed(judge, 21, 21, 21, start=20, device="lamp-2") == []
    assert len(feed(judge, 31, 31, 31, start=30, device="lamp-2")) == 1


def test_a_rule_that_is_switched_off_is_silent() -> None:
    assert feed(engine(over={"enabled": False}), 12, 12, 12) == []


# Supersession


def test_the_more_specific_code_replaces_the_vaguer_one() -> None:
    judge = engine(OVER, FAR_OVER)
    said = feed(judge, 12, 12, 60, 60, 60, 60)
    assert states(said) == [
        ("over", State.UNACKNOWLEDGED),
        ("over", State.NORMAL),
        ("far_over", State.UNACKNOWLEDGED),
    ]
    assert said[1].cause == "lamp-1/far_over"
    assert [alarm.code for alarm in judge.active()] == ["far_over"]


def test_when_the_more_specific_one_is_gone_the_vaguer_is_judged_afresh() -> None:
    judge = engine(
        OVER,
        replace(FAR_OVER, judge=lambda s, _c, _m: over(s, Limits(0, 0, 2, True, 50, 40), None)),
    )
    feed(judge, 60, 60, 60)
    said = feed(judge, 20, 20, 20, start=3)
    assert states(said) == [("far_over", State.RETURNED), ("over", State.UNACKNOWLEDGED)]
    assert said[1].t - T == 5000, "two readings of its own, though the level was high all along"


# People


def test_acknowledging_a_returned_alarm_ends_it() -> None:
    judge = engine()
    feed(judge, 12, 12, 5)
    [alarm] = act(judge, "acknowledge")
    assert alarm.state is State.NORMAL
    assert alarm.acknowledged is not None
    assert (alarm.acknowledged.by, alarm.acknowledged.at) == ("ana", T + 100 * SECOND)
    assert act(judge, "acknowledge") == []


def test_an_acknowledged_alarm_ends_when_it_clears_and_can_come_again() -> None:
    judge = engine()
    feed(judge, 12, 12)
    assert states(act(judge, "acknowledge")) == [("over", State.ACKNOWLEDGED)]
    assert states(feed(judge, 5, start=200)) == [("over", State.NORMAL)]
    assert states(feed(judge, 12, 12, start=300)) == [("over", State.UNACKNOWLEDGED)]


def test_a_latched_alarm_stays_until_somebody_resets_it() -> None:
    judge = engine(replace(OVER, latched=True))
    feed(judge, 12, 12)
    assert act(judge, "reset") == [], "not while the condition is present"
    act(judge, "acknowledge")
    assert states(feed(judge, 5, start=200)) == [("over", State.ACKNOWLEDGED)]
    assert states(act(judge, "reset", t=300)) == [("over", State.NORMAL)]
    assert judge.active() == ()


def test_an_alarm_out_of_service_follows_its_condition_in_silence() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "out-of-service")
    assert [alarm.state for alarm in judge.active()] == [State.OUT_OF_SERVICE]
    assert {alarm.state for alarm in feed(judge, 5, start=200)} == {State.OUT_OF_SERVICE}
    assert states(act(judge, "in-service", t=300)) == [("over", State.NORMAL)]


# Restarts and clocks


def restarted(judge: FaultEngine, **site: Any) -> FaultEngine:
    saved = json.loads(json.dumps(judge.snapshot()))
    after = engine(**site)
    assert after.restore(saved, T) == []
    return after


def test_a_restart_neither_forgets_nor_repeats_an_alarm() -> None:
    judge = engine()
    feed(judge, 12, 12)
    after = restarted(judge)
    assert after.active() == judge.active()
    assert feed(after, 12, 12, 12, start=10) == []
    assert states(feed(after, 5, start=20)) == [("over", State.RETURNED)]


def test_a_restart_keeps_who_acknowledged() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "acknowledge")
    [alarm] = restarted(judge).active()
    assert alarm.acknowledged is not None
    assert alarm.acknowledged.by == "ana"


def test_what_was_pending_begins_anew() -> None:
    judge = engine(over={"on_delay": 5.0})
    feed(judge, 12, 12, 12, 12, 12)
    after = restarted(judge, over={"on_delay": 5.0})
    assert feed(after, 12, 12, 12, 12, 12, start=5) == []


def test_an_alarm_whose_device_or_rule_is_gone_ends() -> None:
    judge = engine()
    feed(judge, 12, 12)
    elsewhere = engine(devices=(lamp("lamp-9"),))
    [gone] = elsewhere.restore(judge.snapshot(), T + 60 * SECOND)
    assert isinstance(gone, Alarm)
    assert (gone.device, gone.state, gone.t) == ("lamp-1", State.NORMAL, T + 60 * SECOND)
    assert elsewhere.active() == ()


@pytest.mark.parametrize(
    "saved", [{}, {"version": 9, "alarms": []}, {"version": 2, "alarms": [{"device": "a"}]}]
)
def test_what_is_no_snapshot_is_refused(saved: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        engine().restore(saved, T)


def test_a_clock_set_back_begins_the_timing_anew_but_clears_nothing() -> None:
    judge = engine()
    feed(judge, 12, start=100)
    assert feed(judge, 12, start=50) == [], "one reading on either side of the step"
    assert len(feed(judge, 12, start=51)) == 1
    assert feed(judge, 12, start=20) == []
    assert [alarm.state for alarm in judge.active()] == [State.UNACKNOWLEDGED]
    assert states(feed(judge, 5, start=21)) == [("over", State.RETURNED)]


def test_a_clock_set_back_begins_the_off_delay_anew() -> None:
    judge = engine(over={"off_delay": 5.0})
    feed(judge, 12, 12, 5, start=100)
    said = feed(judge, 5, 5, 5, 5, 5, 5, start=50)
    assert [(alarm.state, alarm.t - T) for alarm in said] == [(State.RETURNED, 55_000)]


# Undecided


@sized(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from(["bad", "uncertain", "silent", "missing"])),
        max_size=20,
    ),
    raised=st.booleans(),
)
def test_nothing_undecided_raises_or_clears(steps: list[tuple[int, str]], *, raised: bool) -> None:
    judge = engine()
    if raised:
        feed(judge, 12, 12)
    before, t = judge.active(), T + 2 * SECOND
    for gap, what in steps:
        t += gap * SECOND
        reading = {
            "bad": Reading("lamp-1", "lamp", t, {}, bad={"level": "not a number"}),
            "uncertain": Reading("lamp-1", "lamp", t, {"level": 99.0}, frozenset({"level"})),
            "silent": Reading("lamp-1", "lamp", t, silent="timeout"),
            "missing": Reading("lamp-1", "lamp", t, {"slow": 1.0}),
        }[what]
        assert judge.feed(reading) == []
    assert judge.active() == before


@sized(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.floats(0, 20)), min_size=1, max_size=60),
    st.integers(0, 59),
)
def test_raise_and_clear_take_turns_also_across_a_restart(
    steps: list[tuple[int, float]], cut: int
) -> None:
    judge, t, there = engine(), T, False
    for number, (gap, level) in enumerate(steps):
        t += gap * SECOND
        if number == cut:
            judge = restarted(judge)
        for alarm in judge.feed(Reading("lamp-1", "lamp", t, {"level": level})):
            if not isinstance(alarm, Alarm):
                continue  # it chatters
            assert (alarm.cleared is None) is not there, "no raise of what stands, no clear twice"
            there = alarm.cleared is None


# Groups


def pillar() -> Device:
    points = (Point("level", None, 10.0),)
    facts = FeederFacts(feeder="F1")
    return Device("pillar-1", "feeder", "a", "", None, None, points, facts=facts)


def test_a_group_is_judged_about_its_pillar_or_by_its_own_name() -> None:
    rule = replace(
        OVER,
        kinds=frozenset({"lamp", "feeder"}),
        scope="feeder",
        judge=lambda group, _settings, _memory: MET if group.everyone() else NORMAL,
        tell=lambda group, _s, _m, _since: (f"feeder {group.name}", {}),
    )
    inside = replace(lamp(), facts=LampFacts(feeder="F1"))
    [alarm] = feed(engine(rule, devices=(inside,)), 1, 1)
    assert (alarm.device, alarm.message) == ("feeder:F1", "feeder F1")
    [alarm] = feed(engine(rule, devices=(inside, pillar())), 1, 1)
    assert alarm.device == "pillar-1"


def test_an_alarm_of_a_group_survives_a_restart_too() -> None:
    rule = replace(OVER, scope="bus", judge=lambda _g, _s, _m: MET, tell=lambda *_: ("bus", {}))
    judge = engine(rule)
    [alarm] = feed(judge, 1, 1)
    after = engine(rule)
    assert after.restore(json.loads(json.dumps(judge.snapshot())), T) == []
    assert after.active() == (alarm,)
    assert alarm.device == "bus:a"
