"""What a scan is pointed at: a wire written as a URL, and the units to ask on it.

``modbus-rtu:///dev/ttyUSB0?baudrate=9600&parity=N`` names a driver and its options: the part after
``?`` holds the same keys as a ``[bus.*]`` table, checked by the same dataclass; a port in the path
or a host before it stand for the keys ``port`` and ``host``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gateway import registry
from gateway.driver import Driver
from gateway.problems import ConfigurationError, Problem
from gateway.tables.cells import from_cells
from gateway.tables.document import Spot
from gateway.tables.shape import Shape, shape
from gateway.units import parse_duration

_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A wire: its driver, and that driver's options."""

    url: str
    driver: Driver
    options: Any


def target(url: str) -> Target:
    """The wire a URL names.

    Raises:
        ConfigurationError: it names none; every reason at once.
    """
    driver = _driver(url)
    problems: list[Problem] = []
    wanted = shape(driver.options)
    table = _table(url, wanted, problems)
    parts = wanted.read(from_cells(table, wanted.keys), _spot(url), problems)
    if parts is None or problems:
        raise ConfigurationError(replace(problem, file=url, line=0) for problem in problems)
    return Target(url, driver, parts[0])


def _driver(url: str) -> Driver:
    name, colon, _ = url.partition(":")
    if not colon:
        hint = "write it as modbus-rtu:///dev/ttyUSB0?baudrate=9600 or modbus-tcp://192.0.2.12:502"
        raise ConfigurationError([Problem(url, 0, "", "not a URL", hint)])
    try:
        return registry.driver(name)
    except LookupError as error:
        problem, _, hint = str(error).partition("; ")
        raise ConfigurationError([Problem(url, 0, "", problem, hint)]) from None


def _table(url: str, wanted: Shape, problems: list[Problem]) -> dict[str, Any]:
    """The keys a URL says, as text: the place first, then what follows the question mark."""
    told = urlsplit(url)
    table: dict[str, Any] = dict(_place(told, wanted, _spot(url), problems))
    for key, value in parse_qsl(told.query, keep_blank_values=True):
        if key in table:
            problems.append(_spot(url).at(key).problem("said twice"))
        table[key] = value
    return table


def _place(
    told: SplitResult, wanted: Shape, spot: Spot, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    if "host" not in wanted.keys:
        if told.netloc:
            hint = f"with three slashes: {told.scheme}:///{told.netloc}{told.path}"
            problems.append(spot.problem("a serial port has no host", hint))
        if told.path:
            yield "port", unquote(told.path)
        return
    if told.path not in {"", "/"}:
        problems.append(spot.problem(f'"{told.path}" belongs to no host and port'))
    if told.hostname:
        yield "host", told.hostname
    try:
        if told.port is not None:
            yield "port", told.port
    except ValueError:
        problems.append(spot.at("port").problem("not a port number"))


def _spot(url: str) -> Spot:
    return Spot(Path(url), (), lambda _: 0)


def parse_units(text: str, device: type) -> tuple[int, ...]:
    """The unit numbers of ``1-10,20``, in that order, each once.

    ``device`` is the driver's type of a device's own keys, which says what a unit may be.

    Raises:
        ConfigurationError: this is no such list, or holds what no unit can be.
    """
    found: dict[int, None] = {}
    for part in text.split(","):
        numbers = _RANGE.fullmatch(part.strip())
        first, last = (int(numbers[1]), int(numbers[2] or numbers[1])) if numbers else (1, 0)
        if first > last:
            problem = f'"{part}" is no unit and no range of units'
            raise ConfigurationError([Problem("--units", 0, "", problem, "write it as 1-10,20")])
        found |= dict.fromkeys(range(first, last + 1))
    problems: list[Problem] = []
    wanted = shape(device)
    for unit in (min(found), max(found)):
        wanted.read({"unit": unit}, _spot("--units"), problems)
    if problems:
        raise ConfigurationError(problems[:1])
    return tuple(found)


def duration(flag: str, text: str | None) -> float | None:
    """Seconds of ``300ms``, if a flag said so; ConfigurationError if it is no duration."""
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise ConfigurationError([Problem(flag, 0, "", str(error))]) from None


def settings(
    options: Any,  # noqa: ANN401  # the driver's
    choices: Mapping[str, tuple[str, str | None]],
) -> tuple[Any, ...]:
    """The same wire with every combination of what some of its keys may be.

    ``choices`` gives for a key the flag that said so and its values, written as ``9600,19200``.

    Raises:
        ConfigurationError: the wire has no such setting, or not with that value.
    """
    found = [options]
    kind = type(options)
    wanted = shape(kind, partial=True)
    problems: list[Problem] = []
    for key, (flag, text) in choices.items():
        if text is None:
            continue
        if key not in wanted.keys:
            problems.append(Problem(flag, 0, "", "this wire has no such setting"))
            continue
        values = []
        for word in text.split(","):
            table = from_cells({key: word.strip()}, wanted.keys)
            parsed = wanted.values(table, _spot(flag), problems) or {}
            values += [parsed[key]] if key in parsed else []
        found = [replace(each, **{key: value}) for each in found for value in values]
    if problems:
        raise ConfigurationError(replace(problem, line=0) for problem in problems)
    return tuple(dict.fromkeys(found))
