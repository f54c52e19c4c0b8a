"""What traffic a cabinet's detectors usually see, by the hour of the week.

Each detector's actuations are counted by the hour, as this gateway polls them, and a moving mean of
the last four is kept for each hour of the week, in a byte: rates are a logarithm, 3.5 % a step.
Until an hour was seen in two weeks, a third of the quietest of that hour's other days stands in
(E). Hours that were watched for less than three quarters, and hours in which a detector is silent
that hardly can be, are not learnt: a broken detector must not become what is expected.

Against that stands how many actuations were to be expected since the last one was seen, counting
only time in which the detector was polled and the junction worked. What the junction's other
detectors saw meanwhile, of what was to be expected of them, tells how busy the day is: where nobody
comes at all, on a closed street or at dead of night, a silent loop is no wonder.
"""

from __future__ import annotations

import zlib
from array import array
from base64 import b85decode, b85encode
from math import log2
from typing import Any

from gateway.faults.rule import Seen
from gateway.faults.signals import controlled, members
from gateway.model import Millis

HOUR = 3_600_000
WEEK = 168
STEPS = 20
WATCHED = 0.75
STAND_IN = 3
LEVELS = 10.0
"""How much one day's traffic differs from another's: about 1/√10, a third (E)."""
HARDLY = 0.01
LONGEST_STEP = 60_000
"""ms between polls beyond which a detector was not watched."""


def chance_of_none(expected: float, others: float = 0.0, came: float = 0.0) -> float:
    """How likely no actuation is where so many are expected.

    Poisson, with a day's level that varies by a third, a gamma of shape k = 10: (1 + E/k)^-k. Of
    the day's level more is known where ``others`` were expected of which so many ``came``:
    (1 + E/(k + others))^-(k + came). That counts only for a silence: looked at all day long, a
    chance is taken too often to be made the most of.
    """
    alone = (1 + expected / LEVELS) ** -LEVELS
    beside = (1 + expected / (LEVELS + others)) ** -(LEVELS + came)
    return float(max(alone, beside))


def encode(rate: float) -> int:
    """A rate an hour as a byte from 1 on."""
    return min(255, 1 + round(STEPS * log2(1 + rate)))


def decode(code: int) -> float:
    """The rate of a byte."""
    return float(2 ** ((code - 1) / STEPS) - 1) if code else 0.0


class Activity:
    """The rates of a cabinet's detectors, and each one's present silence; it outlives restarts."""

    kept_as = "detector_activity/1"
    __slots__ = (
        "_base",
        "_came",
        "_came_then",
        "_count",
        "_due",
        "_due_then",
        "_hour",
        "_last",
        "_mark",
        "_now",
        "_on",
        "_slot",
        "_table",
        "_usually",
        "_watched",
        "_weeks",
        "detectors",
        "since",
        "unproven",
    )

    def __init__(self, seen: Seen) -> None:
        self.detectors = members(seen, "detector_")
        self._table = {one: bytearray(WEEK) for one in self.detectors}
        self._weeks = bytearray(WEEK)
        self.begin()

    def begin(self) -> None:
        """Forget the present hour and silence."""
        self._hour: int | None = None
        self._slot = 0
        self._last: Millis = 0
        self._watched: Millis = 0
        self._on: dict[str, bool] = {}
        many = len(self.detectors)
        self._count = [0] * many
        self._now = [0.0] * many
        self._base = [0.0] * many
        self._mark = [0] * many
        #: How many came on all detectors, how many were due until this hour and are in one like it;
        #: and both as they were when each detector saw somebody last.
        self._came = 0
        self._due = self._usually = 0.0
        self._came_then = array("d", bytes(8 * many))
        self._due_then = array("d", bytes(8 * many))
        self.since: dict[str, Millis] = {}
        self.unproven = tuple(one for one in self.detectors if any(self._table[one]))

    def see(self, seen: Seen) -> None:
        """Count what was seen."""
        fresh, t = seen.fresh, seen.t
        if not fresh or not controlled(seen):
            return
        step = t - self._last
        self._last = t
        if self._hour != t // HOUR:
            self._turn(seen)
        elif step <= min(LONGEST_STEP, 3 * seen.period):
            self._watched += step
        on, watched, due = self._on, self._watched, self._all_due()
        for number, one in enumerate(self.detectors):
            state = fresh.get(one)
            if state is True:
                if on.get(one) is False:
                    self._count[number] += 1
                    self._came += 1
                self.since[one] = t
                self._base[number], self._mark[number] = 0.0, watched
                self._came_then[number], self._due_then[number] = self._came, due
                if one in self.unproven:
                    self.unproven = tuple(other for other in self.unproven if other != one)
                on[one] = True
            elif state is False:
                on[one] = False
                self.since.setdefault(one, t)

    def expected(self, detector: str) -> float:
        """How many actuations were to be expected since the last one."""
        return self._expected(self.detectors.index(detector))

    def chance(self, detector: str) -> float:
        """How likely it is that none was seen since the last one, on a day like this."""
        number = self.detectors.index(detector)
        expected = self._expected(number)
        others = max(0.0, self._all_due() - self._due_then[number] - expected)
        return chance_of_none(expected, others, self._came - self._came_then[number])

    def _all_due(self) -> float:
        return self._due + self._usually * self._watched / HOUR

    def _expected(self, number: int) -> float:
        quiet = self._watched - self._mark[number]
        return self._base[number] + self._now[number] * quiet / HOUR

    def _turn(self, seen: Seen) -> None:
        """Learn the hour that is over, and look up what the next one usually brings."""
        if self._hour is not None:
            self._base = [self._expected(number) for number in range(len(self.detectors))]
            self._mark = [0] * len(self.detectors)
            self._due = self._all_due()
            if self._watched >= WATCHED * HOUR:
                self._learn()
        self._hour, self._watched = seen.t // HOUR, 0
        self._count = [0] * len(self.detectors)
        now = seen.local()
        self._slot = now.weekday() * 24 + now.hour
        self._now = [self._usual(one) for one in self.detectors]
        self._usually = sum(self._now)

    def _learn(self) -> None:
        slot = self._slot
        weight = min(self._weeks[slot] + 1, 4)
        self._weeks[slot] = min(255, self._weeks[slot] + 1)
        for one, count, usual in zip(self.detectors, self._count, self._now, strict=True):
            if not count and (self._on.get(one) or chance_of_none(usual) < HARDLY):
                continue
            known = decode(self._table[one][slot])
            rate = count * HOUR / self._watched
            self._table[one][slot] = encode(known + (rate - known) / weight)

    def _usual(self, detector: str) -> float:
        """The usual rate of this hour; 0 while nobody knows."""
        table, weeks, slot = self._table[detector], self._weeks, self._slot
        if weeks[slot] >= 2:
            return decode(table[slot])
        others = [decode(table[i]) for i in range(slot % 24, WEEK, 24) if weeks[i]]
        return min(others) / STAND_IN if len(others) >= 2 else 0.0

    def dump(self) -> Any:  # noqa: ANN401 - what JSON holds
        """Weeks and rates, packed: about 2 kB for eight detectors."""
        if not any(self._weeks):
            return None
        tables = b"".join(bytes(table) for table in self._table.values())
        return b85encode(zlib.compress(bytes(self._weeks) + tables, 9)).decode()

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up what ``dump`` gave; ValueError if it is of other detectors, or damaged."""
        try:
            packed = zlib.decompressobj().decompress(b85decode(value), WEEK * 256)
        except zlib.error as wrong:
            raise ValueError(f"not what was learnt: {wrong}") from wrong
        if len(packed) != WEEK * (1 + len(self.detectors)):
            raise ValueError("what was learnt is of another number of detectors")
        self._weeks = bytearray(packed[:WEEK])
        for number, one in enumerate(self.detectors, 1):
            self._table[one] = bytearray(packed[number * WEEK : (number + 1) * WEEK])
        self.begin()
