"""What a bus does next: orders first, then whatever the agenda says, for all of its workers.

A link that can pipeline has several workers. One of them waits for the clock, the others behind it;
whoever waits is woken when an order comes or a poll became due sooner than was thought.
"""

from __future__ import annotations

import asyncio

from gateway.edge.agenda import Agenda, Poll
from gateway.edge.clock import Clock
from gateway.edge.orders import Order, Orders
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots


class Jobs:
    """The jobs of one bus; ``pulse`` is told by when it will have woken."""

    def __init__(
        self, bus: str, agenda: Agenda, *, clock: Clock, slots: Slots, pulse: Pulse
    ) -> None:
        self._name = (bus, "sleep")
        self._agenda = agenda
        self._clock = clock
        self._slots = slots
        self._pulse = pulse
        self._one_waits = asyncio.Lock()
        self._sleeper: asyncio.Future[None] | None = None
        self._sleeps_until = 0.0
        self.orders = Orders(on_new=self._wake)

    async def next(self) -> Poll | Order:
        """The next thing to do."""
        async with self._one_waits:
            while True:
                job = self.orders.take() or self._agenda.take(self._clock.monotonic())
                if job is not None:
                    return job
                await self._sleep(self._agenda.next_at())

    def changed(self) -> None:
        """The agenda has changed: something may be due before the sleeper meant to wake."""
        if self._agenda.next_at() < self._sleeps_until:
            self._wake()

    async def _sleep(self, until: float) -> None:
        """Until then, or until something changed."""
        self._sleeper = asyncio.get_running_loop().create_future()
        self._sleeps_until = until
        self._slots.wake(until, self._sleeper)
        self._pulse.promise(self._name, until)
        try:
            await self._sleeper
        finally:
            self._sleeper = None
            self._pulse.kept(self._name)

    def _wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)
