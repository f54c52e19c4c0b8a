"""What is known now: of one device, and of the devices that belong together.

Points have their own periods, so a reading may bring only some of a device's values. A ``Sight``
keeps the latest good value of each point and treats it as current for three of its periods
(as configured, or as observed where answers come more slowly). A bad or uncertain value ends that
at once, so no rule judges by a value that is known to have become worse. Points of one period are
mostly read together, so ages are kept for such a *batch* as a whole, and point by point only where
a reading brought a part of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from gateway.faults.rule import Scope
from gateway.model import NOTHING, Alarm, Device, Millis, Reading, Value
from gateway.sun import elevation

CURRENT_FOR = 3
"""Periods for which a value stays current, and for which answers may stay away (domain §0)."""

TEN_SECONDS = 10_000
"""The period of a point that is in no profile: the profile language's own default."""


MOST_PATTERNS = 64
"""Sets of points, of devices of one make, for which what depends on them is looked up once."""


class Brought:
    """What a reading of some points brings; devices of one make share it.

    ``whole`` are the batches it brings as a whole, each with its period, ``partly`` those of which
    it brings ``partly[…]``; ``every`` says that it brings all there is.
    """

    __slots__ = ("every", "partly", "points", "strangers", "whole")

    def __init__(self, points: tuple[str, ...], batches: Batches) -> None:
        there = frozenset(points)
        whole = [i for i, names in enumerate(batches.names) if names <= there]
        self.points = points
        self.whole = tuple((i, batches.periods[i]) for i in whole)
        self.partly = tuple(
            (i, tuple(names & there)) for i, names in enumerate(batches.names) if i not in whole
        )
        self.strangers = there.difference(*batches.names)
        self.every = not self.partly and not self.strangers


class Batches:
    """The points of each period together: ``periods`` in ms, and the ``names`` of each."""

    __slots__ = ("_brought", "_wider", "names", "periods")

    def __init__(self, periods: tuple[Millis, ...], names: tuple[frozenset[str], ...]) -> None:
        self.periods = periods
        self.names = names
        self._brought: dict[tuple[str, ...], Brought] = {}
        self._wider: dict[frozenset[str], Batches] = {}

    def brought(self, points: tuple[str, ...]) -> Brought:
        """What a reading of these points brings."""
        found = self._brought.get(points)
        if found is None:
            if len(self._brought) == MOST_PATTERNS:
                self._brought.clear()
            found = self._brought[points] = Brought(points, self)
        return found

    def with_strangers(self, names: frozenset[str]) -> Batches:
        """With a batch of points that are in no profile: a recording may bring them."""
        if names not in self._wider:
            self._wider[names] = Batches((*self.periods, TEN_SECONDS), (*self.names, names))
        return self._wider[names]


@lru_cache(maxsize=256)
def _batched(every: tuple[tuple[str, Millis], ...]) -> Batches:
    found: dict[Millis, list[str]] = {}
    for name, period in every:
        found.setdefault(period, []).append(name)
    return Batches(tuple(found), tuple(map(frozenset, found.values())))


SILENCE = Brought((), Batches((), ()))
"""What a silent reading brings."""


def batches(every: Mapping[str, Millis]) -> Batches:
    """The points of each period together; devices of one make share the answer."""
    return _batched(tuple(every.items()))


Neighbours: TypeAlias = Callable[[Device, Scope], "Sequence[Sight]"]


class Around(NamedTuple):
    """What stands around every device of a site.

    ``place`` is its latitude and longitude in degrees, ``zone`` the time that its calendars are
    written in; ``neighbours`` knows who belongs together, ``standing`` which alarms stand.
    """

    place: tuple[float, float]
    zone: tzinfo
    neighbours: Neighbours
    standing: Callable[[str, str], bool]


class Sight:
    """What is known of one device; a rule sees it as ``gateway.faults.rule.Seen``.

    ``every`` gives the period of each of its points in ms.
    """

    __slots__ = (
        "_ages",
        "_answered",
        "_around",
        "_at",
        "_batches",
        "_shortest",
        "_sun",
        "bad",
        "brought",
        "device",
        "fresh",
        "good",
        "interval",
        "period",
        "resumed",
        "silent",
        "t",
    )

    def __init__(self, device: Device, every: Mapping[str, Millis], around: Around) -> None:
        self.device = device
        self._batches = batches(every)
        self._shortest = min(every.values(), default=TEN_SECONDS)
        self._around = around
        self.forget()

    def forget(self) -> None:
        """Know nothing: at the start, after a restart, after the clock stepped back."""
        self.t: Millis = 0
        self.good: Mapping[str, Value] = NOTHING
        self.fresh: Mapping[str, Value] = NOTHING
        self.brought = SILENCE
        self.silent: str | None = None
        self.bad: Mapping[str, str] = NOTHING
        self.resumed = True
        self.period: Millis = self._shortest
        self.interval: Millis = self._shortest
        self._answered: Millis | None = None
        self._at: Mapping[str, Millis] = NOTHING
        self._ages: list[float] = [0, math.inf] * len(self._batches.names)
        self._sun: tuple[Millis, float] | None = None

    def take(self, reading: Reading) -> None:
        """Take in a reading."""
        self.t = t = reading.t
        self.silent = reading.silent
        self.bad = reading.bad or NOTHING
        if reading.silent is not None:
            self.fresh, self.brought = NOTHING, SILENCE
            return
        self._beat(t)
        fresh = reading.values
        if reading.uncertain or reading.bad:
            fresh = {k: v for k, v in fresh.items() if k not in reading.uncertain}
            self._lose((*reading.uncertain, *reading.bad))
        self.fresh = fresh
        brought = self._batches.brought(tuple(fresh))
        if brought.strangers:
            brought = self._meet(fresh, brought.strangers)
        self.brought = brought
        self.good = fresh if brought.every else {**self.good, **fresh}
        self._stamp(brought, t)

    def _beat(self, t: Millis) -> None:
        """Learn the period: the shorter of the last two intervals, so that one gap is not it."""
        if self._answered is not None and t > self._answered:
            interval = t - self._answered
            self.resumed = interval > CURRENT_FOR * self.period
            self.period = max(self._shortest, min(interval, self.interval))
            self.interval = interval
        self._answered = t

    def _lose(self, names: Iterable[str]) -> None:
        """Some values are not good any more. A reading is never changed: others look at it, too."""
        gone = self.good.keys() & names
        if gone:
            self.good = {k: v for k, v in self.good.items() if k not in gone}

    def _meet(self, fresh: Iterable[str], strangers: frozenset[str]) -> Brought:
        """Take points that are in no profile for one more batch."""
        self._batches = self._batches.with_strangers(strangers)
        self._ages += (0, math.inf)
        return self._batches.brought(tuple(fresh))

    def _stamp(self, brought: Brought, t: Millis) -> None:
        """Note how old values are now, and drop those that are too old."""
        ages, period = self._ages, self.period
        for i, every in brought.whole:
            ages[2 * i] = t
            ages[2 * i + 1] = t + CURRENT_FOR * max(every, period)
        if brought.every:
            self._at = NOTHING
        for i, names in brought.partly:
            if names:
                self._at = {**self._at, **dict.fromkeys(names, t)}
            until = ages[2 * i + 1]
            if t > until or (names and until == math.inf):
                self._expire(i, t)

    def _expire(self, batch: int, now: Millis) -> None:
        """Drop a batch's values that are too old at ``now``, and note when the next one will be."""
        every, names = self._batches.periods[batch], self._batches.names[batch]
        soonest = math.inf
        old = []
        for name in names & self.good.keys():
            read = max(self._at.get(name, 0), self._ages[2 * batch])
            until = read + CURRENT_FOR * max(every, self.period)
            if now > until:
                old.append(name)
            elif until < soonest:
                soonest = until
        self._lose(old)
        self._ages[2 * batch + 1] = soonest

    def at(self, now: Millis) -> Sight:
        """This sight with what is current at ``now``, for others to look at."""
        ages = self._ages
        for late in range(1, len(ages), 2):
            if now > ages[late]:
                self._expire(late // 2, now)
        return self

    @property
    def place(self) -> tuple[float, float]:
        """Degrees north and east of the device; the site's where it gives none of its own."""
        device = self.device
        if device.latitude is None or device.longitude is None:
            return self._around.place
        return device.latitude, device.longitude

    def local(self) -> datetime:
        """When the latest reading was taken, in the site's time zone: for calendars."""
        return datetime.fromtimestamp(self.t / 1000, self._around.zone)

    def sun(self) -> float:
        """The sun's elevation at the device when the latest reading was taken, in degrees."""
        if self._sun is None or self._sun[0] != self.t:
            self._sun = (self.t, elevation(*self.place, self.t))
        return self._sun[1]

    def members(self, scope: Scope) -> Sequence[Sight]:
        """Every device of this one's feeder, bus, stand or kind, itself included."""
        return [one.at(self.t) for one in self._around.neighbours(self.device, scope)]

    def alarmed(self, code: str) -> bool:
        """Whether an alarm of that code stands about this device and has not cleared."""
        return self._around.standing(self.device.id, code)


class Together:
    """The devices of one feeder, bus or stand; a rule sees it as ``gateway.faults.rule.Group``."""

    __slots__ = ("_sights", "head", "id", "latest", "lost", "name", "t")

    def __init__(
        self,
        subject: str,
        name: str,
        sights: Sequence[Sight],
        head: Sight | None,
        lost: Callable[[frozenset[str]], Sequence[Alarm]],
    ) -> None:
        self.lost = lost
        self.id = subject
        self.name = name
        self.head = head
        self._sights = sights
        self.forget()

    def forget(self) -> None:
        """Know nothing yet."""
        self.t: Millis = 0
        self.latest: Sight = self._sights[0]

    def take(self, sight: Sight) -> None:
        """Look at the group because of this member's reading."""
        self.latest = sight
        self.t = max(self.t, sight.t)

    def everyone(self) -> Sequence[Sight]:
        """All members, the head included, with values that are current now."""
        return [one.at(self.t) for one in self._sights]
