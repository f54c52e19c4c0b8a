"""The alarms themselves: what a verdict, an explanation or a person makes of them.

``Alarms`` keeps every alarm that is not normal. A rule that is *due* is raised unless a more
specific code stands for it or its parent is on its way; if something explains it (``causes``, or a
maintenance window) it is suppressed from the start. A parent takes in what was raised shortly
before it, counts what it explains, and lets go of it when it clears: what it took in ends there and
is judged afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from gateway.faults.causes import TAKES, Key, Kin, key_of, window
from gateway.faults.judges import Judge
from gateway.faults.lifecycle import Step, advance, present
from gateway.faults.rule import Rule
from gateway.faults.subject import Roll, Subject, Watched
from gateway.faults.timers import Timers
from gateway.model import Alarm, Event, Millis, Severity, State

Outcome: TypeAlias = Alarm | Event

GRAVITY = {Severity.WARNING: 0, Severity.MINOR: 1, Severity.MAJOR: 2, Severity.CRITICAL: 3}

COUNTED: Millis = 2_000
"""ms after which a parent tells how many it explains by now, once for all of that time (E)."""

AWAKE = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED})
"""Where an alarm is not set aside by a person or by logic."""

MAINTENANCE = "maintenance"
"""The cause of what a maintenance window keeps quiet."""


def _muted(alarm: Alarm) -> bool:
    """Whether a maintenance window keeps it quiet."""
    return alarm.cause == MAINTENANCE and alarm.state is State.SUPPRESSED


class Alarms:
    """Every alarm that is not normal.

    ``subjects`` are all there are, ``kin`` says what may explain what, and
    ``maintained(subject, code)`` whether somebody works there now. ``raised`` is told of every
    raise. What changes goes to ``out``, whose owner empties it.
    """

    def __init__(
        self,
        subjects: Roll,
        kin: Kin,
        timers: Timers,
        maintained: Callable[[str, str], bool],
        raised: Callable[[Alarm], None],
        out: list[Outcome],
    ) -> None:
        self._known: dict[Key, Watched] = {}
        self._kin = kin
        self._timers = timers
        self._maintained = maintained
        self._raised = raised
        self._uncounted: set[Key] = set()
        self._subjects = subjects
        self.out = out

    # What there is

    def active(self) -> tuple[Alarm, ...]:
        """Every alarm that is not normal, in the order they first came."""
        return tuple(known.alarm for known in self._known.values() if known.alarm)

    def get(self, key: Key) -> Watched | None:
        """An alarm that is not normal."""
        return self._known.get(key)

    def watch(self, key: Key) -> Watched | None:
        """The alarm of a key, or a fresh one that is normal; None if no rule judges it."""
        known = self._known.get(key)
        if known is not None:
            return known
        found = self._judge(key)
        if found is None:
            return None
        subject, judge = found
        return subject.watched.get(judge.rule.code) or subject.watch(judge)

    def _judge(self, key: Key) -> tuple[Subject, Judge[Rule]] | None:
        for subject in self._subjects.of(key[0]):
            for judge in subject.judges.rules:
                if judge.rule.code == key[1]:
                    return subject, judge
        return None

    def standing(self, subject: str, code: str) -> bool:
        """Whether an alarm of that code stands about that subject and has not cleared."""
        known = self._known.get((subject, code))
        return known is not None and known.alarm is not None and present(known.alarm)

    def lost(self, codes: frozenset[str]) -> list[Alarm]:
        """Every alarm of these codes whose condition is present."""
        if not self._known:
            return []
        found = (known.alarm for key, known in self._known.items() if key[1] in codes)
        return [alarm for alarm in found if alarm is not None and present(alarm)]

    # What verdicts make of them

    def settle(self, due: Sequence[Watched], over: Sequence[Watched]) -> None:
        """Raise what is due, unless a more specific code stands for it, did so until now, or will.

        What an alarm stood for until now is judged afresh from the next reading on.
        """
        for one in over:
            if one.judge.rule.replaces:
                one.subject.afresh(frozenset(one.judge.rule.replaces))
        specific = {code for one in due for code in one.judge.rule.replaces}
        for one in due:
            if one.run.met and one.judge.rule.code not in specific:
                self._raise(one)

    def clear(self, watched: Watched, t: Millis) -> None:
        """Normal operation was observed for long enough."""
        self.advance(watched, Step.CLEAR, t)

    def regrade(self, watched: Watched, alarm: Alarm) -> None:
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
            self.out.append(watched.alarm)

    def _raise(self, watched: Watched) -> None:
        subject, rule, t = watched.subject, watched.judge.rule, watched.subject.seen.t
        if self._stood_for(watched) or self._waits(watched, t):
            return
        for vaguer in rule.replaces:
            replaced = self._known.get((subject.id, vaguer))
            if replaced is not None and replaced.alarm is not None:
                replaced.run.forget()
                if replaced.alarm.state in AWAKE:
                    replaced.alarm = replace(replaced.alarm, cause=f"{subject.id}/{rule.code}")
                self.advance(replaced, Step.REPLACE, t)
        alarm = watched.alarm or self._blank(watched, t)
        watched.alarm = self._told(watched, alarm, watched.run.since)
        self.advance(watched, Step.RAISE, t)

    def _blank(self, watched: Watched, t: Millis) -> Alarm:
        rule, subject = watched.judge.rule, watched.subject
        self._known[subject.id, rule.code] = watched
        return Alarm(subject.id, rule.code, t, State.NORMAL, rule.severity, "", t, cleared=t)

    def _stood_for(self, watched: Watched) -> bool:
        """Whether a more specific alarm stands that replaces this one."""
        subject, code = watched.subject, watched.judge.rule.code
        return any(
            code in judge.rule.replaces and self.standing(subject.id, judge.rule.code)
            for judge in subject.judges.rules
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

    # What explains them

    def _waits(self, watched: Watched, t: Millis) -> bool:
        """Whether what would explain it is seen already, and may still be established.

        A parent's delay may be longer than the window: a cable is known to be broken after ten
        minutes, and its lamps are silent after one.
        """
        subject, code = watched.subject.id, watched.judge.rule.code
        grace = window(watched.judge.period)
        return any(
            one is not watched
            and (one.alarm is None or not present(one.alarm))
            and one.run.pending(t, one.judge.delays, one.judge.period)
            and t <= one.run.since + one.judge.delays.on + grace
            for above, parent in self._kin.parents(subject, code)
            for group in self._subjects.of(above)
            if (one := group.watched.get(parent)) is not None
        )

    def _cause(self, subject: str, code: str) -> str | None:
        """What explains an alarm now."""
        for key in self._kin.parents(subject, code):
            parent = self._known.get(key)
            alarm = None if parent is None else parent.alarm
            if alarm and present(alarm) and self._kin.explains(alarm, subject, code):
                return f"{key[0]}/{key[1]}"
        return MAINTENANCE if self._maintained(subject, code) else None

    def _take_in(self, parent: Alarm, t: Millis) -> None:
        """Suppress what was raised shortly before its parent; doubt what is older."""
        if parent.code not in TAKES:
            return
        name = f"{parent.device}/{parent.code}"
        for key, known in list(self._known.items()):
            alarm = known.alarm
            if alarm is None or alarm.state not in AWAKE or not present(alarm):
                continue
            if not self._kin.explains(parent, *key):
                continue
            if t - alarm.raised <= window(known.judge.period):
                known.alarm = replace(alarm, cause=name)
                self.advance(known, Step.SUPPRESS, t)
            elif not alarm.values.get("unverified"):
                known.alarm = replace(alarm, t=t, values={**alarm.values, "unverified": True})
                self.out.append(known.alarm)

    def _let_go(self, parent: Alarm, t: Millis) -> None:
        """The parent is over: what it took in ends with it and is judged afresh."""
        if parent.code not in TAKES:
            return
        name = f"{parent.device}/{parent.code}"
        for key, known in list(self._known.items()):
            alarm = known.alarm
            if alarm is None:
                continue
            if alarm.cause == name and alarm.state is State.SUPPRESSED:
                known.run.forget()
                known.alarm = replace(alarm, cleared=t if alarm.cleared is None else alarm.cleared)
                self.advance(known, Step.UNSUPPRESS, t)
            elif "unverified" in alarm.values and self._kin.explains(parent, *key):
                values = {k: v for k, v in alarm.values.items() if k != "unverified"}
                known.alarm = replace(alarm, t=t, values=values)
                self.out.append(known.alarm)
        for name in self._subjects:
            codes = {code for code in TAKES[parent.code] if self._kin.explains(parent, name, code)}
            for subject in self._subjects.of(name) if codes else ():
                subject.afresh(codes)

    def look_again(self, t: Millis) -> None:
        """Maintenance has begun or ended somewhere: suppress and bring back what that concerns."""
        for key, known in list(self._known.items()):
            alarm = known.alarm
            if alarm is None:
                continue
            if alarm.state in AWAKE and present(alarm) and self._maintained(*key):
                known.alarm = replace(alarm, cause=MAINTENANCE)
                self.advance(known, Step.SUPPRESS, t)
            elif _muted(alarm) and not self._maintained(*key):
                self.advance(known, Step.UNSUPPRESS, t)

    # One step

    def advance(
        self, watched: Watched, step: Step, t: Millis, by: str = "", until: Millis | None = None
    ) -> bool:
        """Take an alarm one step through its life, say so, and see to those it explains.

        False if the step has no effect.
        """
        before = watched.alarm or self._blank(watched, t)
        key, rule = (before.device, before.code), watched.judge.rule
        after = advance(before, step, t, latched=rule.latched, by=by)
        if after is None:
            self._forget_blank(key, before)
            return False
        if after.state is State.SHELVED and step is Step.SHELVE:
            after = replace(after, until=until)
        was, now = present(before), present(after)
        if after.state is State.UNACKNOWLEDGED and not (was and before.state in AWAKE):
            after = self._explained(after, t)
        watched.alarm = after
        if step is Step.RAISE and not was:
            self._raised(after)
            mark = len(self.out)
            self._take_in(after, t)
            watched.alarm = after = replace(after, suppressed=self._count(key))
            self.out.insert(mark, after)
        else:
            self.out.append(after)
        self._recount(after, before, t)
        if was and not now:
            self._let_go(after, t)
        if after.state is State.NORMAL:
            self._end(key, watched)
        return True

    def _explained(self, alarm: Alarm, t: Millis) -> Alarm:
        """An alarm that would be seen now, suppressed if something explains it."""
        cause = self._cause(alarm.device, alarm.code)
        if cause is None:
            return replace(alarm, cause=None)
        quiet = advance(replace(alarm, cause=cause), Step.SUPPRESS, t)
        return alarm if quiet is None else quiet

    def _forget_blank(self, key: Key, alarm: Alarm) -> None:
        if alarm.state is State.NORMAL:
            self._known.pop(key, None)

    def _end(self, key: Key, watched: Watched) -> None:
        watched.alarm = None
        self._known.pop(key, None)
        if not watched.run.met:
            watched.subject.unwatch(key[1])

    # Counting

    def _count(self, key: Key) -> int:
        """How many alarms it explains, those that these explain included."""
        if key[1] not in TAKES:
            return 0
        name = f"{key[0]}/{key[1]}"
        return sum(
            1 + alarm.suppressed
            for alarm in self.active()
            if alarm.cause == name and alarm.state is State.SUPPRESSED
        )

    def _recount(self, after: Alarm, before: Alarm, t: Millis) -> None:
        """Have the parent tell its new count soon."""
        now, was = after.state is State.SUPPRESSED, before.state is State.SUPPRESSED
        if now is was and after.suppressed == before.suppressed:
            return
        parent = key_of(after.cause if now else before.cause)
        if parent is not None and parent not in self._uncounted:
            self._uncounted.add(parent)
            self._timers.at(t + COUNTED, lambda at, _: self._tell_count(parent, at))

    def _tell_count(self, key: Key, t: Millis) -> None:
        self._uncounted.discard(key)
        known = self._known.get(key)
        if known is None or known.alarm is None or not present(known.alarm):
            return
        before, count = known.alarm, self._count(key)
        if count != before.suppressed:
            known.alarm = replace(before, t=t, suppressed=count)
            self.out.append(known.alarm)
            self._recount(known.alarm, before, t)

    # Restarts

    def resume(self, alarm: Alarm, t: Millis) -> Watched | None:
        """Take up an alarm of an earlier run; one whose device or rule is gone ends at ``t``."""
        key = (alarm.device, alarm.code)
        found = self._judge(key)
        if found is None:
            cleared = t if alarm.cleared is None else alarm.cleared
            self.out.append(replace(alarm, t=t, state=State.NORMAL, cleared=cleared))
            return None
        subject, judge = found
        self._known[key] = watched = subject.watch(judge)
        watched.alarm = alarm
        return watched

    def release_orphans(self, t: Millis) -> None:
        """Bring back what is suppressed by something that is not there any more."""
        for known in list(self._known.values()):
            alarm = known.alarm
            if alarm is not None and alarm.state is State.SUPPRESSED:
                parent = key_of(alarm.cause)
                if parent is not None and not self.standing(*parent):
                    known.run.forget()
                    cleared = t if alarm.cleared is None else alarm.cleared
                    known.alarm = replace(alarm, cleared=cleared)
                    self.advance(known, Step.UNSUPPRESS, t)
