"""Simulated devices, and a whole district of them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.shared import Json, centre_of, fail, line, say, say_json, until_stopped


def sim(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario, or a path to a .toml.")],
    devices: Annotated[int, typer.Option(help="How many devices.")] = 32,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the site file and the ptys go.")
    ] = Path("wayside-sim"),
    json: Json = False,
) -> None:
    """Run only the simulators, for any gateway to poll."""
    from simulators.scenario import load
    from simulators.wires import servers

    wanted = load(scenario)
    try:
        until_stopped(
            lambda stop: servers.run(
                wanted, folder=folder, stop=stop, devices=devices, as_json=json
            )
        )
    except (ValueError, OSError) as error:
        fail(error, 2 if isinstance(error, ValueError) else 1)


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
