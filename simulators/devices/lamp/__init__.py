"""A street lamp: a light source with its gear, and the controller that switches and meters it.

Between two moments at which something switches, power follows a curve with a known integral
(``technology``); so a lamp is not integrated minute by minute but from one switching to the next,
and steps of a second or of five minutes come to the same energy. What switches: the supply (its
journal, ``simulators.world.mains``), the photocell or the clock, the arc, commands and faults.

- A *photocell* lamp follows the light its cell sees, a *calendar* lamp an astronomical clock and
  burns at 60 % from 23 to 5 o'clock; under *command* the clock holds until somebody orders. Behind
  a *switched* supply a lamp burns as long as it is fed. A tunnel's lamps always burn.
- A discharge lamp that loses its arc must cool down before it strikes again. Magnetic gear draws
  by (V/Vn)^1.8 (domain §1).
- Without mains the controller of a permanent supply still answers from the bus's own power; one in
  a tunnel has none but its lamp's. Such a one, or on a switched supply, or behind a broken cable,
  is silent (``powered``).

How it can break stands in ``breakage``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

from gateway.assets import LampFacts
from gateway.model import Kind, Millis
from simulators.devices.contract import CommandRefused, Values
from simulators.devices.growth import grown
from simulators.devices.lamp.breakage import BREAKAGES, FAULTS, NONE, Effect, combined
from simulators.devices.lamp.control import Order, wanted
from simulators.devices.lamp.light import Light
from simulators.devices.lamp.meter import Meter
from simulators.devices.lamp.technology import TECHNOLOGIES
from simulators.world import PHASES, World
from simulators.world.mains import LONGEST, crossing

__all__ = ["FAULTS", "Lamp"]

_GEAR = 600.0
"""Thermal time constant of the driver's case in s (E)."""
_ALIVE = 0.2
"""Share of the nominal voltage from which the controller's own supply works (E)."""
_OLD = 100_000.0
"""Hours after which nothing changes any more."""
_LIT, _OUT = (120_000, 180_000), 60_000
"""ms a cycling lamp burns (between), and at least stays out; an arc has to cool first (E)."""


class Lamp:
    """One lamp on its feeder's phase; powers in W, energy in kWh, burn time in h.

    ``constant_light`` drivers begin at 85 % of rated power and make up for ageing over 50 000 h.
    """

    kind: Kind = "lamp"

    def __init__(
        self, name: str, facts: LampFacts, world: World, *, constant_light: bool = False
    ) -> None:
        self.name = name
        self.facts = facts
        self.rated = facts.rated_power or 70.0
        self.technology = TECHNOLOGIES[facts.technology]
        self.constant_light = constant_light
        self._world = world
        self._longitude = world.longitude
        self._number = PHASES.index(facts.phase or "L1")
        self._supply = world.supply(facts.feeder, facts.nominal_voltage)
        if facts.supply == "switched":
            self._supply.switch_by_clock()
        self._chance = chance = world.chance(name)
        self._cell = chance.uniform(0.9, 1.12)
        self._own = chance.uniform(0.97, 1.03)
        self._tilt = chance.uniform(0.3, 1.5)
        cooling = round(1000 * chance.uniform(*self.technology.cooling))
        self._light = Light(self.technology, self.rated, facts.standby_power, cooling)
        self.energy = chance.uniform(100, 900)
        self.burn_hours = chance.uniform(2_000, 20_000)
        self.switch_count = chance.randint(500, 5_000)
        self.used = 0.0
        self.shade = 1.0
        self.sight = self._cell
        self.gear: float = 0.0
        self.dim = 100.0
        self.ordered: bool | None = None
        self.faults: dict[str, tuple[Millis, float]] = {}
        self.effect: Effect = NONE
        self._meter = Meter(chance)
        self._flip: Millis | None = None
        self._on_since: Millis | None = None
        self._gone_out = False
        self._t = now = world.clock.now()
        self._supply.advance(now)
        self._seen = len(self._supply.journal) - 1
        self.commanded = self.closed = False
        self.level = 1.0
        self._program = self._wanted(now)
        self._begin(now)

    def _begin(self, now: Millis) -> None:
        """A lamp that should burn has burnt for an hour."""
        count = self.switch_count
        self._settle()
        self.switch_count = count
        if self._light.struck is not None:
            self._light.struck = self._on_since = now - 3_600_000
        self._look()
        self.gear = self._world.temperature(now) + self.technology.rise * self.power / self.rated

    # What the outside may ask.

    @property
    def own_photocell(self) -> bool:
        """Whether it has one that decides: behind a switched supply that is the pillar's affair."""
        facts = self.facts
        own = facts.control == "photocell" and facts.supply == "permanent"
        return own and not facts.tunnel

    @property
    def lit(self) -> bool:
        """Whether it gives light."""
        return self._light.struck is not None and self._light.struck <= self._t

    @property
    def warm(self) -> bool:
        """Whether it is past its warm-up."""
        return self._light.warm(self._t)

    @property
    def ought_to_be_warm(self) -> bool:
        """Whether a sound one would be: on and supplied for as long as a start takes."""
        since = self._on_since
        return since is not None and (self._t - since) / 1000 >= self.technology.warm_up

    @property
    def supplied(self) -> bool:
        """Whether its mains are good enough to be judged by (domain §1: 80 %)."""
        return self._fed >= 0.8

    @property
    def powered(self) -> bool:
        """Whether the controller can answer at all."""
        facts = self.facts
        fed_by_bus = facts.supply == "permanent" and not facts.tunnel and self._reached
        return self._alive or fed_by_bus

    @property
    def expected(self) -> float:
        """W a sound lamp would draw at this level."""
        return self.rated * self.level

    @property
    def level_set(self) -> float:
        """The dim level in force, in %."""
        return self._program[1]

    @property
    def sun(self) -> float:
        """Degrees of the sun's elevation."""
        return self._world.moment(self._t).sun

    @property
    def leakage(self) -> float:
        """Earth leakage in mA: what the gear's filter passes, and what a fault adds."""
        return self.leaks * self.voltage / 230

    @property
    def leaks(self) -> float:
        """The same at 230 V."""
        return 0.4 + (self.grown("leakage") if self.faults else 0.0)

    @property
    def leans(self) -> float:
        """True tilt of the pole in degrees."""
        return self._tilt + (self.grown("tilt") if self.faults else 0.0)

    def grown(self, what: str) -> float:
        """How far a growing part of the effects has come in all present faults."""
        return grown(self.faults, lambda name: getattr(BREAKAGES[name].effect, what), self._t)

    # Time.

    def advance(self, t: Millis) -> None:
        """Bring the lamp to ``t``."""
        if t <= self._t:
            return
        self._supply.advance(t)
        self._follow(t)
        self._run(t)
        self._look()

    def _follow(self, t: Millis) -> None:
        """Live through what the supply has done up to ``t``."""
        journal = self._supply.journal
        while self._seen + 1 < len(journal) and journal[self._seen + 1].t <= t:
            self._run(journal[self._seen + 1].t)
            self._seen += 1
            self._settle()

    def _run(self, t: Millis) -> None:
        """To ``t``, with the supply as it is; the cell, the clock and the arc switch meanwhile."""
        while self._t < t:
            end = min(t, self._t + LONGEST)
            if self._flip is not None:
                end = min(end, self._flip)
            before = self._program
            if self._wanted(end) == before:
                self._use(end)
            else:
                end = crossing(self._keeps(before), self._t, end, was=True)
                self._use(end)
                self._program = self._wanted(end)
                self._settle()
            if end == self._flip:
                self._turn(end)

    def _wanted(self, t: Millis) -> Order:
        return wanted(self, self._world.moment(t), self._longitude)

    def _keeps(self, program: Order) -> Callable[[Millis], bool]:
        return lambda t: self._wanted(t) == program

    def _turn(self, t: Millis) -> None:
        """A cycling lamp goes out, or comes back."""
        self._gone_out = not self._gone_out
        burns_from = max(t, self._light.ready)
        self._flip = t + _OUT if self._gone_out else burns_from + self._chance.randint(*_LIT)
        self._settle()

    def _settle(self) -> None:
        """Take note of what has switched at this moment: supply, relay, arc, full power."""
        t, effect, technology, light = self._t, self.effect, self.technology, self._light
        circuit = self._supply.journal[self._seen]
        whole = circuit.reaches(self._number, self.facts.position)
        self._reached = whole or circuit.cut is None  # a fuse leaves the bus's own power
        through = whole and circuit.closed and not effect.isolated
        self._fed = circuit.share(self._number) * effect.volts if through else 0.0
        self._alive = self._fed > _ALIVE
        self.commanded, dim = self._program
        closed = (self.commanded and dim > 0) or effect.welded
        self.switch_count += closed and not self.closed
        self.closed = closed
        if not (closed and self.supplied):
            self._on_since = None
        elif self._on_since is None:
            self._on_since = t
        self.level = dim / 100 if self.commanded else 1.0
        light.full = self._aged() * technology.level(self.level) * self._own * effect.power
        light.factor = technology.power_factor(self.level) * effect.factor
        dead = effect.dead or self._gone_out
        burns = closed and not dead and self._fed >= technology.holds
        light.settle(t, closed=closed, burns=burns, dead=effect.dead)

    def _aged(self) -> float:
        """Rated power in W after so many hours."""
        if self.constant_light:
            return self.rated * (0.85 + 0.15 * min(1.0, self.burn_hours / 50_000))
        return self.rated * (1 + self.technology.ageing * min(self.burn_hours, _OLD) / 10_000)

    def _use(self, t: Millis) -> None:
        """Draw power from this moment to ``t``, nothing switching in between."""
        if t <= self._t:
            return
        seconds = (t - self._t) / 1000
        joules, burnt = self._light.draw(self._t, t, self._pull) if self._alive else (0.0, 0.0)
        self._t = t
        kilowatt_hours = joules / 3_600_000
        self.used += kilowatt_hours
        self.energy += kilowatt_hours * self.effect.register
        self.burn_hours += burnt / 3_600
        rest = self._world.moment(t).air
        rest += self.technology.rise * joules / seconds / self.rated
        if burnt and self.faults:
            rest += self.grown("heat")
        self.gear = rest + (self.gear - rest) * exp(-seconds / _GEAR)

    def _pull(self, t: Millis) -> float:
        """What magnetic gear makes of the voltage: (V/Vn)^1.8."""
        volts = self._supply.healthy(t)[self._number] * self._fed
        return float((volts / self.facts.nominal_voltage) ** 1.8)

    def _look(self) -> None:
        """The electrical truth of this moment: ``voltage``, ``power``, ``power_factor``."""
        self.voltage = self._supply.healthy(self._t)[self._number] * self._fed
        self.power, self.power_factor = (
            self._light.now(self._t, self._pull) if self._alive else (0.0, 0.0)
        )

    def values(self) -> Values:
        """The lamp controller's points, each within ±1 % of the truth (``meter``)."""
        return self._meter.read(self, self._world.moment(self._t))

    # Orders and faults.

    def command(self, name: str, value: float) -> None:
        """``switch`` (0, 1) overrides the photocell; ``dim`` sets the level in %."""
        least = self.technology.least
        if name == "switch" and value in {0, 1}:
            self.advance(self._world.clock.now())
            self.ordered = bool(value)
        elif name == "dim" and (value == 0 or least <= value <= 100):
            self.advance(self._world.clock.now())
            self.dim = float(value)
        else:
            raise CommandRefused(f"{name} = {value:g}")
        self._react()

    def shaken(self, t: Millis, shade: float) -> None:
        """Something has happened to the feeder at ``t``; ``shade`` is the daylight that is left."""
        self.advance(t)
        self._follow(t)
        self.shade = shade
        self._react()

    def _react(self) -> None:
        """Something about the lamp itself has changed just now."""
        self.sight = self._cell * self.shade * self.effect.sight * self.effect.trigger
        self._program = self._wanted(self._t)
        self._settle()
        self._look()

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of ``BREAKAGES``; leakage, tilt and heat take ``over`` seconds to grow."""
        self.faults[fault] = self._t, over
        self._change()

    def repair(self, fault: str, /) -> None:
        """End a fault."""
        if self.faults.pop(fault, None) is not None:
            self._change()

    def _change(self) -> None:
        self.effect = combined(BREAKAGES[name].effect for name in self.faults)
        if not self.effect.cycling:
            self._flip, self._gone_out = None, False
        elif self._flip is None:
            self._flip = self._t + 1_000
        self._react()

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
