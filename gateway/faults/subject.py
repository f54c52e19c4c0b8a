"""Who is judged by what: rules matched to devices and groups, once, at the start.

A ``Subject`` is a device, or a feeder, bus or stand with all its members. It has the judges that
concern it, the memories they share, and, for each rule whose condition has shown, a ``Watched``:
everything else about a quiet rule is shared by all devices of one make. Notices and estimates are
matched as rules are.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.faults import topology
from gateway.faults.coverage import lacking, periods, present_points
from gateway.faults.rule import (
    Catalogue,
    Entry,
    Estimate,
    Kept,
    Made,
    Memory,
    Notice,
    Rule,
    Scope,
    Settings,
    Verdict,
)
from gateway.faults.sight import MOST_PATTERNS, Brought, Sight, Together
from gateway.faults.timing import Delays, Run
from gateway.model import NOTHING, Alarm, Device, Millis

E = TypeVar("E", Rule, Notice, Estimate)

LATE = 1.5
"""A device that answers at more than so many times the slowest rate a rule can judge by is not
judged; below it, polls are merely late (E)."""


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
        self._patterns: dict[Brought, list[Turns]] = {}
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
        found = self._patterns.get(brought)
        if found is None:
            if len(self._patterns) == MOST_PATTERNS:
                self._patterns.clear()
            found = self._patterns[brought] = self._look_up(brought.points)
        return found[2 * bisect_left(self._paces, interval) + head]

    def _look_up(self, points: frozenset[str]) -> list[Turns]:
        """Whom these points concern: by pace, each of a member and of the head."""
        rules = [turn for turn in self._turns if turn.judge.hears(points)]
        notices = [judge for judge in self.notices if judge.hears(points)]
        return [
            Turns(
                tuple(
                    turn
                    for turn in rules
                    if turn.judge.slowest >= pace and (head or not turn.judge.rule.by_head)
                ),
                tuple(judge for judge in notices if judge.slowest >= pace),
            )
            for pace in (*self._paces, math.inf)
            for head in (False, True)
        ]


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


class Watched:
    """One rule about one subject, once its condition has shown: the run, and the alarm if any."""

    __slots__ = ("alarm", "judge", "memory", "parts", "run", "subject")

    def __init__(self, subject: Subject, judge: Judge[Rule], memory: Memory | None) -> None:
        self.subject = subject
        self.judge = judge
        self.memory = memory
        self.run = Run()
        self.alarm: Alarm | None = None
        self.parts: frozenset[str] = frozenset()

    def parts_now(self) -> frozenset[str]:
        """What the alarm concerns now, for a rule that says so."""
        parts, judge = self.judge.rule.parts, self.judge
        if parts is None:
            return self.parts
        return frozenset(parts(self.subject.seen, judge.settings, self.memory))


class Subject:
    """A device or a group: what is seen of it, its judges, what they remember and watch.

    ``memories`` are those that ``judges.place`` points to; the last is None, for judges that
    remember nothing. ``groups`` are those a device's readings also concern.
    """

    __slots__ = ("groups", "id", "judges", "memories", "seen", "watched")

    def __init__(self, name: str, seen: Any, judges: Judges) -> None:  # noqa: ANN401 - a Sight or a Together
        self.id = name
        self.seen = seen
        self.judges = judges
        self.groups: tuple[Subject, ...] = ()
        self.watched: Mapping[str, Watched] = NOTHING
        self.memories: tuple[Memory | None, ...] = (None,) * (len(judges.makes) + 1)
        self.begin()

    def begin(self) -> None:
        """Begin anew: nothing known or pending; alarms stay as they are, and what is learnt."""
        self.seen.forget()
        for memory in self.memories:
            if isinstance(memory, Kept):
                memory.begin()
        self._remember(lambda _: True)
        for code, watched in list(self.watched.items()):
            if watched.alarm is None:
                self.unwatch(code)
            else:
                watched.run.forget()
                watched.memory = self.memory(watched.judge)

    def afresh(self, codes: AbstractSet[str]) -> None:
        """Judge these codes anew: what was pending or remembered for nothing else is forgotten.

        Alarms stay as they are, and so does what is learnt.
        """
        self._remember(lambda users: users <= codes)
        for code in codes & self.watched.keys():
            watched = self.watched[code]
            if watched.alarm is None:
                watched.run.forget()  # somebody may hold it as due already
                self.unwatch(code)
            else:
                watched.memory = self.memory(watched.judge)

    def _remember(self, anew: Callable[[frozenset[str]], bool]) -> None:
        """Make what is not there, and what is not kept and looked at by such codes, anew."""
        judges = self.judges
        memories: list[Memory] = []
        for make, users, memory in zip(judges.makes, judges.users, self.memories[:-1], strict=True):
            if memory is None or (anew(users) and not isinstance(memory, Kept)):
                rests = (memories[place] for place in judges.rests(make))
                memories.append(make(self.seen, *rests))
            else:
                memories.append(memory)
        self.memories = (*memories, None)

    def memory(self, judge: Judge[Any]) -> Memory | None:
        """The memory a judge looks at."""
        return self.memories[self.judges.place(judge)]

    def watch(self, judge: Judge[Rule]) -> Watched:
        """Begin to watch a judge."""
        watched = Watched(self, judge, self.memory(judge))
        self.watched = {**self.watched, judge.rule.code: watched}
        return watched

    def unwatch(self, code: str) -> None:
        """Watch a rule no more."""
        left = {one: watched for one, watched in self.watched.items() if one != code}
        self.watched = left or NOTHING


class Matching:
    """Matches rules to subjects; devices of one make and equal settings share their judges."""

    def __init__(self, rules: Catalogue, site_rules: Mapping[str, Mapping[str, object]]) -> None:
        self._rules = rules
        self._site_rules = site_rules
        self._periods: dict[Any, dict[str, Millis]] = {}
        self._judges: dict[Any, Judges] = {}

    def periods(self, device: Device) -> dict[str, Millis]:
        """As ``periods``, one mapping for all devices of one make."""
        make = (device.points, device.derived)
        if make not in self._periods:
            self._periods[make] = periods(device)
        return self._periods[make]

    def of_device(self, device: Device) -> Judges:
        """The judges of a device."""
        if device.rules:
            return self._match("device", [device], device)
        make = (device.kind, device.points, device.derived)
        if make not in self._judges:
            self._judges[make] = self._match("device", [device], device)
        return self._judges[make]

    def of_group(self, scope: Scope, members: Iterable[Device], leader: Device | None) -> Judges:
        """The judges of a feeder, bus or stand; its own settings are its pillar's."""
        return self._match(scope, list(members), leader)

    def _match(self, scope: Scope, members: list[Device], own: Device | None) -> Judges:
        ready = [
            self._ready(name, rule, members, own)
            for name, rule in self._rules.items()
            if rule.scope == scope
        ]
        return Judges([judge for judge in ready if judge is not None])

    def _ready(
        self, name: str, rule: Entry, members: list[Device], own: Device | None
    ) -> Judge[Any] | None:
        """The rule for these members; None if it is switched off or has nothing to judge by."""
        told: dict[str, Any] = dict(self._site_rules.get(name, {}))
        if own is not None:
            told.update(own.rules.get(name, {}))
        settings = rule.settings(**told)
        concerned = [device for device in members if device.kind in rule.kinds]
        if not settings.enabled or not concerned:
            return None
        every = [self.periods(device) for device in concerned]
        if lacking(rule, every):
            return None
        found = [present_points(rule, names) for names in every]
        longest = max(
            min((names[point] for point in points), default=min(names.values(), default=0))
            for names, points in zip(every, found, strict=True)
        )
        points = tuple(dict.fromkeys(point for points in found for point in points))
        slowest = math.inf if rule.at_least_every is None else rule.at_least_every * 1000
        if longest > slowest:
            return None
        delays = Delays.of(settings) if isinstance(settings, Settings) else Delays(0, 0, 1)
        return Judge(rule, settings, delays, points, longest, slowest * LATE)


def group_subjects(
    devices: Iterable[Device],
    sights: Mapping[str, Sight],
    matching: Matching,
    lost: Callable[[frozenset[str]], Sequence[Alarm]],
) -> list[tuple[Subject, tuple[Device, ...]]]:
    """Every group that some rule judges, with its members."""
    found = []
    for (scope, name), members in topology.groups(devices).items():
        leader = topology.head(scope, members)
        judges = matching.of_group(scope, members, leader)
        if not judges:
            continue
        subject = topology.subject(scope, name, leader)
        seen = [sights[device.id] for device in members]
        together = Together(subject, name, seen, sights[leader.id] if leader else None, lost)
        found.append((Subject(subject, together, judges), members))
    return found
