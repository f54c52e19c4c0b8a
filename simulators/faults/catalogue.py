"""Every way to break, collected from the modules that carry them out.

A device module exports the faults of its devices as ``FAULTS``, ``simulators.wires.mishaps`` those
of the wires; a new fault is one entry there and none here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gateway.model import Kind
from gateway.problems import suggest
from simulators import devices
from simulators.devices.contract import Fault
from simulators.wires import mishaps


def collected() -> Iterable[Fault]:
    """The faults of the device modules in the order of their names, then those of the wires."""
    for module in sorted(found.name for found in pkgutil.iter_modules(devices.__path__)):
        yield from getattr(importlib.import_module(f"{devices.__name__}.{module}"), "FAULTS", ())
    yield from mishaps.FAULTS


def by_name(faults: Iterable[Fault]) -> Mapping[str, tuple[Fault, ...]]:
    """Faults by name: one for each group of kinds that can have it.

    Raises:
        ValueError: two faults of one name claim the same kind.
    """
    found: dict[str, tuple[Fault, ...]] = {}
    for fault in faults:
        for other in found.get(fault.name, ()):
            if both := fault.kinds & other.kinds:
                raise ValueError(f"two faults of {', '.join(both)} are called {fault.name}")
        found[fault.name] = (*found.get(fault.name, ()), fault)
    return MappingProxyType(found)


FAULTS = by_name(collected())
OF_THE_WIRE = frozenset(fault.name for fault in mishaps.FAULTS)


def kinds_of(name: str) -> frozenset[Kind]:
    """The kinds of device that can have a fault of that name.

    Raises:
        LookupError: there is no such fault; the text suggests one.
    """
    if name not in FAULTS:
        raise LookupError(f'no fault "{name}"; {suggest(name, FAULTS)}')
    return frozenset().union(*(fault.kinds for fault in FAULTS[name]))


def fault_of(name: str, kind: Kind) -> Fault | None:
    """The fault of that name a device of that kind can have; LookupError as ``kinds_of``."""
    kinds_of(name)
    return next((fault for fault in FAULTS[name] if kind in fault.kinds), None)
