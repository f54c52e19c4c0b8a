"""When things happen by plan: collections, planned flash, switching times, in the town's own time.

A calendar is written as a site file has it: days, then an hour or a span of hours, several of them
apart by ``;``; without days it is every day. ``"mon,thu 06:30"`` is two moments a week, ``"mon-fri
23:30-05:00; sat,sun 00:30-06:00"`` spans of every night. A span that ends before it begins ends on
the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.model import Millis

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENTRY = re.compile(r"(?:(?P<days>[a-z,\- ]+) )?(?P<begin>\d\d:\d\d)(?:-(?P<end>\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """On which weekdays (Monday is 0), from which minute of the day, for how many minutes."""

    days: frozenset[int]
    begin: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Entries in the local time of a zone."""

    entries: tuple[Entry, ...]
    zone: str = "UTC"

    def on(self, day: date) -> Iterator[tuple[Millis, Millis]]:
        """Begin and end of what is planned to begin on a day, in the order of the entries."""
        for entry in self.entries:
            if day.weekday() in entry.days:
                begin = moment(day, entry.begin, self.zone)
                yield begin, begin + entry.minutes * 60_000

    def after(self, t: Millis) -> Millis | None:
        """The first begin later than ``t``; None if nothing is planned."""
        day = local(t, self.zone).date()
        for ahead in range(9):
            begins = [begin for begin, _ in self.on(day + timedelta(ahead)) if begin > t]
            if begins:
                return min(begins)
        return None

    def within(self, t: Millis) -> bool:
        """Whether ``t`` lies in one of its spans."""
        day = local(t, self.zone).date()
        spans = (*self.on(day - timedelta(1)), *self.on(day))
        return any(begin <= t < end for begin, end in spans)

    @property
    def a_week(self) -> int:
        """How many begins a week has."""
        return sum(len(entry.days) for entry in self.entries)


@lru_cache
def read_calendar(text: str, zone: str = "UTC") -> Calendar:
    """A calendar from its text.

    Raises:
        ValueError: it cannot be read; the text says which part.
    """
    return Calendar(tuple(_entry(part.strip().lower()) for part in text.split(";")), zone)


def local(t: Millis, zone: str) -> datetime:
    """A moment on the clocks of a zone."""
    return datetime.fromtimestamp(t / 1000, ZoneInfo(zone))


def moment(day: date, minute: int, zone: str) -> Millis:
    """A minute of a local day; the hour a clock change leaves out is the one after it."""
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    return round(wall.astimezone(UTC).timestamp() * 1000)


def _entry(text: str) -> Entry:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no entry of a calendar; write "mon,thu 06:30"')
    begin = _minute(found["begin"])
    end = begin if found["end"] is None else _minute(found["end"])
    words = (found["days"] or "mon-sun").split(",")
    days = frozenset(day for word in words for day in _days(word.strip()))
    return Entry(days, begin, (end - begin) % 1440)


def _days(word: str) -> list[int]:
    first, _, last = word.partition("-")
    if first not in _DAYS or (last and last not in _DAYS):
        raise ValueError(f'"{word}" is no day; write mon … sun or mon-fri')
    begin = _DAYS.index(first)
    end = _DAYS.index(last) if last else begin
    return [(begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1)]


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if hours > 23 or minutes > 59:
        raise ValueError(f'"{text}" is no time of a day')
    return hours * 60 + minutes
