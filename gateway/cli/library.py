"""What the gateway knows: device profiles and drivers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.shared import Json, say, say_json
from gateway.problems import ConfigurationError

profiles = typer.Typer(help="The library of device profiles.", no_args_is_help=True)
drivers = typer.Typer(help="The field protocols this machine can speak.", no_args_is_help=True)


@profiles.command("list")
def profile_list(json: Json = False) -> None:
    """The names a site file may use."""
    from gateway.profile import profile_names

    names = profile_names()
    if json:
        say_json(names)
    else:
        say("\n".join(names))


@profiles.command("show")
def profile_show(
    profile: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A library name or a .toml.")],
    json: Json = False,
) -> None:
    """What a profile reads, how, and by which requests."""
    from gateway.field import profiles as room
    from gateway.profile import load_profile

    told = room.described(load_profile(profile, Path()))
    if json:
        say_json(told)
    else:
        say(room.as_text(told))


@profiles.command("check")
def profile_check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Or names of the library.")],
    json: Json = False,
) -> None:
    """Validate profiles: every mistake at once, with file, line and hint."""
    from gateway.field import profiles as room

    good, problems = room.checked(files, Path())
    if json:
        say_json([asdict(problem) for problem in sorted(problems)])
    else:
        for profile in good:
            say(room.summary(profile))
        if problems:
            raise ConfigurationError(problems)
    if problems:
        raise typer.Exit(2)


@drivers.command("list")
def driver_list(json: Json = False) -> None:
    """The driver names a ``[bus.*]`` table may use."""
    from gateway import registry

    known = sorted(registry.drivers().values(), key=lambda driver: driver.name)
    if json:
        say_json([{"name": d.name, "family": d.family, "summary": d.summary} for d in known])
    else:
        say("\n".join(f"{driver.name:<16} {driver.summary}" for driver in known))
