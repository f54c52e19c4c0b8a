"""A waste bin: what lies in it, the sensor under its lid, and the crew that empties it.

People throw things in (``waste``), the crew comes by calendar and before it is full (``stand``), so
only an injected fault makes a full one. What its sensors make of that is in ``sensors`` and
``ranger``. Everything is a function of what happened when: a bin lives the same life however often
it is looked at.

The ways to break stand in ``faults``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import radians, sin

from gateway.assets import BinFacts
from gateway.model import Kind, Millis
from simulators.devices.bin.faults import (
    FAULTS,
    NEEDS,
    SPARED,
    STAND_FULL,
    TARGETS,
    THRESHOLDS,
)
from simulators.devices.bin.heat import GOALS, SLOW, Growth, Rest, alarming, rest_of, warmed
from simulators.devices.bin.ranger import RANGERS, ULTRASONIC, Ranger
from simulators.devices.bin.sensors import Sensors
from simulators.devices.bin.stand import Collection, Stand
from simulators.devices.bin.waste import Waste
from simulators.devices.contract import CommandRefused, Values
from simulators.world import DAY, World
from simulators.world.waste import Use

__all__ = ["FAULTS", "RANGERS", "ULTRASONIC", "Bin", "Collection", "Ranger", "Stand"]

_FETCHED_AT, _WITHIN = 72.0, 300_000
"""% at which a bin is fetched between its rounds, and ms until the crew is there."""
_FALL = 26.0
"""Points of % that a fall must have for the sensors to tell: the rule's 25, and their noise."""
_LID, _LIFT, _DOWN = 20_000, 6_000, 8_000
"""ms before the waste falls out at which the lid opens and the bin is lifted; and until it is
down again."""
_USED = 2_000
"""ms a lid is open for a throw."""
_ROOM = 59.0
"""% below which a sensor that is blocked jumps: the rule's 60, and its noise."""
_CREWS = 900_000
"""ms after an emptying in which a tilted bin or an open lid may be the crew's (domain §3)."""
_ROUNDS = frozenset({"collection_missed", "late_collection"})
_LATENESS = 8 * 3_600_000
"""ms by which a late collection comes after its round: less than the 12 h of the rule."""
_RUBBLE = 90.0
"""kg of rubble: far above what waste weighs."""
_MOVED = 120.0
"""m a stolen bin stands off."""


class Bin:
    """One bin; distances in mm, levels in %, temperatures in °C.

    ``points`` are what its sensor reports (everything, if not said), ``use`` is who fills it,
    ``position`` where it stands in degrees.
    """

    kind: Kind = "bin"

    def __init__(  # noqa: PLR0913  # a bin is what it stands among
        self,
        name: str,
        facts: BinFacts,
        world: World,
        *,
        ranger: Ranger = ULTRASONIC,
        use: Use = "residential",
        stand: Stand | None = None,
        position: tuple[float, float] | None = None,
        points: frozenset[str] | None = None,
    ) -> None:
        self.name = name
        self.facts = facts
        self._empty = facts.empty_distance or 1_800.0
        self._full = facts.full_distance or 400.0
        self._world = world
        self._t = self._since = now = world.clock.now()
        self._stand = stand or Stand(name, world.seed, None, now)
        self._stand.bins.append(self)
        self._chance = chance = world.chance(name)
        band = facts.dead_band or self._full - 50.0
        noise = world.chance(f"{name}/noise")
        self.sensors = Sensors(ranger, band, noise, position, points)
        gap = self._stand.gap
        daily = chance.uniform(24, 90) if gap is None else chance.uniform(40, 60) / gap
        self.waste = Waste(chance, use, daily, facts.capacity or 240.0, world.zone, now)
        self._tilt = chance.uniform(0.2, 2.0)
        self._battery = chance.uniform(70, 99)
        self._exposure = chance.uniform(2, 8)
        self._growth: dict[str, Growth] = {}
        self._rest = Rest()
        self._due: deque[tuple[Millis, float, bool]] = deque()
        self._emptied: Millis = now - DAY
        self._rubble = 0.0
        self.collections: list[Collection] = []

    # ------------------------------------------------------------------ its life

    def advance(self, t: Millis) -> None:
        """Bring the bin, and the crew of its stand, to ``t``."""
        self._stand.advance(t)
        self.run(t)

    def run(self, t: Millis) -> None:
        """Throws and emptyings until ``t``, in their order."""
        if t <= self._t:
            return
        while True:
            throw = self.waste.next(t)
            emptying = self._due[0][0] if self._due and self._due[0][0] <= t else None
            if emptying is not None and (throw is None or emptying <= throw):
                self._t = max(self._t, emptying)
                self._fall(*self._due.popleft())
            elif throw is not None:
                self._t = max(self._t, throw)
                self._thrown(throw)
            else:
                break
        self._t = t
        self.waste.settle(t)

    def _thrown(self, t: Millis) -> None:
        risen = self._risen(t)
        brim = 100.0 if risen is None else max(risen[1], self.waste.fill)
        feast = 4.0 if "festival" in self._growth else 1.0
        self.waste.throw(feast * self._world.crowd(t), brim)
        fetched = not self.spared and "late_collection" not in self._growth
        if self.waste.fill >= _FETCHED_AT and fetched and not self._due:
            self.due(t + _WITHIN, along=False)

    def _risen(self, t: Millis) -> tuple[float, float] | None:
        """The level a filling fault has brought it to, and the one it is going to."""
        levels = [
            (growth.begin + (TARGETS[fault] - growth.begin) * growth.share(t), TARGETS[fault])
            for fault, growth in self._growth.items()
            if fault in TARGETS
        ]
        return max(levels, default=None)

    @property
    def spared(self) -> bool:
        """Whether the crew leaves it."""
        return not SPARED.isdisjoint(self._growth)

    def due(self, t: Millis, *, along: bool) -> None:
        """The crew is there at ``t``; a late one comes hours later."""
        late = "late_collection" in self._growth
        poorly = self.surface > 50 and self._chance.random() < 0.04
        left = self._chance.uniform(8, 12) if poorly else self._chance.uniform(1, 4)
        self._due.append((t + _LATENESS * late, left, along))

    def _fall(self, t: Millis, left: float, along: bool) -> None:
        """The waste falls out."""
        self.waste.settle(t)
        before = self.surface
        for fault in [fault for fault in self._growth if fault in TARGETS]:
            del self._growth[fault]
        self.waste.empty(min(left, before))
        self._emptied, self._rubble = t, 0.0
        told = before - left >= _FALL or (along and before >= 15)
        self.collections.append(Collection(t, before, left, told and self.tells_level))

    # ------------------------------------------------------------------ what is true

    @property
    def surface(self) -> float:
        """% at which the sensor sees the waste: settled, loose on top, or stuffed."""
        risen = self._risen(self._t)
        natural = self.waste.fill + self.waste.loose
        return natural if risen is None else max(natural, risen[0])

    @property
    def tells_level(self) -> bool:
        """Whether its ranger follows the waste at all."""
        return {"sensor_blocked", "sensor_stuck", "bin_removed"}.isdisjoint(self._growth)

    @property
    def distance(self) -> float:
        """True mm from the sensor to the waste."""
        return self._empty - self.surface / 100 * (self._empty - self._full)

    @property
    def ambient(self) -> float:
        """°C inside with nothing wrong: the air, and what the sun adds."""
        sun = max(0.0, sin(radians(self._world.sun(self._t))))
        shine = sun * (1 - 0.8 * self._world.cloud(self._t))
        return self.air + self._exposure * shine

    @property
    def temperature(self) -> float:
        """True °C inside."""
        return warmed(self.ambient, self._growth, self._t) + self._rest.left(self._t)

    @property
    def tilt(self) -> float:
        """True degrees from upright."""
        if "bin_removed" in self._growth:
            return 88.0
        if "bin_tilt" in self._growth:
            return 80.0
        return 115.0 if self.lifted else self._tilt

    @property
    def lid_open(self) -> bool:
        """Whether the lid stands open."""
        if "lid_open" in self._growth or self._handled(_LID, _LID):
            return True
        return 0 <= self._t - self.waste.thrown < _USED

    def _handled(self, before: Millis, after: Millis) -> bool:
        """Whether the waste falls out within ``before`` ms or fell out less than ``after`` ago."""
        ahead = self._due[0][0] - self._t if self._due else DAY
        return ahead <= before or 0 <= self._t - self._emptied < after

    @property
    def battery(self) -> float:
        """True % of charge; a worn battery is changed at 30 %."""
        drained = (self._t - self._since) / DAY * 0.1
        sound = 30 + (self._battery - 30 - drained) % 69
        worn = self._growth.get("battery_low")
        return sound if worn is None else sound + (14 - sound) * worn.share(self._t)

    @property
    def faults(self) -> Mapping[str, Growth]:
        """What is wrong with it, and how far that has grown."""
        return self._growth

    @property
    def air(self) -> float:
        """°C outside."""
        return self._world.temperature(self._t)

    @property
    def lifted(self) -> bool:
        """Whether the crew holds it upside down."""
        return self._handled(_LIFT, _DOWN)

    @property
    def weight(self) -> float:
        """The kg in it."""
        return self.waste.weight(self.surface) + self._rubble

    @property
    def moved(self) -> float:
        """How many m north of its place it stands."""
        moved = self._growth.get("bin_moved")
        return _MOVED * moved.share(self._t) if moved else 0.0

    def values(self) -> Values:
        """The sensors' points."""
        return self.sensors.values(self)

    def command(self, name: str, value: float) -> None:
        """A bin takes no commands."""
        raise CommandRefused(f"{name} = {value:g}")

    # ------------------------------------------------------------------ how it breaks

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of ``faults.FAULTS``, to be complete in ``over`` seconds."""
        seconds = max(over, SLOW.get(fault, 0.1))
        if fault in _ROUNDS:
            visit = self._stand.next_visit()
            seconds = max(0.1, ((visit or self._t) - self._t) / 1000)
        if fault == "stand_full":
            for peer in self._peers():
                peer.grow(fault, seconds)
        elif fault == "heavy_load":
            self._rubble = _RUBBLE
        elif fault == "sensor_stuck":
            self.sensors.stick(self)
        self.grow(fault, seconds)

    def grow(self, fault: str, seconds: float) -> None:
        """Let a fault begin in this bin alone."""
        self._due.clear()
        self._growth[fault] = Growth(self._t, self.surface, seconds)

    def repair(self, fault: str, /) -> None:
        """End a fault: the crew empties it, the fire is put out, the rest is put right."""
        if fault == "stand_full":
            for peer in self._peers():
                peer.mend(fault)
        self.mend(fault)

    def mend(self, fault: str) -> None:
        """End a fault in this bin alone."""
        if fault not in self._growth:
            return
        if fault in TARGETS:
            self.waste.raise_to(self.surface)
        warmth = self.temperature
        del self._growth[fault]
        if fault in TARGETS or fault == "heavy_load":
            self._due.clear()
            self.due(self._t + _LIFT, along=False)
        elif fault in SPARED and self.surface >= _FETCHED_AT:
            self.due(self._t + _WITHIN, along=False)
        elif fault == "sensor_stuck":
            self.sensors.stuck = None
        elif fault in GOALS:
            self._rest = rest_of(fault, warmth - self.ambient, self._t)

    def _peers(self) -> list[Bin]:
        """The other bins of its stream at its stand."""
        return [
            one
            for one in self._stand.bins
            if isinstance(one, Bin) and one is not self and one.facts.stream == self.facts.stream
        ]

    def shows(self, fault: str, /) -> bool:
        """Whether its condition, as domain §3 has it, is to be seen now."""
        growth = self._growth.get(fault)
        if growth is None:
            return False
        if fault.startswith("bin_fire"):
            return self.temperature >= alarming(fault, self.ambient)
        if fault == "battery_low":
            return self.battery < 20.0
        if fault == "bin_moved":
            return self.moved > 50.0
        if fault in TARGETS:
            return self._too_full(fault, growth)
        return self._stands_out(fault, growth)

    def _stands_out(self, fault: str, growth: Growth) -> bool:
        """Whether it differs from what a crew does, and from waste (domain §3)."""
        if fault in {"bin_tilt", "lid_open"}:
            crew = growth.since - _CREWS < self._emptied <= growth.since
            return not crew or self._t - self._emptied > _CREWS
        return fault != "sensor_blocked" or growth.begin < _ROOM

    def _too_full(self, fault: str, growth: Growth) -> bool:
        if fault == "stand_full":
            stand = (self, *self._peers())
            return all(one.surface >= STAND_FULL and one.tells_level for one in stand)
        missed = fault not in _ROUNDS or growth.share(self._t) == 1.0
        return missed and self.surface >= THRESHOLDS[fault]

    def tells(self, fault: str, /) -> bool:
        """Whether its sensors have the points, and it the place, peers or rounds."""
        points = self.sensors.points
        if points is not None and not NEEDS.get(fault, {"distance"}) <= points:
            return False
        if fault in {"bin_moved", "gps_jitter"}:
            return self.sensors.position is not None
        if fault == "stand_full":
            return bool(self._peers())
        if fault in _ROUNDS:
            return self._stand.next_visit() is not None
        return True

    def could_show(self, fault: str, /) -> bool:
        """Whether it would, if it began now."""
        return self.tells(fault) and (fault != "sensor_blocked" or self.surface < 55)
