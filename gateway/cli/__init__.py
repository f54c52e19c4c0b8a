"""The ``wayside`` command: parses, calls, prints.

One module holds a group of commands, ``shared`` what they share; here they are put together in the
order of the help. Data goes to stdout, logs to stderr. Exit codes: 0 done · 1 failed at run time ·
2 usage or configuration error · 3 a device did not answer as it should · 130 interrupted. Each
command imports its room when it runs, so that the daemon pays for nothing but itself.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import centre, edge, field, library, simulation
from gateway.cli.shared import line, say
from gateway.problems import ConfigurationError

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
