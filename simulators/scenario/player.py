"""Playing a scenario: what it says, done at its time to a living district.

The ``Player`` moves no clock. Whoever has one asks when something is ``due`` and calls ``run`` when
that time has come: on wires after a sleep (``play``), without wires at once. Both carry out the
same actions with the same times, and so leave the same labels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from gateway.model import Kind, Millis
from simulators.faults import FAULTS, Injector, fault_of
from simulators.scenario.agenda import Agenda
from simulators.scenario.language import (
    ANY,
    ClockStep,
    CrowdEvent,
    Gap,
    Scenario,
    Trouble,
    UplinkOutage,
    VoltageEvent,
    WeatherSpell,
    WorkOrder,
)
from simulators.scenario.lottery import Lottery
from simulators.town.plan import Asset, District
from simulators.world import PHASES, Festival, Phase, Spell, World

_IDLE = 0.2
"""Real seconds after which ``play`` looks whether somebody has broken something by hand."""
_SIGNING_OFF = 600.0
"""Seconds between the end of a piece of work, its door shut, and the end of its window (E)."""


class Stage(Protocol):
    """The district a scenario is played in."""

    district: District
    world: World
    injector: Injector


@dataclass(slots=True)
class Witness:
    """Who is told of what a recording must know besides readings; by default nobody.

    ``note`` takes a time, a word and fields as a recording's note has them (contracts §5),
    ``absent`` the devices of which nothing is recorded from then on and ``back`` those again.
    """

    say: Callable[[str], None] = lambda _: None
    note: Callable[[Millis, str, Mapping[str, Any]], None] = lambda *_: None
    absent: Callable[[frozenset[str]], None] = lambda _: None
    back: Callable[[frozenset[str]], None] = lambda _: None
    step: Callable[[Millis, Millis], None] = lambda *_: None


class Player:
    """A scenario under way since ``start``; no fault begins after ``ends``."""

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        start: Millis,
        *,
        ends: Millis | None = None,
        witness: Witness | None = None,
    ) -> None:
        self._stage = stage
        self._injector = stage.injector
        self._witness = witness or Witness()
        self._agenda = Agenda()
        self._ends = ends
        self._assets = {asset.id: asset for asset in stage.district.assets}
        for table, begin in self._events().items():
            for number, event in enumerate(getattr(scenario, table)):
                at = start + round(event.at * 1000)
                self._agenda.plan(at, partial(self._recurs, event, partial(begin, event, number)))
        for number, chance in enumerate(scenario.random):
            for fault in [*FAULTS] if chance.fault == ANY else [chance.fault]:
                source = stage.world.chance(f"random/{number}/{fault}")
                Lottery(chance, fault, source, self).begin(start)

    def _events(self) -> Mapping[str, Callable[[Any, int, Millis], None]]:
        return {
            "fault": self._break,
            "weather": self._weather,
            "voltage": self._voltage,
            "festival": self._festival,
            "maintenance": self._maintain,
            "gap": self._gap,
            "uplink": self._uplink,
            "clock": self._clock,
        }

    @property
    def due(self) -> Millis | None:
        """When there is something to do next; None if nothing is planned."""
        moments = (self._agenda.due, self._injector.next_look)
        return min((moment for moment in moments if moment is not None), default=None)

    def run(self, upto: Millis) -> None:
        """Do everything that is due by then."""
        while (due := self.due) is not None and due <= upto:
            self._injector.look(due)
            self._agenda.run(due)

    def plan(self, t: Millis, action: Callable[[Millis], None]) -> None:
        """Put something on the agenda."""
        self._agenda.plan(t, action)

    def _recurs(self, event: Any, begin: Callable[[Millis], None], t: Millis) -> None:  # noqa: ANN401
        """Begin an event, and plan its next time."""
        if self._ends is not None and t > self._ends:
            return
        begin(t)
        every = getattr(event, "every", None)
        if every is not None:
            after = partial(self._recurs, event, begin)
            self._agenda.plan(t + round(every * 1000), after)

    def _break(self, trouble: Trouble, _number: int, t: Millis) -> None:
        found = self._injector.candidates(trouble.fault, trouble.kind, t)
        if trouble.device is not None:
            found = [trouble.device] if trouble.device in found else []
        if not found:
            self._witness.say(f"{trouble.fault}: no device in which it would show now")
            return
        device = found[trouble.index % len(found)]
        self.strike(device, trouble.fault, trouble.over, t, trouble.for_)

    def strike(self, device: str, fault: str, over: float, t: Millis, lasts: float | None) -> None:
        """Break a device, and plan its repair."""
        self._injector.inject(device, fault, over, t)
        if lasts is not None:
            end = t + max(1, round(lasts * 1000))
            self._agenda.plan(end, partial(self._mend, device, fault))

    def _mend(self, device: str, fault: str, t: Millis) -> None:
        if self._injector.has(device, fault):  # somebody may have repaired it by hand
            self._injector.repair(device, fault, t)

    def prone(self, fault: str, kind: Kind | None) -> list[str]:
        """The devices, sound or broken, that can have a fault at all."""
        return [
            asset.id
            for asset in self._assets.values()
            if kind in {None, asset.kind}
            and fault_of(fault, asset.kind) is not None
            and self._injector.senses(asset.id, fault)
        ]

    def sound(self, device: str) -> bool:
        """Whether nothing is wrong with a device."""
        return self._injector.sound(device)

    def _weather(self, event: WeatherSpell, _number: int, t: Millis) -> None:
        spell = Spell(event.weather, t, t + round(event.for_ * 1000))
        self._stage.world.order(spell=spell)

    def _festival(self, event: CrowdEvent, _number: int, t: Millis) -> None:
        festival = Festival(t, t + round(event.for_ * 1000), event.demand)
        self._stage.world.order(festival=festival)

    def _voltage(self, event: VoltageEvent, _number: int, t: Millis) -> None:
        feeders = {asset.facts.feeder for asset in self._assets.values() if asset.kind == "feeder"}
        end = t + max(1, round(event.for_ * 1000))
        for feeder in sorted(feeders if event.feeder is None else {event.feeder}):
            supply = self._stage.world.supply(feeder)
            phases: tuple[Phase, ...] = PHASES if event.phase is None else (event.phase,)
            whole = supply.circuit.sag
            shares = [
                share * event.level if phase in phases else share
                for phase, share in zip(PHASES, whole, strict=True)
            ]
            supply.change(t, sag=tuple(shares))
            self._agenda.plan(end, partial(self._whole_again, feeder, whole))

    def _whole_again(self, feeder: str, shares: tuple[float, float, float], t: Millis) -> None:
        self._stage.world.supply(feeder).change(t, sag=shares)

    def _maintain(self, order: WorkOrder, number: int, t: Millis) -> None:
        devices = [asset.id for asset in self._assets.values() if _concerns(order, asset)]
        # The crew is done, and has been seen to be, before it signs off.
        works = max(order.for_ / 2, order.for_ - _SIGNING_OFF)
        self._told(devices, order, "out-of-service", t, number)
        for device in devices:
            for fault in order.does:
                able = fault_of(fault, self._assets[device].kind) is not None
                if able and not self._injector.has(device, fault):
                    self.strike(device, fault, 0.0, t, works)
        end = partial(self._maintained, devices, order, number)
        self._agenda.plan(t + round(order.for_ * 1000), end)

    def _maintained(self, devices: list[str], order: WorkOrder, number: int, t: Millis) -> None:
        for device in devices:
            for fault in order.mends:
                self._mend(device, fault, t)
        self._told(devices, order, "in-service", t, number)

    def _told(
        self, devices: list[str], order: WorkOrder, action: str, t: Millis, number: int
    ) -> None:
        for device in devices:
            for code in order.codes:
                fields = {
                    "id": f"maintenance-{number}-{device}-{code}-{t}",
                    "device": device,
                    "code": code,
                    "action": action,
                    "by": "maintenance",
                }
                self._witness.note(t, "action", fields)

    def _gap(self, gap: Gap, _number: int, t: Millis) -> None:
        devices = frozenset(
            asset.id
            for asset in self._assets.values()
            if gap.device in {None, asset.id} and gap.bus in {None, asset.bus}
        )
        self._witness.absent(devices)

        def over(end: Millis) -> None:
            self._witness.back(devices)
            if gap.restart:
                self._witness.note(end, "restart", {})

        self._agenda.plan(t + round(gap.for_ * 1000), over)

    def _uplink(self, outage: UplinkOutage, _number: int, t: Millis) -> None:
        self._witness.note(t, "uplink", {"state": "down"})
        self._witness.say("uplink down")

        def up(end: Millis) -> None:
            self._witness.note(end, "uplink", {"state": "up"})
            self._witness.say("uplink up")

        self._agenda.plan(t + round(outage.for_ * 1000), up)

    def _clock(self, event: ClockStep, _number: int, t: Millis) -> None:
        self._witness.step(t, round(event.by * (-1000 if event.back else 1000)))


def _concerns(order: WorkOrder, asset: Asset) -> bool:
    if order.device is not None:
        return asset.id == order.device
    if order.kind is not None:
        return asset.kind == order.kind
    return getattr(asset.facts, "feeder", None) == order.feeder


async def play(
    scenario: Scenario,
    stage: Stage,
    *,
    start: Millis | None = None,
    ends: Millis | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> None:
    """Play a scenario on the stage's own clock, and note when faults show, for ever.

    It begins at ``start``, or now. No fault begins after ``ends``. ``note`` is told of what happens
    besides faults, and of a fault that found no device to strike.
    """
    clock = stage.world.clock
    begin = clock.now() if start is None else start
    player = Player(scenario, stage, begin, ends=ends, witness=Witness(say=note))
    player.run(clock.now())
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_IDLE):
                due = player.due
                await (asyncio.Event().wait() if due is None else clock.until(due))
        player.run(clock.now())
