"""Which alarms go ahead of what waits in the events lane: the gravest first.

Events leave in the order of their seqs, which is soon enough while few of them wait. Where many do
(an outage, every card at a start), ``Overtaking`` looks ahead of the lane's course and names the
records that must not queue: alarms that are critical, then those that are major. Whatever of the
same alarm still waits goes before them, so that the transitions of one alarm keep their order; no
order is promised between two alarms.

It remembers numbers, not records, and looks ``FAR`` ahead at most.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from gateway import wire
from gateway.edge.outbox.contract import Record
from gateway.model import Severity
from gateway.ranges import Ranges, around

FAR = 20_000
"""Records, two weeks of alarms at one a minute; 3 MB to remember (E)."""

RANKS = {Severity.CRITICAL: 0, Severity.MAJOR: 1}


@dataclass(slots=True)
class Overtaking:
    """What was seen of the lane up to ``after``; ``dry`` if there was no more."""

    after: int = 0
    dry: bool = False
    _waiting: defaultdict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    _grave: list[tuple[int, int, str]] = field(default_factory=list)

    def wants(self, sent: int) -> bool:
        """Whether to look further; ``sent`` is how far the lane has come by its own course."""
        self.after = max(self.after, sent)
        return not self.dry and self.after - sent < FAR

    def saw(self, records: Sequence[Record], asked: int) -> None:
        """Take in what the outbox had; fewer than asked means there is no more for now."""
        for record in records:
            self.after = record.seq
            severity = wire.severity_of(record.head, record.body)
            if severity is None:
                continue
            self._waiting[record.head].append(record.seq)
            if severity in RANKS:
                heappush(self._grave, (RANKS[severity], record.seq, record.head))
        self.dry = len(records) < asked

    def next(self, taken: Ranges) -> int | None:
        """The seq of the record that goes next, if there is one; ``taken`` are on their way."""
        while self._grave:
            _, grave, head = self._grave[0]
            waiting = self._waiting[head]
            while waiting and around(taken, waiting[0]):
                waiting.popleft()
            if waiting and waiting[0] <= grave:
                return waiting.popleft()
            heappop(self._grave)
        return None
