"""``[bus.NAME]``: one wire or endpoint each, with the options of its driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway import registry
from gateway.driver import Driver
from gateway.problems import Problem, suggest
from gateway.tables.document import Spot
from gateway.tables.shape import shape

_ONE_OWNER = "a port has one owner: make them one bus"
_ONE_CONNECTION = (
    "an endpoint has one connection, which all its units share: make them one bus; where it takes "
    "several questions at once, say so with pipeline"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusKeys:
    """The key every bus has; the others are its driver's."""

    driver: str


@dataclass(frozen=True, slots=True)
class Wire:
    """What is known of a bus: ``None`` for what could not be read."""

    driver: Driver | None
    options: Any


def read_buses(table: Mapping[str, Any], spot: Spot, problems: list[Problem]) -> Mapping[str, Wire]:
    """Every bus by name, the broken ones too, so that their devices are not blamed for them."""
    wires: dict[str, Wire] = {}
    drivers: dict[str, Driver | None] = {}
    owners: dict[object, str] = {}
    for name, bus in table.items():
        if not isinstance(bus, Mapping):
            continue  # the check of the whole file says so
        here = spot.at(name)
        driver = _driver(bus.get("driver"), drivers, here, problems)
        kinds = (BusKeys,) if driver is None else (BusKeys, driver.options)
        parts = shape(*kinds, strangers=driver is None).read(bus, here, problems)
        wires[name] = Wire(driver, parts[1] if parts and driver else None)
        place = _place(bus, wires[name].options)
        if place is not None and (owner := owners.setdefault(place, name)) != name:
            problem, hint = f'bus "{owner}" has this port already', _ONE_OWNER
            if not isinstance(place, str):
                problem, hint = f'bus "{owner}" has this host and port already', _ONE_CONNECTION
            key = "port" if "port" in bus else "host"
            problems.append(here.at(key).problem(problem, hint))
    return wires


def _place(bus: Mapping[str, Any], options: object) -> object:
    """What only one bus may have: a serial port, or an endpoint's host and port."""
    port = bus.get("port")
    if isinstance(port, str):
        return port
    host, port = getattr(options, "host", None), getattr(options, "port", None)
    return None if host is None or port is None else (host.lower(), port)


def _driver(
    name: object, found: dict[str, Driver | None], spot: Spot, problems: list[Problem]
) -> Driver | None:
    if not isinstance(name, str):
        return None  # the check of the bus says so
    if name not in found:
        try:
            found[name] = registry.driver(name)
        except LookupError as error:
            found[name] = None
            problem, _, hint = str(error).partition("; ")
            problems.append(spot.at("driver").problem(problem, hint))
    elif found[name] is None:
        hint = suggest(name, registry.driver_names())
        problems.append(spot.at("driver").problem(f'no driver is called "{name}"', hint))
    return found[name]
