"""A feeder pillar: a three-phase meter over its lamps, a contactor, a door switch.

Each phase carries the sum of its lamps plus what the cable loses (I²R) and the pillar's own
electronics draw. The meter sits before the contactor: an open contactor darkens the lamps and
leaves the voltage, a failed supply takes both. The pillar answers through an outage from its
battery.

Fault: ``feeder_outage``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot, sqrt

from gateway.assets import FeederFacts
from gateway.model import Kind, Millis
from simulators.devices.contract import CommandRefused, Fault, Values, noisy
from simulators.devices.lamp import Lamp
from simulators.world import PHASES, Phase, World, steps

_CABLE = 0.15
"""Ω of a phase's cable, seen from the pillar."""
_OWN = 2.0
"""W the pillar's electronics take from each phase."""

FAULTS = (Fault("feeder_outage", frozenset({"feeder"}), "feeder_outage"),)


@dataclass(frozen=True, slots=True)
class Load:
    """What one phase carries: volts, watts, reactive volt-amperes, amperes."""

    voltage: float
    power: float
    reactive: float
    current: float


def load_of(voltage: float, lamps: Iterable[Lamp]) -> Load:
    """The lamps of one phase, their cable's losses and the pillar's own share."""
    if not voltage:
        return Load(0.0, 0.0, 0.0, 0.0)
    power, reactive = _OWN, 0.0
    for lamp in lamps:
        factor = lamp.power_factor
        power += lamp.power
        reactive += lamp.power * sqrt(1 - factor * factor) / factor if factor else 0.0
    power += (hypot(power, reactive) / voltage) ** 2 * _CABLE
    return Load(voltage, power, reactive, hypot(power, reactive) / voltage)


class Feeder:
    """The pillar of feeder ``facts.feeder`` and the lamps it feeds."""

    kind: Kind = "feeder"

    def __init__(
        self, name: str, facts: FeederFacts, world: World, lamps: Iterable[Lamp] = ()
    ) -> None:
        self.name = name
        self._supply = world.supply(facts.feeder, facts.nominal_voltage)
        self._lamps: dict[Phase, list[Lamp]] = {phase: [] for phase in PHASES}
        for lamp in lamps:
            self._lamps[lamp.facts.phase or "L1"].append(lamp)
        self._chance = world.chance(name)
        self.energy = self._chance.uniform(10_000, 90_000)
        self.loads: tuple[Load, ...] = ()
        self._t = world.clock.now()
        self._meter(self._t, 0.0)

    @property
    def lamps(self) -> tuple[Lamp, ...]:
        """Every lamp it feeds."""
        return tuple(lamp for lamps in self._lamps.values() for lamp in lamps)

    @property
    def power(self) -> float:
        """Total power in W, without the meter's noise."""
        return sum(load.power for load in self.loads)

    def advance(self, t: Millis) -> None:
        """Bring the pillar, and with it its lamps, to ``t``."""
        for end, seconds in steps(self._t, t):
            self._meter(end, seconds)
            self._t = end

    def _meter(self, t: Millis, seconds: float) -> None:
        for lamp in self.lamps:
            lamp.advance(t)
        self.loads = tuple(
            load_of(self._supply.incoming(phase, t), self._lamps[phase]) for phase in PHASES
        )
        self.energy += self.power * seconds / 3_600_000

    def values(self) -> Values:
        """The pillar's points; the meter is good to 0.2 % (voltage) and 0.5 % (power)."""
        chance = self._chance
        voltages = [noisy(load.voltage, 0.002, chance) for load in self.loads]
        powers = [noisy(load.power, 0.005, chance) for load in self.loads]
        apparent = sum(load.voltage * load.current for load in self.loads)
        values: dict[str, float | bool] = {}
        for number, load in enumerate(self.loads, 1):
            values[f"voltage_l{number}"] = voltages[number - 1]
            values[f"current_l{number}"] = noisy(load.current, 0.005, chance)
            values[f"power_l{number}"] = powers[number - 1]
        return values | {
            "power": sum(powers),
            "power_factor": self.power / apparent if apparent else 1.0,
            "leakage_current": sum(lamp.leakage for lamp in self.lamps),
            "energy": self.energy,
            "contactor_command": self._supply.circuit.ordered,
            "contactor_state": self._supply.circuit.closed,
            "door_open": False,
            "on_battery": self._supply.failed,
        }

    def command(self, name: str, value: float) -> None:
        """``contactor``: 1 closes it, 0 opens it."""
        if name != "contactor" or value not in {0, 1}:
            raise CommandRefused(f"{name} = {value:g}")
        self._supply.operate(order=bool(value))

    def break_down(self, _fault: str, _over: float, /) -> None:
        """Begin ``feeder_outage``: the mains fail, all three phases at once."""
        self._supply.failed = True

    def repair(self, _fault: str, /) -> None:
        """The mains return."""
        self._supply.failed = False

    def shows(self, _fault: str, /) -> bool:
        """An outage shows at once."""
        return self._supply.failed

    def could_show(self, _fault: str, /) -> bool:
        """Whether there is a supply to fail."""
        return not self._supply.failed
