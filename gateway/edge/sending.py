"""Where each lane stands on its way to the broker: pure bookkeeping, no connection and no clock.

A *course* is one way through a lane's records. Events have one, which grave alarms may leave
(``overtaking``). Telemetry has two, so that a long backlog never holds up the present: the live
course begins with what was newest at the connect, the backlog course ends there. Records that must
go again (the centre misses them, or never confirmed them) get a backlog course too.

Every seq on its way is *taken*. Once the broker has acknowledged it, it is *fresh*, and after a
while *settled*: a settled record the centre says it misses was lost after its PUBACK, a fresh one
is just not there yet. Without confirmation a PUBACK is the end of it.

A record may be lost after its PUBACK each time: brokers drop silently what their access rules deny
and what they find too long. So it goes again ever more rarely, and, in case it is the length, in
ever smaller messages; it holds up nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.edge.outbox.contract import Lane, Record
from gateway.edge.overtaking import Overtaking
from gateway.ranges import Ranges, add, around, common, joined, size, take, without

MOST_AGAIN = 100
"""Records sent again at once when the centre confirms nothing: a question, not a flood."""

SOON = 5
"""So many waiting records delay nobody, on no link."""

TRIES = 3
"""So often records that are lost after their PUBACK go again as they were."""

RAREST = 60
"""Settling periods between two tries, at most: an hour."""

MOST_BYTES = 256_000
"""Bytes of record bodies joined into one message."""


@dataclass(slots=True)
class Course:
    """One way through a lane: what comes after ``after``, and not past ``until``."""

    after: int
    until: int | None = None
    waiting: deque[Record] = field(default_factory=deque)
    dry: bool = False
    begun: float | None = None

    def put(self, records: Sequence[Record], asked: int) -> None:
        """Take in what the outbox had; fewer than asked means there is no more for now."""
        self.waiting.extend(r for r in records if self.until is None or r.seq <= self.until)
        self.dry = len(records) < asked or len(self.waiting) < len(records)

    @property
    def next_after(self) -> int:
        """After which seq to ask the outbox."""
        return self.waiting[-1].seq if self.waiting else self.after


class Progress:
    """One lane of one stream. ``group`` is how many records a message should hold."""

    def __init__(self, lane: Lane, stream: str, group: int) -> None:
        self.lane = lane
        self.stream = stream
        self.group = group
        self.live = Course(0)
        self.backlog: Course | None = None
        self.ahead = Overtaking()
        self.taken: Ranges = ()
        self.fresh: Ranges = ()
        self.settled: Ranges = ()
        self._irregular: dict[int, int] = {}
        self._tries: dict[int, int] = {}
        self._patience: dict[int, int] = {}

    def begin(self, last: int, waiting: int) -> None:
        """A new connection: what is newest goes by the live course, the rest is backlog.

        A few waiting records are no backlog, and go in order.
        """
        ahead = self.lane is Lane.TELEMETRY and waiting > SOON
        start = last // self.group * self.group if ahead else 0
        self.live = Course(start)
        self.backlog = Course(0, start) if start else None
        self.ahead = Overtaking()

    def leap(self, last: int) -> None:
        """The live course goes on with what is newest, and what it leaves out becomes backlog."""
        start = last // self.group * self.group - self.group
        if self.lane is Lane.TELEMETRY and start > self.live.after:
            after = self.live.after if self.backlog is None else self.backlog.after
            self.backlog = Course(min(after, self.live.after), start)
            self.live = Course(start)

    @property
    def long(self) -> bool:
        """Whether more waits in order than goes at once."""
        return len(self.live.waiting) > SOON

    @property
    def soon(self) -> bool:
        """Whether all that waits in order goes at once."""
        return self.live.dry and not self.long

    def overtake(self, seq: int) -> None:
        """This record goes now, ahead of its course."""
        self.taken = add(self.taken, seq, seq)
        self.live.waiting = deque(record for record in self.live.waiting if record.seq != seq)

    @property
    def courses(self) -> tuple[Course, ...]:
        """Both ways, the live one first."""
        return (self.live,) if self.backlog is None else (self.live, self.backlog)

    def skip(self, course: Course) -> None:
        """Pass over what is taken already."""
        while course.waiting and around(self.taken, course.waiting[0].seq):
            course.after = course.waiting.popleft().seq
        if not course.waiting:
            passed = around(self.taken, course.after + 1)
            course.after = passed[1] if passed else course.after

    def cut(self, course: Course, *, due: bool) -> list[Record]:
        """The records of the next message, or none yet.

        Groups are cut at multiples of ``group``, so that a resend after a restart is cut alike. A
        group that is not complete is left for later, unless it is ``due``.
        """
        run: list[Record] = []
        total = 0
        for record in course.waiting:
            total += len(record.body)
            if run and (
                record.seq != run[-1].seq + 1
                or run[-1].seq == self._end(run[0].seq)
                or total > MOST_BYTES
                or around(self.taken, record.seq)
            ):
                break
            run.append(record)
        if not run:
            return []
        complete = len(run) < len(course.waiting) or run[-1].seq >= self._end(run[0].seq)
        at_the_end = course.until is not None and course.dry
        if not (complete or due or at_the_end):
            return []
        if run[-1].seq != self._end(run[0].seq):
            self._irregular[run[0].seq] = run[-1].seq
        for _ in run:
            course.waiting.popleft()
        course.after = run[-1].seq
        course.begun = None
        self.taken = add(self.taken, run[0].seq, run[-1].seq)
        return run

    def _end(self, first: int) -> int:
        """The last seq of the message that begins with ``first``."""
        return self._irregular.get(first) or -(-first // self.group) * self.group

    def finish(self) -> None:
        """Let go of a backlog that has been sent."""
        if self.backlog is not None and self.backlog.dry and not self.backlog.waiting:
            self.backlog = None

    # --- what becomes of it

    def acknowledged(self, first: int, last: int) -> None:
        """The broker has it."""
        self.fresh = add(self.fresh, first, last)

    def failed(self, first: int, last: int) -> None:
        """The connection ended before the broker said anything."""
        self.taken = take(self.taken, first, last)

    def split(self, first: int, last: int) -> bool:
        """From now on these go as two messages; False if there is nothing to split."""
        if first < last:
            self._irregular[first] = (first + last) // 2
        return first < last

    def unsent(self, oldest: int) -> tuple[int, int]:
        """The first seq from ``oldest`` on that the broker has not, and how many it has."""
        sent = joined(self.settled, self.fresh)
        passed = around(sent, oldest)
        return (passed[1] + 1 if passed else oldest), size(sent)

    @property
    def unconfirmed(self) -> bool:
        """Whether the broker has something that the centre has not, as far as it has said."""
        return bool(self.settled or self.fresh)

    def released(self) -> tuple[int, Ranges]:
        """Take what the broker has as delivered: free up to that seq, but keep these ranges."""
        done = joined(self.settled, self.fresh)
        upto = done[-1][1]
        self._forget(done)
        return upto, without(((1, upto),), done)

    def confirmed(self, upto: int, missing: Ranges) -> bool:
        """The centre has all up to a seq but what it misses; whether that is any news."""
        if upto < 1:
            return False
        done = without(((1, upto),), missing)
        news = bool(common(self.taken, done))
        self._forget(done)
        self.again(self._patiently(common(self.settled, missing)))
        return news

    def _patiently(self, lost: Ranges) -> Ranges:
        """Those of the lost records whose turn it is."""
        due = tuple(each for each in lost if not self._patience.get(each[0]))
        for first, last in due:
            tries = self._tries.get(first, 0) + 1
            self._tries[first] = tries
            self._patience[first] = min(max(0, tries - TRIES) ** 2, RAREST)
            if tries > TRIES:
                self.split(first, min(last, self._end(first)))
        return due

    @property
    def hopeless(self) -> int | None:
        """The oldest record that was lost after so many PUBACKs that there must be a reason."""
        return min((first for first, tries in self._tries.items() if tries > TRIES), default=None)

    def _forget(self, done: Ranges) -> None:
        self.taken = without(self.taken, done)
        self.fresh = without(self.fresh, done)
        self.settled = without(self.settled, done)
        for memory in (self._irregular, self._tries, self._patience):
            for first in [first for first in memory if around(done, first)]:
                del memory[first]

    def settle(self) -> None:
        """Some time has passed: what was fresh is so no longer."""
        self.settled, self.fresh = joined(self.settled, self.fresh), ()
        self._patience = {first: left - 1 for first, left in self._patience.items() if left > 1}

    def again_from_the_oldest(self) -> bool:
        """Send the oldest settled records once more; whether there are any."""
        if not self.settled:
            return False
        first, last = self.settled[0]
        self.again(((first, min(last, first + MOST_AGAIN - 1)),))
        return True

    def again(self, ranges: Ranges) -> None:
        """Send these once more, though the broker has acknowledged them."""
        if not ranges:
            return
        self.settled = without(self.settled, ranges)
        self.taken = without(self.taken, ranges)
        after, until = ranges[0][0] - 1, max(ranges[-1][1], self.live.after)
        if self.backlog is not None:
            after = min(after, self.backlog.after)
        self.backlog = Course(after, until)
