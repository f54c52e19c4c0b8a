"""The console's live stream: a snapshot, then differences, and no page left behind for ever."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message

from gateway.centre.console import feed
from gateway.centre.console.board import AlarmKey, Board, Key, Place
from gateway.centre.console.feed import Feed, Stream, TooManyPages
from gateway.model import Alarm, Event, Reading, Severity, State

T = 1_763_800_000_000
PLACE = Place("makati", "gw-1")
LATCHED = AlarmKey("makati", "gw-1", "cabinet-1", "conflicting_greens")


def parsed(event: bytes) -> tuple[str, Any]:
    lines = event.decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines if line)
    return fields["event"], json.loads(fields["data"])


async def heard(page: asyncio.Queue[bytes]) -> tuple[str, Any]:
    return parsed(await asyncio.wait_for(page.get(), 5))


def reading(power: float, t: int = T) -> Reading:
    return Reading("lamp-1", "lamp", t, {"power": power, "voltage": 230.0})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "TICK", 0.01)


@contextlib.asynccontextmanager
async def running(fed: Feed) -> AsyncIterator[None]:
    task = asyncio.create_task(fed.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def make(board: Board) -> Feed:
    return Feed(
        board, clock=lambda: T, connected=lambda: True, latched=frozenset({"conflicting_greens"})
    )


async def test_a_page_gets_the_board_and_then_only_what_changed() -> None:
    board = Board()
    board.reading(PLACE, reading(68.0), T)
    board.age(T)
    board.take()
    fed = make(board)
    async with running(fed):
        with fed.page() as page:
            name, body = await heard(page)
            assert name == "snapshot"
            assert body["devices"][0]["points"] == {"power": {"v": 68.0}, "voltage": {"v": 230.0}}
            board.reading(PLACE, reading(67.0, T + 1), T + 1)
            name, body = await heard(page)
            assert name == "difference"
            [device] = body["devices"]
            assert device["points"] == {"power": {"v": 67.0}}
            assert "card" not in device


async def test_what_a_snapshot_holds_does_not_come_again() -> None:
    board = Board()
    fed = make(board)
    with fed.page() as first:
        await heard(first)
        board.event(PLACE, Event("bin-07", "collected", T))
        with fed.page() as second:
            assert len((await heard(second))[1]["recent"]) == 1
            assert len((await heard(first))[1]["recent"]) == 1
            assert second.empty()


async def test_what_is_gone_is_named() -> None:
    board = Board()
    fed = make(board)
    raised = Alarm(*LATCHED[2:], T, State.ACKNOWLEDGED, Severity.CRITICAL, "1 and 3", T, cleared=T)
    board.reading(PLACE, reading(68.0), T)
    board.alarm(LATCHED, raised)
    board.take()
    async with running(fed):
        with fed.page() as page:
            _, body = await heard(page)
            assert body["alarms"][0]["resettable"]
            board.alarm(LATCHED, None)
            board.card(Key(*PLACE, "lamp-1"), None)
            _, body = await heard(page)
            assert body["gone"] == {
                "devices": ["makati/gw-1/lamp-1"],
                "alarms": ["makati/gw-1/cabinet-1/conflicting_greens"],
            }


async def test_a_quiet_stream_has_a_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PULSE", 0.03)
    fed = make(Board())
    async with running(fed):
        with fed.page() as page:
            await heard(page)
            assert await heard(page) == ("pulse", {"now": T, "broker": True})


async def test_losing_the_broker_is_told_at_once() -> None:
    connected = [True]
    fed = Feed(Board(), clock=lambda: T, connected=lambda: connected[0])
    async with running(fed):
        with fed.page() as page:
            assert (await heard(page))[1]["broker"] is True
            connected[0] = False
            assert (await heard(page))[1]["broker"] is False


async def test_a_page_that_does_not_keep_up_is_let_go_and_the_others_go_on() -> None:
    board = Board()
    fed = make(board)
    async with running(fed):
        with fed.page() as slow, fed.page() as quick_page:
            for n in range(feed.BACKLOG + 5):
                board.reading(PLACE, reading(float(n), T + n), T + n)
                await heard(quick_page)
            assert await asyncio.wait_for(slow.get(), 5) == b""


async def test_there_is_an_end_to_how_many_pages_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_PAGES", 1)
    fed = make(Board())
    with fed.page():
        with pytest.raises(TooManyPages), fed.page():
            pass
        assert (await streamed(fed))[0]["status"] == 503
    with fed.page():
        pass


async def test_a_stream_ends_with_the_console() -> None:
    fed = make(Board())
    async with running(fed):
        writing = asyncio.create_task(streamed(fed))
        await asyncio.sleep(0.05)
        fed.close()
        start, *parts = await asyncio.wait_for(writing, 5)
    headers = dict(start["headers"])
    assert headers[b"content-type"] == b"text/event-stream"
    assert parts[-1] == {"type": "http.response.body", "body": b""}


async def test_a_stream_ends_with_its_page() -> None:
    fed = make(Board())
    left = asyncio.Event()
    writing = asyncio.create_task(streamed(fed, left))
    await asyncio.sleep(0.01)
    left.set()
    await asyncio.wait_for(writing, 5)
    with fed.page():
        assert len(fed._pages) == 1


async def streamed(fed: Feed, left: asyncio.Event | None = None) -> list[Message]:
    """What one page's stream wrote, until it ended."""
    sent: list[Message] = []

    async def receive() -> Message:
        await (left or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await Stream(fed)({"type": "http"}, receive, send)
    return sent
