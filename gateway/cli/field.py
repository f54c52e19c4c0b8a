"""The field engineer's tools."""

from __future__ import annotations

import asyncio
import contextlib
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.shared import (
    Json,
    SiteFile,
    fail,
    line,
    rule_settings,
    say,
    say_json,
    site_of,
    unless,
    until_stopped,
)

if TYPE_CHECKING:
    from gateway.config.site import Site
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

    outcome = room.Outcome()

    async def work(stop: asyncio.Event) -> None:
        with _progress() as tell:
            await unless(stop, room.scan(wanted, outcome, tell))

    def told(_: None) -> None:
        if json:
            say_json([room.as_json(found) for found in outcome.found])
        elif outcome.devices:
            say(room.as_text(outcome.found))
        for remark in outcome.remarks if outcome.devices else ():
            line(remark, sys.stderr)

    until_stopped(work, told)
    if outcome.broken is not None:
        fail(outcome.broken, 1)
    if not outcome.devices:
        fail(outcome.remarks[0] if outcome.remarks else room.nobody(wanted), 3)


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


def write(
    site: SiteFile,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="A device's id.")],
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="As its profile names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A number, on, off, or a label.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Give one command to a device, and read back what came of it."""
    loaded = site_of(site)
    from gateway.driver import LinkDown
    from gateway.edge.commanding import Outcome
    from gateway.field import write as room

    def told(outcome: Outcome, code: int) -> None:
        if json:
            say_json(room.as_json(outcome))
        else:
            text = room.as_text(device, command, value, outcome)
            line(text, sys.stderr if code else sys.stdout)
        if code:
            raise typer.Exit(code)

    def became(outcome: Outcome | None) -> None:
        if outcome is not None:
            told(outcome, 0 if outcome.result == "done" else 3)

    try:
        what = room.order(loaded, device, command, value)
        if not yes:
            confirm(lambda: asyncio.run(room.question(loaded, what)))
        until_stopped(lambda stop: unless(stop, room.carry_out(loaded, what)), became)
    except room.Forbidden as why:
        told(Outcome("refused", reason=str(why)), 2)
    except LinkDown as down:
        told(Outcome("failed", reason=str(down)), 1)


def confirm(question: Callable[[], str]) -> None:
    """Go on only if a person at a terminal says yes to the question."""
    if not sys.stdin.isatty():
        fail("nobody is there to ask: say --yes to give the command all the same", 2)
    sys.stderr.write(f"{question()}\nWrite it? [y/N] ")
    sys.stderr.flush()
    _await_a_line()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        fail("nothing was written", 130)


def _await_a_line() -> None:
    """Wait until a line was typed, and hear Ctrl-C whenever it comes.

    A signal between the interpreter's last look for one and ``read`` would be heard only once a
    line comes. It leaves a byte in a socket, too, which ends this wait even if it came before.
    """
    woken, wakes = socket.socketpair()
    with woken, wakes:
        wakes.setblocking(False)
        before = signal.set_wakeup_fd(wakes.fileno())
        try:
            select.select([sys.stdin, woken], [], [])
        finally:
            signal.set_wakeup_fd(before)


def replay(
    site: SiteFile,
    recording: Annotated[
        Path,
        typer.Argument(metavar="RECORDING", help="JSON lines, as `run --record` writes (.gz too)."),
    ],
    rules: Annotated[
        Path | None,
        typer.Option(help="Try the [rules.*] of this file: what would be different?"),
    ] = None,
    json: Json = False,
) -> None:
    """Run a recording through the fault engine, on the recording's own clock."""
    loaded = site_of(site)
    from gateway.field.replay import as_text, transitions
    from gateway.recording import RecordingError

    try:
        if rules is not None:
            _try(loaded, recording, rules, json)
            return
        quiet = True
        for transition in transitions(loaded, recording):
            quiet = False
            if json:
                say_json(transition)
            else:
                say(as_text(transition, loaded.gateway.timezone))
        if quiet:
            line("no alarm comes or goes in this recording", sys.stderr)
    except RecordingError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{recording}: cannot be read: {error.strerror or error}", 2)


def _try(site: Site, recording: Path, rules: Path, json: bool) -> None:
    """What other settings would have made of a recording."""
    from gateway.field import trying

    found = trying.differences(site, recording, trying.read_settings(rules, rule_settings()))
    for one in found:
        if one.change == "same":
            continue
        if json:
            say_json(one.as_json())
        else:
            say(trying.as_text(one, site.gateway.timezone))
    line(trying.summary(found), sys.stderr)
