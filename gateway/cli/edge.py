"""The edge itself: run it, check its site file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import daemon
from gateway.cli.shared import Json, SiteFile, say, say_json, site_of
from gateway.problems import ConfigurationError

if TYPE_CHECKING:
    from gateway.config.site import Site
    from gateway.faults.coverage import Blind

FEW = 4  # names in one line


def run(
    site: SiteFile,
    record: Annotated[
        Path | None, typer.Option(help="Also write every reading to this recording.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the edge daemon: poll, detect faults, forward."""
    daemon.run(site, record, json)


Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also say which rules cannot judge which devices.")
]


def check(site: SiteFile, verbose: Verbose = False, json: Json = False) -> None:
    """Validate a site file: every problem at once, with file, line and hint."""
    try:
        loaded = site_of(site)
    except ConfigurationError as error:
        if not json:
            raise
        problems = [asdict(problem) for problem in error.problems]
        say_json({"problems": problems, "blind": []} if verbose else problems)
        raise typer.Exit(2) from None
    blind = _blind(loaded) if verbose else []
    if json:
        say_json({"problems": [], "blind": list(map(asdict, blind))} if verbose else [])
        return
    say(f"{site}: {len(loaded.buses)} buses, {len(loaded.devices)} devices, no problems")
    for one in blind:
        say(f"{one.code}: {one.why}: {_names(one.devices)}")


def _blind(site: Site) -> list[Blind]:
    from gateway.faults.coverage import blind_spots
    from gateway.faults.rules import load_rules

    return blind_spots(site.devices, load_rules())


def _names(devices: tuple[str, ...]) -> str:
    """The first few, and how many there are."""
    if len(devices) <= FEW:
        return ", ".join(devices)
    return f"{', '.join(devices[:FEW])} … ({len(devices)} devices)"
