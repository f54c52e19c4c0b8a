"""The services of the operations centre."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli.shared import CentreFile, Json, centre_of, fail, say, say_json, until_stopped


def ingest(
    centre: CentreFile,
    redrive: Annotated[
        bool, typer.Option("--redrive", help="Feed the dead letters in again, and end.")
    ] = False,
    json: Json = False,
) -> None:
    """Write what arrives by MQTT to InfluxDB, or to the embedded store."""
    loaded = centre_of(centre)
    from gateway.centre import ingest as room

    try:
        if redrive:
            done = room.redrive(loaded, _now)
            text = "{tried} letters fed in; {again} refused again, {cut} not whole"
            say_json(asdict(done)) if json else say(text.format(**asdict(done)))
            return
        until_stopped(
            lambda stop: room.run(loaded, stop=stop),
            lambda summary: say_json(asdict(summary)) if json else None,
        )
    except room.CannotStart as error:
        fail(error, 1)


def _now() -> int:
    return time.time_ns() // 1_000_000


def console(
    centre: CentreFile,
    port: Annotated[int | None, typer.Option(help="Listen there instead.")] = None,
    notice: Annotated[str | None, typer.Option(help="A line on top of the page.")] = None,
) -> None:
    """Serve the operations centre's page."""
    loaded = centre_of(centre)
    from gateway.centre import console as room

    try:
        until_stopped(lambda stop: room.run(loaded, port=port, notice=notice, stop=stop))
    except room.CannotListen as error:
        fail(error, 1)


def _moment(text: str) -> int:
    """Milliseconds of an ISO 8601 time (UTC unless it says otherwise), or of the number itself."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write 2026-11-22, 2026-11-22T09:30Z or milliseconds") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def audit(
    centre: CentreFile,
    start: Annotated[
        int, typer.Option("--from", metavar="T", parser=_moment, help="ISO 8601 (UTC) or ms.")
    ],
    end: Annotated[
        int, typer.Option("--to", metavar="T", parser=_moment, help="Likewise; not included.")
    ],
    json: Json = False,
) -> None:
    """Is everything there? Expected, stored, lost and explained, by device and hour.

    Whole hours are audited: those that touch the time asked for. Exits with 1 if anything is lost
    without an explanation, or could not be read.
    """
    if end <= start:
        fail("--to must be later than --from", 2)
    loaded = centre_of(centre)
    from gateway.centre.examine import examine
    from gateway.centre.history import HistoryUnavailable
    from gateway.centre.report import as_json, as_text

    try:
        found = examine(loaded, start, end, _now())
    except HistoryUnavailable as error:
        fail(error, 1)
    if json:
        say_json(as_json(found))
    else:
        say(as_text(found))
    if found.total.lost:
        raise typer.Exit(1)
