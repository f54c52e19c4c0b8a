"""What stands in a cabinet, and how things are there now: the state that everything else works on.

A controller with its timetable and sequence, inputs, lamps, outputs, power; what somebody or
something asks for (``orders``), what is broken, and ``shown``, the points as they are to be read.
``junction`` moves it through time, ``shown`` keeps the points, ``damage`` lays hands on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from gateway.assets import SignalFacts
from gateway.model import Millis, Value
from simulators.devices.cabinet.detectors import Approaches
from simulators.devices.cabinet.lamps import Lamps
from simulators.devices.cabinet.outputs import Outputs
from simulators.devices.cabinet.plan import CUSTOMS, Aspects, Custom, Layout, Plan, laid_out
from simulators.devices.cabinet.power import Power
from simulators.devices.cabinet.regimes import CONTROL, Regime
from simulators.devices.cabinet.schedule import Timetable, usual
from simulators.devices.cabinet.sequence import Sequence as Steps
from simulators.world import World
from simulators.world.demand import ahead


def custom_of(world: World, name: str) -> Custom:
    """How a junction does it; half of them plainly."""
    return world.chance(f"{name}/custom").choice((*[CUSTOMS[0]] * 2, *CUSTOMS))


class Equipment:
    """One cabinet's; a detector for each group, and ``buttons`` for pedestrians.

    Unless said otherwise the first two groups of a small junction have a button, all of a large
    one.
    """

    def __init__(
        self,
        name: str,
        facts: SignalFacts,
        world: World,
        *,
        layout: Layout | None = None,
        timetable: Timetable | None = None,
        buttons: int | None = None,
    ) -> None:
        self.name, self.facts, self.world = name, facts, world
        self.layout = layout or laid_out(facts.conflicts, facts.dark_ok, custom_of(world, name))
        pairs = {frozenset(pair) for pair in facts.conflicts}
        self.outputs: Outputs = Outputs(tuple(sorted(pairs, key=sorted)))
        self.t = now = world.clock.now()
        chance = world.chance(name)
        self.noise = world.chance(f"{name}/noise")
        self.picks = world.chance(f"{name}/faults")
        greens = [1_000 * chance.randint(10, 16) for _ in self.layout.stages]
        self.timetable: Timetable = timetable or usual(greens, facts.plans)
        self.mains = world.supply(None)
        self.volts = self.mains.incoming("L1", now)
        self.power: Power = Power(facts.battery_cells or 12, world.temperature(now))
        heads = tuple(chance.choice((2, 3)) for _ in range(self.layout.groups))
        self.lamps: Lamps = Lamps(heads)
        if buttons is None:
            buttons = self.layout.groups if self.layout.groups > 4 else 2
        peaks = self._peaks(greens, chance)
        self.approaches: Approaches = Approaches(self.layout, peaks, buttons, chance, now)
        self.orders: set[str] = set()
        self.broken: dict[str, int] = {}
        self.bits: set[str] = set()
        self.door_open: bool = False
        self.forced_plan: int = 0
        self.free: Literal["green", "red", ""] = ""
        self.clock_shift: Millis = 0
        self.plan_shift: Millis = 0
        self.offset = chance.uniform(-0.2, 0.2)
        self.drift = 0.0
        self.sun = 0.0
        self.sequence: Steps = self._sequence(now, chance.random())
        self.regime: Regime = CONTROL
        self.meant: Aspects = self.sequence.aspects
        self.aspects: Aspects = self.meant
        self.shown: dict[str, Value | None] = {}

    def _peaks(self, greens: Sequence[Millis], chance: Random) -> tuple[float, ...]:
        """Vehicles a second in the busiest hour: a third to two thirds of what lanes take."""
        cycle = sum(greens) + sum(self.layout.lost(n) for n in range(len(greens)))
        rates = []
        for group in range(1, self.layout.groups + 1):
            share = (greens[self.layout.stage_of(group)] - 2_000) / cycle
            rates.append(
                0.5 * share * chance.uniform(0.35, 0.65) * (group not in self.layout.pedestrian)
            )
        return tuple(rates)

    def _sequence(self, now: Millis, share: float) -> Steps:
        """The sequence as if it had run long since: in step, or anywhere in a green."""
        begun, zone = now - round(share * 20_000), ahead(now, self.world.zone)
        steps = Steps(self.layout, self.scheduled(now), begun, self.approaches, zone)
        steps.leap(now)
        return steps

    def scheduled(self, t: Millis) -> Plan:
        """The plan its schedule asks for at ``t`` by the cabinet's own clock."""
        there = t + self.clock_shift + self.plan_shift
        return self.timetable.plan(*self.local(there))

    def local(self, t: Millis) -> tuple[int, int]:
        """The local day, Monday being 0, and the minute of it."""
        day, hour = self.world.local(t)
        return day, int(hour * 60 + 1e-6)
