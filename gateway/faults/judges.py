"""All that judges one subject, and whom of it a reading concerns: looked up once a set of points.

A ``Judge`` is a rule, notice or estimate made ready for the devices of one make. Which of them a
reading concerns depends on the points it brought, on how long after the last one it came, and on
whose it is; so that is worked out once for all devices of the make, and a quiet reading costs
little more than the calls of those it concerns.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.faults.rule import Entry, Estimate, Made, Notice, Rule, Verdict
from gateway.faults.sight import MOST_PATTERNS, Brought
from gateway.faults.timing import Delays
from gateway.model import Millis

E = TypeVar("E", Rule, Notice, Estimate)


@dataclass(frozen=True, slots=True, eq=False)
class Judge(Generic[E]):
    """A rule, notice or estimate made ready: its settings, and those of its points that are there.

    ``period`` is that of these points in ms, the longest where they differ between members;
    answers further apart than ``slowest`` ms leave it undecided.
    """

    rule: E
    settings: Any
    delays: Delays
    points: tuple[str, ...]
    period: Millis
    slowest: float

    def hears(self, fresh: AbstractSet[str]) -> bool:
        """Whether a reading with good values of these points concerns it."""
        return self.rule.hears_silence or not fresh.isdisjoint(self.points)


class Turn(NamedTuple):
    """A rule that a reading concerns: what is asked of it, and the place of its memory."""

    place: int
    code: str
    quiet: Callable[[Any, Any, Any], bool] | None
    ask: Callable[[Any, Any, Any], Verdict]
    settings: Any
    judge: Judge[Rule]


class Turns(NamedTuple):
    """Whom a reading concerns."""

    rules: tuple[Turn, ...]
    notices: tuple[Judge[Notice], ...]


class Judges:
    """All that judges one subject; subjects of one make share it.

    ``kinds`` are those whose readings concern it; ``makes`` are what its memories are made by, each
    once and after those it rests on, ``users`` the codes of those who look at each, and ``place``
    says which of them a judge looks at.
    """

    __slots__ = (
        "_paces",
        "_patterns",
        "_places",
        "_turns",
        "estimates",
        "kinds",
        "makes",
        "notices",
        "rules",
        "users",
    )

    def __init__(self, judges: Sequence[Judge[Any]] = ()) -> None:
        self.rules: tuple[Judge[Rule], ...] = _of(Rule, judges)
        self.notices: tuple[Judge[Notice], ...] = _of(Notice, judges)
        self.estimates: tuple[Judge[Estimate], ...] = _of(Estimate, judges)
        kinds = [judge.rule.kinds for judge in self.rules]
        self.kinds: frozenset[str] = frozenset().union(
            *kinds, *(judge.rule.kinds for judge in self.notices)
        )
        every: list[Judge[Any]] = [*self.rules, *self.notices, *self.estimates]
        self._paces = sorted({judge.slowest for judge in every})
        self._patterns: dict[tuple[Brought, int, bool], Turns] = {}
        users: dict[Made, frozenset[str]] = {}
        for judge in every:
            for make in () if judge.rule.memory is None else _with_rests(judge.rule.memory):
                users[make] = users.get(make, frozenset()) | {code_of(judge.rule)}
        self.makes: tuple[Made, ...] = tuple(users)
        self.users: tuple[frozenset[str], ...] = tuple(users.values())
        self._places = {make: place for place, make in enumerate(self.makes)}
        self._turns = [self._turn(judge) for judge in self.rules]

    def _turn(self, one: Judge[Rule]) -> Turn:
        rule = one.rule
        return Turn(self.place(one), rule.code, rule.quiet, rule.judge, one.settings, one)

    def place(self, judge: Judge[Any]) -> int:
        """Where among the memories its own is; -1 if it has none."""
        return -1 if judge.rule.memory is None else self._places[judge.rule.memory]

    def rests(self, make: Made) -> list[int]:
        """Where the memories are that those of a make rest on."""
        return [self._places[one] for one in rests_on(make)]

    def __bool__(self) -> bool:
        return bool(self.rules or self.notices)

    def concerned(self, brought: Brought, interval: Millis, *, head: bool = True) -> Turns:
        """Whom a reading concerns that brought this, so long after the last one.

        ``head`` says whether it is the group's head that was read.
        """
        pattern = brought, bisect_left(self._paces, interval), head
        found = self._patterns.get(pattern)
        if found is None:
            if len(self._patterns) == MOST_PATTERNS:
                self._patterns.clear()
            found = self._patterns[pattern] = self._look_up(*pattern)
        return found

    def _look_up(self, brought: Brought, pace: int, head: bool) -> Turns:
        points = frozenset(brought.points)
        slowest = self._paces[pace] if pace < len(self._paces) else math.inf
        rules = (turn for turn in self._turns if head or not turn.judge.rule.by_head)
        return Turns(
            tuple(t for t in rules if t.judge.slowest >= slowest and t.judge.hears(points)),
            tuple(one for one in self.notices if one.slowest >= slowest and one.hears(points)),
        )


def code_of(entry: Entry) -> str:
    """The code or event it tells of; an estimate tells of none."""
    if isinstance(entry, Rule):
        return entry.code
    return entry.event if isinstance(entry, Notice) else ""


def rests_on(make: Made) -> tuple[Made, ...]:
    """The makes of the memories that one rests on."""
    found: tuple[Made, ...] = getattr(make, "rests_on", ())
    return found


def _with_rests(make: Made) -> Iterator[Made]:
    """A make after those it rests on."""
    for one in rests_on(make):
        yield from _with_rests(one)
    yield make


def _of(kind: type, judges: Iterable[Judge[Any]]) -> tuple[Judge[Any], ...]:
    return tuple(judge for judge in judges if isinstance(judge.rule, kind))
