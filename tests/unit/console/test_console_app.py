"""The console's addresses, asked as a browser asks them, and as one that is being abused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from gateway.centre.console import view
from gateway.centre.console.app import Desk, NotConnected, build
from gateway.centre.console.board import AlarmKey, Board, Place
from gateway.centre.console.feed import Feed
from gateway.centre.history import EVERYWHERE, EventRow, HistoryUnavailable, Sample, Scope
from gateway.model import Alarm, AlarmAction, Event, Reading, Severity, State

T = 1_763_800_000_000
PLACE = Place("makati", "gw-1")
ALARM = AlarmKey("makati", "gw-1", "feeder:F1/north", "phase_loss")
HOST = "127.0.0.1:8080"
OWN_PAGE = {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}
ACKNOWLEDGE = b'{"action": "acknowledge"}'


class Past:
    """A history of one curve; everything else it does not know."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def series(self, *asked: object) -> list[Sample]:
        self.asked.append(asked)
        if asked[3] == "lost":
            raise HistoryUnavailable("the database does not answer")
        return [(T, 68.25), (T + 1000, True), (T + 2000, "off")]

    def events(
        self, start: int, end: int, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[EventRow]:
        self.asked.append((start, end, scope))
        del limit
        if start == 7:
            raise HistoryUnavailable("the database does not answer")
        told = {"code": "phase_loss", "action": "comment", "by": "ana", "done": True}
        rows = [
            ("alarm-action", told | {"text": "called the utility"}),
            ("alarm-action", told | {"code": "leakage"}),
            ("chattering", told),
        ]
        return [EventRow(*ALARM[:3], event, T - 9000, values) for event, values in rows]

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


@dataclass
class Room:
    """A console without a broker: what it was asked to send is in ``sent``."""

    app: ASGIApp
    board: Board
    past: Past
    connected: bool = True
    sent: list[tuple[AlarmKey, AlarmAction]] = field(default_factory=list)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def room() -> Room:
    board, past = Board(), Past()
    board.reading(PLACE, Reading("lamp-1", "lamp", T, {"power": 68.25}), T)
    board.alarm(ALARM, Alarm(*ALARM[2:], T, State.UNACKNOWLEDGED, Severity.MAJOR, "L2 is gone", T))
    made = Room(app=None, board=board, past=past)  # type: ignore[arg-type]

    async def act(key: AlarmKey, action: AlarmAction) -> None:
        if not made.connected:
            raise NotConnected
        made.sent.append((key, action))

    feed = Feed(board, clock=lambda: T, connected=lambda: made.connected)
    made.app = build(
        Desk(
            board=board,
            feed=feed,
            act=act,
            history=past,
            connected=lambda: made.connected,
            clock=lambda: T,
            new_id=lambda: "id-1",
            notice="<b>Demo</b>",
        )
    )
    return made


async def ask(
    room: Room, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> Answer:
    path, _, query = path.partition("?")
    named = {"host": HOST} | {name.replace("_", "-"): text for name, text in headers.items()}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.replace("%25", "%"),  # as the server hands it over: decoded once
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in named.items()],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 8080),
    }
    sent: list[Message] = []

    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:  # as a browser that stays
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await asyncio.wait_for(room.app(scope, receive, send), 5)
    start, *parts = sent
    decoded = {name.decode(): text.decode() for name, text in start["headers"]}
    return Answer(start["status"], decoded, b"".join(part.get("body", b"") for part in parts))


async def post(room: Room, key: AlarmKey, body: bytes, **headers: str) -> Answer:
    path = "/api/alarms/makati/gw-1/feeder:F1%252Fnorth/phase_loss/action"
    if key != ALARM:
        path = f"/api/alarms/{'/'.join(key)}/action"
    return await ask(room, path, "POST", body, **{"content-type": "application/json"} | headers)


class TestPage:
    async def test_loads_nothing_but_its_own_files(self, room: Room) -> None:
        page = await ask(room, "/")
        assert page.status == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert b"//" not in page.body.replace(b"<!doctype", b"")
        assert b"<script>" not in page.body
        assert b"style=" not in page.body

    async def test_shows_the_notice_as_text(self, room: Room) -> None:
        assert b"&lt;b&gt;Demo&lt;/b&gt;" in (await ask(room, "/")).body

    @pytest.mark.parametrize(
        "file", ["console.js", "console.css", "wayside.svg", "vendor/uplot/LICENSE"]
    )
    async def test_serves_its_files_for_revalidation(self, room: Room, file: str) -> None:
        answer = await ask(room, f"/static/{file}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
        again = await ask(room, f"/static/{file}", if_none_match=answer.headers["etag"])
        assert again.status == 304

    async def test_serves_nothing_else(self, room: Room) -> None:
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/templates/console.html"):
            assert (await ask(room, path)).status == 404


class TestJson:
    async def test_devices(self, room: Room) -> None:
        [device] = (await ask(room, "/api/devices")).json()
        assert device["key"] == "makati/gw-1/lamp-1"
        assert device["points"] == {"power": {"v": 68.25}}

    async def test_alarms(self, room: Room) -> None:
        [alarm] = (await ask(room, "/api/alarms")).json()
        assert alarm["key"] == "makati/gw-1/feeder:F1%2Fnorth/phase_loss"
        assert (alarm["state"], alarm["severity"]) == ("unacknowledged", "major")

    async def test_health_follows_the_broker(self, room: Room) -> None:
        assert (await ask(room, "/healthz")).status == 200
        room.connected = False
        health = await ask(room, "/healthz")
        assert (health.status, health.json()["broker"]) == (503, False)


class TestSeries:
    PATH = "/api/devices/makati/gw-1/lamp-1/series"

    async def test_a_curve_of_numbers_and_booleans(self, room: Room) -> None:
        curve = await ask(room, f"{self.PATH}?point=power&from={T}&to={T + 9}")
        assert curve.json() == {"t": [T, T + 1000], "v": [68.25, 1.0]}
        assert room.past.asked == [("makati", "gw-1", "lamp-1", "power", T, T + 9, 2000)]

    @pytest.mark.parametrize(
        "query",
        [
            "point=power&from=0",
            "point=power&from=9&to=1",
            "point=power&from=-1&to=1",
            "point=power&from=0&to=99999999999999",
            "point=a;drop&from=0&to=1",
            "point=&from=0&to=1",
            f"point=power&from=0&to={'9' * 400}",
        ],
    )
    async def test_refuses_what_makes_no_sense(self, room: Room, query: str) -> None:
        assert (await ask(room, f"{self.PATH}?{query}")).status == 400
        assert not room.past.asked

    async def test_knows_only_devices_of_the_board(self, room: Room) -> None:
        missing = self.PATH.replace("lamp-1", "lamp-2")
        assert (await ask(room, f"{missing}?point=power&from=0&to=1")).status == 404

    async def test_says_when_the_history_is_away(self, room: Room) -> None:
        answer = await ask(room, f"{self.PATH}?point=lost&from=0&to=1")
        assert (answer.status, answer.json()["problem"]) == (503, "the database does not answer")


class TestAction:
    @pytest.mark.parametrize("action", ["acknowledge", "reset"])
    async def test_goes_to_the_alarm_it_names(self, room: Room, action: str) -> None:
        answer = await post(room, ALARM, json.dumps({"action": action}).encode(), **OWN_PAGE)
        assert (answer.status, answer.json()) == (202, {"id": "id-1"})
        [(key, sent)] = room.sent
        assert key == ALARM
        assert sent == AlarmAction("id-1", *ALARM[2:], T, action, "console")  # type: ignore[arg-type]

    async def test_says_who_for_how_long_and_why(self, room: Room) -> None:
        asked = {"action": "shelve", "by": " Maria ", "for": "2h", "text": "a new driver"}
        await post(room, ALARM, json.dumps(asked).encode(), **OWN_PAGE)
        [(_, sent)] = room.sent
        assert (sent.action, sent.by, sent.period, sent.text) == (
            "shelve",
            "Maria",
            7200.0,
            "a new driver",
        )

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b'{"action": "hide"}', 400),
            (b'{"action": "shelve", "for": "soon"}', 400),
            (b'{"action": "comment", "by": 7}', 400),
            (b'{"action": ["acknowledge"]}', 400),
            (b"[]", 400),
            (b"{", 400),
            (b"", 400),
            (b'{"action": "acknowledge", "text": "' + b"x" * 5000 + b'"}', 413),
        ],
    )
    async def test_refuses_other_wishes(self, room: Room, body: bytes, status: int) -> None:
        assert (await post(room, ALARM, body)).status == status
        assert not room.sent

    async def test_an_alarm_that_is_over_is_not_found(self, room: Room) -> None:
        gone = AlarmKey("makati", "gw-1", "lamp-1", "lamp_failure")
        assert (await post(room, gone, ACKNOWLEDGE)).status == 404

    async def test_says_when_the_broker_is_away(self, room: Room) -> None:
        room.connected = False
        answer = await post(room, ALARM, ACKNOWLEDGE)
        assert (answer.status, "broker" in answer.json()["problem"]) == (503, True)

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
            {"origin": "https://evil.example"},
            {"origin": "http://127.0.0.1:9999"},
            {"origin": "null"},
        ],
        ids=str,
    )
    async def test_other_sites_are_refused(self, room: Room, headers: dict[str, str]) -> None:
        assert (await post(room, ALARM, ACKNOWLEDGE, **headers)).status == 403
        assert not room.sent

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
    async def test_what_a_foreign_form_can_send_is_refused(self, room: Room, kind: str) -> None:
        answer = await post(room, ALARM, ACKNOWLEDGE, **{"content-type": kind})
        assert (answer.status, room.sent) == (415, [])

    async def test_a_program_that_is_no_browser_may_ask(self, room: Room) -> None:
        assert (await post(room, ALARM, ACKNOWLEDGE)).status == 202


class TestHost:
    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost."])
    async def test_a_name_that_can_be_rebound_is_refused(self, room: Room, host: str) -> None:
        assert (await ask(room, "/api/devices", host=host)).status == 421

    @pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.0.2.7"])
    async def test_addresses_and_localhost_are_answered(self, room: Room, host: str) -> None:
        assert (await ask(room, "/api/devices", host=host)).status == 200

    async def test_reading_from_another_site_is_refused_but_a_link_may_lead_here(
        self, room: Room
    ) -> None:
        assert (await ask(room, "/api/devices", sec_fetch_site="cross-site")).status == 403
        link = await ask(room, "/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")
        assert link.status == 200


class TestWhatPeopleDid:
    PATH = "/api/alarms/makati/gw-1/feeder:F1%252Fnorth/phase_loss/actions"

    async def test_comes_from_the_history_and_from_the_board(self, room: Room) -> None:
        told = {"code": "phase_loss", "action": "reset", "by": "ben", "done": False}
        room.board.event(PLACE, Event(ALARM.device, "alarm-action", T, told))
        answer = await ask(room, f"{self.PATH}?from={T - 86_400_000}")
        assert answer.status == 200
        assert [(one["t"] - T, one["by"], one["text"], one["done"]) for one in answer.json()] == [
            (-9000, "ana", "called the utility", True),
            (0, "ben", "", False),
        ]
        assert room.past.asked == [(T - 86_400_000, T + 1, Scope("makati", "gw-1", ALARM.device))]

    @pytest.mark.parametrize("since", ["", "soon", "-1", "0"])
    async def test_wants_a_moment_within_a_year(self, room: Room, since: str) -> None:
        assert (await ask(room, f"{self.PATH}?from={since}")).status == 400

    async def test_says_when_the_history_is_away(self, room: Room, monkeypatch: Any) -> None:
        monkeypatch.setattr("gateway.centre.console.app.LONGEST_SPAN", T)
        answer = await ask(room, f"{self.PATH}?from=7")
        assert (answer.status, answer.json()["problem"]) == (503, "the database does not answer")


class TestWhatIsOffered:
    def test_nothing_where_no_gateway_would_answer(self) -> None:
        key = AlarmKey("makati", "gw-1", "gw-1", "gateway_offline")
        gone = Alarm("gw-1", key.code, T, State.UNACKNOWLEDGED, Severity.MAJOR, "offline", T)
        assert view.alarm(key, gone, ())["offered"] == ()
        assert "acknowledge" in view.alarm(ALARM, gone, ())["offered"]
