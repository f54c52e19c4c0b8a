"""A waste bin with an ultrasonic level sensor under its lid.

People throw things in, one by one; the distance to the waste falls. A crew empties the bin before
it is full, so only an injected fault makes a full one. Around the level: ± 5 mm of ultrasonic
noise, the air's temperature warmed by the sun, a little tilt, a slowly draining battery.

Faults: ``bin_full`` (somebody stuffs it to 88 %; ending it empties the bin) and ``bin_fire`` (the
temperature climbs past 90 °C; ending it cools the bin down).
"""

from __future__ import annotations

from math import exp, radians, sin

from gateway.assets import BinFacts
from gateway.model import Kind, Millis
from simulators.devices.contract import CommandRefused, Fault, Values
from simulators.world import DAY, World, steps

_THROW = 0.4
"""% of the bin one piece of waste takes."""
_COLLECTED_AT = 72.0
"""% at which the crew comes by: below every rule's threshold."""
_STUFFED = 88.0
"""% of a stuffed bin: above ``bin_full``'s 80, below ``bin_overflow``'s 95."""
_BLAZE = 65.0
"""°C a fire adds to the air's temperature."""
_COOLING = 4.0
"""Time constant in s of a fire that is put out with water."""
_FULL, _FIRE = 80.0, 75.0
"""% and °C from which a bin is full and burns (domain.md §3)."""

FAULTS = (
    Fault("bin_full", frozenset({"bin"}), "bin_full"),
    Fault("bin_fire", frozenset({"bin"}), "bin_fire"),
)


class Bin:
    """One bin; distances in mm, ``fill`` in %."""

    kind: Kind = "bin"

    def __init__(self, name: str, facts: BinFacts, world: World) -> None:
        self.name = name
        self._empty = facts.empty_distance or 1_800.0
        self._full = facts.full_distance or 400.0
        self._world = world
        self._chance = chance = world.chance(name)
        self.fill = chance.uniform(8, 50)
        self._hourly = chance.uniform(1, 4)  # % an hour
        self._tilt = chance.uniform(0.2, 2.0)
        self._battery = chance.uniform(70, 99)
        self._heat = 0.0
        self._lid_until = 0
        self._growth: dict[str, float] = {}  # % or °C a second, by fault
        self._t = self._since = world.clock.now()

    def advance(self, t: Millis) -> None:
        """Bring the bin to ``t``."""
        for end, seconds in steps(self._t, t):
            self._t = end
            self._use(seconds)
            self._burn(seconds)

    def _use(self, seconds: float) -> None:
        """People, the crew, and whoever stuffs it."""
        if "bin_full" in self._growth:
            self.fill = min(_STUFFED, self.fill + self._growth["bin_full"] * seconds)
            return
        if self._chance.random() < self._hourly / _THROW * seconds / 3600:
            self.fill += _THROW
            self._lid_until = self._t + 2_000
        if self.fill >= _COLLECTED_AT:
            self.collect()

    def _burn(self, seconds: float) -> None:
        if "bin_fire" in self._growth:
            self._heat = min(_BLAZE, self._heat + self._growth["bin_fire"] * seconds)
        else:
            self._heat *= exp(-seconds / _COOLING)

    def collect(self) -> None:
        """The crew empties it, nearly."""
        self.fill = self._chance.uniform(1, 5)

    @property
    def distance(self) -> float:
        """True mm from the sensor to the waste."""
        return self._empty - self.fill / 100 * (self._empty - self._full)

    @property
    def temperature(self) -> float:
        """True °C inside."""
        sun = max(0.0, sin(radians(self._world.sun(self._t))))
        return self._world.temperature(self._t) + 6 * sun + self._heat

    def values(self) -> Values:
        """The sensor's points."""
        chance = self._chance
        drained = (self._t - self._since) / DAY * 0.1
        battery = max(0.0, self._battery - drained)
        return {
            "distance": self.distance + max(-5.0, min(5.0, chance.gauss(0, 2))),
            "temperature": self.temperature + chance.uniform(-0.2, 0.2),
            "tilt": self._tilt + chance.uniform(0, 0.3),
            "battery": battery,
            "battery_voltage": 3.0 + 0.7 * battery / 100,
            "lid_open": self._t < self._lid_until,
        }

    def command(self, name: str, value: float) -> None:
        """A bin takes no commands."""
        raise CommandRefused(f"{name} = {value:g}")

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin ``bin_full`` or ``bin_fire``, to be complete in ``over`` seconds."""
        whole = max(0.0, _STUFFED - self.fill) if fault == "bin_full" else _BLAZE
        self._growth[fault] = whole / max(over, 0.1)

    def repair(self, fault: str, /) -> None:
        """Empty the bin, or put the fire out."""
        if self._growth.pop(fault, None) is not None and fault == "bin_full":
            self.collect()

    def shows(self, fault: str, /) -> bool:
        """Whether it is past what the rule asks for."""
        if fault not in self._growth:
            return False
        return self.fill >= _FULL if fault == "bin_full" else self.temperature >= _FIRE

    def could_show(self, _fault: str, /) -> bool:
        """Any bin can be stuffed and burn."""
        return True
