"""What the operations centre sees at this moment: devices, gateways, alarms, what just happened.

The board is a plain state without input or output. Messages go in through ``status``, ``card``,
``reading``, ``alarm`` and ``event``; what they changed comes out of ``take``, once, so that a page
can be sent the difference. ``age`` notices what happens by itself: a device nobody hears of any
more, an alarm that is due to be announced. Time is passed in. Everything is bounded; what does not
fit is counted in ``left_out``.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.centre.console.asset import Asset
from gateway.faults.causes import announced
from gateway.faults.people import EVENT as DEED
from gateway.model import NOTHING, Alarm, Event, Kind, Millis, Reading, Severity, State
from gateway.wire import Card, Status

MAX_GATEWAYS = 1_000
MAX_DEVICES = 20_000
MAX_ALARMS = 5_000
MAX_RECENT = 200
MAX_DEEDS = 20

STANDING = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
GRAVEST_FIRST = tuple(Severity)


class Place(NamedTuple):
    """A gateway: its site and its id."""

    site: str
    gateway: str


class Key(NamedTuple):
    """A device, or what else an alarm may be about (``feeder:F1``), below its gateway."""

    site: str
    gateway: str
    device: str

    @property
    def place(self) -> Place:
        """The gateway it belongs to."""
        return Place(self.site, self.gateway)


class AlarmKey(NamedTuple):
    """One fault of one device; it has at most one alarm at a time."""

    site: str
    gateway: str
    device: str
    code: str

    @property
    def subject(self) -> Key:
        """What the alarm is about."""
        return Key(self.site, self.gateway, self.device)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person asked of an alarm, whether the gateway did it, and why not."""

    t: Millis
    action: str
    by: str
    done: bool
    text: str = ""
    until: Millis | None = None
    reason: str = ""


def deed_of(event: Event) -> Deed:
    """What an ``alarm-action`` event tells; what it leaves out is empty."""
    told, until = event.values, event.values.get("until")
    action, by, text, reason = (
        str(told.get(name, "")) for name in ("action", "by", "text", "reason")
    )
    when = until if isinstance(until, int) else None
    return Deed(event.t, action, by, told.get("done") is True, text, when, reason)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the recent list: an event, or an alarm that changed its state."""

    key: Key
    t: Millis
    what: str
    code: str = ""
    severity: Severity | None = None
    text: str = ""
    values: Mapping[str, Any] = NOTHING


@dataclass(slots=True)
class Changes:
    """What differs since the last ``take``; a device in ``cards`` is to be sent whole."""

    places: set[Place] = field(default_factory=set)
    cards: set[Key] = field(default_factory=set)
    points: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    alarms: set[AlarmKey] = field(default_factory=set)
    recent: list[Happening] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.places or self.cards or self.points or self.alarms or self.recent)


class Board:
    """The newest state of everything that was heard of."""

    def __init__(self) -> None:
        self.places: dict[Place, Status | None] = {}  # None before it described itself
        self.devices: dict[Key, Asset] = {}
        self.alarms: dict[AlarmKey, Alarm] = {}
        self.deeds: dict[AlarmKey, list[Deed]] = {}  # oldest first, of alarms that are there
        self.recent: list[Happening] = []  # oldest first
        self.left_out = 0
        self._subjects: defaultdict[Key, set[AlarmKey]] = defaultdict(set)
        self._changes = Changes()
        self._now: Millis | None = None
        self._pending: set[AlarmKey] = set()

    def take(self) -> Changes:
        """What changed since the last call."""
        changes, self._changes = self._changes, Changes()
        return changes

    def status(self, place: Place, status: Status | None) -> None:
        """A gateway came, went, or was found gone by the broker (its will)."""
        if place in self.places or len(self.places) < MAX_GATEWAYS:
            self.places[place] = status
            self._changes.places.add(place)
        else:
            self.left_out += 1

    def card(self, key: Key, card: Card | None) -> None:
        """A device's identity card, or None when the device is gone from its gateway."""
        if card is None:
            if self.devices.pop(key, None) is not None:
                self._changes.cards.add(key)
            return
        asset = self._asset(key, card.kind)
        if asset is not None:
            asset.introduce(card)
            self._changes.cards.add(key)

    def reading(self, place: Place, reading: Reading, now: Millis) -> None:
        """One poll of one device, live or from a backlog."""
        key = Key(*place, reading.device)
        asset = self._asset(key, reading.kind)
        if asset is not None:
            self._changes.points[key] |= asset.take(reading, now)

    def alarm(self, key: AlarmKey, alarm: Alarm | None) -> None:
        """An alarm as it stands now; None when its retained message was emptied."""
        before = self.alarms.get(key)
        if alarm == before:
            return
        if alarm is None or alarm.state is State.NORMAL:
            self.alarms.pop(key, None)
            self.deeds.pop(key, None)
            self._pending.discard(key)
            self._subjects[key.subject].discard(key)
        elif before is None and len(self.alarms) >= MAX_ALARMS:
            self.left_out += 1
            return
        else:
            self.alarms[key] = alarm
            self._subjects[key.subject].add(key)
        if alarm is not None:
            self._note(_transition(key, alarm, before))
        self._changes.alarms.add(key)
        self._weigh(key.subject)

    def event(self, place: Place, event: Event) -> None:
        """Something that happened once."""
        key = Key(*place, event.device)
        if event.event == DEED:
            self._deed(AlarmKey(*key, str(event.values.get("code", ""))), deed_of(event))
            return
        self._note(Happening(key, event.t, event.event, values=event.values))

    def keep(self, places: set[Place], cards: set[Key], alarms: set[AlarmKey]) -> None:
        """Forget what these gateways had and have no more: cards and alarms not named here."""
        for alarm in [at for at in self.alarms if at.subject.place in places and at not in alarms]:
            self.alarm(alarm, None)
        for key, asset in tuple(self.devices.items()):
            if key.place in places and asset.card is not None and key not in cards:
                self.card(key, None)

    def age(self, now: Millis) -> None:
        """Judge anew, at ``now``, how far each device's figures can be believed.

        From the first time on, a device shows its alarms when they are announced.
        """
        first, self._now = self._now is None, now
        due = self.alarms if first else self._pending
        for at in [at for at in due if announced(self.alarms[at]) <= now or first]:
            self._weigh(at.subject)
        for key, asset in self.devices.items():
            status = self.places.get(key.place)
            condition = asset.judge(now, offline=status is not None and not status.online)
            if condition is not asset.condition:
                asset.condition = condition
                self._changes.points[key] |= set()

    def _asset(self, key: Key, kind: Kind) -> Asset | None:
        if key not in self.devices:
            if len(self.devices) >= MAX_DEVICES:
                self.left_out += 1
                return None
            if key.place not in self.places:
                self.status(key.place, None)
            self.devices[key] = Asset(kind)
            self._changes.cards.add(key)
            self._weigh(key)
        return self.devices[key]

    def _weigh(self, key: Key) -> None:
        """Let a device show the gravest of its standing alarms."""
        asset = self.devices.get(key)
        if asset is None:
            return
        there = {at: self.alarms[at] for at in self._subjects[key]}
        if self._now is not None:
            self._pending -= there.keys()
            self._pending |= {at for at, one in there.items() if announced(one) > self._now}
        standing = [
            one for at, one in there.items() if one.state in STANDING and at not in self._pending
        ]
        asset.worst = min((a.severity for a in standing), key=GRAVEST_FIRST.index, default=None)
        asset.unacknowledged = any(a.state is State.UNACKNOWLEDGED for a in standing)
        self._changes.points[key] |= set()

    def _deed(self, key: AlarmKey, deed: Deed) -> None:
        """A person's part: on the alarm, if there is one, and in the list of what happened."""
        known = self.deeds.get(key, [])
        if key in self.alarms and deed not in known:
            bisect.insort(known, deed, key=lambda one: one.t)
            self.deeds[key] = known[-MAX_DEEDS:]
            self._changes.alarms.add(key)
        if not (deed.done and deed.action == "acknowledge"):  # the alarm itself says who did that
            what = f"{deed.action or 'something'} by {deed.by or 'somebody'}"
            told = what if deed.done else f"{what}: not done"
            text = deed.text if deed.done else deed.reason
            self._note(Happening(key.subject, deed.t, told, key.code, text=text))

    def _note(self, happening: Happening) -> None:
        if happening in self.recent:  # the same message, delivered again
            return
        bisect.insort(self.recent, happening, key=lambda one: one.t)
        del self.recent[:-MAX_RECENT]
        self._changes.recent.append(happening)
        del self._changes.recent[:-MAX_RECENT]


def _transition(key: AlarmKey, alarm: Alarm, before: Alarm | None) -> Happening:
    what: str = alarm.state
    if alarm.state is State.UNACKNOWLEDGED:
        what = "raised"
    elif alarm.state is State.NORMAL:
        what = "back to normal"
    elif alarm.state is State.ACKNOWLEDGED and alarm.acknowledged is not None:
        what = f"acknowledged by {alarm.acknowledged.by}"
    first = before is None and alarm.state is State.UNACKNOWLEDGED
    t = alarm.raised if first else alarm.t
    return Happening(key.subject, t, what, key.code, alarm.severity, alarm.message)
