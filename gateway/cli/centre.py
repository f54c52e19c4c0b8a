"""The services of the operations centre."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.cli.shared import CentreFile, Json, centre_of, fail, say_json, until_stopped


def ingest(centre: CentreFile, json: Json = False) -> None:
    """Write what arrives by MQTT to InfluxDB, or to the embedded store."""
    loaded = centre_of(centre)
    from gateway.centre import ingest as room

    try:
        until_stopped(
            lambda stop: room.run(loaded, stop=stop),
            lambda summary: say_json(asdict(summary)) if json else None,
        )
    except room.CannotStart as error:
        fail(error, 1)


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
