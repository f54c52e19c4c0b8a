"""What people do to alarms, and the record of who did what when.

Acknowledging, resetting, shelving, taking out of service: each is a step of ``lifecycle``. A shelf
ends by itself, at the latest after twelve hours, a critical one after one (domain §5); who asks for
longer gets that. A work order is written on the alarm, a comment only on record. Whatever is asked,
done or not, becomes an ``alarm-action`` event, because an audit also wants to know what was tried.

Shelving and taking out of service work ahead of an alarm, too: before a device is worked on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gateway.faults.alarms import Alarms
from gateway.faults.lifecycle import Step, after, present
from gateway.faults.timers import Timers
from gateway.model import ActionName, Alarm, AlarmAction, Event, Millis, Severity, State

EVENT = "alarm-action"

STEPS: Mapping[ActionName, Step] = {
    "acknowledge": Step.ACKNOWLEDGE,
    "reset": Step.RESET,
    "unshelve": Step.UNSHELVE,
    "in-service": Step.RETURN,
    "shelve": Step.SHELVE,
    "out-of-service": Step.REMOVE,
}
AHEAD = frozenset({"shelve", "out-of-service"})
"""What can be done while there is no alarm yet."""

HOUR = 3_600_000
LONGEST: Mapping[bool, Millis] = {True: HOUR, False: 12 * HOUR}
"""ms an alarm may lie on the shelf; True: a critical one (domain §5)."""

SHELF: Millis = HOUR
"""ms for who does not say how long (E)."""

REMEMBERED = 200
"""Actions of which a repeat is recognised: MQTT may deliver one twice."""


def offered(alarm: Alarm, *, latched: bool) -> tuple[ActionName, ...]:
    """What a person can do with an alarm that leads somewhere from where it stands."""
    state, there = alarm.state, present(alarm)
    leads = {name: after(state, step, latched=latched, there=there) for name, step in STEPS.items()}
    steps = [name for name, to in leads.items() if to not in {None, state}]
    return (*steps, "work-order", "comment")


class People:
    """Does what people ask of ``alarms``."""

    def __init__(self, alarms: Alarms, timers: Timers) -> None:
        self._alarms = alarms
        self._timers = timers
        self._done: deque[str] = deque(maxlen=REMEMBERED)

    def act(self, action: AlarmAction) -> None:
        """Do it, and put it on record; a repeat of one that was done changes nothing."""
        if action.id and action.id in self._done:
            return
        self._done.append(action.id)
        until: Millis | None = None
        match action.action:
            case "comment":
                done = self._alarms.get((action.device, action.code)) is not None
            case "work-order":
                done = self._order(action)
            case _:
                until = self._until(action)
                done = self._step(action, until)
        told = {"code": action.code, "action": action.action, "by": action.by, "done": done}
        if until is not None and done:
            told["until"] = until
        if action.text:
            told["text"] = action.text
        if not done:
            told["reason"] = self._refusal(action)
        self._alarms.out.append(Event(action.device, EVENT, action.t, told))

    def _step(self, action: AlarmAction, until: Millis | None) -> bool:
        step, key = STEPS.get(action.action), (action.device, action.code)
        ahead = action.action in AHEAD
        watched = self._alarms.watch(key) if ahead else self._alarms.get(key)
        if step is None or watched is None:
            return False
        done = self._alarms.advance(watched, step, action.t, action.by, until)
        if done and watched.alarm is not None:
            self.expire(watched.alarm)
        return done

    def _refusal(self, action: AlarmAction) -> str:
        """Why something that was asked has no effect."""
        watched = self._alarms.get((action.device, action.code))
        if watched is None or watched.alarm is None:
            ahead = action.action in AHEAD
            return "no rule judges that here" if ahead else "there is no such alarm now"
        alarm = watched.alarm
        if action.action == "reset" and present(alarm):
            return "its condition is still there"
        if action.action == "reset" and not watched.judge.rule.latched:
            return "it ends without a reset"
        return f"it is {alarm.state.replace('-', ' ')}"

    def _until(self, action: AlarmAction) -> Millis | None:
        if action.action != "shelve":
            return None
        watched = self._alarms.watch((action.device, action.code))
        alarm = None if watched is None else watched.alarm
        severity = alarm.severity if alarm else watched and watched.judge.rule.severity
        wanted = SHELF if action.period is None else round(action.period * 1000)
        return action.t + min(wanted, LONGEST[severity is Severity.CRITICAL])

    def _order(self, action: AlarmAction) -> bool:
        watched = self._alarms.get((action.device, action.code))
        if watched is None or watched.alarm is None:
            return False
        watched.alarm = replace(watched.alarm, t=action.t, work_order=action.text or "ordered")
        self._alarms.out.append(watched.alarm)
        return True

    def expire(self, alarm: Alarm) -> None:
        """Have a shelved alarm come back when its time is over."""
        until = alarm.until
        if alarm.state is not State.SHELVED or until is None:
            return
        key = (alarm.device, alarm.code)

        def come_back(at: Millis, _now: Millis) -> None:
            known = self._alarms.get(key)
            if known is not None and known.alarm is not None and known.alarm.until == until:
                self._alarms.advance(known, Step.UNSHELVE, at)

        self._timers.at(until, come_back)

    # Restarts

    def dump(self) -> list[str]:
        """The actions of which a repeat must be recognised."""
        return list(self._done)

    def load(self, done: Iterable[str]) -> None:
        """Take up what ``dump`` gave."""
        self._done.extend(map(str, done))
