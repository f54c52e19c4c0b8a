"""What one phase of a feeder carries: lamps, cable losses, a stranger, the pillar itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot, sqrt

from simulators.devices.lamp import Lamp

_CABLE = 0.15
"""Ω of a phase's cable, seen from the pillar (E)."""
OWN = 2.0
"""W the pillar's electronics take from each phase (E)."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one phase carries: volts, watts, reactive volt-amperes, amperes."""

    voltage: float
    power: float
    reactive: float
    current: float
    losses: float = 0.0


def load_of(voltage: float, lamps: Iterable[Lamp], tap: float = 0.0) -> Load:
    """The lamps of one phase, ``tap`` W of somebody else's, cable losses, the pillar's share."""
    if voltage <= 0:
        return Load(0.0, 0.0, 0.0, 0.0)
    power, reactive = OWN + tap, 0.0
    for lamp in lamps:
        factor = lamp.power_factor
        power += lamp.power
        if factor:
            reactive += lamp.power * sqrt(1 - factor * factor) / factor
    losses = (hypot(power, reactive) / voltage) ** 2 * _CABLE
    power += losses
    return Load(voltage, power, reactive, hypot(power, reactive) / voltage, losses)
