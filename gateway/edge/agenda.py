"""Whose turn it is on a bus: the schedule, without the bus.

Points of a device that share a period form a *rhythm*, and a rhythm ticks on a fixed grid. A poll
takes every rhythm that is due at once and reads their points as few blocks. The grids of a bus's
devices are shifted against each other so that requests spread evenly over the period, always the
same way for the same site file. A device that was never read, or not since it or its wire was
silent, is *fresh*: it is read whole, and falls into its grid after that.

Whoever has been due longest is next. A bus that cannot keep up reads late; ticks that a whole
period has passed over are counted in ``slip`` and never made up for. Silent devices are taken out
of the order by their breakers (see ``breaker``). One that is busy is asked again a little later,
while its neighbours have their turns. One device is never polled twice at a time.

Everything here is a function of the moments it is told; times are seconds of a monotonic clock.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.driver import Block
from gateway.edge.breaker import SHARE, SHARE_ALONE, Allowance, Breaker
from gateway.model import Device, Millis, Point

Plan: TypeAlias = Callable[[Device, Sequence[Point]], Sequence[Block]]

LATER = (0.1, 0.5)
"""Seconds after which a device that is busy is asked again; after that it is busy at this tick (an
engineering choice: Modbus says no more than "later")."""

# Timers may fire this much early (uvloop counts in milliseconds); it is time nevertheless.
_EARLY = 0.002


@dataclass(slots=True)
class Rhythm:
    """The points of one period; ``due`` is the tick of the grid that comes next."""

    period: float
    points: tuple[Point, ...]
    due: float

    def advance(self, now: float) -> int:
        """To the next tick; how many were passed over because a whole period went by."""
        self.due += self.period
        passed = max(0, math.floor((now - self.due) / self.period))
        self.due += passed * self.period
        return passed

    def settle(self, now: float) -> None:
        """To the first tick after ``now``."""
        self.due += max(0, math.floor((now - self.due) / self.period) + 1) * self.period


@dataclass(slots=True, eq=False)
class Turn:
    """One device's standing on its bus."""

    device: Device
    order: int
    rhythms: tuple[Rhythm, ...]
    breaker: Breaker
    at: float
    fresh: bool = True
    #: Which block is asked first: after a silent one it is the next, so that a device that ignores
    #: one request is not taken for dead.
    first: int = 0
    #: The wire went down under its latest request.
    cut: bool = False
    #: How often the poll that is due was put off, because the device was busy.
    put_off: int = 0
    stamp: Millis = 0
    blocks: dict[tuple[bool, ...], tuple[Block, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Poll:
    """One attempt to read a device: the rhythms that are due and the blocks they take."""

    turn: Turn
    due: tuple[bool, ...]
    blocks: tuple[Block, ...]

    @property
    def patient(self) -> bool:
        """Whether it may be put off once more."""
        return self.turn.put_off < len(LATER)


class Agenda:
    """The polls of one bus, in order. ``phase`` (0…1 of a period) shifts the bus against others."""

    def __init__(
        self, devices: Sequence[Device], plan: Plan, *, start: float, phase: float = 0.0
    ) -> None:
        self._plan = plan
        self._turns = [
            Turn(
                device, i, _rhythms(device, i, len(devices), start, phase), _breaker(device), start
            )
            for i, device in enumerate(devices)
        ]
        self._live: list[tuple[float, int]] = []
        self._suspects: list[tuple[float, int]] = []
        self._allowance = Allowance()
        self._silent = 0
        self.slip = 0
        self.resume(start)

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    @property
    def suspects(self) -> int:
        """How many devices stayed silent the latest time they were asked."""
        return self._silent

    @property
    def mute(self) -> bool:
        """Whether nobody answered the latest time they were asked."""
        return self._silent == len(self._turns)

    def next_at(self) -> float:
        """When ``take`` will have something, as things stand; infinity while all is under way."""
        live = self._live[0][0] if self._live else math.inf
        if not self._suspects:
            return live
        return min(live, self._allowance.next_at(self._suspects[0][0]))

    def take(self, now: float) -> Poll | None:
        """The poll that is due longest, or None; settle it by one of the calls below."""
        now += _EARLY
        live = self._live[0] if self._live else (math.inf, 0)
        suspect = self._suspects[0] if self._suspects else (math.inf, 0)
        if self._allowance.next_at(suspect[0]) <= now and suspect <= live:
            heapq.heappop(self._suspects)
            self._allowance.take()
            return self._poll(self._turns[suspect[1]], now)
        if live[0] <= now:
            heapq.heappop(self._live)
            return self._poll(self._turns[live[1]], now)
        return None

    def answered(self, poll: Poll, now: float) -> None:
        """The device answered, whatever it said."""
        self._spoke(poll.turn, now)
        self._move_on(poll, now)

    def put_off(self, poll: Poll, now: float) -> None:
        """The device is busy: its poll is due again a little later, as it was; see ``patient``."""
        turn = poll.turn
        self._spoke(turn, now)
        turn.at = now + LATER[turn.put_off]
        turn.put_off += 1
        self._queue(turn)

    def silent(self, poll: Poll, now: float, cost: float) -> None:
        """The device stayed silent, which took ``cost`` seconds of the bus."""
        breaker = poll.turn.breaker
        if breaker.suspect:
            share = SHARE_ALONE if self.mute else SHARE
            self._allowance.spend(cost, now, share)
        else:
            self._silent += 1
        breaker.silent()
        self._move_on(poll, now)

    def put_back(self, poll: Poll) -> None:
        """The wire went away in the middle: the poll is due as it was."""
        if poll.turn.breaker.suspect:
            self._allowance.give_back()
        self._queue(poll.turn)

    def resume(self, now: float) -> None:
        """The wire was away: now everything is fresh, and due in the order of the site file."""
        self._live.clear()
        self._suspects.clear()
        self._allowance.give_back()
        for turn in self._turns:
            turn.fresh = True
            turn.at = now
            self._queue(turn)

    def _spoke(self, turn: Turn, now: float) -> None:
        turn.cut = False
        if turn.breaker.suspect:
            self._silent -= 1
            self._allowance.give_back()
            turn.breaker.answered()
            self._encourage(now)

    def _poll(self, turn: Turn, now: float) -> Poll:
        due = tuple(turn.fresh or rhythm.due <= now for rhythm in turn.rhythms)
        blocks = turn.blocks.get(due)
        if blocks is None:
            taken = {
                id(p)
                for r, now_due in zip(turn.rhythms, due, strict=True)
                if now_due
                for p in r.points
            }
            points = [point for point in turn.device.points if id(point) in taken]
            blocks = turn.blocks[due] = tuple(self._plan(turn.device, points))
        return Poll(turn, due, blocks)

    def _move_on(self, poll: Poll, now: float) -> None:
        turn = poll.turn
        turn.put_off = 0
        for rhythm, was_due in zip(turn.rhythms, poll.due, strict=True):
            if turn.fresh:
                rhythm.settle(now)
            elif was_due:
                self.slip += rhythm.advance(now)
        turn.fresh = turn.breaker.suspect
        if turn.breaker.open:
            turn.at = now + turn.breaker.interval
        else:
            turn.at = min(rhythm.due for rhythm in turn.rhythms)
        self._queue(turn)

    def _queue(self, turn: Turn) -> None:
        heapq.heappush(
            self._suspects if turn.breaker.suspect else self._live, (turn.at, turn.order)
        )

    def _encourage(self, now: float) -> None:
        """A neighbour came back: try the other silent ones soon."""
        for _, order in self._suspects:
            turn = self._turns[order]
            turn.breaker.encourage()
            turn.at = min(turn.at, now)
        self._suspects = [(self._turns[order].at, order) for _, order in self._suspects]
        heapq.heapify(self._suspects)


def _breaker(device: Device) -> Breaker:
    return Breaker(min(point.every for point in device.points))


def _rhythms(device: Device, order: int, of: int, start: float, phase: float) -> tuple[Rhythm, ...]:
    """The device's grids, the shortest period first.

    The shortest one is shifted by the device's place on the bus. A longer one ticks together with
    it where it can, so that one reading holds both, and is shifted by whole ticks of it.
    """
    groups: dict[float, list[Point]] = {}
    for point in device.points:
        groups.setdefault(point.every, []).append(point)
    shortest = min(groups)
    share = order / of
    anchor = start + ((share + phase) % 1.0) * shortest
    rhythms = []
    for period in sorted(groups):
        ticks = round(period / shortest)
        together = abs(period - ticks * shortest) < 1e-9
        shift = order * ticks // of * shortest if together else share * period
        rhythms.append(Rhythm(period, tuple(groups[period]), anchor + shift))
    return tuple(rhythms)
