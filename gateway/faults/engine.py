"""The fault engine: readings in, alarms and events out.

It is pure: no clock, no file, no bus. Time is the readings' own, so the daemon on the edge and a
replay of its recording decide alike. Each reading updates what is known of its device (``sight``),
feeds the memories its rules share, and asks the rules its values concern (matched once, at the
start, in ``subject``). Most answer ``NORMAL`` with nothing pending and cost nothing more. Otherwise
a ``Run`` (``timing``) decides whether the condition has held for long enough, and ``alarms`` what
becomes of that. What happens with time alone (``timers``) happens before the next reading.

The principles of domain §0 live here and in those parts, not in the rules: only good values;
undecided neither raises nor clears; holes, restarts and steps of the clock begin the timing anew
but clear nothing; the more specific code stands for the vaguer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from gateway.faults import snapshot, topology
from gateway.faults.alarms import Alarms, Outcome
from gateway.faults.causes import Kin
from gateway.faults.conduct import Conduct
from gateway.faults.judges import Judge
from gateway.faults.learning import Learning
from gateway.faults.lifecycle import present
from gateway.faults.people import People
from gateway.faults.rule import (
    BETWEEN,
    MET,
    NORMAL,
    UNDECIDED,
    Catalogue,
    Notice,
    Scope,
    Verdict,
)
from gateway.faults.sight import CURRENT_FOR, Around, Sight, Together
from gateway.faults.subject import Matching, Roll, Subject, Watched, group_subjects
from gateway.faults.timers import Timers
from gateway.faults.upkeep import Upkeep, Window
from gateway.model import (
    NOTHING,
    Alarm,
    AlarmAction,
    Device,
    Event,
    Millis,
    Reading,
    Value,
)

__all__ = ["Estimates", "FaultEngine", "Outcome", "Window"]

GROUP_STEP = 1_000
"""ms: a group is looked at no more often because of its members; its head always counts."""

CLOCK_STEP = 60_000
"""ms: members' readings interleave; further back than this the clock was set."""


class Estimates(NamedTuple):
    """Values computed at ``since``, and until when they may be published."""

    values: Mapping[str, Value]
    since: Millis
    until: Millis


class FaultEngine:
    """Judges readings of ``devices`` by ``rules`` and keeps their alarms.

    ``latitude`` and ``longitude`` are the site's, for devices that give no place of their own.
    Settings: the rule's defaults, then ``site_rules`` by code, then the device's own ``rules``
    (a feeder's come from its pillar), all as already parsed values. Calendars are in ``zone``;
    ``windows`` are those of maintenance.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        rules: Catalogue,
        latitude: float,
        longitude: float,
        site_rules: Mapping[str, Mapping[str, object]] = NOTHING,
        zone: tzinfo = UTC,
        windows: Iterable[Window] = (),
    ) -> None:
        every = tuple(devices)
        matching = Matching(rules, site_rules)
        around = Around((latitude, longitude), zone, self._neighbours, self._standing)
        sights = {device.id: Sight(device, matching.periods(device), around) for device in every}
        self._together: Mapping[tuple[Scope, str], Sequence[Sight]] = {
            key: [sights[device.id] for device in members]
            for key, members in topology.groups(every).items()
        }
        self._devices = {
            device.id: Subject(device.id, sights[device.id], matching.of_device(device))
            for device in every
        }
        groups = group_subjects(self._together, matching, self._lost)
        sets: dict[tuple[Subject, ...], tuple[Subject, ...]] = {}
        for group, members in groups:
            for device in members:
                if device.kind in group.judges.kinds:
                    one = self._devices[device.id]
                    together = (*one.groups, group)
                    one.groups = sets.setdefault(together, together)  # one for all its members
        self._subjects = (*self._devices.values(), *(group for group, _ in groups))
        roll = Roll(self._devices, (group for group, _ in groups))
        #: What rules learnt over weeks.
        self.learning = Learning(roll)
        self._begun = False
        self._timers = Timers()
        self._upkeep = Upkeep(windows, self._timers)
        self._out: list[Outcome] = []
        self._conduct = Conduct(self._timers, self._out.append)
        self._alarms = Alarms(
            roll,
            Kin(every),
            self._timers,
            self._upkeep.maintained,
            self._conduct.raised,
            self._out,
        )
        self._people = People(self._alarms, self._timers)

    def _neighbours(self, device: Device, scope: Scope) -> Sequence[Sight]:
        name = topology.name(device, scope)
        return () if name is None else self._together.get((scope, name), ())

    def _standing(self, subject: str, code: str) -> bool:
        return self._alarms.standing(subject, code)

    def _lost(self, codes: frozenset[str]) -> list[Alarm]:
        return self._alarms.lost(codes)

    # Readings

    def feed(self, reading: Reading) -> list[Outcome]:
        """Judge a reading; the alarms it changed, as they stand now, and the events it made.

        Readings of one device come in the order of their time; one from before the last means
        that the clock was set, and its device begins anew. Unknown devices are ignored.
        """
        self._run_on(reading.t)
        subject = self._devices.get(reading.device)
        if subject is None:
            return self._said()
        sight: Sight = subject.seen
        if reading.t < sight.t:
            subject.begin()
        sight.take(reading)
        for group in subject.groups:
            together: Together = group.seen
            if sight.t < together.t - CLOCK_STEP:
                group.begin()
            elif sight is not together.head and sight.t < together.t + GROUP_STEP:
                continue
            together.take(sight)
            self._judge(group, sight, head=sight is together.head)
        self._judge(subject, sight)  # after its groups: what explains an alarm comes before it
        return self._said()

    def _judge(self, subject: Subject, sight: Sight, *, head: bool = True) -> None:
        """Ask every judge of the subject whom the latest reading, that of ``sight``, concerns.

        All are heard before an alarm is raised: of two that are due with one reading, only the
        more specific one is.
        """
        seen, memories = subject.seen, subject.memories
        due: list[Watched] = []
        over: list[Watched] = []
        for fed in memories:
            if fed is not None:
                fed.see(seen)
        turns = subject.judges.concerned(sight.brought, sight.interval, head=head)
        for place, code, quiet, ask, settings, judge in turns.rules:
            watched = subject.watched  # what ends with one alarm may be watched anew
            known = watched.get(code) if watched else None
            memory = memories[place]
            if known is None and quiet is not None and quiet(seen, settings, memory):
                continue
            verdict = ask(seen, settings, memory)
            if verdict is UNDECIDED:
                continue
            if known is None:
                if verdict is NORMAL or verdict is BETWEEN:
                    continue
                known = subject.watch(judge)
            self._decide(known, verdict, max(judge.period, sight.period), due, over)
        if due or over:
            self._alarms.settle(due, over)
        for told in turns.notices:
            self._notice(subject, told)

    def _notice(self, subject: Subject, judge: Judge[Notice]) -> None:
        """Tell what has just happened, if it has."""
        seen, notice = subject.seen, judge.rule
        told = notice.notice(seen, judge.settings, subject.memory(judge))
        if told is not None:
            message, values = told
            event = Event(subject.id, notice.event, seen.t, {"message": message, **values})
            self._out.append(event)

    def estimates(self, device: str) -> Estimates | None:
        """What is to be published with the next reading of a device, if that comes in time."""
        subject = self._devices.get(device)
        if subject is None or not subject.judges.estimates:
            return None
        sight: Sight = subject.seen
        values: dict[str, Value] = {}
        for judge in subject.judges.estimates:
            if sight.interval <= judge.slowest:
                memory = subject.memory(judge)
                values.update(judge.rule.estimate(sight, judge.settings, memory))
        return Estimates(values, sight.t, sight.t + CURRENT_FOR * sight.period)

    def estimated(self, device: str) -> dict[str, str]:
        """The values that may be published with a device's own, and their units."""
        subject = self._devices.get(device)
        judges = () if subject is None else subject.judges.estimates
        return {name: unit for judge in judges for name, unit in judge.rule.values.items()}

    def _decide(
        self,
        watched: Watched,
        verdict: Verdict,
        period: Millis,
        due: list[Watched],
        over: list[Watched],
    ) -> None:
        """Time a verdict; clear or regrade the alarm if that settles it, or note what is due."""
        t, alarm = watched.subject.seen.t, watched.alarm
        established = watched.run.step(verdict, t, watched.judge.delays, period)
        if alarm is not None and present(alarm):
            if established is NORMAL:
                over.append(watched)
                self._alarms.clear(watched, t)
            elif verdict is not NORMAL:
                self._alarms.regrade(watched, alarm)
        elif established is MET:
            due.append(watched)
        elif alarm is None and not watched.run.met:
            watched.subject.unwatch(watched.judge.rule.code)

    # Time and people

    def tick(self, t: Millis) -> list[Outcome]:
        """Time has run on to ``t``, whether or not anything was read."""
        self._run_on(t)
        return self._said()

    def _run_on(self, t: Millis) -> None:
        """Do what was due before ``t``."""
        if not self._begun:
            self._begun = True
            self._conduct.begin(t, self._alarms)
            self._upkeep.begin(t, self._alarms)
        if t >= self._timers.next:
            self._timers.run(t)

    def _said(self) -> list[Outcome]:
        """What there is to tell, once."""
        if not self._out:
            return []
        said = self._out[:]
        self._out.clear()
        return said

    def act(self, action: AlarmAction) -> list[Outcome]:
        """Do what a person asks of an alarm, and put it on record (``people``)."""
        self._run_on(action.t)
        self._people.act(action)
        return self._said()

    # What the daemon asks

    def active(self) -> tuple[Alarm, ...]:
        """Every alarm that is not normal, in the order they first came."""
        return self._alarms.active()

    def begin(self) -> None:
        """Forget what was seen, after a restart or a step of the clock; alarms stay."""
        for subject in self._subjects:
            subject.begin()

    def snapshot(self) -> dict[str, Any]:
        """What a restart must not forget, as JSON: the alarms, and which actions were done."""
        return snapshot.dump(self.active()) | {"done": self._people.dump()}

    def restore(self, saved: Mapping[str, Any], t: Millis) -> list[Outcome]:
        """Take up the alarms of a snapshot; those whose device or rule is gone end at ``t``.

        For a fresh engine, before its first reading. Raises ValueError for what is not a snapshot.
        """
        for alarm in snapshot.load(saved):
            self._alarms.resume(alarm, t)
            self._people.expire(alarm)
        self._people.load(saved.get("done", ()))
        self._run_on(t)
        self._alarms.release_orphans(t)
        return self._said()
