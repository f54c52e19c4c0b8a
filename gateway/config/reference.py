"""The configuration reference, written from the dataclasses themselves.

``render`` gives the Markdown of ``docs/configuration.md``: every section with its keys, types and
defaults. Types and defaults come from the code, sentences from ``gateway.config.meanings`` and, for
the drivers' own tables, from their docstrings.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields

from gateway import registry
from gateway.assets import FACTS
from gateway.config.buses import BusKeys
from gateway.config.devices import DeviceKeys
from gateway.config.load import CentreOptions
from gateway.config.meanings import MEANINGS
from gateway.config.site import (
    BrokerOptions,
    ConsoleOptions,
    GatewayOptions,
    InfluxOptions,
    MaintenanceOptions,
    OutboxOptions,
)
from gateway.config.spelling import default_of, type_of
from gateway.driver import Driver
from gateway.model import NOTHING
from gateway.profile import Head
from gateway.profile.controls import ControlKeys
from gateway.profile.keys import Derive, DerivedKeys, PointKeys
from gateway.tables.shape import shape

_INTRODUCTION = """\
# Configuration

`wayside check SITE` reads all of a site's files and names every mistake at once, with its file,
line, key and what to write instead. Unknown keys are refused.

- **Durations** are text: `"250ms"`, `"10s"`, `"5m"`, `"2h"`, `"7d"`; **sizes** too: `"512MB"`.
- **Paths** start at the file that names them.
- **Ids** are 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or a digit;
  those of site and gateway are in lower case and at most 32 long.
- **Secrets** never stand in these files: a key ending in `_file` names the file that holds one.
"""
_REGISTERS = """\
## Asset registers

A CSV file named by `devices` in `[gateway]` holds one device a row: comma-separated, UTF-8, its
first line naming the columns by the keys of `[[device]]`. `id`, `profile` and `bus` must be among
them. An empty cell is a key left out. Lists are written `a;b`, pairs of signal groups `1-3;1-4`,
yes and no as `true`/`false`, `yes`/`no` or `1`/`0`. A rule's setting for one device has a column
such as `rules.lamp_failure.on_delay`. Problems call the first row `device[0]`.
"""


def render(rules: Mapping[str, type] = NOTHING) -> str:
    """The whole page; ``rules`` gives the settings dataclass of every fault code, if known."""
    return "\n".join(_page(rules))


def _page(rules: Mapping[str, type]) -> Iterator[str]:
    drivers = registry.drivers().values()
    yield _INTRODUCTION
    yield "# Site file\n\nIt opens with `schema = 1`.\n"
    yield from _section("## `[gateway]`", GatewayOptions)
    yield from _section("## `[mqtt]`", BrokerOptions)
    yield from _section("## `[outbox]`", OutboxOptions)
    yield from _section("## `[bus.NAME]`", BusKeys)
    for driver in drivers:
        yield f'### `driver = "{driver.name}"`\n\n{driver.summary}.\n'
        yield f"{_docstring(driver.options)}\n"
        yield from _table(driver.options)
    yield from _section("## `[[device]]`", DeviceKeys)
    yield from _devices(drivers)
    yield from _section("## `[[maintenance]]`", MaintenanceOptions)
    for device, facts in FACTS.items():
        if fields(facts):
            yield from _section(f"### Asset facts of a {device}", facts)
    yield _REGISTERS
    yield from _rules(rules)
    yield "# Centre file\n\nIt opens with `schema = 1`.\n"
    yield from _section("## `[centre]`", CentreOptions)
    yield "`[mqtt]` is as in a site file; `client_id` keeps a session of its own.\n"
    yield "Without `[influx]` the history is kept in the embedded store, in `data_dir`.\n"
    yield from _section("## `[influx]`", InfluxOptions)
    yield from _section("## `[console]`", ConsoleOptions)
    yield from _profile(drivers)


def _devices(drivers: Collection[Driver]) -> Iterator[str]:
    by_type: dict[type, list[str]] = {}
    for driver in drivers:
        by_type.setdefault(driver.device, []).append(f"`{driver.name}`")
    for kind, names in by_type.items():
        if fields(kind):
            yield from _section(f"### On a bus of {', '.join(names)}", kind)


def _rules(rules: Mapping[str, type]) -> Iterator[str]:
    yield (
        "## `[rules.CODE]` and `[device.rules.CODE]`\n\n"
        "What a site, or one device, sets differently; the rest stays as it is.\n"
    )
    for code, kind in sorted(rules.items()):
        yield f"### `{code}`\n"
        yield from _table(kind)


def _profile(drivers: Collection[Driver]) -> Iterator[str]:
    yield (
        "# Profile\n\nA device's map is a TOML file of its own; the library lies in "
        "`drivers/profiles`.\n"
    )
    yield from _section("## Head of a profile", Head)
    yield from _section("## A row of `points`", PointKeys)
    yield from _section("## A row that computes", DerivedKeys)
    yield from _section("### `derive`", Derive)
    yield from _section("## `[commands.NAME]`", ControlKeys)
    families: dict[str, Driver] = {driver.family: driver for driver in drivers}
    for family, driver in sorted(families.items()):
        yield f"## Keys of the family `{family}`\n"
        for what, kind in (
            ("head", driver.traits),
            ("a row of `points`", driver.point),
            ("`[commands.NAME]`", driver.command),
        ):
            if fields(kind):
                yield from _section(f"### `{family}`: {what}", kind)


def _section(title: str, kind: type) -> Iterator[str]:
    yield f"{title}\n"
    if kind not in MEANINGS:
        yield f"{_docstring(kind)}\n"
    yield from _table(kind)


def _docstring(kind: type) -> str:
    return (inspect.getdoc(kind) or "").replace("``", "`")


def _table(kind: type) -> Iterator[str]:
    """The keys of a dataclass; with a column of meanings where there are any."""
    meanings = MEANINGS.get(kind, {})
    hints = shape(kind).keys
    rows = []
    for field in fields(kind):
        key = field.name.rstrip("_")
        row = [f"`{key}`", type_of(hints[key]), default_of(field, hints[key]), meanings.get(key)]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row if cell) + " |")
    head = ["key", "type", "default", "meaning"][: 4 if meanings else 3]
    yield "| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n" + "\n".join(rows) + "\n"
