"""Who is judged by what: rules matched to devices and groups, once, at the start.

A ``Subject`` is a device, or a feeder, bus or stand with all its members. It has the judges that
concern it, the memories they share, and, for each rule whose condition has shown, a ``Watched``:
everything else about a quiet rule is shared by all devices of one make. Notices and estimates are
matched as rules are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from gateway.faults import topology
from gateway.faults.coverage import lacking, periods, present_points
from gateway.faults.judges import Judge, Judges
from gateway.faults.rule import Catalogue, Entry, Kept, Memory, Rule, Scope, Settings
from gateway.faults.sight import Sight, Together
from gateway.faults.timing import Delays, Run
from gateway.model import NOTHING, Alarm, Device, Millis

LATE = 1.5
"""A device that answers at more than so many times the slowest rate a rule can judge by is not
judged; below it, polls are merely late (E)."""


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


class Roll:
    """Every subject, by the id that alarms name it by.

    A pillar's id stands for the device and for its feeder; groups of several scopes may share one.
    """

    def __init__(self, devices: Mapping[str, Subject], groups: Iterable[Subject]) -> None:
        self._devices = devices
        self._groups: dict[str, tuple[Subject, ...]] = {}
        for group in groups:
            self._groups[group.id] = (*self._groups.get(group.id, ()), group)

    def __iter__(self) -> Iterator[str]:
        yield from self._devices
        yield from (one for one in self._groups if one not in self._devices)

    def of(self, subject: str) -> tuple[Subject, ...]:
        """The subjects of an id."""
        device, groups = self._devices.get(subject), self._groups.get(subject, ())
        return groups if device is None else (device, *groups)


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
    together: Mapping[tuple[Scope, str], Sequence[Sight]],
    matching: Matching,
    lost: Callable[[frozenset[str]], Sequence[Alarm]],
) -> list[tuple[Subject, list[Device]]]:
    """Every group that some rule judges, with its members."""
    found = []
    for (scope, name), seen in together.items():
        members = [one.device for one in seen]
        leader = topology.head(scope, members)
        judges = matching.of_group(scope, members, leader)
        if not judges:
            continue
        subject = topology.subject(scope, name, leader)
        head = next((one for one in seen if one.device is leader), None)
        found.append((Subject(subject, Together(subject, name, seen, head, lost), judges), members))
    return found
