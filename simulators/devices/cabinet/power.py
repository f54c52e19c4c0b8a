"""A cabinet's supply and climate: mains, charger, a lead-acid battery, the UPS, the air inside.

The battery's voltage follows its state of charge along a discharge curve per cell; on the charger
it floats. Without its charger it falls to its open-circuit voltage within the hour. Temperature
goes after the outside air, the sun on the door and the cabinet's own losses; a fan helps above
45 °C.
"""

from __future__ import annotations

from bisect import bisect
from math import exp

FLOAT, OPEN = 2.27, 2.13
"""V per cell on the charger, and at rest when full (E: any maker's VRLA data sheet)."""
LOW, FLAT, SAGGING = 1.95, 1.75, 2.20
"""V per cell: low and (on mains) unhealthy by domain.md §2; at 1.75 the UPS gives up."""
_CHARGE = (0.0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
_CURVE = (1.70, 1.78, 1.84, 1.92, 1.96, 2.00, 2.05, 2.10)
"""State of charge, and V per cell at a discharge of about three hours (E: a VRLA data sheet)."""
_CAPACITY = 26.0
"""Ah."""
_CHARGER = 2.6
"""A: a tenth of the capacity, as makers ask."""
_SURFACE = 1_200.0
"""Time constant in s with which a cell that is no longer charged falls to rest (E)."""
_AIR = 2_700.0
"""Time constant in s of the air inside (E)."""
_LOSS = 0.06
"""K above the outside for each W inside; half of it with the fan running (E)."""
_SUN = 12.0
"""K of full sun on a door (E)."""
_FAN, COOLING = 45.0, 60.0
METER = 0.05
"""V by which the meter of the battery may be wrong (E)."""
ELECTRONICS = 60.0
"""W of controller, monitor and modem."""


def cell_voltage(charge: float) -> float:
    """V per cell under load, at a state of charge of 0 to 1."""
    place = max(1, min(len(_CHARGE) - 1, bisect(_CHARGE, charge)))
    low, high = _CHARGE[place - 1], _CHARGE[place]
    share = (charge - low) / (high - low)
    return _CURVE[place - 1] + share * (_CURVE[place] - _CURVE[place - 1])


def charge_at(volts: float) -> float:
    """The state of charge at which a cell under load shows so many V."""
    place = max(1, min(len(_CURVE) - 1, bisect(_CURVE, volts)))
    share = (volts - _CURVE[place - 1]) / (_CURVE[place] - _CURVE[place - 1])
    return _CHARGE[place - 1] + share * (_CHARGE[place] - _CHARGE[place - 1])


class Power:
    """Battery and climate of one cabinet; ``cells`` of 2 V each.

    ``mains`` is whether the grid is there. ``fuse`` takes it away here only, ``charger`` is whether
    that works, ``surface`` the seconds a cell needs to fall to rest, ``heat`` K that something
    unwanted adds, growing by ``heating`` K a second up to ``hottest``.
    """

    def __init__(self, cells: int, outside: float) -> None:
        self.cells = cells
        self.charge = 1.0
        self.cell = FLOAT
        self.mains = self.charger = self.fuse = True
        self.capacity = _CAPACITY
        self.surface = _SURFACE
        self.heat = self.heating = 0.0
        self.hottest = 0.0
        self.air = outside + _LOSS * 100
        self.flat = False

    @property
    def on_battery(self) -> bool:
        """Whether the UPS carries the cabinet."""
        return not (self.mains and self.fuse)

    @property
    def voltage(self) -> float:
        """V of the battery."""
        return self.cells * self.cell

    @property
    def surely(self) -> float:
        """V per cell below which its meter says that they are, whatever its error."""
        return self.cell + METER / self.cells

    @property
    def busy(self) -> bool:
        """Whether something moves that is worth a look every second."""
        return self.on_battery or bool(self.heat) or not self.charger or self.charge < 1

    @property
    def temperature(self) -> float:
        """°C inside."""
        return self.air + self.heat

    def run(self, seconds: float, load: float, outside: float, sun: float) -> None:
        """Let so many seconds go by: ``load`` in W, ``outside`` in °C, ``sun`` from 0 to 1."""
        self._battery(seconds, load)
        loss = _LOSS * load * (0.5 if self.air > _FAN else 1.0)
        goal = outside + _SUN * sun + loss
        self.air += (goal - self.air) * (1 - exp(-seconds / _AIR))
        if self.heating:
            goal = max(0.0, self.hottest - self.air)
            self.heat = min(goal, self.heat + self.heating * seconds)
        elif self.heat:
            self.heat *= exp(-seconds / COOLING)
            self.heat = self.heat if self.heat > 0.05 else 0.0

    def _battery(self, seconds: float, load: float) -> None:
        if self.on_battery:
            drawn = load / max(self.voltage, 1.0) * seconds / 3_600
            self.charge = max(0.0, self.charge - drawn / self.capacity)
            self.cell = cell_voltage(self.charge)
            self.flat = self.flat or self.cell <= FLAT
            return
        self.flat = False
        if self.charger:
            self.charge = min(1.0, self.charge + _CHARGER * seconds / 3_600 / self.capacity)
            goal, pace = OPEN + (FLOAT - OPEN) * self.charge, 30.0
        else:
            goal, pace = OPEN - 0.2 * (1 - self.charge), self.surface
        self.cell += (goal - self.cell) * (1 - exp(-seconds / pace))
