"""What people do to alarms, and what happens to them with time: shelves, windows, conduct."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.faults.engine import FaultEngine, Outcome, Window
from gateway.faults.rule import Rule
from gateway.model import ActionName, Alarm, AlarmAction, Event, Reading, Severity, State
from tests.unit.faults.test_engine import OVER, SECOND, T, lamp

HOUR = 3600


def engine(rule: Rule = OVER, windows: tuple[Window, ...] = (), **site: Any) -> FaultEngine:
    return FaultEngine((lamp(),), {rule.code: rule}, 14.5, 121.0, site, windows=windows)


def feed(judge: FaultEngine, *levels: float, start: int = 0) -> list[Outcome]:
    out: list[Outcome] = []
    for number, level in enumerate(levels):
        t = T + (start + number) * SECOND
        out += judge.feed(Reading("lamp-1", "lamp", t, {"level": level}))
    return out


def act(judge: FaultEngine, action: ActionName, at: int = 100, **more: Any) -> list[Outcome]:
    identity = more.pop("id", "")
    return judge.act(
        AlarmAction(identity, "lamp-1", "over", T + at * SECOND, action, "ana", **more)
    )


def alarms(out: list[Outcome]) -> list[tuple[State, int]]:
    return [(one.state, (one.t - T) // SECOND) for one in out if isinstance(one, Alarm)]


def audit(out: list[Outcome]) -> list[dict[str, Any]]:
    return [dict(one.values) for one in out if isinstance(one, Event)]


def state(judge: FaultEngine) -> State:
    [alarm] = judge.active()
    return alarm.state


# The shelf


def test_a_shelved_alarm_comes_back_by_itself() -> None:
    judge = engine()
    feed(judge, 12, 12)
    out = act(judge, "shelve", period=600.0)
    assert alarms(out) == [(State.SHELVED, 100)]
    assert judge.active()[0].until == T + 700 * SECOND
    assert alarms(judge.tick(T + 699 * SECOND)) == []
    assert alarms(judge.tick(T + 5000 * SECOND)) == [(State.UNACKNOWLEDGED, 700)]
    assert judge.active()[0].until is None


def test_the_shelf_ends_before_a_later_reading_whether_or_not_a_tick_came() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "shelve", period=600.0)
    assert alarms(feed(judge, 12, start=900)) == [(State.UNACKNOWLEDGED, 700)]


def test_one_whose_condition_went_meanwhile_is_normal_then() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "shelve", period=600.0)
    feed(judge, 5, start=200)
    assert alarms(judge.tick(T + HOUR * SECOND)) == [(State.NORMAL, 700)]
    assert judge.active() == ()


@pytest.mark.parametrize(
    ("severity", "asked", "given"),
    [
        (Severity.MINOR, None, 1),
        (Severity.MINOR, 5, 5),
        (Severity.MINOR, 48, 12),
        (Severity.CRITICAL, 5, 1),
    ],
)
def test_a_shelf_has_its_longest_time(severity: Severity, asked: int | None, given: int) -> None:
    judge = engine(replace(OVER, severity=severity))
    feed(judge, 12, 12)
    out = act(judge, "shelve", period=None if asked is None else asked * HOUR)
    until = T + (100 + given * HOUR) * SECOND
    assert judge.active()[0].until == until
    assert audit(out)[0]["until"] == until


def test_a_person_takes_it_off_the_shelf_and_its_old_time_means_nothing_then() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "shelve", period=600.0)
    assert alarms(act(judge, "unshelve", at=200)) == [(State.UNACKNOWLEDGED, 200)]
    act(judge, "acknowledge", at=300)
    assert alarms(judge.tick(T + HOUR * SECOND)) == []


def test_shelving_works_ahead_of_the_alarm() -> None:
    judge = engine()
    act(judge, "shelve", at=0, period=600.0)
    assert alarms(feed(judge, 12, 12, start=10)) == [(State.SHELVED, 11)]
    assert alarms(judge.tick(T + 600 * SECOND)) == [(State.UNACKNOWLEDGED, 600)]


def test_a_restart_keeps_the_shelf_and_its_end() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "shelve", period=600.0)
    after = engine()
    assert after.restore(json.loads(json.dumps(judge.snapshot())), T + 300 * SECOND) == []
    assert alarms(after.tick(T + HOUR * SECOND)) == [(State.UNACKNOWLEDGED, 700)]


def test_a_shelf_that_ended_while_the_gateway_was_off_ends_at_the_start() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "shelve", period=600.0)
    after = engine()
    out = after.restore(json.loads(json.dumps(judge.snapshot())), T + 900 * SECOND)
    assert alarms(out) == [(State.UNACKNOWLEDGED, 700)]


# On record


def test_who_did_what_is_on_record_done_or_not() -> None:
    judge = engine()
    feed(judge, 12, 12)
    done = act(judge, "acknowledge", text="seen from the road")
    again = act(judge, "acknowledge")
    assert audit(done) == [
        {
            "code": "over",
            "action": "acknowledge",
            "by": "ana",
            "done": True,
            "text": "seen from the road",
        }
    ]
    assert [one["done"] for one in audit(again)] == [False]
    assert audit(act(engine(), "reset"))[0]["done"] is False


def test_what_was_not_done_says_why() -> None:
    def why(judge: FaultEngine, action: ActionName) -> object:
        return audit(act(judge, action))[0].get("reason")

    judge = engine()
    assert why(judge, "acknowledge") == "there is no such alarm now"
    feed(judge, 12, 12)
    assert why(judge, "reset") == "its condition is still there"
    assert why(judge, "unshelve") == "it is unacknowledged"
    assert why(judge, "acknowledge") is None
    assert why(judge, "acknowledge") == "it is acknowledged"
    stranger = AlarmAction("", "lamp-1", "overr", T, "shelve", "ana")
    assert audit(judge.act(stranger))[0]["reason"] == "no rule judges that here"


def test_a_comment_is_on_record_and_changes_nothing() -> None:
    judge = engine()
    feed(judge, 12, 12)
    before = judge.active()
    out = act(judge, "comment", text="the usual one")
    assert (alarms(out), audit(out)[0]["text"]) == ([], "the usual one")
    assert judge.active() == before


def test_a_work_order_stands_on_the_alarm() -> None:
    judge = engine()
    feed(judge, 12, 12)
    act(judge, "work-order", text="WO-17")
    assert judge.active()[0].work_order == "WO-17"
    after = engine()
    after.restore(json.loads(json.dumps(judge.snapshot())), T + 300 * SECOND)
    assert after.active()[0].work_order == "WO-17"


def test_an_action_that_comes_twice_is_done_once_also_across_a_restart() -> None:
    judge = engine()
    feed(judge, 12, 12)
    assert len(act(judge, "comment", id="a7")) == 1
    assert act(judge, "comment", id="a7") == []
    after = engine()
    after.restore(json.loads(json.dumps(judge.snapshot())), T + 300 * SECOND)
    assert act(after, "comment", id="a7", at=400) == []


# Maintenance


def between(begin: int, end: int, *, codes: tuple[str, ...] = ("*",)) -> Window:
    def opened(t: int) -> bool:
        return T + begin * SECOND <= t < T + end * SECOND

    return Window(opened, ("lamp-*",), codes)


def test_alarms_are_suppressed_while_somebody_works_there() -> None:
    judge = engine(windows=(between(0, 600),))
    out = feed(judge, 12, 12)
    assert alarms(out) == [(State.SUPPRESSED, 1)]
    assert judge.active()[0].cause == "maintenance"
    later = T + 900 * SECOND
    minute = (T // 60_000 + 10) * 60_000
    [back] = [one for one in judge.tick(later) if isinstance(one, Alarm)]
    assert (back.state, back.cause) == (State.UNACKNOWLEDGED, None)
    assert minute <= back.t <= minute + 60_000


def test_one_that_stands_when_the_work_begins_is_put_aside_too() -> None:
    judge = engine(windows=(between(300, 600),))
    feed(judge, 12, 12)
    out = judge.tick(T + 420 * SECOND)
    assert [one for one, _ in alarms(out)] == [State.SUPPRESSED]
    feed(judge, 5, start=430)
    assert [one for one, _ in alarms(judge.tick(T + 900 * SECOND))] == [State.NORMAL]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [(("*",), State.UNACKNOWLEDGED), (("bin_fire",), State.SUPPRESSED)],
)
def test_a_danger_is_muted_only_by_its_full_name(codes: tuple[str, ...], expected: State) -> None:
    judge = engine(replace(OVER, code="bin_fire"), windows=(between(0, 600, codes=codes),))
    feed(judge, 12, 12)
    assert state(judge) is expected


# Conduct


def test_an_alarm_that_chatters_is_told_once_an_hour() -> None:
    judge = engine()
    out = feed(judge, *[12, 12, 5] * 10)
    assert audit(out) == [{"code": "over", "raises": 3, "within_s": 6}]
    assert audit(feed(judge, *[12, 12, 5] * 3, start=2 * HOUR)) != []


def test_an_alarm_that_stands_for_a_day_is_stale() -> None:
    judge = engine()
    feed(judge, 12, 12)
    assert audit(judge.tick(T + 23 * HOUR * SECOND)) == []
    told = audit(judge.tick(T + 25 * HOUR * SECOND))
    assert told == [{"code": "over", "raised": T + SECOND}]
    assert audit(judge.tick(T + 50 * HOUR * SECOND)) == []
