"""The field engineer's tools."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.shared import Json, SiteFile, fail, say, say_json, site_of


def read(
    site: SiteFile,
    devices: Annotated[
        list[str] | None, typer.Argument(metavar="[DEVICE]...", help="All of them if left out.")
    ] = None,
    json: Json = False,
) -> None:
    """Poll once, now, and print what the devices say."""
    loaded = site_of(site)
    from gateway.field import read as once

    unknown = set(devices or ()) - {device.id for device in loaded.devices}
    if unknown:
        fail(f"{site} has no device {', '.join(sorted(unknown))}", 2)
    readings = asyncio.run(once.poll_once(loaded, devices or None))
    if json:
        say_json([once.as_json(reading) for reading in readings])
    else:
        say(once.as_text(loaded, readings))
    if any(reading.silent for reading in readings):
        raise typer.Exit(3)


def replay(
    site: SiteFile,
    recording: Annotated[Path, typer.Argument(help="A recording (JSON lines, .gz if compressed).")],
    json: Json = False,
) -> None:
    """Run a recording through the fault engine, on the recording's own clock."""
    loaded = site_of(site)
    from gateway.field.replay import as_text, transitions
    from gateway.recording import RecordingError

    try:
        for transition in transitions(loaded, recording):
            if json:
                say_json(transition)
            else:
                say(as_text(transition, loaded.gateway.timezone))
    except (RecordingError, OSError) as error:
        fail(error, 2)
