"""Simulated devices, and a whole district of them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from gateway.cli.shared import (
    Json,
    centre_of,
    fail,
    line,
    say,
    say_json,
    site_of,
    until_stopped,
)
from gateway.units import parse_duration

if TYPE_CHECKING:
    from simulators import alone, fast


Change = tuple[str, str]
ScenarioName = Annotated[
    str | None, typer.Argument(help="A shipped scenario, or a path to a .toml.")
]
Devices = Annotated[int | None, typer.Option(help="How many; 32 unless the scenario says.")]
Folder = Annotated[
    Path, typer.Option("--dir", help="Where the site file, the ptys and the socket go.")
]
List = Annotated[bool, typer.Option("--list", help="Name the shipped scenarios, and stop.")]
Seed = Annotated[int | None, typer.Option(help="Another seed than the scenario's.")]
Speed = Annotated[
    float | None, typer.Option(min=1, max=10_000, help="How many times as fast time runs.")
]
Record = Annotated[
    Path | None, typer.Option(help="No wires: write a recording there (.gz: compressed).")
]
Labels = Annotated[Path | None, typer.Option(help="And the truth about its faults.")]
Days = Annotated[float | None, typer.Option(min=0.001, help="How long the recording is.")]
Every = Annotated[str, typer.Option(help="Between two readings of it.")]
Near = Annotated[str | None, typer.Option(help='Between two around a fault, as "10s".')]
Inject = Annotated[
    Change | None,
    typer.Option(metavar="DEVICE FAULT", help="Break a device of a running district."),
]
Repair = Annotated[Change | None, typer.Option(metavar="DEVICE FAULT", help="Mend it.")]
Fleet = Annotated[
    int | None, typer.Option(help="No district: play so many gateways of a recording by MQTT.")
]
Recording = Annotated[Path | None, typer.Option(help="What the fleet plays.")]
OfSite = Annotated[Path | None, typer.Option("--site", help="The site file it was recorded with.")]
Broker = Annotated[str, typer.Option(help="Where the fleet publishes.")]
Over = Annotated[str, typer.Option(help="How long an injected fault takes to show.")]


def sim(  # noqa: PLR0913, PLR0917  # one argument an option
    scenario: ScenarioName = None,
    devices: Devices = None,
    folder: Folder = Path("wayside-sim"),
    seed: Seed = None,
    speed: Speed = None,
    record: Record = None,
    labels: Labels = None,
    days: Days = None,
    every: Every = "5m",
    near: Near = None,
    inject: Inject = None,
    repair: Repair = None,
    over: Over = "0s",
    fleet: Fleet = None,
    recording: Recording = None,
    site: OfSite = None,
    broker: Broker = "mqtt://127.0.0.1:1883",
    show: List = False,
    json: Json = False,
) -> None:
    """Run only the simulators: to be polled, to write a recording, or to play one by a fleet."""
    try:
        if show:
            _listed(as_json=json)
        elif inject is not None:
            _by_hand(folder, "inject", inject, parse_duration(over), as_json=json)
        elif repair is not None:
            _by_hand(folder, "repair", repair, 0.0, as_json=json)
        elif fleet is not None:
            if recording is None or site is None:
                fail("a fleet needs --recording FILE and the --site FILE it was recorded with", 2)
            _fleet(Played(fleet, recording, site, broker, speed or 1.0), as_json=json)
        elif scenario is None:
            fail('which scenario? "wayside sim --list" names those there are', 2)
        elif record is not None:
            from simulators import fast

            options = fast.Options(
                file=record,
                folder=folder,
                labels=labels,
                devices=devices,
                days=days,
                seed=seed,
                every=_millis(every),
                near=None if near is None else _millis(near),
            )
            _record(scenario, options, as_json=json)
        else:
            from simulators import alone

            wanted = alone.Options(
                folder=folder, devices=devices, seed=seed, speed=speed, as_json=json
            )
            _alone(scenario, wanted)
    except ValueError as error:
        fail(error, 2)
    except OSError as error:
        fail(error, 1)


def _listed(*, as_json: bool) -> None:
    """The shipped scenarios: what each is, and whether it suits the demo."""
    from simulators.scenario import load, scenario_names

    for name in scenario_names():
        one = load(name)
        if as_json:
            say_json({"name": name, "description": one.description, "demo": one.live})
        else:
            note = "" if one.live else " (has its own hour: for a recording)"
            say(f"{name:<19} {one.description}{note}")


def _millis(text: str) -> int:
    return max(1, round(parse_duration(text) * 1000))


def _alone(scenario: str, options: alone.Options) -> None:
    from simulators.alone import run
    from simulators.scenario import load

    wanted = load(scenario)
    until_stopped(lambda stop: run(wanted, options, stop))


def _record(scenario: str, options: fast.Options, *, as_json: bool) -> None:
    from simulators.fast import record
    from simulators.scenario import load

    said: Counter[str] = Counter()

    def tell(text: str) -> None:
        said[text] += 1
        if said[text] == 1:  # a scenario that goes round says the same each time
            line(text, sys.stderr)

    made = record(load(scenario), options, tell)
    for text, times in said.items():
        if times > 1:
            line(f"{text}: {times} times", sys.stderr)
    if as_json:
        say_json(made.as_dict())
    else:
        say(f"{made.readings} readings, {made.labels} faults in {made.seconds:.1f} s")
        say(f"replay: wayside replay {made.site} {options.file}")


class Played(NamedTuple):
    """What a fleet plays, as it was asked for."""

    gateways: int
    recording: Path
    site: Path
    broker: str
    speed: float


def _fleet(asked: Played, *, as_json: bool) -> None:
    import secrets

    from gateway.config.site import BrokerOptions
    from gateway.recording import RecordingError
    from simulators.fast.fleet import Options, play

    options = Options(
        gateways=asked.gateways,
        site=site_of(asked.site),
        recording=asked.recording,
        broker=BrokerOptions(url=asked.broker),
        run=secrets.token_hex(6),
        speed=asked.speed,
    )
    try:
        until_stopped(
            lambda stop: play(options, stop=stop),
            lambda summary: say_json(asdict(summary)) if as_json else say(summary.as_text()),
        )
    except RecordingError as error:
        fail(error, 1)


def _by_hand(
    folder: Path, deed: Literal["inject", "repair"], what: tuple[str, str], over: float, *,
    as_json: bool,
) -> None:  # fmt: skip
    from simulators.control import Refused, ask

    try:
        label = ask(folder, deed, *what, over)
    except Refused as error:
        fail(error, 2)
    except OSError as error:
        fail(f"no simulators run from {folder}: {error.strerror or error}", 1)
    if as_json:
        say_json(label)
    else:
        word = "begins" if deed == "inject" else "ends"
        say(f"{label['device']}: {label['fault']} {word}; alarm {label['code'] or 'none'}")


def demo(  # one argument an option, as contracts §2 lists them
    lasts: Annotated[
        float | None, typer.Option("--for", min=1, metavar="S", help="End after S seconds.")
    ] = None,
    devices: Devices = None,
    scenario: Annotated[
        str, typer.Option(help="A shipped scenario (see: wayside sim --list), or a .toml.")
    ] = "mixed",
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
