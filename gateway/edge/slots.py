"""Shared wake-ups: everyone who sleeps into the same slot is woken by one timer.

At the loads of a Pi it is waking up that costs, not what is done then. Time is cut into slots of a
few milliseconds; a sleeper is woken at the end of the slot its moment falls into, so never early
and at most one slot late. Moments that lie a whole number of slots apart stay exactly that far
apart, which keeps the intervals of a poll exact.
"""

from __future__ import annotations

import asyncio
import math

from gateway.edge.clock import Clock


class Slots:
    """Timers of one event loop, shared by all its sleepers; ``width`` in seconds."""

    def __init__(self, clock: Clock, width: float = 0.010) -> None:
        self._clock = clock
        self._width = width
        self._sleepers: dict[int, list[asyncio.Future[None]]] = {}

    def wake(self, when: float, sleeper: asyncio.Future[None]) -> None:
        """Resolve a future at the end of the slot of ``when``; never, if that is infinite.

        A future that was resolved or cancelled meanwhile is passed by.
        """
        if math.isinf(when):
            return
        slot = math.ceil(when / self._width - 1e-6)
        sleepers = self._sleepers.get(slot)
        if sleepers is not None:
            sleepers.append(sleeper)
            return
        self._sleepers[slot] = [sleeper]
        delay = slot * self._width - self._clock.monotonic()
        asyncio.get_running_loop().call_later(max(0.0, delay), self._wake, slot)

    async def until(self, when: float) -> None:
        """Sleep to the end of the slot of ``when``, on the monotonic clock."""
        sleeper = asyncio.get_running_loop().create_future()
        self.wake(when, sleeper)
        await sleeper

    def _wake(self, slot: int) -> None:
        for sleeper in self._sleepers.pop(slot):
            if not sleeper.done():
                sleeper.set_result(None)
