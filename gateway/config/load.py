"""Reads a site file, and the centre's, into the values of ``gateway.config.site``.

Each section is checked against its dataclass, each bus against its driver's options, each device
(``gateway.config.devices``) against what its bus and its profile ask for. Nothing stops at the
first mistake: a section that cannot be used is left out, and the rest is judged all the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from gateway.config.agreement import disagreements
from gateway.config.buses import read_buses
from gateway.config.devices import Roster
from gateway.config.registers import read_register
from gateway.config.rules import read_rules
from gateway.config.site import (
    BrokerOptions,
    Bus,
    Centre,
    ConsoleOptions,
    GatewayOptions,
    InfluxOptions,
    MaintenanceOptions,
    OutboxOptions,
    Site,
)
from gateway.model import NOTHING
from gateway.problems import ConfigurationError, Problem, suggest
from gateway.tables.document import Spot, read_document
from gateway.tables.shape import shape
from gateway.tables.words import Id
from gateway.units import Between, Duration

Table: TypeAlias = Mapping[str, Any]
Section = TypeVar("Section")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKeys:
    """The top of a site file."""

    schema: Literal[1]
    gateway: Table
    mqtt: Table = NOTHING
    outbox: Table = NOTHING
    bus: Mapping[Id, Table] = NOTHING
    device: tuple[Table, ...] = ()
    rules: Mapping[str, Table] = NOTHING
    maintenance: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreKeys:
    """The top of a centre file."""

    schema: Literal[1]
    centre: Table
    mqtt: Table = NOTHING
    influx: Table = NOTHING
    console: Table = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreOptions:
    """``[centre]``: where the centre keeps what it must not lose."""

    data_dir: Path
    keep: Annotated[Duration, Between(86_400, math.inf)] | None = None


def load_site(path: Path, rules: Mapping[str, type]) -> Site:
    """Read a site file with its asset registers and profiles.

    ``rules`` gives the settings dataclass of every fault code, so that what a site overrides can
    be checked without knowing the rules.

    Raises:
        ConfigurationError: with every mistake in the site file and the files it names.
    """
    document = read_document(path)
    table, spot = document.table, document.spot
    problems: list[Problem] = []
    shape(SiteKeys).read(table, spot, problems)
    gateway = _section(GatewayOptions, table, "gateway", spot, problems)
    mqtt = _section(BrokerOptions, table, "mqtt", spot, problems)
    outbox = _section(OutboxOptions, table, "outbox", spot, problems)
    overrides = read_rules(_table(table, "rules"), rules, spot.at("rules"), problems)
    wires = read_buses(_table(table, "bus"), spot.at("bus"), problems)
    roster = Roster(wires, rules, gateway.id if gateway else None, problems, overrides)
    devices = table.get("device")
    for i, entry in enumerate(devices if isinstance(devices, list) else ()):
        if isinstance(entry, Mapping):
            roster.add(entry, spot.at("device", i))
    files = _table(table, "gateway").get("devices")
    for i, file in enumerate(files if isinstance(files, list) else ()):
        if isinstance(file, str) and file:
            read_register(path.parent / file, spot.at("gateway", "devices", i), roster, problems)
    maintenance = _maintenance(table.get("maintenance"), rules, spot, problems)
    if problems or gateway is None or mqtt is None or outbox is None:
        raise ConfigurationError(problems)
    return Site(
        file=path,
        gateway=gateway,
        mqtt=mqtt,
        outbox=outbox,
        buses={
            name: Bus(
                name=name,
                driver=wire.driver,
                options=wire.options,
                devices=tuple(roster.devices[name]),
            )
            for name, wire in wires.items()
            if wire.driver is not None
        },
        rules=overrides,
        maintenance=maintenance,
    )


def _maintenance(
    tables: object, rules: Mapping[str, type], spot: Spot, problems: list[Problem]
) -> tuple[MaintenanceOptions, ...]:
    """Every window; a code that is no pattern must be one that there is."""
    found: list[MaintenanceOptions] = []
    for i, entry in enumerate(tables if isinstance(tables, list) else ()):
        here = spot.at("maintenance", i)
        parts = shape(MaintenanceOptions).read(entry, here, problems)
        if parts is None:
            continue
        window: MaintenanceOptions = parts[0]
        for j, code in enumerate(window.codes):
            if "*" not in code and code not in rules:
                problem = f'no rule is called "{code}"'
                problems.append(here.at("codes", j).problem(problem, suggest(code, rules)))
        found.append(window)
    return tuple(found)


def load_centre(path: Path) -> Centre:
    """Read the operations centre's file.

    Raises:
        ConfigurationError: with every mistake in it.
    """
    document = read_document(path)
    table, spot = document.table, document.spot
    problems: list[Problem] = []
    shape(CentreKeys).read(table, spot, problems)
    centre = _section(CentreOptions, table, "centre", spot, problems)
    mqtt = _section(BrokerOptions, table, "mqtt", spot, problems)
    influx = _section(InfluxOptions, table, "influx", spot, problems) if "influx" in table else None
    console = _section(ConsoleOptions, table, "console", spot, problems)
    if centre is not None and centre.keep is not None and "influx" in table:
        problem = "is for the embedded store; InfluxDB has retention policies of its own"
        problems.append(spot.at("centre", "keep").problem(problem, "remove keep"))
    if problems or centre is None or mqtt is None or console is None:
        raise ConfigurationError(problems)
    return Centre(
        file=path,
        data_dir=centre.data_dir,
        keep=centre.keep,
        mqtt=mqtt,
        influx=influx,
        console=console,
    )


def _section(
    kind: type[Section], top: Table, name: str, spot: Spot, problems: list[Problem]
) -> Section | None:
    """One section as its dataclass; one that is left out has its defaults."""
    table = top.get(name, {})
    if not isinstance(table, Mapping) or (name not in top and name in {"gateway", "centre"}):
        return None  # the check of the whole file says so
    parts = shape(kind).read(table, spot.at(name), problems)
    if parts is None:
        return None
    section: Section = parts[0]
    for key, problem, hint in disagreements(section):
        problems.append(spot.at(name, key).problem(problem, hint))
    return section


def _table(top: Table, name: str) -> Table:
    table = top.get(name)
    return table if isinstance(table, Mapping) else {}
