"""The arguments that commands share; what they do alike is in ``running``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.running import (
    centre_of,
    fail,
    fastest_loop,
    line,
    rule_settings,
    say,
    say_json,
    site_of,
    unless,
    until_stopped,
)

__all__ = [
    "CentreFile",
    "Json",
    "SiteFile",
    "centre_of",
    "fail",
    "fastest_loop",
    "line",
    "rule_settings",
    "say",
    "say_json",
    "site_of",
    "unless",
    "until_stopped",
]

SiteFile = Annotated[Path, typer.Argument(metavar="SITE", help="The site file (TOML).")]
CentreFile = Annotated[Path, typer.Argument(metavar="CENTRE", help="The centre's file (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
