"""The field engineer's tools."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.shared import Json, SiteFile, fail, line, say, say_json, site_of, until_stopped

if TYPE_CHECKING:
    from gateway.field.progress import Tell


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
    readings, ailing = asyncio.run(once.examine(loaded, devices or None))
    if json:
        say_json([once.as_json(reading, ailing.get(reading.device)) for reading in readings])
    else:
        say(once.as_text(loaded, readings, ailing))
    if any(reading.silent for reading in readings):
        raise typer.Exit(3)


def scan(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="modbus-rtu:///dev/ttyUSB0?baudrate=9600&parity=N, modbus-tcp://192.0.2.12:502 …",
        ),
    ],
    units: Annotated[str, typer.Option(help="Unit numbers, as 1-10,20.")] = "1-247",
    timeout: Annotated[
        str | None, typer.Option(help="What each unit gets to answer, as 300ms.")
    ] = None,
    baudrates: Annotated[str | None, typer.Option(help="Try these: 9600,19200.")] = None,
    parities: Annotated[str | None, typer.Option(help="Try these: N,E,O.")] = None,
    profile: Annotated[
        list[str] | None, typer.Option(help="Look for this profile, too (.toml).")
    ] = None,
    json: Json = False,
) -> None:
    """Find out who is on a bus, and what it is; nothing is written to any device."""
    from gateway.field import scan as room

    wanted = room.wanted(
        url,
        units,
        timeout=timeout,
        baudrates=baudrates,
        parities=parities,
        profiles=tuple(profile or ()),
    )

    async def work(stop: asyncio.Event) -> room.Outcome:
        with _progress() as tell:
            return await room.scan(wanted, tell, stop)

    outcomes: list[room.Outcome] = []

    def told(outcome: room.Outcome) -> None:
        outcomes.append(outcome)
        if json:
            say_json([room.as_json(found) for found in outcome.found])
        elif outcome.devices:
            say(room.as_text(outcome.found))
        for remark in outcome.remarks if outcome.devices else ():
            line(remark, sys.stderr)

    until_stopped(work, told)
    if outcomes[0].broken is not None:
        fail(outcomes[0].broken, 1)
    if not outcomes[0].devices:
        fail(outcomes[0].remarks[0] if outcomes[0].remarks else room.nobody(wanted), 3)


@contextlib.contextmanager
def _progress() -> Iterator[Tell]:
    """A bar on a terminal, where the extra ``field`` is installed; else a line now and then."""
    if sys.stderr.isatty():
        try:
            from gateway.field.bar import bar
        except ImportError:
            pass
        else:
            with bar() as tell:
                yield tell
            return
    from gateway.field.progress import lines

    yield lines(time.monotonic, lambda text: line(text, sys.stderr))


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
