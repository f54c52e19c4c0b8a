"""``wayside run``, for those who start it in a hurry: without a command-line library."""

from __future__ import annotations

import faulthandler
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from gateway.cli.running import fail, say_json, site_of, until_stopped


class Asked(NamedTuple):
    """The words after ``run``, understood."""

    site: Path
    record: Path | None
    json: bool


def asked(words: Sequence[str]) -> Asked | None:
    """What ``run SITE [--record FILE] [--json]`` asks for; None if it is anything else."""
    if words[:1] != ["run"]:
        return None
    site = record = None
    json = False
    rest = iter(words[1:])
    for word in rest:
        if word == "--json":
            json = True
        elif word == "--record" and (record := next(rest, "-")) != "-":
            continue
        elif site is None and not word.startswith("-"):
            site = word
        else:
            return None
    if not site or record == "" or (record or "").startswith("-"):
        return None
    return Asked(Path(site), None if record is None else Path(record), json)


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
