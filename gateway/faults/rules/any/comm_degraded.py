"""A device answers, and too often it does not.

Source: domain §4: more than 10 % of at least 20 polls failed within 15 min, in at least three
separate runs; over below 5 % (E). A loss that lasts is one run, and ``comm_loss`` stands for it.
Polls of a lamp whose feeder is off, or may be, do not count. Polls are counted in five slices of
three minutes, so the time looked back on is 12 to 15 min.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.feeders import may_be_off
from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import KINDS, Millis, Severity, Value

SLICE: Millis = 3 * 60_000
SLICES = 5
MOST = 65_535


@dataclass(frozen=True, slots=True)
class CommDegraded(Settings):
    """Shares of failed polls (``poor``, ``well``), the fewest ``polls`` and ``runs`` that count."""

    readings: int = 1
    poor: float = 0.10
    well: float = 0.05
    polls: int = 20
    runs: int = 3

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.well > self.poor:
            raise ValueError("well is more than poor; a line cannot be both")


class Polls:
    """Polls, failed ones and runs of failed ones in the latest slices of time."""

    __slots__ = ("_counts", "_failing", "_slice", "failed", "why")

    def __init__(self, _seen: Seen) -> None:
        self._counts = array("H", bytes(2 * 3 * SLICES))
        self._slice = 0
        self._failing = False
        self.failed = 0
        self.why = ""

    def see(self, seen: Seen) -> None:
        """Count a poll."""
        failed = seen.silent is not None
        if failed and may_be_off(seen):
            return
        now = seen.t // SLICE
        if now != self._slice:
            self._turn(now)
        counts, place = self._counts, 3 * (now % SLICES)
        if counts[place] < MOST:
            counts[place] += 1
            if failed:
                counts[place + 1] += 1
                counts[place + 2] += not self._failing
                self.failed += 1
        self._failing = failed
        self.why = seen.silent or self.why

    def _turn(self, now: int) -> None:
        """Forget the slices that are too old."""
        for old in range(max(self._slice + 1, now - SLICES + 1), now + 1):
            place = 3 * (old % SLICES)
            self.failed -= self._counts[place + 1]
            self._counts[place : place + 3] = array("H", (0, 0, 0))
        self._slice = now

    @property
    def polls(self) -> int:
        """How many there were."""
        return sum(self._counts[0::3])

    @property
    def runs(self) -> int:
        """How often polls began to fail."""
        return sum(self._counts[2::3])


def judge(seen: Seen, settings: CommDegraded, polls: Polls) -> Verdict:
    """By the share of failed polls; decided when a poll went well."""
    if seen.silent is not None:
        return UNDECIDED
    if not polls.failed:
        return NORMAL
    count = polls.polls
    share = polls.failed / count
    if share > settings.poor and count >= settings.polls and polls.runs >= settings.runs:
        return CERTAIN
    return NORMAL if share < settings.well else BETWEEN


def tell(
    _seen: Seen, _settings: CommDegraded, polls: Polls, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How many polls failed, how often, and what the latest was like."""
    count = polls.polls
    share = round(100 * polls.failed / max(1, count), 1)
    message = (
        f"{polls.failed} of {count} polls failed ({share:.0f} %) in {polls.runs} runs "
        f"within 15 min: {polls.why}"
    )
    return message, {"failed": polls.failed, "polls": count, "share": share, "reason": polls.why}


RULE = Rule(
    code="comm_degraded",
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.WARNING,
    settings=CommDegraded,
    judge=judge,
    tell=tell,
    memory=Polls,
    hears_silence=True,
)
