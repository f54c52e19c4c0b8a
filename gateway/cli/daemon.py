"""``wayside run``, for those who start it in a hurry: without typer.

The same words mean the same to both; what is written in any other way is left to typer.
"""

from __future__ import annotations

import argparse
import faulthandler
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, NoReturn

from gateway.cli.running import fail, say_json, site_of, until_stopped


class Asked(NamedTuple):
    """The words after ``run``, understood."""

    site: Path
    record: Path | None
    json: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def asked(words: Sequence[str]) -> Asked | None:
    """What ``run SITE [--record FILE] [--json]`` asks for; None if it is anything else."""
    if words[:1] != ["run"]:
        return None
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("site", type=Path)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--json", action="store_true")
    try:
        return Asked(**vars(parser.parse_args(words[1:])))
    except ValueError:
        return None


def run(site: Path, record: Path | None, json: bool) -> None:
    """Run the daemon until SIGINT or SIGTERM.

    SIGABRT, systemd's word to one that is stuck, leaves the stack of every thread in the log.
    """
    faulthandler.enable(2)  # the descriptor: sys.stderr may be anything by now
    loaded = site_of(site)
    from gateway.edge import daemon

    try:
        until_stopped(
            lambda stop: daemon.run(loaded, stop=stop, record=record),
            lambda summary: say_json(asdict(summary)) if json else None,
        )
    except daemon.CannotStart as error:
        fail(error, 1)
