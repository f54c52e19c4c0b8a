"""The files a gateway needs for a simulated district: site file, lamp register, profiles, map.

A district has a *style*. For a demonstration every point is polled each second, because one that
polls every ten seconds is dull, and the site file shortens the rules' delays for the same reason,
and says so. Otherwise profiles are as shipped (or polled as asked) and no rule is set, so that a
recording is judged as a real street would be. Lamps stand in a CSV register, everything else in the
site file, so that both ways of listing devices are in use.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from gateway import registry
from gateway.model import NOTHING
from simulators.town.plan import PROFILES, Asset, District, Endpoint
from simulators.town.streets import map_of

_EVERY = re.compile(r'(\bevery\s*=\s*)"[^"]*"')
_REGISTER = "lamps.csv"
_KIND = re.compile(r'^kind\s*=\s*"([a-z]+)"', re.MULTILINE)
_SUNNY = """\
# A simulated district, written by Wayside's simulators. It stands in {name}, because there the sun
# was highest when this file was written: day burners and lit tunnels can be shown at any hour.
"""
_PLAIN = """\
# A simulated district in {name}, written by Wayside's simulators. No rule is set here: they judge
# as they would judge a street.
"""
_HEAD = """\
{why}schema = 1

[gateway]
id = "gw-demo"
site = "{site}"
latitude = {latitude}
longitude = {longitude}
timezone = "{timezone}"
data_dir = "data"
{register}clock = "trust"  # the simulated street goes by the same clock, right or wrong

[mqtt]
url = "{broker}"

"""


@dataclass(frozen=True, slots=True)
class Style:
    """``quick``: for a demonstration. ``every``: periods by kind, ``{"lamp": "5m"}``."""

    quick: bool = True
    every: Mapping[str, str] = NOTHING


_RULES = """
# This is a demonstration: every delay below is cut to seconds so that faults show while you watch.
# Leave these tables out of a real site file; the defaults are made for real streets.
[rules.comm_loss]
on_delay = "3s"

[rules.lamp_failure]
on_delay = "5s"
off_delay = "2s"
warm_up = "3s"

[rules.day_burner]
on_delay = "5s"
off_delay = "2s"

[rules.feeder_outage]
on_delay = "3s"
off_delay = "3s"

[rules.conflicting_greens]
off_delay = "8s"     # longer than yellow and all-red, between two greens that conflict

[rules.bin_full]
on_delay = "5s"
off_delay = "2s"

[rules.bin_fire]
off_delay = "2s"
"""


def write(district: District, broker: str, style: Style) -> None:
    """Write all the files of a district into its folder."""
    folder = district.folder / "profiles"
    folder.mkdir(exist_ok=True)
    for name in sorted({Path(asset.profile).stem for asset in district.assets}):
        text = profile_file(PROFILES[name]).read_text(encoding="utf-8")
        (folder / f"{name}.toml").write_text(polled(text, style), encoding="utf-8")
    lamps = [asset for asset in district.assets if asset.kind == "lamp"]
    if lamps:
        write_register(district.folder / _REGISTER, lamps)
    district.site_file.write_text("".join(site_text(district, broker, style)), encoding="utf-8")
    district.map_file.write_text(map_of(district), encoding="utf-8")


def profile_file(name: str) -> Path:
    """The file of a shipped profile, ``lamp/generic``."""
    return registry.folder() / "profiles" / f"{name}.toml"


def polled(profile: str, style: Style) -> str:
    """A profile's text with the periods a style asks for; as shipped where it asks for none."""
    kind = _KIND.search(profile)
    every = "1s" if style.quick else style.every.get(kind[1] if kind else "")
    return profile if every is None else _EVERY.sub(rf'\1"{every}"', profile)


def site_text(district: District, broker: str, style: Style) -> Iterator[str]:
    """The site file, piece by piece."""
    place = district.place
    lit = any(asset.kind == "lamp" for asset in district.assets)
    yield _HEAD.format(
        why=_SUNNY.format(name=place.name) if style.quick else _PLAIN.format(name=place.name),
        site=place.site,
        latitude=place.latitude,
        longitude=place.longitude,
        timezone=place.timezone,
        register=f'devices = ["{_REGISTER}"]\n' if lit else "",
        broker=broker,
    )
    for endpoint in district.endpoints:
        yield table(f"[bus.{endpoint.name}]", bus_keys(endpoint))
    for asset in district.assets:
        if asset.kind != "lamp":
            yield table("[[device]]", device_keys(asset))
    if style.quick:
        yield _RULES


def bus_keys(endpoint: Endpoint) -> dict[str, Any]:
    """The keys of a ``[bus.*]`` table."""
    keys: dict[str, Any] = {"driver": endpoint.driver}
    if endpoint.path is None:
        return keys | {"host": "127.0.0.1", "port": endpoint.port, "timeout": "500ms"}
    keys["port"] = str(endpoint.path)
    if endpoint.driver != "maxbotix":
        keys |= {"baudrate": endpoint.pace.baudrate, "parity": endpoint.pace.parity}
        keys |= {"stopbits": endpoint.pace.stopbits, "timeout": "300ms"}
    if endpoint.driver == "modbus-ascii":
        keys["bytesize"] = endpoint.pace.bytesize
    return keys


def device_keys(asset: Asset) -> dict[str, Any]:
    """The keys of a ``[[device]]`` table; facts only where they differ from the default."""
    keys: dict[str, Any] = {"id": asset.id, "profile": asset.profile, "bus": asset.bus}
    if asset.unit is not None:
        keys["unit"] = asset.unit
    for fact in fields(asset.facts):
        value = getattr(asset.facts, fact.name)
        if fact.default is MISSING or value != fact.default:
            keys[fact.name] = value
    return keys | {"latitude": asset.latitude, "longitude": asset.longitude}


def table(header: str, keys: Mapping[str, Any]) -> str:
    """A TOML table of plain values."""
    lines = [f"{key} = {literal(value)}" for key, value in keys.items()]
    return "\n".join([header, *lines, "", ""])


def literal(value: object) -> str:
    """A value as TOML writes it; for text, numbers, truths and lists JSON writes the same."""
    return json.dumps(value, ensure_ascii=False)


def write_register(file: Path, assets: list[Asset]) -> None:
    """An asset register: one row a device, a column for every key any of them has."""
    rows = [device_keys(asset) for asset in assets]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
