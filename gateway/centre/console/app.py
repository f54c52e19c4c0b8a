"""The console's addresses: one page, its live stream, and a small JSON interface.

=====================================================  ==========================================
``GET /``                                              the page
``GET /events``                                        the live stream (``feed``)
``GET /api/devices``  ``/api/alarms``                  the board as JSON
``GET /api/devices/{site}/{gateway}/{device}/series``  ``?point=…&from=ms&to=ms``: one curve
``POST /api/alarms/{site}/{gateway}/{device}/{code}/action``  ``{"action", "by", "for", "text"}``
``GET /api/alarms/{site}/{gateway}/{device}/{code}/actions``  ``?from=ms``: what people did with it
``GET /healthz``                                       200 while the broker is connected, else 503
=====================================================  ==========================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import unquote

import jinja2
import orjson
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope as Asked

from gateway import __version__
from gateway.centre.console import view
from gateway.centre.console.board import AlarmKey, Board, Deed, Key, deed_of
from gateway.centre.console.feed import Feed, Stream
from gateway.centre.console.guard import Guard, own_names
from gateway.centre.history import History, HistoryUnavailable, Scope
from gateway.faults.people import EVENT
from gateway.model import ActionName, AlarmAction, Event, Millis
from gateway.units import parse_duration

HERE = Path(__file__).parent
MAX_BODY = 4096  # bytes of a POST
MAX_SAMPLES = 2_000  # of one curve; the history thins, peaks kept
LONGEST_SPAN: Millis = 366 * 86_400_000
OFFERED: tuple[ActionName, ...] = get_args(ActionName)
LONGEST_NAME, LONGEST_TEXT = 64, 500


class NotConnected(Exception):
    """The broker is away, so nothing can be sent to a gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything the addresses work on.

    ``act`` sends an alarm action to a gateway (raises ``NotConnected``); ``notice`` is a line the
    page shows on top, for a demo.
    """

    board: Board
    feed: Feed
    act: Callable[[AlarmKey, AlarmAction], Awaitable[None]]
    history: History
    connected: Callable[[], bool]
    clock: Callable[[], Millis]
    new_id: Callable[[], str]
    latched: frozenset[str] = frozenset()
    notice: str | None = None


class Revalidated(StaticFiles):
    """Static files a browser asks for anew (304 mostly), so that an update shows at once."""

    async def get_response(self, path: str, scope: Asked) -> Response:
        """One file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build(desk: Desk) -> Starlette:
    """The application."""
    alarm = "/api/alarms/{site}/{gateway}/{device}/{code}"
    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/events", Stream(desk.feed)),
            Route("/healthz", _health),
            Route("/api/devices", _devices),
            Route("/api/alarms", _alarms),
            Route("/api/devices/{site}/{gateway}/{device}/series", _series),
            Route(f"{alarm}/action", _action, methods=["POST"]),
            Route(f"{alarm}/actions", _actions),
            Mount("/static", Revalidated(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, names=own_names())],
        exception_handlers={HTTPException: _refused},
    )
    app.state.desk = desk
    app.state.page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("console.html")
    return app


def _desk(request: Request) -> Desk:
    return cast("Desk", request.app.state.desk)


def _json(body: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(view.encode(body), status, headers, media_type="application/json")


async def _refused(_: Request, error: Exception) -> Response:
    known = cast("HTTPException", error)
    return _json({"problem": known.detail}, known.status_code)


async def _page(request: Request) -> Response:
    page = request.app.state.page.render(notice=_desk(request).notice, version=__version__)
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


async def _health(request: Request) -> Response:
    desk = _desk(request)
    connected = desk.connected()
    devices = len(desk.board.devices)
    return _json({"broker": connected, "devices": devices}, 200 if connected else 503)


async def _devices(request: Request) -> Response:
    return _json(view.devices(_desk(request).board))


async def _alarms(request: Request) -> Response:
    desk = _desk(request)
    return _json(view.alarms(desk.board, desk.latched))


async def _series(request: Request) -> Response:
    """One point's curve as ``{"t": [ms], "v": [number]}``; booleans count as 0 and 1."""
    desk, ask = _desk(request), request.query_params
    key = Key(*_parts(request, "site", "gateway", "device"))
    if key not in desk.board.devices:
        raise HTTPException(404, "No such device.")
    point, start, end = ask.get("point", ""), _moment(ask, "from"), _moment(ask, "to")
    if not point.isidentifier() or not 0 <= end - start <= LONGEST_SPAN:
        raise HTTPException(400, "Give a point's name, and from and to at most 366 days apart.")
    read = partial(desk.history.series, *key, point, start, end, MAX_SAMPLES)
    try:
        samples = await asyncio.to_thread(read)
    except HistoryUnavailable as error:
        raise HTTPException(503, str(error)) from None
    curve = [(t, float(value)) for t, value in samples if not isinstance(value, str)]
    return _json({"t": [t for t, _ in curve], "v": [value for _, value in curve]})


async def _action(request: Request) -> Response:
    """Pass a person's action on to the alarm's gateway; the alarm changes when it answers."""
    desk = _desk(request)
    key = AlarmKey(*_parts(request, "site", "gateway", "device", "code"))
    asked = await _body(request)
    wish = asked.get("action")
    if wish not in OFFERED:
        raise HTTPException(400, f"Give an action: {', '.join(OFFERED)}.")
    if key not in desk.board.alarms:
        raise HTTPException(404, "This alarm is not active any more.")
    action = AlarmAction(
        desk.new_id(),
        key.device,
        key.code,
        desk.clock(),
        wish,
        _words(asked, "by", LONGEST_NAME) or "console",
        _period(asked),
        _words(asked, "text", LONGEST_TEXT),
    )
    try:
        await desk.act(key, action)
    except NotConnected:
        raise HTTPException(503, "The broker is away: nothing was sent.") from None
    return _json({"id": action.id}, 202)


async def _actions(request: Request) -> Response:
    """What people asked of an alarm since ``from``, oldest first, those of earlier times too."""
    desk = _desk(request)
    key = AlarmKey(*_parts(request, "site", "gateway", "device", "code"))
    start, end = _moment(request.query_params, "from"), desk.clock() + 1
    if end - start > LONGEST_SPAN:
        raise HTTPException(400, "Give from at most 366 days ago.")
    read = partial(desk.history.events, start, end, Scope(*key.subject))
    try:
        rows = await asyncio.to_thread(read)
    except HistoryUnavailable as error:
        raise HTTPException(503, str(error)) from None
    found: dict[Deed, None] = {}
    for row in rows:
        if row.event == EVENT and row.values.get("code") == key.code:
            found[deed_of(Event(row.device, row.event, row.t, row.values))] = None
    found.update(dict.fromkeys(desk.board.deeds.get(key, ())))
    return _json([view.deed(one) for one in sorted(found, key=lambda one: one.t)])


def _words(asked: Mapping[str, Any], key: str, most: int) -> str:
    """A text that may be left out."""
    text = asked.get(key, "")
    if not isinstance(text, str) or len(text) > most:
        raise HTTPException(400, f"Give {key} as a text of at most {most} characters.")
    return text.strip()


def _period(asked: Mapping[str, Any]) -> float | None:
    """For how long, in seconds; None where it is not said."""
    if "for" not in asked:
        return None
    try:
        return parse_duration(asked["for"])
    except ValueError as error:
        raise HTTPException(400, f"Give for as a duration: {error}") from None


async def _body(request: Request) -> Mapping[str, Any]:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise HTTPException(413, "Too long.")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise HTTPException(400, "This is not JSON.") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "Send a JSON object.")
    return body


def _parts(request: Request, *names: str) -> tuple[str, ...]:
    return tuple(unquote(request.path_params[name]) for name in names)


def _moment(ask: QueryParams, name: str) -> Millis:
    text = ask.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HTTPException(400, f"Give {name} in milliseconds.")
    return int(text)
