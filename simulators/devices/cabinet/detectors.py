"""Vehicles and people at a junction, and what the controller's inputs make of them.

Vehicles arrive by chance (a Poisson stream whose rate follows the hour and the weekday), queue at
red, and leave at green one every two seconds after a start-up loss of two (HCM 2016, ch. 19). A
loop at the stop line is on while somebody stands on it or passes. People press buttons; a press is
kept until its group goes. The controller sees all that through detectors and buttons, which can be
stuck, dead or chattering.

Nothing here depends on when anybody looks: chance is drawn arrival by arrival.
"""

from __future__ import annotations

from random import Random
from typing import Literal, TypeAlias

from gateway.model import Millis
from simulators.devices.cabinet.plan import Aspects, Layout
from simulators.devices.cabinet.sequence import FOREVER

Ill: TypeAlias = Literal["on", "off", "chatter"]

_HEADWAY: Millis = 2_000
_LOST: Millis = 2_000
_WAY: Millis = 3_500
"""Headway, start-up loss, and the headway of those who give way at a junction that flashes."""
_GAP: Millis = 700
"""The loop is free that long between two vehicles of a leaving queue."""
_PASS: Millis = 700
"""A car of 5 m crosses a loop of 2 m at 10 m/s."""
_LONGEST = 60
"""Vehicles in a queue; the rest turn back."""
_CHATTER: Millis = 430
_BUTTON = 0.01
"""Presses a second at each button in the busiest hour."""
_GO = frozenset({"green", "green_flash"})
_WAYS = frozenset({"yellow_flash", "red_flash", "dark"})


class Approaches:
    """Every group's lane with its loop, and the buttons.

    ``next`` is when something happens next. ``peaks`` are vehicles a second of each group in the
    busiest hour.
    """

    def __init__(
        self, layout: Layout, peaks: tuple[float, ...], buttons: int, chance: Random, t: Millis
    ) -> None:
        self.layout = layout
        self.groups = layout.groups
        self.walkers_of = sorted(layout.pedestrian) or list(range(1, layout.groups + 1))
        self.buttons = min(buttons, len(self.walkers_of))
        self._chance = chance
        self._peaks = (*peaks, *[_BUTTON] * self.buttons)
        self.queue = [0] * self.groups
        self.pressed = [False] * self.buttons
        self.ill: dict[int, Ill] = {}
        self.stuck_button = -1
        self.omitted = 0
        self.unseen = 0
        self.came = [0] * layout.groups
        self.quiet = False
        self._free_until = [0] * self.groups
        self._passing_until = [0] * self.groups
        self._last_on = [0] * self.groups
        self._leaves = [FOREVER] * self.groups
        self._go: list[str] = ["red"] * self.groups
        self._meant = layout.red
        self._rate = 0.0
        self._arrives = FOREVER
        self.next = t

    # Time

    def busy(self, t: Millis, share: float) -> None:
        """So many are about from now on, as a share of the busiest hour's."""
        self._rate = 0.0 if self.quiet else share * sum(self._peaks)
        self._draw(t)

    def _draw(self, t: Millis) -> None:
        """When the next one comes; a stream without memory may be drawn anew at any time."""
        rate = self._rate
        self._arrives = t + 1 + int(1000 * self._chance.expovariate(rate)) if rate else FOREVER
        self.next = min(self._arrives, *self._leaves)

    def forget(self, t: Millis) -> None:
        """Nobody looked for long: everybody has gone by."""
        self.queue = [0] * self.groups
        self._leaves = [FOREVER] * self.groups
        self._draw(t)

    def run(self, t: Millis) -> bool:
        """What happens at ``next``; whether a group that does not go was called by it."""
        if t == self._arrives:
            called = self._arrive(t)
            self._draw(t)
            return called
        for lane, leaves in enumerate(self._leaves):
            if leaves == t:
                self._leave(lane, t)
        self.next = min(self._arrives, *self._leaves)
        return False

    def _arrive(self, t: Millis) -> bool:
        (who,) = self._chance.choices(range(len(self._peaks)), self._peaks)
        if who >= self.groups:
            return self.press(who - self.groups)
        self.came[who] += 1
        aspect = self._go[who]
        if aspect in _GO and not self.queue[who]:
            self._passing_until[who] = t + _PASS
            self._last_on[who] = t + _PASS
            self.unseen += self.ill.get(who) == "off"
            return False
        if self.queue[who] < _LONGEST:
            self.queue[who] += 1
        self.unseen += self.ill.get(who) == "off"
        if self._leaves[who] == FOREVER and aspect in _WAYS:
            self._leaves[who] = t + _WAY
        return aspect not in _GO

    def press(self, button: int) -> bool:
        """Somebody wants to cross."""
        if self._meant[self.walkers_of[button] - 1] in _GO:
            return False
        self.pressed[button] = True
        return True

    def _leave(self, lane: int, t: Millis) -> None:
        self.queue[lane] -= 1
        self._last_on[lane] = t
        self._free_until[lane] = t + _GAP
        left = self.queue[lane] > 0
        pace = _HEADWAY if self._go[lane] in _GO else _WAY
        self._leaves[lane] = t + pace if left else FOREVER

    def see(self, t: Millis, aspects: Aspects, meant: Aspects) -> None:
        """What the groups show from now on: who may go goes; whom the controller serves it has."""
        self._meant = meant
        for lane, aspect in enumerate(aspects):
            if aspect == self._go[lane]:
                continue
            self._go[lane] = aspect
            goes = aspect in _GO or aspect in _WAYS
            if not goes:
                self._leaves[lane] = FOREVER
            elif self.queue[lane] and self._leaves[lane] == FOREVER:
                self._leaves[lane] = t + (_LOST if aspect in _GO else _WAY)
        for button in range(self.buttons):
            if meant[self.walkers_of[button] - 1] in _GO:
                self.pressed[button] = False
        self.next = min(self._arrives, *self._leaves)

    # What the controller sees

    def on(self, lane: int, t: Millis) -> bool:
        """Whether a loop says that somebody is there; lanes count from 0."""
        ill = self.ill.get(lane)
        if ill is None:
            if self.queue[lane]:
                return t >= self._free_until[lane]
            return t < self._passing_until[lane]
        if ill == "chatter":
            return t // _CHATTER % 2 == 0
        return ill == "on"

    def vehicle_call(self, lane: int) -> bool:
        """Whether somebody waits on that lane, as far as its loop tells."""
        ill = self.ill.get(lane)
        waits = self.queue[lane] > 0 if ill is None else ill != "off"
        return waits and self._meant[lane] not in _GO

    def ped_call(self, button: int) -> bool:
        """Whether a button's call stands."""
        return self.pressed[button] or button == self.stuck_button

    def calls(self, stage: int) -> bool:
        """Whether anybody asks for that stage, whom the controller hears."""
        here = self.layout.stages[stage]
        if any(self.vehicle_call(g - 1) for g in here if g != self.omitted):
            return True
        return any(
            self.ped_call(button) and group in here and self._waits(group)
            for button, group in enumerate(self.walkers_of[: self.buttons])
        )

    def _waits(self, group: int) -> bool:
        return group != self.omitted and self._meant[group - 1] not in _GO

    def idle(self, stage: int, t: Millis) -> Millis:
        """The ms since a loop of that stage last was on."""
        lanes = [group - 1 for group in self.layout.stages[stage]]
        if any(self._occupied(lane) for lane in lanes):
            return 0
        seen = [self._last_on[lane] for lane in lanes if self.ill.get(lane) != "off"]
        return max(0, t - max(seen, default=0))

    def _occupied(self, lane: int) -> bool:
        ill = self.ill.get(lane)
        return self.queue[lane] > 0 if ill is None else ill != "off"

    def walkers(self, stage: int) -> frozenset[int]:
        """The pedestrian groups of a stage that were asked for."""
        peds = self.layout.pedestrian
        if not peds:
            return frozenset()
        called = (self.walkers_of[n] for n in range(self.buttons) if self.ped_call(n))
        return frozenset(group for group in called if group in self.layout.stages[stage])
