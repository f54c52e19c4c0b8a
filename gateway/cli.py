"""The ``wayside`` command: parses, calls, prints.

Data goes to stdout, logs to stderr. Exit codes: 0 done · 1 failed at run time · 2 usage or
configuration error · 3 a device did not answer as it should · 130 interrupted. Each command
imports its room when it runs, so that the daemon pays for nothing but itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar

import orjson
import typer

from gateway import __version__
from gateway.problems import ConfigurationError

T = TypeVar("T")

app = typer.Typer(
    name="wayside",
    help="An edge gateway for street lamps, traffic-signal cabinets and waste bins.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
profiles = typer.Typer(help="The library of device profiles.", no_args_is_help=True)
drivers = typer.Typer(help="The field protocols this machine can speak.", no_args_is_help=True)
app.add_typer(profiles, name="profile")
app.add_typer(drivers, name="driver")

SiteFile = Annotated[Path, typer.Argument(metavar="SITE", help="The site file (TOML).")]
CentreFile = Annotated[Path, typer.Argument(metavar="CENTRE", help="The centre's file (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]


def line(text: str, sink: TextIO) -> None:
    """A line, seen at once even through a pipe."""
    sink.write(text + "\n")
    sink.flush()


def say(text: str) -> None:
    """Data for people, on stdout."""
    line(text, sys.stdout)


def say_json(data: object) -> None:
    """One JSON document a line on stdout."""
    say(orjson.dumps(data).decode())


def fail(error: object, code: int) -> NoReturn:
    """Say on stderr what went wrong, and exit."""
    line(str(error), sys.stderr)
    raise typer.Exit(code) from None


def rule_settings() -> dict[str, type]:
    """The settings type of every fault code, for the site file's ``[rules.*]`` tables."""
    from gateway.faults.rules import load_rules

    return {code: rule.settings for code, rule in load_rules().items()}


def site_of(path: Path) -> Any:  # noqa: ANN401  # Site, whose module loads only when needed
    """The loaded site file; ``main`` tells what is wrong with one that cannot be."""
    from gateway.config import load_site

    return load_site(path, rule_settings())


def centre_of(path: Path) -> Any:  # noqa: ANN401  # Centre, whose module loads only when needed
    """The loaded centre file, likewise."""
    from gateway.config import load_centre

    return load_centre(path)


def until_stopped(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], then: Callable[[T], object] = id
) -> None:
    """Run ``work(stop)`` on the fastest loop there is, ``then`` tell what came of it.

    SIGINT and SIGTERM set ``stop``; the work ends as cleanly after either, but SIGINT makes the
    exit code 130.
    """
    interrupted = False

    async def supervised() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            stop.set()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        return await work(stop)

    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        then(runner.run(supervised()))
    if interrupted:
        raise KeyboardInterrupt


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, or the standard one where it has no wheel (armv7l)."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


@app.callback(invoke_without_command=True)
def wayside(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Everything below hangs on one command; this holds what they share."""
    if version:
        say(f"wayside {__version__}")
        raise typer.Exit


@app.command()
def run(
    site: SiteFile,
    record: Annotated[
        Path | None, typer.Option(help="Also write every reading to this recording.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the edge daemon: poll, detect faults, forward."""
    loaded = site_of(site)
    from gateway.edge import daemon

    try:
        until_stopped(
            lambda stop: daemon.run(loaded, stop=stop, record=record),
            lambda summary: say_json(asdict(summary)) if json else None,
        )
    except daemon.CannotStart as error:
        fail(error, 1)


@app.command()
def check(site: SiteFile, json: Json = False) -> None:
    """Validate a site file: every problem at once, with file, line and hint."""
    try:
        loaded = site_of(site)
    except ConfigurationError as error:
        if not json:
            raise
        say_json([asdict(problem) for problem in error.problems])
        raise typer.Exit(2) from None
    if json:
        say_json([])
    else:
        say(f"{site}: {len(loaded.buses)} buses, {len(loaded.devices)} devices, no problems")


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def sim(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario, or a path to a .toml.")],
    devices: Annotated[int, typer.Option(help="How many devices.")] = 32,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the site file and the ptys go.")
    ] = Path("wayside-sim"),
    json: Json = False,
) -> None:
    """Run only the simulators, for any gateway to poll."""
    from simulators import servers
    from simulators.scenario import load

    wanted = load(scenario)
    try:
        until_stopped(
            lambda stop: servers.run(
                wanted, folder=folder, stop=stop, devices=devices, as_json=json
            )
        )
    except (ValueError, OSError) as error:
        fail(error, 2 if isinstance(error, ValueError) else 1)


@app.command()
def demo(  # one argument an option, as contracts §2 lists them
    lasts: Annotated[
        float | None, typer.Option("--for", min=1, metavar="S", help="End after S seconds.")
    ] = None,
    devices: Annotated[int, typer.Option(help="How many devices.")] = 32,
    scenario: Annotated[str, typer.Option(help="A shipped scenario, or a .toml.")] = "mixed",
    port: Annotated[int, typer.Option(help="The console's port; the next free if taken.")] = 8080,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep everything here; else in a temporary folder.")
    ] = None,
    json: Json = False,
) -> None:
    """A simulated district, polled, judged, stored and shown, all on this machine."""
    from simulators import demo as room
    from simulators.scenario import load

    wanted = load(scenario)
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wayside-demo-")))
        options = room.Options(
            folder=folder, scenario=wanted, devices=devices, lasts=lasts, port=port
        )
        sink = sys.stderr if json else sys.stdout
        try:
            until_stopped(
                lambda stop: room.run(
                    options, stop=stop, tally=stored_rows, say=lambda text: line(text, sink)
                ),
                lambda summary: say_json(summary) if json else say(room.as_text(summary)),
            )
        except (room.DemoFailed, OSError) as error:
            fail(error, 1)
        except ValueError as error:
            fail(error, 2)


def stored_rows(centre: Path, since: int) -> tuple[int, int]:
    """What a centre's history holds since then: rows, and rows that share their moment."""
    from gateway.centre.database import open_history

    with open_history(centre_of(centre)) as history:
        counts = history.count(since, 1 << 53)
    return sum(one.rows for one in counts), sum(one.duplicates for one in counts)


@profiles.command("list")
def profile_list(json: Json = False) -> None:
    """The names a site file may use."""
    from gateway.profile import profile_names

    names = profile_names()
    if json:
        say_json(names)
    else:
        say("\n".join(names))


@drivers.command("list")
def driver_list(json: Json = False) -> None:
    """The driver names a ``[bus.*]`` table may use."""
    from gateway import registry

    known = sorted(registry.drivers().values(), key=lambda driver: driver.name)
    if json:
        say_json([{"name": d.name, "family": d.family, "summary": d.summary} for d in known])
    else:
        say("\n".join(f"{driver.name:<16} {driver.summary}" for driver in known))


def main() -> None:
    """The console script."""
    try:
        app()
    except ConfigurationError as error:
        count = len(error.problems)
        line(f"{error}\n{count} problem{'s' if count != 1 else ''}", sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
