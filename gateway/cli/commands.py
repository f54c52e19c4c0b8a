"""All commands put together, in the order of the help: parse, call, print.

One module holds a group of commands, ``shared`` and ``running`` what they share. Each command
imports its room when it runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import centre, edge, field, library, simulation
from gateway.cli.shared import say

app = typer.Typer(
    name="wayside",
    help="An edge gateway for street lamps, traffic-signal cabinets and waste bins.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    edge.run,
    edge.check,
    field.read,
    field.write,
    field.scan,
    field.replay,
    centre.ingest,
    centre.console,
    centre.audit,
    simulation.sim,
    simulation.demo,
):
    app.command()(command)
app.add_typer(library.profiles, name="profile")
app.add_typer(library.drivers, name="driver")


@app.callback(invoke_without_command=True)
def wayside(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Everything below hangs on one command; this holds what they share."""
    if version:
        say(f"wayside {__version__}")
        raise typer.Exit
