"""A street lamp: an LED luminaire, its driver, and the controller that switches and meters it.

The controller closes the relay at dusk and opens it at dawn (a tunnel lamp stays on), unless a
command overrides it; ``dim`` sets the level. Power follows rated power, level and warm-up; current
is P / (V · PF); energy and burn hours are integrals of what was really drawn.

Faults: ``lamp_failure`` (dark while switched on), ``day_burner`` (the relay's contacts are welded).
"""

from __future__ import annotations

from math import exp

from gateway.assets import LampFacts
from gateway.model import Kind, Millis
from simulators.devices.contract import CommandRefused, Fault, Values, noisy
from simulators.world import World, steps

_DUSK, _DAWN = -0.5, 1.0
"""Degrees of sun below and above which a photocell closes and opens its relay (about 35 lx)."""
_START = 1_000
"""ms an LED driver takes to strike."""
_WARM_UP = 60.0
"""Time constant in s: a cold LED draws 3 % more (its forward voltage falls as it warms)."""
_GEAR = 600.0
"""Thermal time constant of the driver's case in s."""
_DEAD = 0.6
"""W a driver with a dead LED engine still draws."""
_DAYLIGHT = 8.0
"""Degrees of sun from which a burning lamp is a day burner (the rule asks for 6)."""

FAULTS = (
    Fault("lamp_failure", frozenset({"lamp"}), "lamp_failure"),
    Fault("day_burner", frozenset({"lamp"}), "day_burner"),
)


class Lamp:
    """One lamp on its feeder's phase; powers in W, energy in kWh, burn time in h."""

    kind: Kind = "lamp"

    def __init__(self, name: str, facts: LampFacts, world: World) -> None:
        self.name = name
        self.facts = facts
        self.rated = facts.rated_power or 70.0
        self._world = world
        self._supply = world.supply(facts.feeder, facts.nominal_voltage)
        self._phase = facts.phase or "L1"
        self._chance = chance = world.chance(name)
        self._photocell = chance.uniform(-0.3, 0.3)
        self._tilt = chance.uniform(0.3, 1.5)
        self.energy = chance.uniform(100, 900)
        self.burn_hours = chance.uniform(2_000, 20_000)
        self.switch_count = chance.randint(500, 5_000)
        self.dim = 100.0
        self.ordered: bool | None = None
        self.faults: set[str] = set()
        self.voltage = self.power = 0.0
        self._t = now = world.clock.now()
        self.commanded = self._wanted(now, was=False)
        self._lit_since: Millis | None = now - 3_600_000 if self.commanded else None
        self._closed = self.commanded
        self.gear = world.temperature(now) + (30 if self.commanded else 0)
        self._draw(now, 0.0)

    def advance(self, t: Millis) -> None:
        """Bring the lamp to ``t``."""
        for end, seconds in steps(self._t, t):
            self._draw(end, seconds)
            self._t = end

    def _wanted(self, t: Millis, *, was: bool) -> bool:
        """What the relay should do: an order, a tunnel's rule, or the photocell."""
        if self.ordered is not None:
            return self.ordered
        if self.facts.tunnel:
            return True
        return self._world.sun(t) + self._photocell < (_DAWN if was else _DUSK)

    def _draw(self, t: Millis, seconds: float) -> None:
        """The relay, the light and the meter over one step that ends at ``t``."""
        self.voltage = self._supply.outgoing(self._phase, t)
        self.commanded = self._wanted(t, was=self.commanded)
        closed = (self.commanded and self.dim > 0) or "day_burner" in self.faults
        self.switch_count += closed and not self._closed
        self._closed = closed
        powered = self.voltage > 0.5 * self.facts.nominal_voltage
        lit = closed and powered and "lamp_failure" not in self.faults
        if not lit:
            self._lit_since = None
        elif self._lit_since is None:
            self._lit_since = t
        self.power = self._power(t) if powered else 0.0
        self.energy += self.power * seconds / 3_600_000
        self.burn_hours += lit * seconds / 3_600
        rest = self._world.temperature(t) + 30 * self.power / self.rated
        self.gear += (rest - self.gear) * (1 - exp(-seconds / _GEAR))

    def _power(self, t: Millis) -> float:
        if "lamp_failure" in self.faults and self._closed:
            return _DEAD
        if self._lit_since is None or t - self._lit_since < _START:
            return self.facts.standby_power
        cold = 0.03 * exp(-(t - self._lit_since) / 1000 / _WARM_UP)
        return self.rated * (0.05 + 0.95 * self._level) * (1 + cold)

    @property
    def lit(self) -> bool:
        """Whether it gives light."""
        return self._lit_since is not None

    @property
    def _level(self) -> float:
        """The dim level as a share; welded contacts burn at full power."""
        return self.dim / 100 if self.commanded else 1.0

    @property
    def power_factor(self) -> float:
        """An LED driver's: 0.96 at full power, poorer when dimmed, poor in standby, 0 when dead."""
        if not self.voltage:
            return 0.0
        if self._lit_since is None:
            return 0.4
        return 0.96 - 0.3 * (1 - self._level) ** 2

    @property
    def leakage(self) -> float:
        """Earth leakage in mA: what the driver's filter passes."""
        return 0.4 * self.voltage / 230

    def values(self) -> Values:
        """The lamp controller's points, each within ±1 % of the truth."""
        chance = self._chance
        power = noisy(self.power, 0.01, chance)
        voltage = noisy(self.voltage, 0.002, chance)
        factor = self.power_factor
        seen = None if self.facts.tunnel else min(self._world.illuminance(self._t), 65_000.0)
        return {
            "voltage": voltage,
            "current": power / (voltage * factor) if voltage else 0.0,
            "power": power,
            "power_factor": factor,
            "frequency": self._world.frequency(self._t) if voltage else 0.0,
            "driver_temperature": self.gear,
            "leakage_current": noisy(self.leakage, 0.05, chance),
            "tilt": self._tilt + chance.uniform(0, 0.1),
            "illuminance": seen,
            "energy": self.energy,
            "burn_hours": self.burn_hours,
            "switch_count": self.switch_count,
            "switch_state": self._closed,
            "lamp_failure_flag": False,
            "driver_failure_flag": False,
            "relay_failure_flag": False,
            "door_open": False,
            "switch_command": self.commanded,
            "dim_level": self.dim,
        }

    def command(self, name: str, value: float) -> None:
        """``switch`` (0, 1) overrides the photocell; ``dim`` sets the level in %."""
        if name == "switch" and value in {0, 1}:
            self.ordered = bool(value)
        elif name == "dim" and 0 <= value <= 100:
            self.dim = float(value)
        else:
            raise CommandRefused(f"{name} = {value:g}")

    def break_down(self, fault: str, _over: float, /) -> None:
        """Begin ``lamp_failure`` or ``day_burner``; both show at once."""
        self.faults.add(fault)

    def repair(self, fault: str, /) -> None:
        """End a fault."""
        self.faults.discard(fault)

    def shows(self, fault: str, /) -> bool:
        """A dead lamp shows while it should burn, welded contacts by broad day."""
        return fault in self.faults and self._visible(fault)

    def could_show(self, fault: str, /) -> bool:
        """Whether it would show at this moment."""
        return self._visible(fault)

    def _visible(self, fault: str) -> bool:
        if not self.voltage:
            return False
        if fault == "lamp_failure":
            return self._closed
        return not self.facts.tunnel and not self.commanded and self._world.sun(self._t) > _DAYLIGHT
