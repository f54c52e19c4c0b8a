"""Alarms, events and cards: one record each, their place in the stream put in front."""

from __future__ import annotations

import orjson
import pytest

from gateway import wire
from gateway.assets import BinFacts, SignalFacts
from gateway.model import (
    Acknowledgement,
    Alarm,
    Derived,
    Device,
    Event,
    Point,
    Severity,
    State,
)

STREAM = "0123456789ab"
ALARM = Alarm(
    device="lamp-0001",
    code="day_burner",
    t=1_763_800_000_123,
    state=State.ACKNOWLEDGED,
    severity=Severity.WARNING,
    message="burns in daylight: 68 W at +12°",
    raised=1_763_799_000_000,
    acknowledged=Acknowledgement("Ana", 1_763_800_000_123),
    values={"power": 68.2, "sun": 12.0},
    cause="feeder:F1/contactor_welded",
    suppressed=3,
)


def composed(body: bytes) -> bytes:
    return wire.compose_event(STREAM, 7, body)


class TestAlarms:
    def test_on_the_wire_are_the_json_of_the_contract(self) -> None:
        assert composed(wire.alarm_body(ALARM)).startswith(b'{"stream":"0123456789ab","seq":7,"t":')
        assert orjson.loads(composed(wire.alarm_body(ALARM))) == {
            "stream": STREAM,
            "seq": 7,
            "t": 1_763_800_000_123,
            "state": "acknowledged",
            "severity": "warning",
            "raised": 1_763_799_000_000,
            "cleared": None,
            "acknowledged": {"by": "Ana", "at": 1_763_800_000_123},
            "message": "burns in daylight: 68 W at +12°",
            "values": {"power": 68.2, "sun": 12.0},
            "cause": "feeder:F1/contactor_welded",
            "suppressed": 3,
        }

    @pytest.mark.parametrize("state", State)
    def test_come_back_as_they_went(self, state: State) -> None:
        alarm = Alarm("a", "b", 5, state, Severity.CRITICAL, "text", 4, cleared=5)
        back = wire.decode_alarm(composed(wire.alarm_body(alarm)), "a", "b")
        assert back == wire.AlarmMessage(STREAM, 7, alarm)

    def test_lose_a_figure_json_cannot_hold_and_nothing_else(self) -> None:
        alarm = Alarm(
            "a", "b", 5, State.NORMAL, Severity.MINOR, "", 4, values={"x": float("nan"), "y": 1}
        )
        back = wire.decode_alarm(composed(wire.alarm_body(alarm)), "a", "b")
        assert back.alarm.values == {"y": 1}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"state": "happy"}, "happy"),
            ({"severity": None}, "severity"),
            ({"raised": "yesterday"}, "raised"),
            ({"acknowledged": {"by": 1, "at": 1}}, "by"),
            ({"values": {"x": [1]}}, "x"),
            ({"message": "m" * 5000}, "longer than"),
            ({"suppressed": -1}, "suppressed"),
            ({"stream": None}, "stream"),
        ],
    )
    def test_that_break_the_contract_are_refused(
        self, change: dict[str, object], reason: str
    ) -> None:
        data = orjson.loads(composed(wire.alarm_body(ALARM))) | change
        with pytest.raises(wire.BadPayload, match=reason):
            wire.decode_alarm(orjson.dumps(data), "lamp-0001", "day_burner")

    def test_back_to_normal_end_at_the_broker_too(self) -> None:
        over = Alarm("a", "b", 5, State.NORMAL, Severity.MINOR, "", 4)
        talk = Alarm("a", "b", 5, State.SHELVED, Severity.MINOR, '"state":"normal"', 4)
        sly = Alarm("a", "b", 5, State.SHELVED, Severity.MINOR, "", 4, values={"state": "normal"})
        heads = [wire.alarm_head(alarm) for alarm in (over, talk, sly)]
        bodies = [wire.alarm_body(alarm) for alarm in (over, talk, sly)]
        ends = [wire.ends_alarm(*each) for each in zip(heads, bodies, strict=True)]
        assert ends == [True, False, False]


class TestEvents:
    def test_come_back_as_they_went(self) -> None:
        event = Event("bin-07", "collected", 5, {"from": 83.0, "stand": ["a", {"b": None}]})
        back = wire.decode_event(composed(wire.event_body(event)), "bin-07")
        assert back == wire.EventMessage(STREAM, 7, event)

    def test_a_loss_is_an_event_with_its_ranges_and_reason(self) -> None:
        lost = wire.Dropped(STREAM, ((3, 9), (12, 12)), "the outbox is full")
        event = wire.dropped_event("gw-1", 5, lost)
        back = wire.decode_event(composed(wire.event_body(event)), "gw-1").event
        assert wire.decode_dropped(back) == lost
        assert wire.decode_dropped(Event("gw-1", "collected", 5)) is None

    def test_a_loss_a_damaged_file_could_not_number_is_still_told(self) -> None:
        event = wire.dropped_event("gw-1", 5, wire.Dropped("", ((0, 0),), "damaged"))
        back = wire.decode_event(composed(wire.event_body(event)), "gw-1").event
        assert wire.decode_dropped(back) == wire.Dropped("", (), "damaged")

    @pytest.mark.parametrize("ranges", [None, [[1]], [[2, 1]], [[0, 1]], [1], [["a", "b"]]])
    def test_a_loss_that_makes_no_sense_is_refused(self, ranges: object) -> None:
        values = {"stream": STREAM, "ranges": ranges, "reason": ""}
        with pytest.raises(wire.BadPayload):
            wire.decode_dropped(Event("gw-1", "dropped", 5, values))


class TestCards:
    device = Device(
        id="bin-07",
        kind="bin",
        bus="bins",
        profile="bin/maxbotix-mb7389",
        options=None,
        traits=None,
        points=(
            Point("distance", None, 10.0, unit="mm"),
            Point("mode", None, 10.0, type="string", codes={"off": 0, "auto": 1}),
        ),
        derived=(Derived("fill_level", "distance", lambda value, _: value, unit="%"),),
        facts=BinFacts(empty_distance=1800, full_distance=400, stand="plaza-3"),
        latitude=14.5549,
        longitude=121.0241,
        vendor="MaxBotix",
        model="MB7389",
    )

    def test_say_what_a_device_is(self) -> None:
        message = wire.decode_card(composed(wire.card_body(self.device)), "bin-07")
        assert message == wire.CardMessage(
            STREAM,
            7,
            wire.Card(
                device="bin-07",
                kind="bin",
                profile="bin/maxbotix-mb7389",
                vendor="MaxBotix",
                model="MB7389",
                bus="bins",
                points={
                    "distance": wire.CardPoint("mm", "number"),
                    "mode": wire.CardPoint("", "string", {"off": 0, "auto": 1}),
                    "fill_level": wire.CardPoint("%", "number"),
                },
                latitude=14.5549,
                longitude=121.0241,
                ratings={"empty_distance": 1800, "full_distance": 400, "stand": "plaza-3"},
                every=10.0,
            ),
        )

    def test_carry_every_kind_of_asset_fact(self) -> None:
        facts = SignalFacts(conflicts=((1, 3), (2, 4)))
        device = Device("c", "signal", "b", "signal/generic", None, None, (), facts=facts)
        card = wire.decode_card(composed(wire.card_body(device)), "c").card
        assert card.ratings["conflicts"] == [[1, 3], [2, 4]]
        assert (card.latitude, card.longitude) == (None, None)

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "tram"},
            {"profile": None},
            {"points": []},
            {"points": {"x": 1}},
            {"points": {"x": {"codes": {"a": "b"}}}},
            {"place": {"latitude": 91}},
            {"place": {"longitude": "east"}},
            {"every": 0},
            {"every": "10s"},
        ],
    )
    def test_that_break_the_contract_are_refused(self, change: dict[str, object]) -> None:
        data = orjson.loads(composed(wire.card_body(self.device))) | change
        with pytest.raises(wire.BadPayload):
            wire.decode_card(orjson.dumps(data), "bin-07")


class TestHowOftenADeviceIsHeardOf:
    """``every`` of a card: the centre's patience, whatever is reported by exception."""

    def promised(self, *points: Point, derived: tuple[Derived, ...] = ()) -> float | None:
        device = Device("d", "other", "b", "p", None, None, points, derived=derived)
        return wire.decode_card(composed(wire.card_body(device)), "d").card.every

    def test_as_often_as_the_quickest_point_that_is_always_sent(self) -> None:
        quick, slow = Point("a", None, 1.0, on_change=True), Point("b", None, 60.0)
        assert self.promised(quick, slow) == 60
        assert self.promised(Point("a", None, 1.0), slow) == 1

    def test_every_quarter_of_an_hour_if_none_is(self) -> None:
        assert self.promised(Point("a", None, 1.0, deadband=5)) == wire.REPEAT / 1000
        assert self.promised(Point("a", None, 3600.0, deadband=5)) == 3600

    def test_a_computed_value_counts_by_its_source(self) -> None:
        source = Point("a", None, 5.0, deadband=5)
        computed = Derived("b", "a", lambda value, _: value)
        assert self.promised(source, derived=(computed,)) == 5

    def test_a_card_from_before_says_nothing(self) -> None:
        assert self.promised() is None


def test_an_empty_body_leaves_no_comma() -> None:
    assert composed(b"{}") == b'{"stream":"0123456789ab","seq":7}'
