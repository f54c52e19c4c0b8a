"""What the time does to everything else: the once-a-second look, and who is told what it found.

Readings, events and actions of people come by here. While the time is not known they are held
(``hold``) by the time since boot. Once it is known, what was held goes first, stamped, and
everything new waits behind it; then the way is open, and this costs a reading one look at a flag.

When a known time is set again, by NTP after a long outage or by a person, what is stored stays as
it is and what comes gets the new time. A ``clock`` event tells of it, rules begin their timing anew
(alarms stay), and what pollers remember moves along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from gateway.edge.hold import Held, Hold, since_boot, stamped
from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.pulse import Pulse
from gateway.edge.timekeeper import Step, Timekeeper
from gateway.log import get_logger
from gateway.model import AlarmAction, Event, Millis, Reading, Value

log = get_logger()

KEPT = "clock"
"""The name in the state of what ``Timekeeper`` keeps."""
KEEP_EVERY = 3600.0
"""Seconds: how far the last known time on record may lag behind a power cut."""
_AT_ONCE = 200  # readings that are judged without letting polls through


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told.

    ``flush()`` makes durable what the journal has; ``shift(ms)`` moves what pollers remember.
    """

    intake: Intake
    journal: Journal
    pulse: Pulse
    flush: Callable[[], Awaitable[None]]
    shift: Callable[[Millis], None]


class Clockwork:
    """Keeps the time of ``gateway``, looking at the clock every ``period`` seconds."""

    def __init__(
        self,
        keeper: Timekeeper,
        hold: Hold,
        told: Told,
        *,
        gateway: str,
        period: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._keeper = keeper
        self._hold = hold
        self._told = told
        self._gateway = gateway
        self._period = min(period, 1.0)
        self._monotonic = monotonic
        self._began = keeper.now() - keeper.offset
        self._open = False
        self._first: Step | None = None
        self._actions: list[AlarmAction] = []
        self._kept_at = monotonic()
        self._doubted = False
        self._unreachable = False
        self._noted = False  # the recording knows of the restart

    # What comes by

    def take(self, reading: Reading) -> None:
        """A reading, from a poller."""
        if self._open:
            self._told.intake.take(reading)
        else:
            self._add(reading)

    def tell(self, event: Event) -> None:
        """An event of a device or of the gateway."""
        if self._open:
            self._told.intake.note(event)
        else:
            self._add(event)

    def act(self, action: AlarmAction) -> None:
        """What a person asks of an alarm; it waits for the time, though not through a crash."""
        if self._open:
            self._told.intake.act(action)
        else:
            self._actions.append(action)

    def _add(self, item: Held) -> None:
        self._hold.add(since_boot(item, self._keeper.offset))

    def figures(self) -> dict[str, Value]:
        """The clock's part of the gateway's own reading; ``clock_offset`` is the latest step, s."""
        return {
            "clock_synchronised": self._keeper.sound,
            "clock_offset": self._keeper.stepped / 1000,
        }

    # The look

    def start(self) -> None:
        """The first look, before anything is polled; usually the time is known and that is all."""
        self._first = self._keeper.look()
        if not self._keeper.known:
            log.warning("the clock is not set; readings are held until it is")
        elif not self._hold.left:
            self._unlock(self._keeper.offset)
            self._first = None
        if self._keeper.known:
            self._keep()

    async def run(self) -> NoReturn:
        """Look, hold and let go, for ever."""
        while True:
            self._told.pulse.promise("clock", self._monotonic() + self._period)
            self._look()
            if self._open:
                self._told.intake.tick(self._keeper.now())
            else:
                await self._work()
            if self._keeper.known and self._monotonic() - self._kept_at > KEEP_EVERY:
                self._keep()
            await asyncio.sleep(self._period)

    async def last(self, patience: float) -> None:
        """At the end: what is held is made durable, and the time is kept for the next run."""
        self._keep()
        if self._open:
            return
        try:
            async with asyncio.timeout(patience):
                await self._write()
        except (OSError, TimeoutError) as error:
            log.error("the last second that was held is lost", reason=str(error))  # noqa: TRY400

    def _look(self) -> None:
        step = self._keeper.look()
        if step is not None:
            self._told.shift(step.by)
            if step.first:
                self._first = step
            else:
                self._stepped(step)
            self._keep()
        doubted = self._keeper.known and self._keeper.doubted
        if doubted and not self._doubted:
            log.error("the system clock cannot be right; going on with the time that was known")
        self._doubted = doubted

    def _stepped(self, step: Step) -> None:
        seconds = step.by / 1000
        log.warning("the clock was set", by=seconds, source=step.source.value)
        self._told.intake.clock(step.before, step.after)
        told = {"from": step.before, "to": step.after, "by": seconds, "source": step.source.value}
        self._told.intake.note(Event(self._gateway, "clock", step.after, told))

    def _keep(self) -> None:
        kept = self._keeper.to_keep()
        self._kept_at = self._monotonic()
        if kept is not None:
            self._told.journal.keep(KEPT, kept)

    # Holding and letting go

    async def _work(self) -> None:
        """Hold what came; and once the time is known, let all of it go."""
        begin, on_disk = self._hold.begin, self._told.journal.on_disk
        try:
            now = self._keeper.now() - self._keeper.offset
            await on_disk(begin, now, self._keeper.floor)
            if self._keeper.first is None:
                await self._write()
            else:
                await self._let_go(self._keeper.first)
        except OSError as error:
            if not self._unreachable:
                log.error("what is held cannot be reached", reason=str(error))  # noqa: TRY400
            self._unreachable = True
        else:
            self._unreachable = False

    async def _write(self) -> None:
        items = self._hold.take_waiting()
        if not items:
            return
        try:
            gaps = await self._told.journal.on_disk(self._hold.write, items)
        except (OSError, asyncio.CancelledError):
            self._hold.put_back(items)  # written twice, it would still be one reading
            raise
        for gap in gaps:
            log.error("held readings are lost", values=dict(gap.values))
            self._hold.add(gap)

    async def _let_go(self, offset: Millis) -> None:
        """Everything held, oldest first, to the intake; then the way is open."""
        on_disk = self._told.journal.on_disk
        count = 0
        written = self._monotonic()
        while (batch := await on_disk(self._hold.oldest)).upto:
            for item in batch.items:
                self._admit(item, offset)
                count += 1
                if count % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            await self._durable()
            await on_disk(self._hold.release, batch)
            if self._monotonic() - written > self._period:
                await self._write()
                written = self._monotonic()
        for item in self._hold.take_waiting():
            self._admit(item, offset)
            count += 1
        self._unlock(offset)
        self._say(count)
        await on_disk(self._hold.remove)

    def _admit(self, item: Held, offset: Millis) -> None:
        item = stamped(item, offset)
        if isinstance(item, Event):
            self._told.intake.note(item)
            return
        self._restarted(item.t)
        self._told.intake.take(item)

    def _restarted(self, t: Millis) -> None:
        if not self._noted:
            self._noted = True
            self._told.intake.restarted(t)

    async def _durable(self) -> None:
        """Until the outbox has it on disk."""
        await self._told.flush()
        while self._told.journal.refused:
            self._told.pulse.promise("clock", self._monotonic() + self._period)
            await asyncio.sleep(self._period)
            await self._told.flush()
        self._told.pulse.promise("clock", self._monotonic())

    def _unlock(self, offset: Millis) -> None:
        """From now on everything goes straight on."""
        self._restarted(self._began + offset)
        self._open = True
        actions, self._actions = self._actions, []
        for action in actions:
            self._told.intake.act(replace(action, t=self._keeper.now()))

    def _say(self, count: int) -> None:
        """The time is known now, and was not."""
        step, self._first = self._first, None
        if step is None:
            return
        log.info("the clock is set", source=step.source.value, held=count)
        told = {"to": step.after, "source": step.source.value, "held": count}
        self._told.intake.note(Event(self._gateway, "clock", step.after, told))
