"""The live stream: each open page gets the board once, then every difference, as it comes.

The stream is one response of server-sent events. Differences are gathered for a quarter of a
second and encoded once for all pages. A page that cannot keep up is let go: its browser reconnects
by itself and starts from a fresh snapshot, so the console's memory never grows with a slow phone.
When nothing changes, a pulse says that the stream is alive; a page that hears neither knows that
its figures are old.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator

from starlette.types import Receive, Scope, Send

from gateway.centre.console import view
from gateway.centre.console.board import Board
from gateway.model import Millis

TICK = 0.25  # seconds between two differences
TICKS_TO_AGE = 4  # conditions are judged anew every second
PULSE = 5.0  # seconds of nothing before a pulse
PATIENCE = 10.0  # seconds a page may take to accept one difference
BACKLOG = 40  # differences that may wait for a page: ten seconds' worth
MAX_PAGES = 100
RETRY_MS = 2_000

_END = b""


class TooManyPages(Exception):
    """``MAX_PAGES`` are open already."""


class Feed:
    """Hands what changes on the board to every open page.

    ``clock`` gives the time in ms; ``connected`` says whether the broker is; ``latched`` names the
    fault codes that a person has to reset.
    """

    def __init__(
        self,
        board: Board,
        *,
        clock: Callable[[], Millis],
        connected: Callable[[], bool],
        latched: frozenset[str] = frozenset(),
    ) -> None:
        self._board = board
        self._clock = clock
        self._connected = connected
        self._latched = latched
        self._pages: set[asyncio.Queue[bytes]] = set()

    async def run(self) -> None:
        """Tell the pages what changed, until cancelled; then let them go."""
        was_connected, quiet = self._connected(), 0.0
        try:
            for tick in itertools.count():
                await asyncio.sleep(TICK)
                if tick % TICKS_TO_AGE == 0:
                    self._board.age(self._clock())
                connected = self._connected()
                if self._told() or connected != was_connected:
                    quiet = 0.0
                else:
                    quiet += TICK
                if connected != was_connected or quiet >= PULSE:
                    was_connected, quiet = connected, 0.0
                    self._send("pulse", {"now": self._clock(), "broker": connected})
        finally:
            self.close()

    def close(self) -> None:
        """Let every page go."""
        for page in tuple(self._pages):
            self._drop(page)

    @contextlib.contextmanager
    def page(self) -> Iterator[asyncio.Queue[bytes]]:
        """What one page is sent, from its snapshot on; an empty one means the end."""
        if len(self._pages) >= MAX_PAGES:
            raise TooManyPages
        page: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)
        self._told()  # the others first: what this snapshot holds must not come again
        body = view.snapshot(self._board, self._clock(), self._latched)
        page.put_nowait(_event("snapshot", body | {"broker": self._connected()}))
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.discard(page)

    def _told(self) -> bool:
        """Tell the pages what changed; whether anything did."""
        changes = self._board.take()
        if changes:
            body = view.difference(self._board, changes, self._clock(), self._latched)
            self._send("difference", body | {"broker": self._connected()})
        return bool(changes)

    def _send(self, name: str, body: view.Json) -> None:
        if not self._pages:
            return
        event = _event(name, body)
        for page in tuple(self._pages):
            try:
                page.put_nowait(event)
            except asyncio.QueueFull:
                self._drop(page)

    def _drop(self, page: asyncio.Queue[bytes]) -> None:
        self._pages.discard(page)
        while not page.empty():
            page.get_nowait()
        page.put_nowait(_END)


class Stream:
    """The ASGI endpoint that writes one page's events."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the page closes, falls behind, or the console stops."""
        del scope
        with contextlib.ExitStack() as stack:
            try:
                page = stack.enter_context(self._feed.page())
            except TooManyPages:
                await send(_start(503, b"text/plain"))
                await send({"type": "http.response.body", "body": b"Too many pages are open."})
                return
            await send(_start(200, b"text/event-stream"))
            writing = asyncio.ensure_future(_write(page, send))
            leaving = asyncio.ensure_future(_left(receive))
            try:
                await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (writing, leaving):
                    task.cancel()
                await asyncio.gather(writing, leaving, return_exceptions=True)


async def _write(page: asyncio.Queue[bytes], send: Send) -> None:
    while (event := await page.get()) != _END:
        async with asyncio.timeout(PATIENCE):
            await send({"type": "http.response.body", "body": event, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(status: int, content_type: bytes) -> dict[str, object]:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    return {"type": "http.response.start", "status": status, "headers": headers}


def _event(name: str, body: view.Json) -> bytes:
    return b"event: %s\nretry: %d\ndata: %s\n\n" % (name.encode(), RETRY_MS, view.encode(body))
