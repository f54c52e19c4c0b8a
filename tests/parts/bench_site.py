"""A small site file for tests, around Modbus servers that are not ours (``modbus_servers``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rules import load_rules

PROFILE = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "Numbers"
driver = "modbus"
every = "{every}"
points = [
  {{ name = "near", table = "holding", address = 7 }},
  {{ name = "next", table = "holding", address = 8 }},
  {{ name = "far", table = "input", address = 400 }},
]

[commands.set]
table = "holding"
address = 7
type = "uint16"
"""


def write_site(
    folder: Path,
    buses: Mapping[str, tuple[str, Sequence[int]]],
    *,
    broker: str = "mqtt://127.0.0.1:1",
    every: str = "250ms",
    more: str = "",
) -> Path:
    """``buses`` gives the keys of each bus and its units; devices are called ``NAME-unit``.

    ``more`` stands at the end of the file.
    """
    (folder / "numbers.toml").write_text(PROFILE.format(every=every))
    parts = [
        f"""\
schema = 1
[gateway]
id = "gw-test"
site = "bench"
latitude = 14.55
longitude = 121.02
data_dir = "data"
[mqtt]
url = "{broker}"
batch = "250ms"
[outbox]
flush = "250ms"
"""
    ]
    parts += [f"[bus.{name}]\n{keys}\n" for name, (keys, _) in buses.items()]
    for name, (_, units) in buses.items():
        parts += [
            f'[[device]]\nid = "{name}-{unit}"\nprofile = "numbers.toml"\n'
            f'bus = "{name}"\nunit = {unit}\n'
            for unit in units
        ]
    file = folder / "site.toml"
    file.write_text("\n".join([*parts, more]))
    return file


def tcp(port: int, **keys: object) -> str:
    """The keys of a Modbus TCP bus on loopback."""
    more = "".join(f"\n{key} = {value!r}".replace("'", '"') for key, value in keys.items())
    return f'driver = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}{more}'


def rtu(port: str, baudrate: int = 115200, timeout: str = "100ms") -> str:
    """The keys of a serial bus; the timeout is for tests in which somebody stays silent."""
    return f'driver = "modbus-rtu"\nport = "{port}"\nbaudrate = {baudrate}\ntimeout = "{timeout}"'


def load(file: Path) -> Site:
    """The site as the daemon gets it."""
    return load_site(file, {code: rule.settings for code, rule in load_rules().items()})
