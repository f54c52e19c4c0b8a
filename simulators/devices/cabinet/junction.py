"""How a cabinet lives: from event to event, in one regime after the other.

It moves from event to event (a step ends, a vehicle comes or leaves, a slow look at the climate),
so a second costs what happened in it. What it does as a whole is its *regime*; only in control does
the sequence run. What the controller means to show passes the outputs, where it may be altered, and
is watched by the monitors.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import radians, sin

from gateway.assets import SignalFacts
from gateway.model import Millis
from gateway.weekly import within
from simulators.devices.cabinet import shown
from simulators.devices.cabinet.equipment import Equipment
from simulators.devices.cabinet.outputs import TRIP
from simulators.devices.cabinet.plan import Actuated, Layout
from simulators.devices.cabinet.power import ELECTRONICS
from simulators.devices.cabinet.regimes import CONTROL, START_FLASH, START_RED, ruling
from simulators.devices.cabinet.schedule import Timetable
from simulators.devices.cabinet.sequence import FOREVER
from simulators.world import World
from simulators.world.demand import ahead

_SLOW: Millis = 10_000
_QUARTER: Millis = 900_000
_FAR: Millis = 180_000
_NEAR: Millis = 60_000
"""A sound cabinet leaps over a longer gap than that, and lives the end of it: a cycle or two."""
_STRIDE: Millis = 300_000
_AFTER_FLASH: Millis = 5_000
_TRANSFER = 180.0
"""V below which the UPS takes over (E)."""


class Junction(Equipment):
    """A cabinet's equipment, running. What is public here is what ``damage`` uses."""

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
        super().__init__(name, facts, world, layout=layout, timetable=timetable, buttons=buttons)
        now = self.t
        self._agenda: list[tuple[Millis, int, Callable[[], None]]] = []
        self._asked = 0
        self._slow_at = now - now % _SLOW + _SLOW
        self._last_slow = now
        self._quarter = -1
        self._off = False
        self._tripping = False
        self.shown = shown.whole(self)
        self.reconsider()
        self._look_around()

    # Time

    def advance(self, t: Millis) -> None:
        """Bring the cabinet to ``t``."""
        if t <= self.t:
            return
        if t - self.t > _FAR and not self.broken:
            self._leap(t - _NEAR)
        steps, approaches = self.sequence, self.approaches
        while True:
            due = min(steps.until, approaches.next, self._slow_at, self._asked_at)
            if due > t:
                break
            self.t = due
            if due == approaches.next:
                if approaches.run(due) and steps.resting:
                    steps.interrupt(due)
            else:
                self._happen(due)
        self.t = t
        self.volts = self.mains.incoming("L1", t)
        if (self.volts > _TRANSFER) is not self.power.mains:
            self._look_around()

    def _happen(self, t: Millis) -> None:
        """What is due now, apart from traffic: one thing; whatever else is due comes next."""
        if t == self._asked_at:
            heappop(self._agenda)[2]()
        elif t == self._slow_at:
            self._look_around()
        else:
            self.sequence.step()
            if self.sequence.aspects is not self.meant:
                self.light()

    @property
    def _asked_at(self) -> Millis:
        return self._agenda[0][0] if self._agenda else FOREVER

    def later(self, ms: Millis, what: Callable[[], None]) -> None:
        """Have something happen after so many ms."""
        self._asked += 1
        heappush(self._agenda, (self.t + ms, self._asked, what))

    def _leap(self, t: Millis) -> None:
        """Go by what nobody looked at; what was to happen in between happens at its time."""
        while self._asked_at <= t:
            self.t = self._asked_at
            heappop(self._agenda)[2]()
        while self.t < t:
            self.t = min(t, self.t + _STRIDE)
            self._look_around()
        self.sequence.leap(t)
        self.approaches.forget(t)
        if self.regime is CONTROL:
            self.light()

    def _look_around(self) -> None:
        """The slow things: climate, battery, calendar, how much traffic is about."""
        t, power = self.t, self.power
        quarter = t // _QUARTER
        if quarter != self._quarter:
            self._quarter = quarter
            self.sun = max(0.0, sin(radians(self.world.sun(t))))
            self.sequence.zone = ahead(t, self.world.zone)
            self.approaches.busy(t, self.world.traffic(t))
        self.volts = self.mains.incoming("L1", t)
        power.mains = self.volts > _TRANSFER
        load = ELECTRONICS + self.lamps.power(self.aspects)
        power.run((t - self._last_slow) / 1000, load, self.world.temperature(t), self.sun)
        self.offset += self.drift * (t - self._last_slow) / 1000
        self._last_slow = t
        self._slow_at = t + (1_000 if power.busy or self.drift else _SLOW - t % _SLOW)
        self._follow_calendar(t)
        shown.slow(self)

    def _follow_calendar(self, t: Millis) -> None:
        """The plan of the hour, the planned flash, and a UPS that gave up or came back."""
        flash = self.facts.planned_flash
        if flash is not None:
            on = within(flash, *self.local(t))
            (self.orders.add if on else self.orders.discard)("automatic")
        if self.power.flat and "off" not in self.orders:
            self.orders.add("off")
        elif self._off and not self.power.flat:
            self.start_up()
        self._off = self.power.flat
        if ruling(self.orders) is not self.regime:
            self.reconsider()
        wanted = self.scheduled(t)
        if self.forced_plan:
            wanted = self.timetable.numbered(self.forced_plan)
        if self.free:
            wanted = Actuated(wanted.number, rest=self.free)
        if wanted != self.sequence.wanted:
            self.sequence.wanted = wanted
            self.rethink()

    # Regime and outputs

    def start_up(self, dark: Millis = 0) -> None:
        """Power returns (after being away for ``dark`` ms): flash, all-red, control."""
        self.orders -= {"start_flash", "start_red"}
        if dark:
            self.orders.add("off")
            self.later(dark, self.start_up)
        else:
            self.orders.discard("off")
            self.orders.add("start_flash")
            self.later(START_FLASH, lambda: self.order("start_flash", "start_red"))
            self.later(START_FLASH + START_RED, lambda: self.order("start_red"))
        self.reconsider()

    def order(self, ends: str, begins: str = "") -> None:
        """End one regime and begin another."""
        self.orders.discard(ends)
        if begins:
            self.orders.add(begins)
        self.reconsider()

    def reconsider(self) -> None:
        """Change the regime if something asks for another."""
        regime = ruling(self.orders)
        if regime is not self.regime:
            before, self.regime = self.regime, regime
            if regime is CONTROL:
                red = 1_000 if before.name == "start_red" else _AFTER_FLASH
                self.sequence.restart(self.t, red)
            else:
                self.sequence.pause()
        self.light()
        shown.status(self)

    def rethink(self) -> None:
        """Let the sequence think again, if it runs."""
        if self.regime is CONTROL:
            self.sequence.interrupt(self.t)
            shown.lights(self)

    def light(self) -> None:
        """Bring what is meant to the lamps, past whatever is broken on the way."""
        control, outputs = self.regime is CONTROL, self.outputs
        self.meant = self.sequence.aspects if control else self.regime.aspects(self.layout)
        self.aspects = outputs.passed_on(self.meant)
        self.approaches.see(self.t, self.aspects, self.meant)
        if self.lamps.dead or not outputs.sound:
            if control and self.lamps.watch(self.meant, self.aspects):
                shown.status(self)
            clash = control and outputs.guarded and outputs.conflict_in(self.aspects)
            if clash and not self._tripping:
                self._tripping = True
                self.later(TRIP, self._trip)
        shown.lights(self)

    def _trip(self) -> None:
        self._tripping = False
        if self.regime is CONTROL and self.outputs.conflict_in(self.aspects):
            self.order("", "mmu")

    def touched(self) -> None:
        """Something was broken or mended: look at everything anew."""
        self._look_around()
        self.reconsider()
        self.rethink()
