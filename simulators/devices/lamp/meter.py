"""What a lamp's controller shows of the truth: metering errors, spikes, and points that are gone.

Errors are drawn from a table of normal deviates by slices of one random number, because a month of
two hundred lamps takes millions of them. Within them current, voltage, power factor and power
still agree: I = P / (V · PF).
"""

from __future__ import annotations

from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING

from gateway.model import Value
from simulators.devices.contract import Values
from simulators.world import Moment

if TYPE_CHECKING:
    from simulators.devices.lamp import Lamp

_SLICE = 1_023
_THIRD = NormalDist(0, 1 / 3)
DEVIATES = tuple(
    max(-1.0, min(1.0, _THIRD.inv_cdf((i + 0.5) / (_SLICE + 1)))) for i in range(_SLICE + 1)
)
"""Normal errors with a third of one as standard deviation, none beyond one."""
_BRIGHTEST = 65_000.0
"""Lux at which the light sensor is saturated."""
_LOST = ("voltage", "current", "power", "driver_temperature", "leakage_current", "illuminance")
"""Points that may be missing for a reading, where the controller has a hiccup."""


class Meter:
    """The measuring side of one controller."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._spiked = False
        self._gone: frozenset[str] = frozenset()

    def read(self, lamp: Lamp, moment: Moment) -> Values:
        """One look at every sensor."""
        bits = self._chance.getrandbits(50)
        effect, factor = lamp.effect, lamp.power_factor
        power = lamp.power * (1 + 0.01 * DEVIATES[bits & _SLICE])
        voltage = lamp.voltage * (1 + 0.002 * DEVIATES[bits >> 10 & _SLICE])
        if effect.spikes:
            power *= self._spike()
        should = lamp.closed and lamp.supplied
        values: dict[str, Value | None] = {
            "voltage": voltage,
            "current": power / (voltage * factor) if factor else 0.0,
            "power": power,
            "power_factor": factor,
            "frequency": moment.frequency if voltage else 0.0,
            "driver_temperature": lamp.gear,
            "leakage_current": lamp.leakage * (1 + 0.05 * DEVIATES[bits >> 20 & _SLICE]),
            "tilt": lamp.leans + 0.1 * abs(DEVIATES[bits >> 30 & _SLICE]),
            "illuminance": self._light(lamp, moment),
            "energy": lamp.energy,
            "burn_hours": lamp.burn_hours,
            "switch_count": lamp.switch_count,
            "switch_state": lamp.closed,
            "lamp_failure_flag": effect.flag == "lamp" and should,
            "driver_failure_flag": effect.flag == "lamp" and should,
            "relay_failure_flag": effect.flag == "relay" and should and not lamp.commanded,
            "door_open": effect.door,
            "switch_command": lamp.commanded,
            "dim_level": lamp.level_set,
        }
        if effect.gaps:
            self._lose(values)
        return values

    def _light(self, lamp: Lamp, moment: Moment) -> float | None:
        """Lux as the cell sees it; a tunnel's lamp has none."""
        if lamp.facts.tunnel:
            return None
        return min(moment.light * lamp.shade * lamp.effect.sight, _BRIGHTEST)

    def _spike(self) -> float:
        """One reading in twenty is four times too high, never two in a row."""
        self._spiked = not self._spiked and self._chance.random() < 0.05
        return 4.0 if self._spiked else 1.0

    def _lose(self, values: dict[str, Value | None]) -> None:
        """Some points are missing, none of them twice in a row."""
        lost = frozenset(
            name for name in _LOST if name not in self._gone and self._chance.random() < 0.15
        )
        values.update(dict.fromkeys(lost))
        self._gone = lost
