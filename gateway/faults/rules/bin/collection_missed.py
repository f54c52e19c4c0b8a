"""A full bin was left out on its round.

Source: domain §3: full, and 12 h past the scheduled collection (the asset fact ``collection``). A
bin that was nearly empty when the crew came round was not missed, however full it is by now; one
that was emptied since is well, and so is one seen below 75 %. It is full if it has been so for half
an hour at least, as ``bin_full`` has it: that does not wait for the round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.assets import BinFacts
from gateway.faults.bins import Collections, Level, number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value
from gateway.units import Duration
from gateway.weekly import rounds_around

MINUTE = 60_000
HOUR = 60 * MINUTE

SPAN = 1_800_000
"""ms over which, or twice that, a bin must have been full."""


@dataclass(frozen=True, slots=True)
class CollectionMissed(Settings):
    """Levels in %: ``full``, no more ``below``; ``worth`` a crew's while; ``late`` in s."""

    late: Duration = 43_200.0
    full: float = 80.0
    below: float = 75.0
    worth: float = 30.0


class Round:
    """The last round: when it was due, the level then, and whether the bin was emptied since."""

    kept_as: ClassVar[str] = "bin_round/1"
    rests_on: ClassVar = (Level, Collections)
    __slots__ = (
        "_before", "_collections", "_look", "_lows", "_span", "due", "emptied", "level", "then",
    )  # fmt: skip

    def __init__(self, _seen: Seen, level: Level, collections: Collections) -> None:
        self.level = level
        self._collections = collections
        self.begin()
        self._lows = (0.0, 0.0)
        self._span = 0
        self.due: Millis | None = None
        self.then = 0.0
        self.emptied = False

    def begin(self) -> None:
        """A round during a pause is taken up by the next reading."""
        self._before: float | None = None
        self._look: Millis = 0

    def see(self, seen: Seen) -> None:
        """Follow the level over the rounds."""
        when = facts(seen).collection
        if when is None or "fill_level" not in seen.fresh:
            return
        self._follow(seen.t)
        if seen.t >= self._look:
            self._set_out(seen, when)
        self._before = self.level.median
        at = self._collections.at
        if at is not None and self.due is not None and at >= self.due:
            self.emptied = True

    def _set_out(self, seen: Seen, when: str) -> None:
        """Whether a crew has set out since; the calendar is looked at when the next one does.

        And once an hour, for local time may be put forward or back.
        """
        local, now = seen.local(), seen.t - seen.t % MINUTE
        ago, ahead = rounds_around(when, local.weekday(), local.hour * 60 + local.minute)
        self._look = now + min(ahead * MINUTE, HOUR)
        due = now - ago * MINUTE
        if self.due is None or due > self.due + MINUTE:
            self.due, self.emptied = due, False
            level = number(seen, "fill_level") or 0.0  # it may have been emptied in a hole
            self.then = 0.0 if self._before is None else min(self._before, level)

    def _follow(self, t: Millis) -> None:
        """Keep the lowest level of this span of half an hour, and of the one before."""
        span, (before, now), level = t // SPAN, self._lows, self.level.median or 0.0
        self._lows = (before, min(now, level)) if span == self._span else (now, level)
        self._span = span

    @property
    def lowest(self) -> float:
        """% below which the level has not been for half an hour to an hour."""
        return min(self._lows)

    def dump(self) -> list[Any] | None:
        """What is known of the last round."""
        return None if self.due is None else [self.due, round(self.then, 1), self.emptied]

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        due, then, emptied = value
        self.due, self.then, self.emptied = int(due), float(then), bool(emptied)


def facts(seen: Seen) -> BinFacts:
    """The bin's asset facts."""
    found: BinFacts = seen.device.facts
    return found


def judge(seen: Seen, settings: CollectionMissed, last: Round) -> Verdict:
    """By the last round and the level now."""
    level = last.level.median
    if facts(seen).collection is None or level is None or last.due is None:
        return UNDECIDED
    if last.emptied or level < settings.below:
        return NORMAL
    late = seen.t - last.due >= settings.late * 1000
    full = min(level, last.lowest) >= settings.full
    return MET if late and full and last.then >= settings.worth else BETWEEN


def tell(
    seen: Seen, _settings: CollectionMissed, last: Round, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How full, and since when somebody should have come."""
    level, hours = last.level.median or 0.0, (seen.t - (last.due or seen.t)) / 3_600_000
    message = f"{level:.0f} % full, not emptied on its round {hours:.0f} h ago"
    return message, {"fill_level": round(level, 1), "hours": round(hours, 1)}


RULE = Rule(
    code="collection_missed",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=CollectionMissed,
    judge=judge,
    tell=tell,
    points=("fill_level",),
    memory=Round,
)
