"""Who is judged by what: rules matched to devices and groups, once, at the start.

A ``Subject`` is a device, or a feeder, bus or stand with all its members. It has the judges that
concern it, the memories they share, and, for each rule whose condition has shown, a ``Watched``:
everything else about a quiet rule is shared by all devices of one make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gateway.faults import topology
from gateway.faults.rule import Memory, Rule, Scope, Settings
from gateway.faults.sight import Sight, Together
from gateway.faults.timing import Delays, Run
from gateway.model import Alarm, Device, Millis


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A rule made ready: its settings, its delays, and those of its points that are there.

    ``period`` is that of these points in ms, the longest where they differ between members.
    """

    rule: Rule
    settings: Settings
    delays: Delays
    points: tuple[str, ...]
    period: Millis


class Watched:
    """One rule about one subject, once its condition has shown: the run, and the alarm if any."""

    __slots__ = ("alarm", "judge", "memory", "run", "subject")

    def __init__(self, subject: Subject, judge: Judge, memory: Memory | None) -> None:
        self.subject = subject
        self.judge = judge
        self.memory = memory
        self.run = Run()
        self.alarm: Alarm | None = None


class Subject:
    """A device or a group: what is seen of it, its judges, what they remember and watch.

    ``memories`` runs beside ``judges``; ``shared`` holds each memory once. ``groups`` are those a
    device's readings also concern.
    """

    __slots__ = ("groups", "id", "judges", "memories", "seen", "shared", "watched")

    def __init__(self, name: str, seen: Any, judges: tuple[Judge, ...]) -> None:  # noqa: ANN401 - a Sight or a Together
        self.id = name
        self.seen = seen
        self.judges = judges
        self.groups: tuple[Subject, ...] = ()
        self.watched: dict[str, Watched] = {}
        self.begin()

    def begin(self) -> None:
        """Begin anew: nothing known, remembered or pending; alarms stay as they are."""
        self.seen.forget()
        made: dict[Callable[[Any], Memory], Memory] = {}
        memories: list[Memory | None] = []
        for judge in self.judges:
            make = judge.rule.memory
            if make is not None and make not in made:
                made[make] = make(self.seen)
            memories.append(None if make is None else made[make])
        self.memories, self.shared = tuple(memories), tuple(made.values())
        for code, watched in list(self.watched.items()):
            if watched.alarm is None:
                del self.watched[code]
            else:
                watched.run.forget()
                watched.memory = self.memories[self.judges.index(watched.judge)]

    def watch(self, judge: Judge) -> Watched:
        """Begin to watch a judge."""
        memory = self.memories[self.judges.index(judge)]
        watched = self.watched[judge.rule.code] = Watched(self, judge, memory)
        return watched


def periods(device: Device) -> dict[str, Millis]:
    """The period of each of a device's points in ms; a derived one has its source's."""
    every = {point.name: round(point.every * 1000) for point in device.points}
    for derived in device.derived:
        every[derived.name] = every.get(derived.source, min(every.values(), default=0))
    return every


class Matching:
    """Matches rules to subjects; devices of one make and equal settings share their judges."""

    def __init__(
        self, rules: Mapping[str, Rule], site_rules: Mapping[str, Mapping[str, object]]
    ) -> None:
        self._rules = rules
        self._site_rules = site_rules
        self._periods: dict[Any, dict[str, Millis]] = {}
        self._judges: dict[Any, tuple[Judge, ...]] = {}

    def periods(self, device: Device) -> dict[str, Millis]:
        """As ``periods``, one mapping for all devices of one make."""
        make = (device.points, device.derived)
        if make not in self._periods:
            self._periods[make] = periods(device)
        return self._periods[make]

    def of_device(self, device: Device) -> tuple[Judge, ...]:
        """The judges of a device."""
        if device.rules:
            return self._match("device", [device], device)
        make = (device.kind, device.points, device.derived)
        if make not in self._judges:
            self._judges[make] = self._match("device", [device], device)
        return self._judges[make]

    def of_group(
        self, scope: Scope, members: Iterable[Device], leader: Device | None
    ) -> tuple[Judge, ...]:
        """The judges of a feeder, bus or stand; its own settings are its pillar's."""
        return self._match(scope, list(members), leader)

    def _match(self, scope: Scope, members: list[Device], own: Device | None) -> tuple[Judge, ...]:
        ready = (
            self._ready(rule, members, own) for rule in self._rules.values() if rule.scope == scope
        )
        return tuple(judge for judge in ready if judge is not None)

    def _ready(self, rule: Rule, members: list[Device], own: Device | None) -> Judge | None:
        """The rule for these members; None if it is switched off or has nothing to judge by."""
        settings = rule.settings(
            **{
                **self._site_rules.get(rule.code, {}),  # type: ignore[arg-type]
                **(own.rules.get(rule.code, {}) if own else {}),
            }
        )
        concerned = [device for device in members if device.kind in rule.kinds]
        points: dict[str, None] = {}
        longest = 0
        for device in concerned:
            every = self.periods(device)
            found = [name for name in every if any(fnmatchcase(name, p) for p in rule.points)]
            points.update(dict.fromkeys(found))
            longest = max(longest, min((every[name] for name in found), default=0))
        if not settings.enabled or not concerned or not (points or rule.hears_silence):
            return None
        return Judge(rule, settings, Delays.of(settings), tuple(points), longest)


def group_subjects(
    devices: Iterable[Device], sights: Mapping[str, Sight], matching: Matching
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
        together = Together(subject, name, seen, sights[leader.id] if leader else None)
        found.append((Subject(subject, together, judges), members))
    return found
