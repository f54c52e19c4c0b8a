"""What goes next, what is under way, and what may be forgotten: the publisher without a connection.

``next`` hands out messages in their order (events, live telemetry, backlog) within the window;
``delivered`` and ``ended`` say what became of them, ``confirmed`` what the centre has. Every call
to the outbox goes through ``on_disk``, in turn with everybody else's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from gateway.edge.outbox.contract import Lane, Outbox, Record
from gateway.edge.outgoing import Composer, Outgoing
from gateway.edge.sending import Course, Progress
from gateway.log import get_logger
from gateway.mqtt import WINDOW
from gateway.wire import Confirmed, Root

log = get_logger()

STRIKES = 5
"""So often in a row a message may end the connection; then it is set aside."""

AT_ONCE = 2.0
"""Seconds within which an end counts as the broker's answer to the message."""

WIRE_BYTES = 64_000
"""Bytes under way beyond which the backlog waits, so that what is live queues behind no more."""

_ASK = {Lane.EVENTS: 100, Lane.TELEMETRY: 8}
T = TypeVar("T")


class OnDisk(Protocol):
    """Runs a call in the outbox's own thread."""

    def __call__(self, work: Callable[..., T], *arguments: Any) -> Awaitable[T]:  # noqa: ANN401
        """Run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How this gateway publishes; durations in seconds.

    ``group`` records make one telemetry message, when complete or after ``batch``. ``confirm`` and
    ``confirmed_before`` (an earlier run saw a ``confirmed``) say what frees the outbox. A record
    that is missing at the centre so long after its PUBACK that it has ``settled`` is sent again;
    so are a few of those nobody confirms, after ``unconfirmed`` and then ever more rarely.
    ``version`` and ``boot`` are what the status says. The pause between two attempts to connect is
    drawn between half and whole of a length that doubles each time.
    """

    confirm: Literal["auto"] | bool = "auto"
    confirmed_before: bool = False
    group: int = 1
    batch: float = 1.0
    compress: bool = True
    settle: float = 60.0
    unconfirmed: float = 300.0
    unconfirmed_most: float = 3600.0
    version: str = ""
    boot: str = ""
    first_pause: float = 0.5
    longest_pause: float = 30.0


class Flow:
    """The state of both lanes."""

    def __init__(self, outbox: Outbox, root: Root, terms: Terms, on_disk: OnDisk) -> None:
        self._outbox = outbox
        self._terms = terms
        self._on_disk = on_disk
        self._composer = Composer(root, compress=terms.compress)
        self._lanes = {lane: self._lane(lane, outbox.stream(lane)) for lane in Lane}
        self._flying: dict[Outgoing, None] = {}
        self._news = 0
        self._suspect: tuple[tuple[str, int], int] | None = None
        self._disk_trouble: str | None = None
        self._settle_at = 0.0
        self._question_at = 0.0
        self._question_pause = terms.unconfirmed
        self.seen_confirmed = terms.confirmed_before
        self.draining = False
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
    def window(self) -> int:
        """How many may be under way: one alone while we look for what the broker cannot bear."""
        return 1 if self._suspect and self._suspect[1] > 1 else WINDOW

    def notify(self) -> None:
        """The outbox holds something new."""
        self._news += 1
        for progress in self._lanes.values():
            progress.live.dry = False

    async def begin(self, now: float) -> None:
        """A connection is open: start over with all that is not acknowledged."""
        for lane, progress in self._lanes.items():
            progress.begin(*await self._on_disk(self._standing, lane))
        self._settle_at = now + self._terms.settle
        self._question_at = now + self._question_pause

    def _standing(self, lane: Lane) -> tuple[int, int]:
        try:
            return self._outbox.last(lane), self._outbox.depth(lane).records
        except OSError:  # the first read will say so
            return 0, 0

    # --- what goes next

    async def next(self, now: float) -> Outgoing | None:
        """The next message; None if there is none, or no room for it."""
        while self.in_flight < self.window:
            progress, run = await self._choose(now)
            if not run:
                return None
            outgoing = self._composer.compose(progress, run, now)
            if not outgoing.impossible:
                self._flying[outgoing] = None
                return outgoing
            self._put_aside(outgoing, "larger than any receiver takes")
        return None

    async def _choose(self, now: float) -> tuple[Progress, Sequence[Record]]:
        """The records that go next, and their lane."""
        for progress in self._lanes.values():
            for course in progress.courses:
                if not self._must_wait(progress, course):
                    run = await self._run(progress, course, now)
                    if run:
                        return progress, run
        return self._lanes[Lane.EVENTS], ()

    def _must_wait(self, progress: Progress, course: Course) -> bool:
        """The backlog of telemetry leaves room for what is live."""
        return (
            progress.lane is Lane.TELEMETRY
            and course is progress.backlog
            and bool(self._flying)
            and (
                self.in_flight >= WINDOW // 2
                or sum(outgoing.bytes for outgoing in self._flying) >= WIRE_BYTES
            )
        )

    async def _run(self, progress: Progress, course: Course, now: float) -> list[Record]:
        """The records of a course's next message."""
        while True:
            progress.skip(course)
            if course.dry or len(course.waiting) >= progress.group:
                break
            news, asked = self._news, max(progress.group, _ASK[progress.lane])
            stream, records = await self._read(progress.lane, course.next_after, asked)
            if stream != progress.stream:  # the outbox was damaged and began anew
                self._lanes[progress.lane] = self._lane(progress.lane, stream)
                return []
            course.put(records, asked)
            if news != self._news and course is progress.live:
                course.dry = False
        due = self.draining or (
            course.begun is not None and now >= course.begun + self._terms.batch
        )
        run = progress.cut(course, due=due)
        if course.waiting and course.begun is None:
            course.begun = now
        progress.finish()
        return run

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
        waits += [since + self._terms.batch - now for since in begun]
        return max(0.0, min(waits))

    @property
    def idle(self) -> bool:
        """Everything there is has been sent and acknowledged."""
        courses = [course for lane in self._lanes.values() for course in lane.courses]
        return not self._flying and all(course.dry and not course.waiting for course in courses)

    # --- what became of it

    def delivered(self, outgoing: Outgoing) -> None:
        """The broker has acknowledged the whole message."""
        self._flying.pop(outgoing, None)
        outgoing.progress.acknowledged(outgoing.first, outgoing.last)
        if self._suspect and self._suspect[0] == outgoing.key:
            self._suspect = None

    def ended(self, now: float) -> None:
        """The connection is gone, and with it all that was under way."""
        oldest = next(iter(self._flying), None)
        if oldest is not None:
            self._suspect_of(oldest, now)
        for outgoing in self._flying:
            outgoing.progress.failed(outgoing.first, outgoing.last)
        self._flying.clear()

    def _suspect_of(self, oldest: Outgoing, now: float) -> None:
        """Whoever was first under way each time the connection ended may be why it ended."""
        if now - oldest.begun > AT_ONCE:
            return
        before, strikes = self._suspect or (oldest.key, 0)
        strikes = strikes + 1 if before == oldest.key else 1
        self._suspect = oldest.key, strikes
        if strikes >= STRIKES:
            self._put_aside(oldest, f"the broker ended the connection {STRIKES} times over it")
            self._suspect = None
            del self._flying[oldest]

    def _put_aside(self, outgoing: Outgoing, reason: str) -> None:
        """It stays taken, so that nobody sends it, and unacknowledged, so that nobody frees it."""
        self.set_aside += 1
        log.error(
            "a message is set aside",
            reason=reason,
            topic=outgoing.publishes[0].topic,
            bytes=outgoing.bytes,
            stream=outgoing.progress.stream,
            first=outgoing.first,
            last=outgoing.last,
        )

    # --- what may be forgotten

    async def release(self) -> None:
        """Free what the broker has, if its word is enough."""
        if self.confirming:
            return
        for progress in self._lanes.values():
            if progress.fresh or progress.settled:
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
            if progress.confirmed(upto, missing):
                self._question_pause = self._terms.unconfirmed
                self._question_at = now + self._question_pause
            await self._free(progress, upto, missing)
        self.seen_confirmed = self.seen_confirmed or bool(ours)
        return bool(ours)

    async def _free(self, progress: Progress, upto: int, keep: Sequence[tuple[int, int]]) -> None:
        if upto and progress is self._lanes[progress.lane]:
            await self._on_disk(self._outbox.release, progress.lane, upto, keep)

    def tick(self, now: float) -> None:
        """Now and then: what was acknowledged a while ago and is not confirmed goes again."""
        if now < self._settle_at:
            return
        self._settle_at = now + self._terms.settle
        if self.confirming and now >= self._question_at:
            again = [progress.again_from_the_oldest() for progress in self._lanes.values()]
            if any(again):
                log.warning("the centre confirms nothing; is it running, may we publish?")
                self._question_pause = min(self._question_pause * 2, self._terms.unconfirmed_most)
            self._question_at = now + self._question_pause
        for progress in self._lanes.values():
            progress.settle()
