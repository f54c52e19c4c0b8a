"""Asset facts: what the register of lamps, pillars, cabinets and bins says about each of them.

One frozen dataclass a kind; its fields are the keys a ``[[device]]`` of that kind may carry besides
the common ones (contracts §3, domain §1 to §3). Defaults are documented engineering choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.model import Kind
from gateway.units import Duration
from gateway.weekly import Rounds, Schedule, Times


@dataclass(frozen=True, slots=True)
class LampFacts:
    """A lamp: powers in W, voltages in V, ``position`` counts along its feeder."""

    rated_power: float | None = None
    nominal_voltage: float = 230.0
    standby_power: float = 1.0
    technology: Literal["led", "hps", "mh", "other"] = "led"
    supply: Literal["permanent", "switched"] = "permanent"
    control: Literal["command", "photocell", "calendar"] = "command"
    feeder: str | None = None
    phase: Literal["L1", "L2", "L3"] | None = None
    position: int | None = None
    tunnel: bool = False


@dataclass(frozen=True, slots=True)
class FeederFacts:
    """A feeder pillar: ``feeder`` is the name its lamps refer to."""

    feeder: str | None = None
    nominal_voltage: float = 230.0
    supply: Literal["permanent", "switched"] = "permanent"


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """A signal cabinet: pairs of groups that must never be green together, and its limits.

    Groups and detectors count from 1, as their points do. ``planned_flash`` and ``plans`` are
    calendars in local time (``gateway.weekly``); without them it never flashes by plan, and may
    run any plan. ``coordinated``: its neighbours rely on its clock.
    """

    conflicts: tuple[tuple[int, int], ...] = ()
    yellow_conflicts: bool = False
    dark_ok: tuple[int, ...] = ()
    longest_cycle: Duration = 120.0
    planned_flash: Times | None = None
    plans: Schedule | None = None
    coordinated: bool = True
    advance_detectors: tuple[int, ...] = ()
    max_preempt: Duration = 600.0
    battery_cells: int | None = None


@dataclass(frozen=True, slots=True)
class BinFacts:
    """A bin: distances in mm from the sensor, a ``stand`` of neighbours, ``capacity`` in litres.

    ``collection`` are the rounds on which it is emptied, in local time (``gateway.weekly``).
    """

    empty_distance: float | None = None
    full_distance: float | None = None
    dead_band: float | None = None
    stand: str | None = None
    stream: str | None = None
    capacity: float | None = None
    collection: Rounds | None = None


@dataclass(frozen=True, slots=True)
class NoFacts:
    """A device of kind ``other`` or ``gateway``."""


FACTS: dict[Kind, type] = {
    "lamp": LampFacts,
    "feeder": FeederFacts,
    "signal": SignalFacts,
    "bin": BinFacts,
    "gateway": NoFacts,
    "other": NoFacts,
}
