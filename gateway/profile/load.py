"""A profile as a whole: its head, rows and commands, checked against its driver.

The head of a profile, each row of ``points`` and each ``[commands.*]`` table hold keys of two
owners. The generic ones are dataclasses here, in ``keys`` and in ``controls``; the others belong
to the driver whose family the profile names, and are checked against that driver's ``traits``,
``point`` and ``command`` types. Every mistake is reported at once, with file and line.

The library lies in ``drivers/profiles/<kind>/<name>.toml``; a profile is referred to as
``lamp/generic``, or by a path that ends in ``.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from gateway import registry
from gateway.driver import Driver
from gateway.model import NOTHING, Control, Derived, Device, Kind, Point
from gateway.problems import ConfigurationError, Problem, suggest
from gateway.profile.controls import read_controls
from gateway.profile.keys import PointKeys
from gateway.profile.points import Rows
from gateway.tables.document import Document, Spot, read_document
from gateway.tables.shape import shape
from gateway.tables.words import Period, PointName

_LIBRARY = re.compile(r"[a-z0-9][a-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A checked profile; ``traits`` is the driver's own part of its head.

    ``ends`` gives for each derived point the two asset facts a device must have for it, ``keys``
    for each point that is read the generic keys of its row, as written.
    """

    name: str
    kind: Kind
    vendor: str
    model: str
    family: str
    traits: Any
    points: tuple[Point, ...]
    derived: tuple[Derived, ...] = ()
    atomic: tuple[tuple[str, ...], ...] = ()
    controls: Mapping[str, Control] = NOTHING
    ends: Mapping[str, tuple[str, str]] = NOTHING
    keys: Mapping[str, PointKeys] = NOTHING
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The keys at the top of every profile."""

    schema: Literal[1]
    kind: Literal["lamp", "feeder", "signal", "bin", "other"]
    vendor: str
    model: str
    driver: str
    every: Period = 10.0
    atomic: tuple[tuple[str, ...], ...] = ()
    points: tuple[Mapping[str, Any], ...]
    commands: Mapping[PointName, Mapping[str, Any]] = NOTHING


def profile_names() -> tuple[str, ...]:
    """The library: ``bin/generic``, ``lamp/generic`` …, sorted."""
    library = registry.folder() / "profiles"
    return tuple(sorted(f"{file.parent.name}/{file.stem}" for file in library.glob("*/*.toml")))


def profile_file(ref: str, base: Path) -> Path:
    """Where a profile lies; ``base`` is the folder of the file that refers to it.

    Raises:
        LookupError: the library has none of that name; the text says what was probably meant.
    """
    if ref.endswith(".toml"):
        return base / ref
    file = registry.folder() / "profiles" / f"{ref}.toml"
    if not _LIBRARY.fullmatch(ref) or not file.is_file():
        raise LookupError(f'no profile is called "{ref}"; {suggest(ref, profile_names())}')
    return file


def load_profile(ref: str, base: Path) -> Profile:
    """Read a profile by name or path.

    Raises:
        ConfigurationError: it cannot be found or used; every reason at once.
    """
    try:
        document = read_document(profile_file(ref, base))
    except LookupError as error:
        problem, _, hint = str(error).partition("; ")
        raise ConfigurationError([Problem(ref, 0, "", problem, hint)]) from error
    problems: list[Problem] = []
    profile = _read(ref, document, problems)
    if profile is None or problems:  # a profile with a problem was only made to find others
        raise ConfigurationError(problems)
    return profile


def _read(ref: str, document: Document, problems: list[Problem]) -> Profile | None:
    table, spot = document.table, document.spot
    driver = _driver(table.get("driver"), spot, problems)
    head, traits = _head(table, driver, spot, problems)
    rows = _rows(table, head, driver, traits, spot, problems)
    controls = read_controls(
        table.get("commands"), driver, traits, rows, spot.at("commands"), problems
    )
    atomic = _atomic(head, rows, spot, problems)
    if head is None or driver is None or traits is None:
        return None
    profile = Profile(
        name=ref,
        kind=head.kind,
        vendor=head.vendor,
        model=head.model,
        family=driver.family,
        traits=traits,
        points=tuple(rows.points),
        derived=tuple(rows.derived),
        atomic=atomic,
        controls=controls,
        ends=rows.ends,
        keys=rows.keys,
        file=document.file,
    )
    if rows.whole:
        _check_atomic(profile, driver, spot, problems)
    return profile


def _driver(family: object, spot: Spot, problems: list[Problem]) -> Driver | None:
    if not isinstance(family, str):
        return None  # the head's own check says so
    try:
        return registry.driver_of(family)
    except LookupError as error:
        problem, _, hint = str(error).partition("; ")
        problems.append(spot.at("driver").problem(problem, hint))
        return None


def _head(
    table: Mapping[str, Any], driver: Driver | None, spot: Spot, problems: list[Problem]
) -> tuple[Head | None, Any]:
    kinds = (Head,) if driver is None else (Head, driver.traits)
    parts = shape(*kinds, strangers=driver is None).read(table, spot, problems)
    if parts is not None:
        return parts[0], parts[1] if driver else None
    head, traits = (
        shape(kind, strangers=True).salvage(table, spot) or (None,)
        for kind in (Head, driver.traits if driver else Head)
    )
    return head[0], traits[0] if driver else None


def _rows(
    table: Mapping[str, Any],
    head: Head | None,
    driver: Driver | None,
    traits: object,
    spot: Spot,
    problems: list[Problem],
) -> Rows:
    rows = Rows(head.kind if head else None, driver, traits, head.every if head else 10.0)
    written = table.get("points")
    if isinstance(written, list):
        for i, row in enumerate(written):
            if isinstance(row, Mapping):
                rows.read(row, spot.at("points", i), problems)
        rows.link(written, spot.at("points"), problems)
        if not written:
            problems.append(spot.at("points").problem("a profile needs at least one point"))
    return rows


def _atomic(
    head: Head | None, rows: Rows, spot: Spot, problems: list[Problem]
) -> tuple[tuple[str, ...], ...]:
    """Each group's patterns as the names of the points they mean."""
    names = [point.name for point in rows.points]
    groups = []
    for i, patterns in enumerate(head.atomic if head else ()):
        for k, pattern in enumerate(patterns):
            if rows.whole and not any(fnmatchcase(name, pattern) for name in names):
                problem = f'no point is called "{pattern}"'
                problems.append(spot.at("atomic", i, k).problem(problem, suggest(pattern, names)))
        groups.append(tuple(n for n in names if any(fnmatchcase(n, p) for p in patterns)))
    return tuple(groups)


def _check_atomic(profile: Profile, driver: Driver, spot: Spot, problems: list[Problem]) -> None:
    """A group's points must be due together and fit one request."""
    points = {point.name: point for point in profile.points}
    device = specimen(profile, driver) if profile.atomic else None
    for i, group in enumerate(profile.atomic):
        where = spot.at("atomic", i)
        if len({points[name].every for name in group}) > 1:
            hint = "give them the same every"
            problems.append(where.problem("these points are not read at the same time", hint))
        elif device is not None:
            blocks = driver.plan(device, profile.points)
            holding = sum(not set(group).isdisjoint(p.name for p in b.points) for b in blocks)
            if holding > 1:
                problem = f"these points take {holding} requests, so they cannot be read as one"
                hint = "look at their tables, their addresses and the device's block limits"
                problems.append(where.problem(problem, hint))


def specimen(profile: Profile, driver: Driver) -> Device | None:
    """A device to plan with, if its driver needs no more than a unit to make one."""
    unit = {"unit": 1} if "unit" in {field.name for field in fields(driver.device)} else {}
    try:
        options = driver.device(**unit)
    except TypeError:
        return None
    return Device(
        id="specimen",
        kind=profile.kind,
        bus="",
        profile=profile.name,
        options=options,
        traits=profile.traits,
        points=profile.points,
        atomic=profile.atomic,
    )
