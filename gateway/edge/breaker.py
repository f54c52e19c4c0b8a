"""When to leave a silent device in peace, and when to try it again.

A device that stays silent costs its bus a whole timeout a poll. There are no retries; instead,
from its first silent poll on a device is *suspect*: it is asked between the polls of the others,
one suspect of the bus at a time, and all of them together may take no more than a small share of
the bus's time. After ``OPENS_AFTER`` silent polls in a row its breaker is *open*: it is tried at
growing intervals only. Any answer closes it at once, and is a reason to try its neighbours soon:
what comes back together was lost together.

    silent polls   0          1, 2                3                 4            …
    asked          its ticks  its ticks, if the   after 1 period,   after 2 …    ≤ 8 periods, ≤ 60 s
                              share allows        if it allows
"""

from __future__ import annotations

from dataclasses import dataclass

#: Silent polls in a row that open the breaker.
OPENS_AFTER = 3
#: The intervals of tries double from the device's period up to that many periods …
FURTHEST = 8
#: … or that many seconds, whichever is shorter (never under one period).
LONGEST = 60.0
#: The part of the bus's time that suspects may take while others answer, and when nobody does.
SHARE = 0.05
SHARE_ALONE = 0.5


@dataclass(slots=True)
class Breaker:
    """What is known of one device's silence; ``period`` is how often it is polled, in seconds."""

    period: float
    silences: int = 0

    @property
    def suspect(self) -> bool:
        """Whether the latest attempt stayed without an answer."""
        return self.silences > 0

    @property
    def open(self) -> bool:
        """Whether it is no longer asked at its ticks."""
        return self.silences >= OPENS_AFTER

    @property
    def interval(self) -> float:
        """Seconds from the latest attempt to the next, once open."""
        steps: int = 1 << min(max(0, self.silences - OPENS_AFTER), FURTHEST)
        return min(self.period * min(steps, FURTHEST), max(self.period, LONGEST))

    def answered(self) -> None:
        """It spoke."""
        self.silences = 0

    def silent(self) -> None:
        """One more attempt stayed without an answer."""
        self.silences += 1

    def encourage(self) -> None:
        """A neighbour came back: begin with short intervals again."""
        self.silences = min(self.silences, OPENS_AFTER)


@dataclass(slots=True)
class Allowance:
    """The bus time that suspects may take: one at a time, none before ``ready``."""

    ready: float = float("-inf")
    taken: bool = False

    def next_at(self, wanted: float) -> float:
        """When a suspect that wants to be tried at ``wanted`` may be; never while one is."""
        return float("inf") if self.taken else max(self.ready, wanted)

    def take(self) -> None:
        """A suspect is being tried."""
        self.taken = True

    def spend(self, cost: float, now: float, share: float) -> None:
        """It took ``cost`` seconds of the bus: wait until that is no more than ``share``."""
        self.taken = False
        self.ready = now + cost * (1.0 / share - 1.0)

    def give_back(self) -> None:
        """The attempt came to nothing, through no fault of the device's."""
        self.taken = False
