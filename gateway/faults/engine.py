"""The fault engine: readings in, alarms and events out.

It is pure: no clock, no file, no bus. Time is the readings' own, so the daemon on the edge and a
replay of its recording decide alike. Each reading updates what is known of its device (``sight``),
feeds the memories its rules share, and asks the rules its values concern (matched once, at the
start, in ``subject``). Most answer ``NORMAL`` with nothing pending and cost nothing more. Otherwise
a ``Run`` (``timing``) decides whether the condition has held for long enough, and the table in
``lifecycle`` what that does to the alarm.

The principles of domain §0 live here and in those parts, not in the rules: only good values;
undecided neither raises nor clears; holes, restarts and steps of the clock begin the timing anew
but clear nothing; the more specific code stands for the vaguer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any, NamedTuple, TypeAlias

from gateway.faults import snapshot, topology
from gateway.faults.learning import Learning
from gateway.faults.lifecycle import Step, advance, present
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Catalogue, Scope, Verdict
from gateway.faults.sight import CURRENT_FOR, Sight, Together
from gateway.faults.subject import Matching, Subject, Watched, group_subjects
from gateway.model import (
    NOTHING,
    Alarm,
    AlarmAction,
    Device,
    Event,
    Millis,
    Reading,
    Severity,
    State,
    Value,
)

Outcome: TypeAlias = Alarm | Event

GROUP_STEP = 1_000
"""ms: a group is looked at no more often because of its members; its head always counts."""

CLOCK_STEP = 60_000
"""ms: members' readings interleave; further back than this the clock was set."""

GRAVITY = {Severity.WARNING: 0, Severity.MINOR: 1, Severity.MAJOR: 2, Severity.CRITICAL: 3}

ACTIONS: Mapping[str, Step] = {
    "acknowledge": Step.ACKNOWLEDGE,
    "reset": Step.RESET,
    "out-of-service": Step.REMOVE,
    "in-service": Step.RETURN,
}


class Estimates(NamedTuple):
    """Values computed at ``since``, and until when they may be published."""

    values: Mapping[str, Value]
    since: Millis
    until: Millis


def _brings(fresh: Mapping[str, Value], points: Iterable[str]) -> bool:
    """Whether a reading has a good value of one of these points."""
    for point in points:  # noqa: SIM110 - any() costs twice as much, for every rule and reading
        if point in fresh:
            return True
    return False


class FaultEngine:
    """Judges readings of ``devices`` by ``rules`` and keeps their alarms.

    ``latitude`` and ``longitude`` are the site's, for devices that give no place of their own.
    Settings: the rule's defaults, then ``site_rules`` by code, then the device's own ``rules``
    (a feeder's come from its pillar), all as already parsed values. Calendars are in ``zone``.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        rules: Catalogue,
        latitude: float,
        longitude: float,
        site_rules: Mapping[str, Mapping[str, object]] = NOTHING,
        zone: tzinfo = UTC,
    ) -> None:
        self._alarms: dict[tuple[str, str], Watched] = {}
        self._zone = zone
        every = tuple(devices)
        matching = Matching(rules, site_rules)
        site = (latitude, longitude)
        sights = {device.id: self._sight(device, site, matching) for device in every}
        self._together: Mapping[tuple[Scope, str], Sequence[Sight]] = {
            key: [sights[device.id] for device in members]
            for key, members in topology.groups(every).items()
        }
        self._devices = {
            device.id: Subject(device.id, sights[device.id], matching.of_device(device))
            for device in every
        }
        groups = group_subjects(every, sights, matching)
        for group, members in groups:
            for device in members:
                if device.kind in group.kinds:
                    self._devices[device.id].groups += (group,)
        self._subjects = (*self._devices.values(), *(group for group, _ in groups))
        #: What rules learnt over weeks.
        self.learning = Learning(self._subjects)

    def _sight(self, device: Device, site: tuple[float, float], matching: Matching) -> Sight:
        place = site
        if device.latitude is not None and device.longitude is not None:
            place = (device.latitude, device.longitude)
        every = matching.periods(device)
        return Sight(device, every, place, self._zone, self._neighbours, self._standing)

    def _neighbours(self, device: Device, scope: Scope) -> Sequence[Sight]:
        name = topology.name(device, scope)
        return () if name is None else self._together.get((scope, name), ())

    def _standing(self, subject: str, code: str) -> bool:
        watched = self._alarms.get((subject, code))
        return watched is not None and watched.alarm is not None and present(watched.alarm)

    # Readings

    def feed(self, reading: Reading) -> list[Outcome]:
        """Judge a reading; the alarms it changed, as they stand now, and the events it made.

        Readings of one device come in the order of their time; one from before the last means
        that the clock was set, and its device begins anew. Unknown devices are ignored.
        """
        subject = self._devices.get(reading.device)
        if subject is None:
            return []
        sight: Sight = subject.seen
        if reading.t < sight.t:
            subject.begin()
        sight.take(reading)
        out: list[Outcome] = []
        self._judge(subject, sight, out)
        for group in subject.groups:
            together: Together = group.seen
            if sight.t < together.t - CLOCK_STEP:
                group.begin()
            elif sight is not together.head and sight.t < together.t + GROUP_STEP:
                continue
            together.take(sight)
            self._judge(group, sight, out)
        return out

    def _judge(self, subject: Subject, sight: Sight, out: list[Outcome]) -> None:
        """Ask every judge of the subject whom the latest reading, that of ``sight``, concerns.

        All are heard before an alarm is raised: of two that are due with one reading, only the
        more specific one is.
        """
        seen, fresh, watched = subject.seen, sight.fresh, subject.watched
        due: list[Watched] = []
        over: list[Watched] = []
        for memory in subject.shared:
            memory.see(seen)
        for judge, remembered in zip(subject.judges, subject.memories, strict=True):
            rule = judge.rule
            if sight.interval > judge.slowest or not (
                rule.hears_silence or _brings(fresh, judge.points)
            ):
                continue
            verdict = rule.judge(seen, judge.settings, remembered)
            if verdict is UNDECIDED:
                continue
            known = watched.get(rule.code)
            if known is None:
                if verdict is NORMAL or verdict is BETWEEN:
                    continue
                known = subject.watch(judge)
            self._decide(known, verdict, max(judge.period, sight.period), due, over, out)
        if due or over:
            self._settle(due, over, out)
        if subject.notices:
            self._notice(subject, sight, out)

    def _settle(self, due: Sequence[Watched], over: Sequence[Watched], out: list[Outcome]) -> None:
        """Raise what is due, unless a more specific code stands for it, did so until now, or will.

        What an alarm stood for until now is judged afresh from the next reading on.
        """
        for one in over:
            for vaguer in one.judge.rule.replaces:
                known = one.subject.watched.get(vaguer)
                if known is not None and known.alarm is None:
                    known.run.forget()
        specific = {code for one in due for code in one.judge.rule.replaces}
        for one in due:
            if one.run.met and one.judge.rule.code not in specific:
                self._raise(one, out)

    @staticmethod
    def _notice(subject: Subject, sight: Sight, out: list[Outcome]) -> None:
        """Tell what has just happened."""
        seen = subject.seen
        for judge, remembered in zip(subject.notices, subject.noted, strict=True):
            notice = judge.rule
            if sight.interval > judge.slowest or not (
                notice.hears_silence or _brings(sight.fresh, judge.points)
            ):
                continue
            told = notice.notice(seen, judge.settings, remembered)
            if told is not None:
                message, values = told
                out.append(Event(subject.id, notice.event, seen.t, {"message": message, **values}))

    def estimates(self, device: str) -> Estimates | None:
        """What is to be published with the next reading of a device, if that comes in time."""
        subject = self._devices.get(device)
        if subject is None or not subject.estimates:
            return None
        sight: Sight = subject.seen
        values: dict[str, Value] = {}
        for judge in subject.estimates:
            if sight.interval <= judge.slowest:
                memory = subject.memory(judge)
                values.update(judge.rule.estimate(sight, judge.settings, memory))
        return Estimates(values, sight.t, sight.t + CURRENT_FOR * sight.period)

    def estimated(self, device: str) -> dict[str, str]:
        """The values that may be published with a device's own, and their units."""
        subject = self._devices.get(device)
        judges = () if subject is None else subject.estimates
        return {name: unit for judge in judges for name, unit in judge.rule.values.items()}

    def _decide(
        self,
        watched: Watched,
        verdict: Verdict,
        period: Millis,
        due: list[Watched],
        over: list[Watched],
        out: list[Outcome],
    ) -> None:
        """Time a verdict; clear or regrade the alarm if that settles it, or note what is due."""
        t, alarm = watched.subject.seen.t, watched.alarm
        established = watched.run.step(verdict, t, watched.judge.delays, period)
        if alarm is not None and present(alarm):
            if established is NORMAL:
                over.append(watched)
                self._advance(watched, Step.CLEAR, t, out)
            elif verdict is not NORMAL:
                self._regrade(watched, alarm, out)
        elif established is MET:
            due.append(watched)
        elif alarm is None and not watched.run.met:
            del watched.subject.watched[watched.judge.rule.code]

    # Alarms

    def _raise(self, watched: Watched, out: list[Outcome]) -> None:
        subject, rule, t = watched.subject, watched.judge.rule, watched.subject.seen.t
        if self._stood_for(watched):
            return
        for vaguer in rule.replaces:
            replaced = self._alarms.get((subject.id, vaguer))
            if replaced is not None and replaced.alarm is not None:
                replaced.run.forget()
                replaced.alarm = replace(replaced.alarm, cause=f"{subject.id}/{rule.code}")
                self._advance(replaced, Step.REPLACE, t, out)
        if watched.alarm is None:
            watched.alarm = Alarm(subject.id, rule.code, t, State.NORMAL, rule.severity, "", t)
            self._alarms[subject.id, rule.code] = watched
        watched.alarm = self._told(watched, watched.alarm, watched.run.since)
        self._advance(watched, Step.RAISE, t, out)

    def _stood_for(self, watched: Watched) -> bool:
        """Whether a more specific alarm stands that replaces this one."""
        subject, code = watched.subject, watched.judge.rule.code
        return any(
            code in judge.rule.replaces and self._standing(subject.id, judge.rule.code)
            for judge in subject.judges
        )

    @staticmethod
    def _told(watched: Watched, alarm: Alarm, since: Millis) -> Alarm:
        """The alarm with the severity, sentence and figures of now."""
        judge, seen = watched.judge, watched.subject.seen
        rule, settings, memory = judge.rule, judge.settings, watched.memory
        severity = rule.severity if rule.grade is None else rule.grade(seen, settings, memory)
        message, values = rule.tell(seen, settings, memory, since)
        watched.parts = watched.parts_now()
        return replace(alarm, severity=severity, message=message, values={"since": since, **values})

    def _regrade(self, watched: Watched, alarm: Alarm, out: list[Outcome]) -> None:
        """Tell a standing alarm anew if it has become graver, or concerns more than it did.

        It never becomes less grave.
        """
        judge, seen, known = watched.judge, watched.subject.seen, watched.parts
        grade, severity = judge.rule.grade, alarm.severity
        if grade is not None:
            now = grade(seen, judge.settings, watched.memory)
            severity = max(now, severity, key=GRAVITY.__getitem__)
        if severity is not alarm.severity or not watched.parts_now() <= known:
            since = watched.run.since if watched.run.met else alarm.raised
            told = self._told(watched, alarm, since)
            watched.parts |= known
            watched.alarm = replace(told, t=seen.t, severity=severity)
            out.append(watched.alarm)

    def _advance(
        self, watched: Watched, step: Step, t: Millis, out: list[Outcome], by: str = ""
    ) -> None:
        """Take an alarm one step through its life, and say so."""
        if watched.alarm is None:
            return
        rule, subject = watched.judge.rule, watched.subject
        alarm = advance(watched.alarm, step, t, latched=rule.latched, by=by)
        if alarm is None:
            return
        out.append(alarm)
        watched.alarm = alarm
        if alarm.state is State.NORMAL:
            watched.alarm = None
            del self._alarms[subject.id, rule.code]
            if not watched.run.met:
                del subject.watched[rule.code]

    # What the daemon asks

    def act(self, action: AlarmAction) -> list[Outcome]:
        """Do what a person asks of an alarm: acknowledge, reset, out-of-service, in-service.

        Anything that has no effect (no such alarm, already acknowledged, a reset while the
        condition is present, an action not offered) gives an empty list.
        """
        out: list[Outcome] = []
        watched = self._alarms.get((action.device, action.code))
        step = ACTIONS.get(action.action)
        if watched is not None and step is not None:
            self._advance(watched, step, action.t, out, action.by)
        return out

    def active(self) -> tuple[Alarm, ...]:
        """Every alarm that is not normal, in the order they first came."""
        return tuple(watched.alarm for watched in self._alarms.values() if watched.alarm)

    def begin(self) -> None:
        """Forget what was seen, after a restart or a step of the clock; alarms stay."""
        for subject in self._subjects:
            subject.begin()

    def snapshot(self) -> dict[str, Any]:
        """What a restart must not forget, as JSON: the alarms."""
        return snapshot.dump(self.active())

    def restore(self, saved: Mapping[str, Any], t: Millis) -> list[Outcome]:
        """Take up the alarms of a snapshot; those whose device or rule is gone end at ``t``.

        For a fresh engine, before its first reading. Raises ValueError for what is not a snapshot.
        """
        judged = {
            (subject.id, judge.rule.code): (subject, judge)
            for subject in self._subjects
            for judge in subject.judges
        }
        out: list[Outcome] = []
        for alarm in snapshot.load(saved):
            key = (alarm.device, alarm.code)
            if key not in judged:
                out.append(replace(alarm, t=t, state=State.NORMAL, cleared=alarm.cleared or t))
                continue
            subject, judge = judged[key]
            self._alarms[key] = watched = subject.watch(judge)
            watched.alarm = alarm
        return out
