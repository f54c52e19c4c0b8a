"""What goes next, what is under way, and what may be forgotten: the publisher without a connection.

``next`` hands out messages within the window, in this order:

1. grave alarms that would wait behind other events (``overtaking``), and events as they come;
2. live telemetry; 3. events of which many wait, and those that go again; 4. the backlog of
telemetry. The last two take turns with rests (``pace``), so that what is live never queues behind
them. Of each alarm the newest waits for the older.

Telemetry is not piled up on a link that does not carry it away: while one live message has been
under way for ``LATE`` seconds, no further one goes, and when it has arrived what is newest then
goes next and the rest has become backlog.

``delivered`` and ``ended`` say what became of a message, ``confirmed`` what the centre has. Every
call to the outbox goes through ``on_disk``, in turn with everybody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.edge import grievances
from gateway.edge.doubt import Doubt
from gateway.edge.outbox.contract import Lane, Outbox, Record
from gateway.edge.outgoing import Composer, Outgoing
from gateway.edge.pace import Pace
from gateway.edge.sending import SOON, Course, Progress
from gateway.edge.suspects import STRIKES, Suspects
from gateway.edge.terms import OnDisk, Terms
from gateway.edge.trouble import Tell, Trouble
from gateway.log import get_logger
from gateway.mqtt import WINDOW
from gateway.wire import Confirmed, Root

log = get_logger()

LATE = 1.0
"""Seconds a live message may be under way before the next ones wait for it."""

_OVERDUE = 0.05
"""Seconds after which to look again at a group that is due and may not go yet."""

_ASK = {Lane.EVENTS: 100, Lane.TELEMETRY: 8}


class Flow:
    """The state of both lanes."""

    def __init__(
        self,
        outbox: Outbox,
        root: Root,
        terms: Terms,
        on_disk: OnDisk,
        tell: Tell = Trouble.log,
    ) -> None:
        self._outbox = outbox
        self._root = root
        self._terms = terms
        self._on_disk = on_disk
        self._tell = tell
        self._composer = Composer(root, compress=terms.compress)
        self._lanes = {lane: self._lane(lane, outbox.stream(lane)) for lane in Lane}
        self._flying: dict[Outgoing, None] = {}
        self._news = 0
        self._pace = Pace(terms.backlog_share)
        self._suspects = Suspects()
        self._doubts = {
            lane: Doubt(terms.unconfirmed, terms.unconfirmed_most) for lane in self._lanes
        }
        self._hopeless: set[tuple[str, int]] = set()
        self._disk_trouble: str | None = None
        self._settle_at = 0.0
        self._quickest: float | None = None
        self._piled = False
        self.seen_confirmed = terms.confirmed_before
        self.draining = False
        self.paused = False
        self.set_aside = 0

    def _lane(self, lane: Lane, stream: str) -> Progress:
        return Progress(lane, stream, self._terms.group if lane is Lane.TELEMETRY else 1)

    @property
    def confirming(self) -> bool:
        """Whether only the centre's word frees the outbox."""
        return self._terms.confirm is True or (
            self._terms.confirm == "auto" and self.seen_confirmed
        )

    @property
    def in_flight(self) -> int:
        """Messages the broker has not acknowledged."""
        return len(self._flying)

    @property
    def suspicious(self) -> bool:
        """Whether one message may be why connections end."""
        return self._suspects.some

    @property
    def window(self) -> int:
        """How many may be under way: one alone while we look for what the broker cannot bear."""
        if self.paused:
            return 0
        return 1 if self.suspicious else WINDOW

    def unconfirmed(self, now: float) -> float:
        """For how many seconds the centre has said nothing new of what the broker has; 0 if not."""
        waits = [now - doubt.since for doubt in self._doubts.values() if doubt.since is not None]
        return max(waits, default=0.0) if self.confirming else 0.0

    def notify(self) -> None:
        """The outbox holds something new."""
        self._news += 1
        for progress in self._lanes.values():
            progress.live.dry = progress.ahead.dry = False

    async def begin(self, now: float) -> None:
        """A connection is open: start over with all that is not acknowledged."""
        for lane, progress in self._lanes.items():
            progress.begin(*await self._on_disk(self._standing, lane))
        self._settle_at = now + self._terms.settle
        for doubt in self._doubts.values():
            doubt.begin(now, 2 * self._terms.settle)
        self._pace.begin()
        self._quickest = None
        self._piled = self.paused = False

    def _standing(self, lane: Lane) -> tuple[int, int]:
        try:
            return self._outbox.last(lane), self._outbox.depth(lane).records
        except OSError:  # the first read will say so
            return 0, 0

    def unsent(self, lane: Lane, oldest: int) -> tuple[int, int]:
        """As ``Progress.unsent``."""
        return self._lanes[lane].unsent(oldest)

    # --- what goes next

    async def next(self, now: float) -> Outgoing | None:
        """The next message; None if there is none, or no room for it."""
        while self.in_flight < self.window:
            progress, run, paced = await self._choose(now)
            if not run:
                return None
            outgoing = self._composer.compose(progress, run, now)
            outgoing.paced = paced
            if not outgoing.impossible:
                self._flying[outgoing] = None
                if paced:
                    self._pace.sent(outgoing.bytes, now)
                return outgoing
            self._give_up(outgoing, "larger than any receiver takes")
        return None

    async def _choose(self, now: float) -> tuple[Progress, Sequence[Record], bool]:
        """The records that go next, their lane, and whether they had to wait for their turn."""
        events = self._lanes[Lane.EVENTS]
        grave = await self._overtaking(events)
        if grave:
            return events, grave, False
        for progress, course, paced in self._ways():
            if (paced and not self._pace.allows(now)) or self._piles_up(progress, course, now):
                continue
            if self._piled and progress.lane is Lane.TELEMETRY and not paced:
                await self._leap(progress)
            run = await self._run(progress, course if paced else progress.live, now)
            if run:
                return progress, run, paced
        return events, (), False

    async def _overtaking(self, events: Progress) -> Sequence[Record]:
        """The alarm that should not wait for the events before it, if there is one."""
        live, ahead = events.live, events.ahead
        under_way = sum(one.progress is events and not one.paced for one in self._flying)
        if under_way > SOON:  # a flood of them leaves room for what else is live
            return ()
        if not await self._filled(events, live, SOON + 1) or events.soon:
            return ()
        while ahead.wants(live.after):
            news, asked = self._news, _ASK[events.lane]
            stream, records = await self._read(events.lane, ahead.after, asked)
            if self._began_anew(events, stream):
                return ()
            ahead.saw(records, asked)
            ahead.dry = ahead.dry and news == self._news
        while (seq := ahead.next(events.taken)) is not None:
            _, found = await self._read(events.lane, seq - 1, 1)
            if found and found[0].seq == seq:  # else it was given up, or confirmed, meanwhile
                events.overtake(seq)
                return found
        return ()

    def _ways(self) -> Iterator[tuple[Progress, Course, bool]]:
        """In which order to look for something to send, and what takes turns."""
        events, telemetry = self._lanes[Lane.EVENTS], self._lanes[Lane.TELEMETRY]
        if not events.long:
            yield events, events.live, False
        yield telemetry, telemetry.live, False
        if events.long:
            yield events, events.live, True
        for progress in (events, telemetry):
            if progress.backlog is not None:
                yield progress, progress.backlog, True

    def _piles_up(self, progress: Progress, course: Course, now: float) -> bool:
        """Whether live telemetry has not been carried away for a while."""
        if progress.lane is not Lane.TELEMETRY or course is not progress.live:
            return False
        late = now - LATE - (2 * LATE if self._quickest is None else self._quickest)
        live = (other for other in self._flying if other.progress is progress and not other.paced)
        piled = any(other.begun < late for other in live)
        self._piled = self._piled or piled
        return piled

    async def _leap(self, progress: Progress) -> None:
        """Live telemetry had to wait for the link: what is newest goes on."""
        self._piled = False
        last, _ = await self._on_disk(self._standing, progress.lane)
        progress.leap(last)

    async def _run(self, progress: Progress, course: Course, now: float) -> list[Record]:
        """The records of a course's next message."""
        if not await self._filled(progress, course, progress.group):
            return []
        due = self.draining or (
            course.begun is not None and now >= course.begun + self._terms.batch
        )
        run = progress.cut(course, due=due)
        if course.waiting and course.begun is None:
            course.begun = now
        progress.finish()
        return run

    async def _filled(self, progress: Progress, course: Course, least: int) -> bool:
        """Have so many of a course's records at hand, or all; False if the lane began anew."""
        while True:
            progress.skip(course)
            if course.dry or len(course.waiting) >= least:
                return True
            news, asked = self._news, max(progress.group, _ASK[progress.lane])
            stream, records = await self._read(progress.lane, course.next_after, asked)
            if self._began_anew(progress, stream):
                return False
            course.put(records, asked)
            if news != self._news and course is progress.live:
                course.dry = False

    def _began_anew(self, progress: Progress, stream: str) -> bool:
        """Whether the outbox was damaged and has another stream by now."""
        anew = stream != progress.stream
        if anew:
            self._lanes[progress.lane] = self._lane(progress.lane, stream)
        return anew

    async def _read(self, lane: Lane, after: int, limit: int) -> tuple[str, Sequence[Record]]:
        """Records of a lane; none while the disk cannot be read."""

        def read() -> tuple[str, Sequence[Record]]:
            records = self._outbox.pending(lane, after, limit)
            return self._outbox.stream(lane), records

        try:
            found = await self._on_disk(read)
        except OSError as error:
            if self._disk_trouble is None:
                log.error("the outbox cannot be read", reason=str(error))  # noqa: TRY400
            self._disk_trouble = str(error)
            return self._lanes[lane].stream, ()
        self._disk_trouble = None
        return found

    def due(self, now: float) -> float:
        """Seconds until something is to be done though nothing happens."""
        waits = [self._settle_at - now]
        if self._disk_trouble is not None:
            waits.append(1.0)
        begun = [lane.live.begun for lane in self._lanes.values() if lane.live.begun is not None]
        waits += [max(_OVERDUE, since + self._terms.batch - now) for since in begun]
        rest = self._pace.due(now)
        if rest is not None:
            waits.append(rest)
        return max(0.0, min(waits))

    @property
    def idle(self) -> bool:
        """Everything there is has been sent and acknowledged."""
        courses = [course for lane in self._lanes.values() for course in lane.courses]
        return not self._flying and all(course.dry and not course.waiting for course in courses)

    # --- what became of it

    def delivered(self, outgoing: Outgoing, now: float) -> None:
        """The broker has acknowledged the whole message."""
        self._flying.pop(outgoing, None)
        outgoing.progress.acknowledged(outgoing.first, outgoing.last)
        self._doubts[outgoing.progress.lane].waits(now)
        self._suspects.cleared(outgoing)
        took = now - outgoing.begun
        self._quickest = took if self._quickest is None else min(took, self._quickest)
        if outgoing.paced:
            self._pace.acknowledged(now)

    def ended(self, now: float) -> None:
        """The connection is gone, and with it all that was under way."""
        oldest = next(iter(self._flying), None)
        if oldest is not None and self._suspects.ended(oldest, now):
            del self._flying[oldest]
            self._give_up(oldest, f"the broker ended the connection {STRIKES} times over it")
        for outgoing in self._flying:
            outgoing.progress.failed(outgoing.first, outgoing.last)
        self._flying.clear()

    def _give_up(self, outgoing: Outgoing, reason: str) -> None:
        """Send it in halves or, a single record, not at all until the next start.

        That one stays taken, so that nobody sends it, and unacknowledged, so that nobody frees it.
        """
        first, last = outgoing.first, outgoing.last
        if outgoing.progress.split(first, last):
            log.warning("a message goes in halves", reason=reason, bytes=outgoing.bytes, seq=first)
            outgoing.progress.again(((first, last),))
            return
        self.set_aside += 1
        self._suspects.cleared(outgoing)
        self._tell(grievances.set_aside(outgoing, reason))

    # --- what may be forgotten

    async def release(self) -> None:
        """Free what the broker has, if its word is enough."""
        if self.confirming:
            return
        for progress in self._lanes.values():
            if progress.unconfirmed:
                upto, keep = progress.released()
                await self._free(progress, upto, keep)

    async def confirmed(self, said: Mapping[str, Confirmed], now: float) -> bool:
        """The centre's word; whether it is about a stream of ours."""
        ours = [progress for progress in self._lanes.values() if progress.stream in said]
        for progress in ours:
            upto, missing = said[progress.stream].upto, said[progress.stream].missing
            last = await self._on_disk(self._outbox.last, progress.lane)
            if upto > last:
                log.warning("the centre confirms what we never sent", upto=upto, last=last)
                continue
            news = progress.confirmed(upto, missing)
            if news and self._doubts[progress.lane].news(now, more=progress.unconfirmed):
                log.info("the centre confirms again", lane=progress.lane.value)
            self._look_for_hopeless(progress)
            await self._free(progress, upto, missing)
        self.seen_confirmed = self.seen_confirmed or bool(ours)
        return bool(ours)

    async def _free(self, progress: Progress, upto: int, keep: Sequence[tuple[int, int]]) -> None:
        if upto and progress is self._lanes[progress.lane]:
            await self._on_disk(self._outbox.release, progress.lane, upto, keep)

    def _look_for_hopeless(self, progress: Progress) -> None:
        seq = progress.hopeless
        if seq is not None and (progress.stream, seq) not in self._hopeless:
            self._hopeless.add((progress.stream, seq))
            self._tell(grievances.not_arriving(self._root, progress, seq))

    def tick(self, now: float) -> None:
        """Now and then: what was acknowledged a while ago and is not confirmed goes again."""
        if now < self._settle_at:
            return
        self._settle_at = now + self._terms.settle
        for lane, progress in self._lanes.items():
            doubt = self._doubts[lane]
            if self.confirming and doubt.due(now) and progress.again_from_the_oldest():
                doubt.ask(now)
                self._tell(grievances.unconfirmed(self._root, progress, now - (doubt.since or now)))
            progress.settle()
