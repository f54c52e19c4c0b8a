"""A feeder pillar: a three-phase meter over its lamps, a contactor, a door switch.

Each phase carries the sum of its lamps plus what the cable loses (I²R), what a stranger taps and
the pillar's own electronics. The meter sits before the contactor: an open contactor darkens the
lamps and leaves the voltage, a failed supply takes both. The pillar answers through an outage from
its battery. Energy is the sum of what the lamps really used, each to the second, and the losses.

On a switched supply the contactor opens by day and with it goes the power of the lamps'
controllers (``simulators.world.mains``). How a feeder can break stands in ``breakage``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import exp, prod

from gateway.assets import FeederFacts
from gateway.model import Kind, Millis, Value
from simulators.devices.contract import CommandRefused, Values, noisy
from simulators.devices.feeder.breakage import BREAKAGES, FAULTS, Effect, present
from simulators.devices.feeder.load import OWN, Load, load_of
from simulators.devices.growth import grown
from simulators.devices.lamp import Lamp
from simulators.world import PHASES, Circuit, World, steps
from simulators.world.mains import LONGEST

__all__ = ["FAULTS", "Feeder", "Load"]

_INRUSH, _SETTLED = 2.0, 500.0
"""How many times the lamps' rated current flows into empty capacitors at the moment of switching
on, and the time constant in ms with which that is over (E)."""
_WET = 0.5
"""How much more a cable leaks under the rain (E)."""
_DIP, _DIPPED = 0.5, 400
"""Depth and length in ms of a voltage dip: drivers ride through it, arcs do not."""

_REJOIN = 300.0
"""s in which controllers come back after their feeder was switched on (domain §1)."""
_DARK = -6.0
"""Degrees of sun below which every sound photocell has lit its lamp (domain §1)."""
_TENTH = 0.1
"""Share of what the lamps should draw by which it must change to count as switched."""

_PLATE = {"manufacturer": "Wayside", "model": "Simulated meter", "version": "1.0"}


class Feeder:
    """The pillar of feeder ``facts.feeder`` and the lamps it feeds."""

    kind: Kind = "feeder"

    def __init__(
        self, name: str, facts: FeederFacts, world: World, lamps: Iterable[Lamp] = ()
    ) -> None:
        self.name = name
        self._world = world
        self.supply = world.supply(facts.feeder, facts.nominal_voltage)
        if facts.supply == "switched":
            self.supply.switch_by_clock()
        self.lamps = tuple(lamps)
        self._phases = [
            [lamp for lamp in self.lamps if (lamp.facts.phase or "L1") == phase] for phase in PHASES
        ]
        self._rated = [sum(lamp.rated for lamp in lamps) for lamps in self._phases]
        self._chance = world.chance(name)
        self.energy = self._chance.uniform(10_000, 90_000)
        self._earth = self._chance.uniform(4, 9)
        self._struck = self._chance.randrange(3)
        self._cut = cut_of(self.lamps)
        self._order: bool | None = None
        self.faults: dict[str, tuple[Millis, float]] = {}
        self._t = world.clock.now()
        self._seen = 0
        self._live_since = self._t - LONGEST
        self._used = self._drawn()
        self._due = 0.0
        warm_up = max((lamp.technology.warm_up for lamp in self.lamps), default=0.0)
        self._settles = round((_REJOIN + warm_up) * 1000)
        self._switched = self._t
        self.loads: tuple[Load, ...] = ()
        self._look()
        self._switched = self._t - self._settles

    # What the outside may ask.

    @property
    def power(self) -> float:
        """Total power in W, without the meter's noise."""
        return sum(load.power for load in self.loads)

    @property
    def circuit(self) -> Circuit:
        """How it is connected."""
        return self.supply.circuit

    @property
    def sun(self) -> float:
        """Degrees of the sun's elevation."""
        return self._world.moment(self._t).sun

    @property
    def expected(self) -> float:
        """W that sound lamps would draw now."""
        return sum(lamp.expected for lamp in self.lamps if lamp.commanded)

    @property
    def settled(self) -> bool:
        """Whether nothing was switched for as long as controllers rejoin and lamps warm up."""
        return self._t - self._switched >= self._settles

    @property
    def cells_are_dark(self) -> bool:
        """Whether lamps that cannot be asked while they have no supply are sure to want to burn."""
        asked = all(
            lamp.facts.supply == "permanent" or lamp.facts.control != "photocell"
            for lamp in self.lamps
        )
        return asked or self.sun < _DARK

    @property
    def behind_fuses(self) -> float:
        """The share of the struck phase's lamps that blown fuses would darken, by rated power."""
        lamps = self._phases[self._struck]
        fuses = Circuit(0, blown=self._struck)
        dark = [one for one in lamps if not fuses.reaches(self._struck, one.facts.position)]
        return sum(one.rated for one in dark) / (sum(one.rated for one in lamps) or 1.0)

    @property
    def tail(self) -> int:
        """How many lamps stand behind the place where the cable breaks."""
        return sum((lamp.facts.position or 0) >= self._cut for lamp in self.lamps)

    @property
    def leakage(self) -> float:
        """Earth leakage in mA: the cable's, the lamps', and what a fault adds."""
        if not self.circuit.live:
            return 0.0
        sound = self.sound_leakage
        return sound * (1 + self._grown("trend")) + self._grown("leakage")

    @property
    def sound_leakage(self) -> float:
        """The same without the feeder's own faults; wet joints leak half as much again."""
        wet = 1 + _WET * wetness(self._world.cloud(self._t))
        return self._earth * wet + sum(lamp.leakage for lamp in self.lamps)

    @property
    def worn(self) -> tuple[float, float]:
        """Earth leakage in mA on a dry day, now and before the insulation began to wear."""
        dry = self._earth + sum(lamp.leakage for lamp in self.lamps)
        return dry * (1 + self._grown("trend")), dry

    def _grown(self, what: str) -> float:
        return grown(self.faults, lambda name: getattr(BREAKAGES[name].effect, what), self._t)

    # Time.

    def advance(self, t: Millis) -> None:
        """Bring the pillar, and with it its lamps, to ``t``."""
        for end, seconds in steps(self._t, t, longest=LONGEST):
            before = self._apart()
            for lamp in self.lamps:
                lamp.advance(end)
            self.supply.advance(end)
            self._t = end
            self._look()
            used = self._drawn()
            joules = (before + self._apart()) / 2 * seconds
            self.energy += used - self._used + joules / 3_600_000
            self._used = used

    def _drawn(self) -> float:
        return sum(lamp.used for lamp in self.lamps)

    def _apart(self) -> float:
        """W beside the lamps': losses, the tap, the pillar itself."""
        own = sum(OWN for load in self.loads if load.voltage)
        return own + 3 * self._tap() + sum(load.losses for load in self.loads)

    def _tap(self) -> float:
        """W a stranger takes from each phase."""
        if not self.faults or not self.circuit.live:
            return 0.0
        share = sum(effect.tap for effect in present(self.faults))
        return share * sum(self._rated) / 3

    def _look(self) -> None:
        """The electrical truth of this moment, and since when the lamps have their supply."""
        for before, after in pairwise(self.supply.journal[self._seen :]):
            if after.live and not before.live:
                self._live_since = after.t
        self._seen = len(self.supply.journal) - 1
        circuit, healthy, tap = self.circuit, self.supply.healthy(self._t), self._tap()
        due = self.expected if circuit.ordered else 0.0
        if abs(due - self._due) > _TENTH * max(due, self._due):
            self._due, self._switched = due, self._t
        self.loads = tuple(
            load_of(healthy[n] * circuit.share(n), lamps, tap)
            for n, lamps in enumerate(self._phases)
        )

    def values(self) -> Values:
        """The pillar's points; the meter is good to 0.2 % (voltage) and 0.5 % (power)."""
        chance = self._chance
        powers = [noisy(load.power, 0.005, chance) for load in self.loads]
        apparent = sum(load.voltage * load.current for load in self.loads)
        rush = _INRUSH * exp(-(self._t - self._live_since) / _SETTLED)
        circuit = self.circuit
        values: dict[str, Value | None] = {**_PLATE, "serial_number": self.name}
        for number, load in enumerate(self.loads, 1):
            amperes = load.current
            if rush > 0.01 and circuit.live and load.voltage:
                amperes += (
                    rush * sum(lamp.rated for lamp in self._phases[number - 1]) / load.voltage
                )
            values[f"voltage_l{number}"] = noisy(load.voltage, 0.002, chance)
            values[f"current_l{number}"] = noisy(amperes, 0.005, chance)
            values[f"power_l{number}"] = powers[number - 1]
        return values | {
            "power": sum(powers),
            "current": sum(load.current for load in self.loads),
            "frequency": 0.0 if circuit.failed else self._world.frequency(self._t),
            "energy_export": 0.0,
            "power_factor": self.power / apparent if apparent else 1.0,
            "leakage_current": noisy(self.leakage, 0.02, chance),
            "energy": self.energy,
            "contactor_command": circuit.ordered,
            "contactor_state": circuit.closed,
            "door_open": any(effect.door for effect in present(self.faults)),
            "on_battery": circuit.failed,
        }

    # Orders and faults.

    def command(self, name: str, value: float) -> None:
        """``contactor``: 1 closes it, 0 opens it, whatever the clock says."""
        if name != "contactor" or value not in {0, 1}:
            raise CommandRefused(f"{name} = {value:g}")
        self.advance(self._world.clock.now())
        self._order = bool(value)
        self._change()

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of ``BREAKAGES``; leakage takes ``over`` seconds to grow."""
        self.faults[fault] = self._t, over
        self._change(dip=BREAKAGES[fault].effect.dip)

    def repair(self, fault: str, /) -> None:
        """End a fault."""
        if self.faults.pop(fault, None) is not None:
            self._change()

    def _change(self, *, dip: bool = False) -> None:
        """Connect the mains as the faults and orders of this moment ask for."""
        t, effects = self._t, present(self.faults)
        if dip:
            self.supply.change(t, sag=(_DIP, _DIP, _DIP))
            self.supply.later(t + _DIPPED, sag=(1.0, 1.0, 1.0))
        self.supply.change(
            t,
            failed=any(effect.failed for effect in effects),
            shares=self._shares(effects),
            cut=self._cut if any(effect.cut for effect in effects) else None,
            blown=self._struck if any(effect.blown for effect in effects) else None,
        )
        contacts = {effect.contact for effect in effects} - {"free"}
        stuck = None if not contacts else "welded" in contacts
        crew = next((effect.order for effect in effects if effect.order is not None), None)
        self.supply.operate(t, order=self._order if crew is None else crew, stuck=stuck)
        sky = prod(effect.sky for effect in effects)
        for lamp in self.lamps:
            lamp.shaken(t, sky)
        self._look()

    def _shares(self, effects: Iterable[Effect]) -> tuple[float, float, float]:
        shares = [1.0, 1.0, 1.0]
        for effect in effects:
            for place, share in enumerate(effect.shares):
                shares[(self._struck + place) % 3] *= share
        return shares[0], shares[1], shares[2]

    def shows(self, fault: str, /) -> bool:
        """Whether what a present fault does can be told from the values now."""
        one = BREAKAGES[fault]
        return fault in self.faults and one.where(self) and one.grown(self)

    def tells(self, _fault: str, /) -> bool:
        """It has every sensor that its faults are told by."""
        return True

    def could_show(self, fault: str, /) -> bool:
        """Whether it would, once grown, if it began now."""
        return BREAKAGES[fault].where(self)


def wetness(cover: float) -> float:
    """How wet it is under a sky that is covered by ``cover``: it rains from nine tenths on (E)."""
    return max(0.0, min(1.0, (cover - 0.8) / 0.2))


def cut_of(lamps: Iterable[Lamp]) -> int:
    """The position of the lamp in the middle of the feeder: there the cable breaks."""
    places = sorted(lamp.facts.position or 0 for lamp in lamps)
    return max(1, places[len(places) // 2]) if places else 1
