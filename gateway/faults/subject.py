"""Who is judged by what: rules matched to devices and groups, once, at the start.

A ``Subject`` is a device, or a feeder, bus or stand with all its members. It has the judges that
concern it, the memories they share, and, for each rule whose condition has shown, a ``Watched``:
everything else about a quiet rule is shared by all devices of one make. Notices and estimates are
matched as rules are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from gateway.faults import topology
from gateway.faults.coverage import lacking, periods, present_points
from gateway.faults.rule import (
    Catalogue,
    Entry,
    Estimate,
    Learnt,
    Made,
    Memory,
    Notice,
    Rule,
    Scope,
    Settings,
)
from gateway.faults.sight import Sight, Together
from gateway.faults.timing import Delays, Run
from gateway.model import Alarm, Device, Millis, Value

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

    def hears(self, fresh: Mapping[str, Value]) -> bool:
        """Whether a reading with these good values concerns it."""
        return self.rule.hears_silence or not fresh.keys().isdisjoint(self.points)


Turns: TypeAlias = tuple[tuple[int, Judge[Rule]], ...]
"""Rules that a reading concerns, each with the place of its memory."""

MOST_PATTERNS = 64
"""Sets of points, of devices of one make, for which the rules they concern are looked up once."""


class Judges:
    """All that judges one subject; subjects of one make share it.

    ``kinds`` are those whose readings concern it; ``makes`` are what its memories are made by, each
    once, ``users`` the codes of those who look at each, and ``place`` says which of them a judge
    looks at.
    """

    __slots__ = (
        "_patterns",
        "_places",
        "_tightest",
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
        self._tightest = min((judge.slowest for judge in self.rules), default=math.inf)
        self._patterns: dict[tuple[str, ...], Turns] = {}
        every: list[Judge[Any]] = [*self.rules, *self.notices, *self.estimates]
        makes = dict.fromkeys(judge.rule.memory for judge in every)
        self.makes: tuple[Made, ...] = tuple(make for make in makes if make is not None)
        self._places = {make: place for place, make in enumerate(self.makes)}
        told = [(code_of(judge.rule), judge.rule.memory) for judge in every]
        self.users: tuple[frozenset[str], ...] = tuple(
            frozenset(code for code, memory in told if memory == make) for make in self.makes
        )

    def place(self, judge: Judge[Any]) -> int:
        """Where among the memories its own is; -1 if it has none."""
        return -1 if judge.rule.memory is None else self._places[judge.rule.memory]

    def __bool__(self) -> bool:
        return bool(self.rules or self.notices)

    def concerned(self, fresh: Mapping[str, Value], interval: Millis) -> Turns:
        """The rules that a reading with these good values concerns, so long after the last one."""
        points = tuple(fresh)
        found = self._patterns.get(points)
        if found is None:
            found = tuple((self.place(one), one) for one in self.rules if one.hears(fresh))
            if len(self._patterns) < MOST_PATTERNS:
                self._patterns[points] = found
        if interval > self._tightest:
            return tuple(one for one in found if interval <= one[1].slowest)
        return found


def code_of(entry: Entry) -> str:
    """The code or event it tells of; an estimate tells of none."""
    if isinstance(entry, Rule):
        return entry.code
    return entry.event if isinstance(entry, Notice) else ""


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
        self.watched: dict[str, Watched] = {}
        self.memories: tuple[Memory | None, ...] = (None,) * (len(judges.makes) + 1)
        self.begin()

    def begin(self) -> None:
        """Begin anew: nothing known or pending; alarms stay as they are, and what is learnt."""
        self.seen.forget()
        kept: list[Memory] = []
        for make, memory in zip(self.judges.makes, self.memories[:-1], strict=True):
            if isinstance(memory, Learnt):
                memory.begin()
                kept.append(memory)
            else:
                kept.append(make(self.seen))
        self.memories = (*kept, None)
        for code, watched in list(self.watched.items()):
            if watched.alarm is None:
                del self.watched[code]
            else:
                watched.run.forget()
                watched.memory = self.memory(watched.judge)

    def afresh(self, codes: AbstractSet[str]) -> None:
        """Judge these codes anew: what was pending or remembered for nothing else is forgotten.

        Alarms stay as they are, and so does what is learnt.
        """
        kept = zip(self.judges.makes, self.judges.users, self.memories[:-1], strict=True)
        renewed = [
            memory if isinstance(memory, Learnt) or not users <= codes else make(self.seen)
            for make, users, memory in kept
        ]
        self.memories = (*renewed, None)
        for code in codes & self.watched.keys():
            watched = self.watched[code]
            if watched.alarm is None:
                watched.run.forget()  # somebody may hold it as due already
                del self.watched[code]
            else:
                watched.memory = self.memory(watched.judge)

    def memory(self, judge: Judge[Any]) -> Memory | None:
        """The memory a judge looks at."""
        return self.memories[self.judges.place(judge)]

    def watch(self, judge: Judge[Rule]) -> Watched:
        """Begin to watch a judge."""
        watched = self.watched[judge.rule.code] = Watched(self, judge, self.memory(judge))
        return watched


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
