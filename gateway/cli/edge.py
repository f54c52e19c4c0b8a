"""The edge itself: run it, check its site file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import daemon
from gateway.cli.shared import Json, SiteFile, say, say_json, site_of
from gateway.problems import ConfigurationError


def run(
    site: SiteFile,
    record: Annotated[
        Path | None, typer.Option(help="Also write every reading to this recording.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the edge daemon: poll, detect faults, forward."""
    daemon.run(site, record, json)


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
