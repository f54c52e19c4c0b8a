"""What changed, of what the engine says: the objects of ``wayside replay`` (contracts §2).

An alarm is told as it stands after each of its steps. What a reader of a recording wants are the
few of them by which it came, went, or was put aside because something else explains it. What people
did is on record and no transition, but for what it shows or hides.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from gateway.faults.alarms import Outcome
from gateway.faults.causes import Key
from gateway.faults.people import EVENT
from gateway.model import Alarm, Event, State

Transition: TypeAlias = dict[str, Any]

SEEN = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
ASIDE = frozenset({State.SHELVED, State.OUT_OF_SERVICE})


class Telling:
    """Turns outcomes into transitions, remembering how each alarm stood before."""

    def __init__(self) -> None:
        self._before: dict[Key, Alarm] = {}

    def of(self, outcome: Outcome) -> Transition | None:
        """The object of contracts §2; None for an outcome that is no such transition."""
        if isinstance(outcome, Event):
            return None if outcome.event == EVENT else _event(outcome)
        key = (outcome.device, outcome.code)
        change = _change(self._before.get(key), outcome)
        if outcome.state is State.NORMAL:
            self._before.pop(key, None)
        else:
            self._before[key] = outcome
        if change is None:
            return None
        return {
            "t": outcome.t,
            "device": outcome.device,
            "code": outcome.code,
            "severity": outcome.severity.value,
            "transition": change,
            "message": outcome.message,
            "values": dict(outcome.values),
        }


def _event(event: Event) -> Transition:
    return {
        "t": event.t,
        "device": event.device,
        "code": event.event,
        "severity": None,
        "transition": "event",
        "message": str(event.values.get("message", event.event)),
        "values": {name: value for name, value in event.values.items() if name != "message"},
    }


def _change(before: Alarm | None, after: Alarm) -> str | None:
    was = State.NORMAL if before is None else before.state
    if State.SUPPRESSED in (was, after.state):
        if was is after.state or after.state in ASIDE:
            return None
        return "suppress" if after.state is State.SUPPRESSED else "unsuppress"
    seen = after.state in SEEN and after.cleared is None
    if seen and after.state is State.UNACKNOWLEDGED:
        fresh = before is None and after.raised == after.t
        return "raise" if fresh or not _was_seen(before, absent=True) else None
    if after.cleared == after.t and after.state not in ASIDE:
        return "clear" if _was_seen(before, absent=True) else None
    return None


def _was_seen(before: Alarm | None, *, absent: bool) -> bool:
    """Whether an alarm was there to be seen; ``absent`` if it is not known how it stood."""
    if before is None:
        return absent
    return before.state in SEEN and before.cleared is None
