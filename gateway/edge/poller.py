"""The poller: one task a bus, from the schedule to readings.

It opens the bus's link and keeps asking what the agenda says is next. A link that can pipeline is
served by as many workers as it has depth; each takes one poll at a time, and only one of them waits
for the clock. Commands pass ahead of polls, between two blocks. Nothing is retried: what happened
is what the reading says; only a device that says it is busy is asked again within its tick.

A silent device is its breaker's affair. A lost wire is the bus's: a link that had answered is
reopened at once and the polls it cut off are made again, so that a server which merely closed an
idle connection costs no sample. If it cannot be opened, or is lost twice running without an answer,
every device of the bus gets a silent reading for that attempt, and the next one waits: 0.2 s,
doubling to 30 s, with jitter. A link on which nobody has answered for a minute is opened anew, in
case the other end forgot it. A device under whose request the wire was lost twice running is
silent itself, so that one which makes its server hang up does not take the others with it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import NoReturn

from gateway.config.site import Bus
from gateway.diagnosis import Finding, finding
from gateway.driver import Busy, Link, LinkDown, NoResponse
from gateway.edge.agenda import Agenda, Poll, Turn
from gateway.edge.checkup import Checkups
from gateway.edge.clock import Clock
from gateway.edge.counters import Counters
from gateway.edge.exchange import Heard, ask, reading, silent
from gateway.edge.figures import Figures
from gateway.edge.jobs import Jobs
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.edge.timekeeper import STEP
from gateway.log import get_logger
from gateway.model import NOTHING, Event, Millis, Reading

log = get_logger()

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 30.0
#: A link on which nobody answers may be half open: after so many seconds it is opened anew.
DEAF = 60.0

Sink = Callable[[Reading], None]


class _Deaf(LinkDown):
    """The link is open and nobody answers on it."""


class Poller:
    """Polls one bus into ``sink`` until cancelled.

    ``chance()`` gives 0…1 for the jitter of the back-off; ``phase`` (0…1 of a period) shifts this
    bus's grid against others'; ``pulse`` is told by when it will have moved on; ``counters`` counts
    on what devices count; ``tell`` gets events of what ails them. Commands for the bus go to
    ``orders``.
    """

    def __init__(  # noqa: PLR0913  # by keyword: what the daemon shares with every bus
        self,
        bus: Bus,
        sink: Sink,
        *,
        clock: Clock,
        slots: Slots,
        chance: Callable[[], float],
        pulse: Pulse,
        phase: float = 0.0,
        counters: Counters = NOTHING,
        tell: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._bus = bus
        self._sink = sink
        self._clock = clock
        self._chance = chance
        self._pulse = pulse
        self._counters = counters
        self._log = log.bind(bus=bus.name)
        devices = [device for device in bus.devices if device.points]
        self._agenda = Agenda(devices, bus.driver.plan, start=clock.monotonic(), phase=phase)
        self._checkups = Checkups(bus.name, bus.driver, devices, tell)
        self._jobs = Jobs(bus.name, self._agenda, clock=clock, slots=slots, pulse=pulse)
        self.orders = self._jobs.orders
        self._answers = 0  # on this link
        self._heard = 0.0  # when it opened, or the latest answer
        self._blamed: set[Turn] = set()  # silent already when this link went down
        self._dark = False  # the operator was told that the bus is down
        self.figures = Figures()

    @property
    def slip(self) -> int:
        """Ticks that a busy bus passed over."""
        return self._agenda.slip

    @property
    def suspects(self) -> int:
        """Devices that stayed silent the latest time they were asked, or could not be asked."""
        return len(self._agenda) if self._dark else self._agenda.suspects

    @property
    def down(self) -> bool:
        """Whether the wire is gone, and nobody was heard since."""
        return self._dark

    def shift(self, by: Millis) -> None:
        """The clock was set by so many ms; what is remembered moves along."""
        for turn in self._agenda:
            turn.stamp += by
        self._checkups.shift(by)

    async def run(self) -> NoReturn:
        """Open, poll, reopen, for ever; may be run again if it failed."""
        try:
            await self._keep_open()
        finally:
            self._pulse.kept((self._bus.name, "open"))
            self.orders.refuse("the bus was closed")

    async def _keep_open(self) -> NoReturn:
        self._agenda.resume(self._clock.monotonic())
        fruitless = 0  # links in a row that gave no answer
        while True:
            self._answers = 0
            self._blamed.clear()
            opened = False
            self._promise("open")
            try:
                async with self._bus.driver.open(self._bus.options) as link:
                    opened = True
                    self._pulse.kept((self._bus.name, "open"))
                    await self._serve(link, rested=fruitless > 0)
            except _Deaf:
                continue
            except LinkDown as down:
                why = finding(down)
            self.figures.links_lost += 1
            if self._answers:
                fruitless = 0
                continue
            fruitless += 1
            self._lose(why, everyone=fruitless > 1 or not opened)
            pause = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(fruitless - 1, 20))
            pause *= 0.5 + 0.5 * self._chance()
            self._promise("open", pause)
            await asyncio.sleep(pause)

    async def _serve(self, link: Link, *, rested: bool) -> None:
        """Work on an open link until it is lost."""
        self.orders.accept()
        self._checkups.begin()
        self._heard = self._clock.monotonic()
        if rested:
            self._agenda.resume(self._clock.monotonic())
        workers = min(link.depth, len(self._agenda))
        if workers <= 1:
            await self._work(link, 0)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(workers):
                    group.create_task(self._work(link, number))
        except ExceptionGroup as failed:
            down, bugs = failed.split(LinkDown)
            if down is None or bugs is not None:
                raise
            raise down.exceptions[0] from None

    async def _work(self, link: Link, number: int) -> NoReturn:
        while True:
            job = await self._jobs.next()
            self._promise(number)
            self.figures.begin(self._clock.monotonic())
            try:
                if isinstance(job, Poll):
                    await self._poll(link, job)
                else:
                    await job.carry_out(link)
            finally:
                self.figures.end(self._clock.monotonic())
                self._pulse.kept((self._bus.name, number))

    def _promise(self, what: int | str, seconds: float = 0.0) -> None:
        self._pulse.promise((self._bus.name, what), self._clock.monotonic() + seconds)

    async def _poll(self, link: Link, poll: Poll) -> None:
        turn = poll.turn
        began = self._clock.monotonic()
        first = turn.first % max(1, len(poll.blocks))
        checkup = self._checkups[turn.device]
        try:
            heard = await ask(
                link,
                poll.blocks[first:] + poll.blocks[:first],
                lambda: self.orders.carry_out_all(link),
                patient=poll.patient,
            )
            if checkup.due <= began and heard.anything:
                await self._checkups.identify(link, checkup, began)
        except Busy:
            self._speaks()
            self._agenda.put_off(poll, self._heard)
        except NoResponse as error:
            turn.first = first + 1
            self._silent(poll, finding(error), began)
        except LinkDown as error:
            if turn.cut:
                self._silent(poll, finding(error), began)
                self._blamed.add(turn)
            else:
                turn.cut = True
                self._agenda.put_back(poll)
            raise
        except asyncio.CancelledError:
            self._agenda.put_back(poll)
            raise
        else:
            if heard.mute is not None:
                turn.first = first + heard.mute + 1
            self._answered(poll, heard)
        self._jobs.changed()

    def _answered(self, poll: Poll, heard: Heard) -> None:
        turn = poll.turn
        checkup = self._checkups[turn.device]
        count = None if checkup.differs else self._counters.get(turn.device.id)
        result = reading(turn.device, self._stamp(turn), heard, count)
        if not (checkup.well and result.values):
            result = self._checkups.examine(checkup, heard, result)
        self._speaks()
        self.figures.polls += 1
        if heard.wrong is not None:
            self.figures.failures[heard.wrong.symptom] += 1
        self._agenda.answered(poll, self._heard)
        self._sink(result)

    def _speaks(self) -> None:
        """A device was heard on this link."""
        if self._dark:
            self._dark = False
            self._log.info("bus is back")
        self._answers += 1
        self._heard = self._clock.monotonic()

    def _silent(self, poll: Poll, found: Finding, began: float) -> None:
        now = self._clock.monotonic()
        self._agenda.silent(poll, now, now - began)
        self._report_silent(poll.turn, found)
        if self._agenda.mute and now - self._heard > DEAF:
            raise _Deaf

    def _report_silent(self, turn: Turn, found: Finding) -> None:
        self.figures.polls += 1
        self.figures.silent += 1
        self.figures.failures[found.symptom] += 1
        t = self._stamp(turn)
        checkup = self._checkups[turn.device]
        reason = self._checkups.failed(checkup, found, t, quietly=self._dark)
        self._sink(silent(turn.device, t, reason))

    def _lose(self, found: Finding, *, everyone: bool) -> None:
        """The link gave nothing: refuse what waits for it, and say so for every device."""
        self.orders.refuse(found.text)
        if not everyone:
            return
        if not self._dark:
            self._dark = True
            self._log.warning("bus is down", reason=found.text)
        for turn in self._agenda:
            if turn not in self._blamed:
                self._report_silent(turn, found)

    def _stamp(self, turn: Turn) -> Millis:
        """The time of the reading, never the same twice for a device."""
        now = self._clock.now()
        if now <= turn.stamp < now + STEP:  # a correction: stamps stay in order
            now = turn.stamp + 1
        turn.stamp = now
        return now


async def poll_bus(
    bus: Bus,
    sink: Sink,
    *,
    clock: Clock,
    slots: Slots,
    chance: Callable[[], float] = random.random,
) -> NoReturn:
    """Poll one bus into ``sink`` until cancelled."""
    await Poller(bus, sink, clock=clock, slots=slots, chance=chance, pulse=Pulse()).run()
