"""The console's board: what it shows after which messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.centre.console import asset, board
from gateway.centre.console.asset import Condition
from gateway.centre.console.board import AlarmKey, Board, Key, Place
from gateway.model import Acknowledgement, Alarm, Event, Quality, Reading, Severity, State
from gateway.wire import Card, CardPoint, Status

PLACE = Place("makati", "gw-1")
LAMP = Key("makati", "gw-1", "lamp-1")
FAILURE = AlarmKey("makati", "gw-1", "lamp-1", "lamp_failure")
CARD = Card(
    "lamp-1", "lamp", "lamp/generic", "", "", "f1", {"power": CardPoint("W", "number")}, 0, 0, {}
)
T = 1_763_800_000_000
ONLINE = Status(online=True, since=T, version="0.1.0", boot="b")


def reading(t: int = T, device: str = "lamp-1", **values: float) -> Reading:
    return Reading(device, "lamp", t, values)


def silent(t: int) -> Reading:
    return Reading("lamp-1", "lamp", t, silent="no answer within 300 ms")


def alarm(
    state: State = State.UNACKNOWLEDGED,
    severity: Severity = Severity.MINOR,
    code: str = "lamp_failure",
) -> Alarm:
    return Alarm("lamp-1", code, T, state, severity, "dark", T)


class TestReadings:
    def test_a_device_nobody_announced_appears_with_its_first_reading(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=68.2), T)
        assert known.devices[LAMP].points["power"].value == 68.2
        assert known.take().cards == {LAMP}
        assert PLACE in known.places

    def test_only_points_that_look_different_are_told_again(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=68.0, voltage=230.0), T)
        known.take()
        known.reading(PLACE, reading(T + 1000, power=68.5, voltage=230.0), T + 1000)
        assert known.take().points == {LAMP: {"power"}}

    def test_a_point_keeps_its_value_when_a_reading_leaves_it_out(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=68.0, energy=12.0), T)
        known.reading(PLACE, reading(T + 1000, power=67.0), T + 1000)
        assert known.devices[LAMP].points["energy"].value == 12.0

    def test_a_late_reading_from_the_backlog_overwrites_nothing_newer(self) -> None:
        known = Board()
        known.reading(PLACE, reading(T + 60_000, power=68.0), T + 60_000)
        known.reading(PLACE, reading(T, power=1.0, voltage=229.0), T + 60_000)
        points = known.devices[LAMP].points
        assert points["power"].value == 68.0
        assert points["voltage"].value == 229.0
        assert known.devices[LAMP].answered == T + 60_000

    def test_a_clock_that_ran_ahead_does_not_freeze_its_devices(self) -> None:
        known = Board()
        known.reading(PLACE, reading(T + 10**9, power=68.0), T)
        known.reading(PLACE, reading(T + 1000, power=50.0), T + 1000)
        assert known.devices[LAMP].points["power"].value == 50.0

    def test_uncertain_and_bad_values_say_so(self) -> None:
        known = Board()
        known.reading(
            PLACE,
            Reading("lamp-1", "lamp", T, {"dim": 100}, frozenset({"dim"}), {"tilt": "above 90"}),
            T,
        )
        points = known.devices[LAMP].points
        assert points["dim"].quality is Quality.UNCERTAIN
        assert (points["tilt"].value, points["tilt"].reason) == (None, "above 90")


class TestCondition:
    def judged(self, known: Board, now: int) -> Condition:
        known.age(now)
        return known.devices[LAMP].condition

    def test_waits_for_the_first_reading(self) -> None:
        known = Board()
        known.card(LAMP, CARD)
        assert self.judged(known, T) is Condition.WAITING

    def test_silent_since_its_first_missing_answer_and_over_with_the_next_one(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=1.0), T)
        for seconds in (1, 2):
            known.reading(PLACE, silent(T + seconds * 1000), T + seconds * 1000)
        assert self.judged(known, T + 2000) is Condition.SILENT
        assert known.devices[LAMP].silent_since == T + 1000
        known.reading(PLACE, reading(T + 3000, power=1.0), T + 3000)
        assert self.judged(known, T + 3000) is Condition.OK

    @pytest.mark.parametrize(("period", "patience"), [(1, 30), (60, 180)])
    def test_stale_after_three_periods_and_at_least_thirty_seconds(
        self, period: int, patience: int
    ) -> None:
        known = Board()
        last = T + period * 1000
        known.reading(PLACE, reading(power=1.0), T)
        known.reading(PLACE, reading(last, power=1.0), last)
        assert self.judged(known, last + patience * 1000) is Condition.OK
        assert self.judged(known, last + patience * 1000 + 1) is Condition.STALE

    def test_patience_lasts_as_long_as_the_card_promises(self) -> None:
        """Points reported by exception come when they like, and then not for a while."""
        known = Board()
        known.card(LAMP, replace(CARD, every=900.0))
        for t in (T, T + 1000):
            known.reading(PLACE, reading(t, power=1.0), t)
        assert self.judged(known, T + 2_000_000) is Condition.OK
        assert self.judged(known, T + 2_702_000) is Condition.STALE

    def test_a_single_reading_gets_three_minutes(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=1.0), T)
        assert self.judged(known, T + 180_000) is Condition.OK
        assert self.judged(known, T + 180_001) is Condition.STALE

    def test_everything_behind_an_offline_gateway_is_stale(self) -> None:
        known = Board()
        known.status(PLACE, ONLINE)
        known.reading(PLACE, reading(power=1.0), T)
        assert self.judged(known, T) is Condition.OK
        known.status(PLACE, replace(ONLINE, online=False))
        assert self.judged(known, T) is Condition.STALE

    def test_growing_stale_is_a_change_the_page_hears_of(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=1.0), T)
        known.age(T)
        known.take()
        known.age(T + 1000)
        assert not known.take()
        known.age(T + 200_000)
        assert known.take().points == {LAMP: set()}


class TestAlarms:
    def test_a_device_shows_the_gravest_of_its_standing_alarms(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=0.0), T)
        grave = AlarmKey(*LAMP, "pole_down")
        known.alarm(FAILURE, alarm())
        known.alarm(grave, alarm(State.ACKNOWLEDGED, Severity.CRITICAL, "pole_down"))
        assert known.devices[LAMP].worst is Severity.CRITICAL
        assert known.devices[LAMP].unacknowledged
        known.alarm(grave, alarm(State.NORMAL, Severity.CRITICAL, "pole_down"))
        assert known.devices[LAMP].worst is Severity.MINOR

    @pytest.mark.parametrize(
        "state", [State.RETURNED, State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE]
    )
    def test_an_alarm_that_does_not_stand_does_not_colour_its_device(self, state: State) -> None:
        known = Board()
        known.reading(PLACE, reading(power=0.0), T)
        known.alarm(FAILURE, alarm(state))
        assert known.devices[LAMP].worst is None
        assert FAILURE in known.alarms

    def test_an_alarm_before_its_device_colours_it_when_it_comes(self) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        known.card(LAMP, CARD)
        assert known.devices[LAMP].worst is Severity.MINOR

    @pytest.mark.parametrize("end", [alarm(State.NORMAL), None], ids=["normal", "emptied"])
    def test_back_to_normal_it_is_gone(self, end: Alarm | None) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        known.take()
        known.alarm(FAILURE, end)
        assert FAILURE not in known.alarms
        assert known.take().alarms == {FAILURE}

    def test_its_life_is_told_once_in_the_recent_list(self) -> None:
        known = Board()
        raised = alarm()
        noticed = replace(
            raised,
            state=State.ACKNOWLEDGED,
            t=T + 5,
            acknowledged=Acknowledgement("console", T + 5),
        )
        normal = replace(noticed, state=State.NORMAL, t=T + 9, cleared=T + 9)
        for each in (raised, raised, noticed, normal, None):
            known.alarm(FAILURE, each)
        told = [(one.t - T, one.what) for one in known.recent]
        assert told == [(0, "raised"), (5, "acknowledged by console"), (9, "back to normal")]


class TestTheFirstMinute:
    """What a parent may still explain colours no device before it is announced."""

    def test_an_alarm_colours_its_device_when_it_is_announced(self) -> None:
        known = Board()
        known.age(T)
        known.reading(PLACE, reading(power=0.0), T)
        known.alarm(FAILURE, alarm())
        assert known.devices[LAMP].worst is None
        known.take()
        known.age(T + 59_999)
        assert known.devices[LAMP].worst is None
        known.age(T + 60_000)
        assert known.devices[LAMP].worst is Severity.MINOR
        assert LAMP in known.take().points, "the page is told"

    def test_a_danger_and_what_nothing_explains_are_there_at_once(self) -> None:
        known = Board()
        known.age(T)
        known.reading(PLACE, reading(power=0.0), T)
        known.alarm(AlarmKey(*LAMP, "leakage"), alarm(severity=Severity.MAJOR, code="leakage"))
        assert known.devices[LAMP].worst is Severity.MAJOR

    def test_what_came_before_the_first_look_at_the_clock_is_judged_by_it(self) -> None:
        known = Board()
        known.reading(PLACE, reading(power=0.0), T)
        known.alarm(FAILURE, alarm())
        known.age(T + 1000)
        assert known.devices[LAMP].worst is None

    def test_one_that_ends_before_that_is_forgotten(self) -> None:
        known = Board()
        known.age(T)
        known.reading(PLACE, reading(power=0.0), T)
        known.alarm(FAILURE, alarm())
        known.alarm(FAILURE, None)
        known.age(T + 60_000)
        assert known.devices[LAMP].worst is None


class TestWhatPeopleDid:
    def deed(self, t: int = T, **more: object) -> Event:
        told = {"code": "lamp_failure", "action": "comment", "by": "ana", "done": True}
        return Event("lamp-1", "alarm-action", t, {**told, **more})

    def test_is_on_the_alarm_in_order_and_once(self) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        later, before = self.deed(T + 5, text="dark"), self.deed(T + 2, action="reset", done=False)
        known.take()
        for event in (later, before, later):
            known.event(PLACE, event)
        assert known.deeds[FAILURE] == [
            board.Deed(T + 2, "reset", "ana", done=False),
            board.Deed(T + 5, "comment", "ana", done=True, text="dark"),
        ]
        assert known.take().alarms == {FAILURE}
        told = [one.what for one in known.recent]
        assert told == ["raised", "reset by ana: not done", "comment by ana"]

    def test_goes_with_the_alarm(self) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        known.event(PLACE, self.deed())
        known.alarm(FAILURE, None)
        known.event(PLACE, self.deed(T + 1))
        assert not known.deeds

    def test_is_bounded(self) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        for n in range(3 * board.MAX_DEEDS):
            known.event(PLACE, self.deed(T + n))
        assert [one.t - T for one in known.deeds[FAILURE]] == list(range(40, 60))

    def test_whoever_acknowledged_is_named_once(self) -> None:
        known = Board()
        known.alarm(FAILURE, alarm())
        noticed = alarm(State.ACKNOWLEDGED)
        known.alarm(FAILURE, replace(noticed, acknowledged=Acknowledgement("ana", T), t=T + 1))
        known.event(PLACE, self.deed(T + 1, action="acknowledge"))
        assert [one.what for one in known.recent] == ["raised", "acknowledged by ana"]


class TestWhatIsGone:
    def test_an_emptied_card_takes_its_device_away(self) -> None:
        known = Board()
        known.card(LAMP, CARD)
        known.card(LAMP, None)
        assert not known.devices

    def test_after_a_reconnection_what_the_broker_no_longer_keeps_is_forgotten(self) -> None:
        known = Board()
        known.card(LAMP, CARD)
        known.alarm(FAILURE, alarm())
        other = AlarmKey("makati", "gw-2", "lamp-9", "lamp_failure")
        known.alarm(other, alarm())
        known.keep({PLACE}, set(), set())
        assert not known.devices
        assert set(known.alarms) == {other}, "nobody vouched for the other gateway"


class TestBounds:
    def test_points_devices_and_alarms(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(board, "MAX_DEVICES", 2)
        monkeypatch.setattr(board, "MAX_ALARMS", 2)
        monkeypatch.setattr(asset, "MAX_POINTS", 2)
        known = Board()
        for n in range(4):
            known.reading(PLACE, reading(device=f"lamp-{n}", a=1.0, b=2.0, c=3.0), T)
            known.alarm(AlarmKey(*PLACE, f"lamp-{n}", "day_burner"), alarm())
        assert len(known.devices) == 2
        assert len(known.alarms) == 2
        assert known.left_out == 4
        assert all(len(device.points) == 2 for device in known.devices.values())

    def test_the_recent_list_keeps_the_newest_in_order_and_takes_no_repeats(self) -> None:
        known = Board()
        times = [*range(0, 2 * board.MAX_RECENT, 2), *range(1, 2 * board.MAX_RECENT, 2)]
        for t in times * 2:
            known.event(PLACE, Event("bin-1", "collected", T + t, {"to": 4}))
        assert [one.t for one in known.recent] == [T + board.MAX_RECENT + n for n in range(200)]
