"""Topics, and the messages around the two lanes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import wire
from gateway.model import ActionName, Alarm, AlarmAction, Command, Event, Severity, State

ROOT = wire.Root("makati-ayala", "gw-017")
parts_of_topics = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    min_size=1,
    max_size=3,
)


class TestTopics:
    def test_hang_below_the_gateway_s_root(self) -> None:
        alarm = Alarm("feeder:F1", "phase_loss", 1, State.NORMAL, Severity.MAJOR, "", 1)
        assert ROOT.under(wire.alarm_head(alarm)) == (
            "wayside/v1/makati-ayala/gw-017/alarm/feeder:F1/phase_loss"
        )
        assert ROOT.under(wire.event_head(Event("bin-07", "collected", 1))).endswith(
            "/event/bin-07"
        )
        assert ROOT.topic(wire.TELEMETRY) == "wayside/v1/makati-ayala/gw-017/telemetry"
        assert ROOT.filter("command", "+", "+") == "wayside/v1/makati-ayala/gw-017/command/+/+"
        assert wire.filter_all("event", "+") == "wayside/v1/+/+/event/+"

    @given(parts_of_topics)
    def test_come_apart_as_they_were_put_together(self, parts: list[str]) -> None:
        topic = ROOT.topic(*parts)
        assert not set("+# *>") & set(topic)
        parsed = wire.parse_topic(topic)
        assert parsed == wire.Parsed("makati-ayala", "gw-017", tuple(parts))
        assert parsed.root == ROOT

    @pytest.mark.parametrize(
        "topic",
        [
            "",
            "telemetry",
            "wayside/v1/a/b",
            "wayside/v1/a/b/",
            "wayside/v2/a/b/telemetry",
            "wayside/v1/A/b/telemetry",
            "wayside/v1/a//telemetry",
            "wayside/v1/a/b/alarm/c/d/e",
            "x/wayside/v1/a/b/telemetry",
        ],
    )
    def test_of_others_are_none_of_ours(self, topic: str) -> None:
        assert wire.parse_topic(topic) is None

    def test_need_every_part(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            ROOT.topic("event", "")

    def test_of_alarms_and_cards_are_retained(self) -> None:
        heads = ["alarm/a/b", "device/a", "event/a", "telemetry"]
        assert [wire.retained(head) for head in heads] == [True, True, False, False]


class TestStatus:
    def test_comes_back_as_it_went(self) -> None:
        status = wire.Status(online=True, since=5, version="0.1.0", boot="b1")
        assert wire.status_body(status) == (
            b'{"online":true,"since":5,"version":"0.1.0","boot":"b1"}'
        )
        assert wire.decode_status(wire.status_body(status)) == status

    @pytest.mark.parametrize("payload", [b"", b"{}", b'{"online":1,"since":5}'])
    def test_that_breaks_the_contract_is_refused(self, payload: bytes) -> None:
        with pytest.raises(wire.BadPayload):
            wire.decode_status(payload)


class TestConfirmed:
    def test_comes_back_as_it_went(self) -> None:
        said = {
            "0123456789ab": wire.Confirmed(9, ((2, 3), (5, 5))),
            "ba9876543210": wire.Confirmed(0),
        }
        body = wire.confirmed_body(said)
        assert body.startswith(b'{"0123456789ab":{"upto":9,"missing":[[2,3],[5,5]]}')
        assert wire.decode_confirmed(body) == said

    @pytest.mark.parametrize(
        "payload",
        [
            b'{"stream":{"upto":1,"missing":[]}}',
            b'{"0123456789ab":7}',
            b'{"0123456789ab":{"upto":-1,"missing":[]}}',
            b'{"0123456789ab":{"upto":1,"missing":[[1]]}}',
            b'{"0123456789ab":{"upto":1,"missing":[[3,2]]}}',
        ],
    )
    def test_that_breaks_the_contract_is_refused(self, payload: bytes) -> None:
        with pytest.raises(wire.BadPayload):
            wire.decode_confirmed(payload)


ACTIONS: list[ActionName] = [
    "acknowledge", "reset", "shelve", "unshelve", "out-of-service", "in-service", "comment",
    "work-order",
]  # fmt: skip


class TestActions:
    @pytest.mark.parametrize("name", ACTIONS)
    def test_come_back_as_they_went(self, name: ActionName) -> None:
        action = AlarmAction("id-1", "lamp-1", "day_burner", 9, name, "Ana", 28_800.0, "why not")
        body = wire.action_body(action)
        assert b'"for":"8h"' in body
        assert wire.decode_action(body, "lamp-1", "day_burner", 9) == action

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (b'{"id":"1","action":"delete","by":"a"}', "delete"),
            (b'{"id":"1","action":"shelve","by":"a","for":"long"}', "for: write it as"),
            (b'{"id":"1","action":"shelve","by":"a","for":7}', "for: write it as"),
            (b'{"action":"reset","by":"a"}', "id"),
            (b'{"id":"1","action":"reset"}', "by"),
        ],
    )
    def test_that_break_the_contract_are_refused(self, payload: bytes, reason: str) -> None:
        with pytest.raises(wire.BadPayload, match=reason):
            wire.decode_action(payload, "lamp-1", "day_burner", 9)


class TestCommands:
    @pytest.mark.parametrize("value", [True, 40, 2.5, "auto"])
    def test_come_back_as_they_went(self, value: bool | float | str) -> None:
        command = Command("id-1", "lamp-1", "dim", value, "Ana", 99)
        assert wire.decode_command(wire.command_body(command), "lamp-1", "dim") == command

    def test_are_answered(self) -> None:
        for reply in (wire.Reply("id-1", "done", 40.0), wire.Reply("id-1", "refused", None, "no")):
            assert wire.decode_reply(wire.reply_body(reply)) == reply
        with pytest.raises(wire.BadPayload, match="maybe"):
            wire.decode_reply(b'{"id":"1","result":"maybe"}')

    @pytest.mark.parametrize(
        "payload", [b'{"id":"1","by":"a","expires":1}', b'{"id":"1","value":[]}']
    )
    def test_that_break_the_contract_are_refused(self, payload: bytes) -> None:
        with pytest.raises(wire.BadPayload):
            wire.decode_command(payload, "lamp-1", "dim")
