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
    ports: dict[str, str] = {}
    for name, bus in table.items():
        if not isinstance(bus, Mapping):
            continue  # the check of the whole file says so
        here = spot.at(name)
        driver = _driver(bus.get("driver"), drivers, here, problems)
        kinds = (BusKeys,) if driver is None else (BusKeys, driver.options)
        parts = shape(*kinds, strangers=driver is None).read(bus, here, problems)
        wires[name] = Wire(driver, parts[1] if parts and driver else None)
        port = bus.get("port")
        if isinstance(port, str) and ports.setdefault(port, name) != name:
            problem = f'bus "{ports[port]}" has this port already'
            problems.append(
                here.at("port").problem(problem, "a port has one owner: make them one bus")
            )
    return wires


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
