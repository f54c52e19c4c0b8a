"""Finds drivers by name, without a list of them anywhere.

A driver called ``modbus-rtu`` lives in the package ``drivers``, in the module named by the part
before the first ``-``; that module exports ``DRIVERS``, a mapping of names to ``Driver`` values.
Only that module is imported. Drivers of other people come through the entry-point group
``wayside.drivers``: the entry's name is the driver's, its value a ``Driver``.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.driver import Driver
from gateway.problems import suggest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

PACKAGE = "drivers"
GROUP = "wayside.drivers"

_MODULE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def driver(name: str) -> Driver:
    """The driver of that name.

    Raises:
        LookupError: there is none, or a package it needs is not installed; the text says which,
            and what was probably meant.
    """
    found = _own(name.partition("-")[0]).get(name) or _foreign(name)
    if found is None:
        raise LookupError(f'no driver is called "{name}"; {suggest(name, driver_names())}')
    return found


def drivers() -> Mapping[str, Driver]:
    """Every driver that can be used here, by name; ours come before other people's."""
    found: dict[str, Driver] = {}
    # What cannot be loaded, say for want of an extra, is left out; ``driver`` tells why when asked.
    for entry in _entries():
        with contextlib.suppress(LookupError):
            found[entry.name] = _load(entry)
    for module in _modules():
        with contextlib.suppress(LookupError):
            found.update(_own(module))
    return dict(sorted(found.items()))


def driver_names() -> tuple[str, ...]:
    """The names of every driver that can be used here, sorted."""
    return tuple(drivers())


def driver_of(family: str) -> Driver:
    """Any driver of a family, to read a profile with while no bus is named.

    Raises:
        LookupError: no driver speaks it; the text says what was probably meant.
    """
    if _MODULE.fullmatch(family):
        for found in _own(family).values():
            if found.family == family:
                return found
    known = {found.family: found for found in drivers().values()}
    if family not in known:
        raise LookupError(f'no driver speaks "{family}"; {suggest(family, known)}')
    return known[family]


def folder() -> Path:
    """The folder of the package ``drivers``, where the library of profiles lies."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f'the package "{PACKAGE}" is not installed')
    return Path(next(iter(spec.submodule_search_locations)))


def _modules() -> Iterator[str]:
    return (found.name for found in pkgutil.iter_modules([str(folder())]))


def _own(module: str) -> Mapping[str, Driver]:
    """``DRIVERS`` of one of our modules; empty if there is no such module."""
    if not _MODULE.fullmatch(module):
        return {}
    name = f"{PACKAGE}.{module}"
    try:
        found: Mapping[str, Driver] = getattr(importlib.import_module(name), "DRIVERS", {})
    except ModuleNotFoundError as error:
        if error.name == name:
            return {}
        raise LookupError(f'driver "{module}" needs the Python package "{error.name}"') from error
    return found


def _entries() -> EntryPoints:
    """What other distributions offer; only looked for when asked, since it reads all of them."""
    from importlib import metadata  # noqa: PLC0415  # 25 ms that a site of our own drivers saves

    return metadata.entry_points(group=GROUP)


def _foreign(name: str) -> Driver | None:
    for entry in _entries().select(name=name):
        return _load(entry)
    return None


def _load(entry: EntryPoint) -> Driver:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise LookupError(f'driver "{entry.name}" cannot be loaded: {error}') from error
    if isinstance(found, Driver):
        return found
    raise LookupError(f'driver "{entry.name}" is not a Driver but a {type(found).__name__}')
