"""A gateway that has gone cannot say so itself: the centre does, 90 s after its will."""

from __future__ import annotations

from dataclasses import replace

from gateway.centre.ingest.offline import CODE, Due, Offline
from gateway.model import Millis, Severity, State
from gateway.wire import Root

GW, OTHER = Root("ayala", "gw-1"), Root("ayala", "gw-2")
T = 1_763_800_000_000
SECOND = 1_000


def watch() -> Offline:
    return Offline(after=90 * SECOND)


def told(offline: Offline, now: Millis) -> list[Due]:
    due = offline.due(now)
    for one in due:
        offline.told(one)
    return due


def test_it_is_an_alarm_ninety_seconds_after_the_will_and_only_once() -> None:
    offline = watch()
    offline.hear(GW, online=False, now=T)
    offline.hear(GW, online=False, now=T + 60 * SECOND)
    assert told(offline, T + 89 * SECOND) == []
    [due] = told(offline, T + 90 * SECOND)
    assert due.root == GW
    assert (due.alarm.device, due.alarm.code) == ("gw-1", CODE)
    assert due.alarm.severity is Severity.MAJOR
    assert due.alarm.state is State.UNACKNOWLEDGED
    assert due.alarm.values == {"since": T}
    assert due.alarm.message.startswith("the gateway's connection to the broker broke 1 min 30 s")
    assert told(offline, T + 600 * SECOND) == []


def test_what_was_not_stored_and_published_is_due_again() -> None:
    offline = watch()
    offline.hear(GW, online=False, now=T)
    assert offline.due(T + 90 * SECOND)
    assert offline.wait(T + 90 * SECOND) == SECOND
    assert offline.due(T + 91 * SECOND)


def test_a_gateway_that_comes_back_in_time_was_never_gone() -> None:
    offline = watch()
    offline.hear(GW, online=False, now=T)
    offline.hear(GW, online=True, now=T + 80 * SECOND)
    offline.hear(GW, online=False, now=T + 85 * SECOND)
    assert told(offline, T + 100 * SECOND) == []
    assert len(told(offline, T + 175 * SECOND)) == 1


def test_it_is_over_when_the_gateway_is_back() -> None:
    offline = watch()
    offline.hear(GW, online=False, now=T)
    [gone] = told(offline, T + 90 * SECOND)
    offline.hear(GW, online=True, now=T + 200 * SECOND)
    [back] = told(offline, T + 201 * SECOND)
    normal = State.NORMAL
    assert back.alarm == replace(
        gone.alarm, t=T + 201 * SECOND, state=normal, cleared=T + 201 * SECOND
    )
    assert told(offline, T + 300 * SECOND) == []


def test_an_ingest_that_starts_takes_up_what_the_broker_has() -> None:
    before, after = watch(), watch()
    for root in (GW, OTHER):
        before.hear(root, online=False, now=T)
    for one in told(before, T + 90 * SECOND):
        after.recall(one.root, one.alarm)
    after.hear(GW, online=False, now=T + 500 * SECOND)
    after.hear(OTHER, online=True, now=T + 500 * SECOND)
    due = told(after, T + 900 * SECOND)
    assert [(each.root, each.alarm.state) for each in due] == [(OTHER, State.NORMAL)]


def test_it_says_how_long_nothing_can_be_due() -> None:
    offline = watch()
    assert offline.wait(T) == 3600 * SECOND
    offline.hear(GW, online=False, now=T)
    assert offline.wait(T + 30 * SECOND) == 60 * SECOND
