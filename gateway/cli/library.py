"""What the gateway knows: device profiles and drivers."""

from __future__ import annotations

import typer

from gateway.cli.shared import Json, say, say_json

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


@drivers.command("list")
def driver_list(json: Json = False) -> None:
    """The driver names a ``[bus.*]`` table may use."""
    from gateway import registry

    known = sorted(registry.drivers().values(), key=lambda driver: driver.name)
    if json:
        say_json([{"name": d.name, "family": d.family, "summary": d.summary} for d in known])
    else:
        say("\n".join(f"{driver.name:<16} {driver.summary}" for driver in known))
