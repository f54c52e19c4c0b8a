"""What is due when, in event time: a shelf that expires, a window that ends, a count to be told.

Time runs on with the readings, and with the ticks of a clock while none come. Whatever was due
before a reading is done before it is judged, with the time it was due at: so it makes no difference
whether a tick came first, and a replay needs none.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import TypeAlias

from gateway.model import Millis

_DAY: Millis = 86_400_000

Work: TypeAlias = Callable[[Millis, Millis], None]
"""``work(at, now)``: it was due at ``at``, and the time has run on to ``now``."""


class Timers:
    """A queue of work by the time it is due; ``next`` is when the first is."""

    def __init__(self) -> None:
        self._queue: list[tuple[Millis, int, Work]] = []
        self._count = 0
        self.next: float = math.inf

    def at(self, t: Millis, work: Work) -> None:
        """Have it done at ``t``; of two that are due together the earlier told comes first."""
        self._count += 1
        heapq.heappush(self._queue, (t, self._count, work))
        self.next = self._queue[0][0]

    def run(self, now: Millis) -> None:
        """Do all that is due by ``now``, what that itself makes due included."""
        while self.next <= now:
            at, _, work = heapq.heappop(self._queue)
            self.next = self._queue[0][0] if self._queue else math.inf
            work(at, now)

    def every(self, step: Millis, t: Millis, look: Callable[[Millis], None]) -> None:
        """Have ``look(at)`` done at every whole ``step`` after ``t``, for ever.

        Where time leaps by more than a day, only the last of them is made up for.
        """

        def work(at: Millis, now: Millis) -> None:
            look(at)
            leapt = now - at > _DAY
            self.at(max(at + step, now // step * step if leapt else 0), work)

        self.at((t // step + 1) * step, work)
