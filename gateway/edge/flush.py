"""The beat of the journal: readings once a flush, alarms and events as soon as there are any.

What the outbox had to give up on the way becomes a ``dropped`` event, so that every loss is on
record.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from gateway import wire
from gateway.edge.clock import Clock
from gateway.edge.journal import Journal
from gateway.edge.outbox.contract import Lane
from gateway.edge.pulse import Pulse
from gateway.log import get_logger
from gateway.model import Event

log = get_logger()


class Flusher:
    """Commits the journal of ``gateway`` every ``period`` seconds.

    ``durable()`` is told that all there was is on the disk, at every beat and after each commit;
    ``tell`` gets an event of each loss; ``lost`` counts records that were given up, by lane.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        gateway: str,
        period: float,
        clock: Clock,
        pulse: Pulse,
        durable: Callable[[], None],
        tell: Callable[[Event], None],
    ) -> None:
        self._journal = journal
        self._gateway = gateway
        self._period = period
        self._clock = clock
        self._pulse = pulse
        self._durable = durable
        self._tell = tell
        self._turn = asyncio.Lock()
        self._under_way: asyncio.Future[None] | None = None
        self.lost: Counter[Lane] = Counter()

    async def run(self) -> None:
        """Flush, for ever."""
        due = self._clock.monotonic() + self._period
        while True:
            self._pulse.promise("flush", due)
            with suppress(TimeoutError):
                async with asyncio.timeout(due - self._clock.monotonic()):
                    await self._journal.urgent.wait()
            now = self._clock.monotonic()
            await self.flush(telemetry=now >= due)
            if now >= due:
                due = max(due + self._period, now)

    async def flush(self, *, telemetry: bool) -> None:
        """Once, now.

        Who stops waiting for it (the end of the daemon) stops nothing. The disk's thread goes on,
        and what it had to give up is to be told before the next flush takes it off the record.
        """
        self._under_way = asyncio.ensure_future(self._in_turn(telemetry=telemetry))
        await asyncio.shield(self._under_way)

    async def _in_turn(self, *, telemetry: bool) -> None:
        async with self._turn:  # a loss leaves the disk's record with the next flush
            await self._flush(telemetry=telemetry)

    async def _flush(self, *, telemetry: bool) -> None:
        drops = await self._journal.commit(telemetry=telemetry)
        if drops is None:
            if telemetry:
                self._durable()  # all there was already is, and the recording may still hold rows
            return
        self._durable()
        for drop in drops:
            lane, reason = drop.lane.value, drop.reason
            log.error("lost", lane=lane, reason=reason, first=drop.first, last=drop.last)
            dropped = wire.Dropped(drop.stream, ((drop.first, drop.last),), reason)
            self._tell(wire.dropped_event(self._gateway, self._clock.now(), dropped))
            self.lost[drop.lane] += drop.last - drop.first + 1

    async def last(self, patience: float) -> None:
        """All there is, at the end; a disk that hangs is not waited for any longer."""
        try:
            async with asyncio.timeout(patience):
                await self.flush(telemetry=True)
                await self.flush(telemetry=False)  # the events about what that had to give up
        except TimeoutError:
            log.error("the disk hangs; the last second is lost")  # noqa: TRY400  # no bug of ours
