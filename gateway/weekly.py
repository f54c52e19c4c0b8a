"""Weekly calendars as people write them: when a junction flashes by plan, which plan runs when.

A *time of the week* is ``"23:00-05:00"``, with days before it where it is not every day:
``"mon-fri 23:00-05:00"``, ``"sat,sun 00:00-07:00"``; several stand one after the other with a
semicolon between. What runs past midnight belongs to the day it begins on. A *schedule* gives each
of them a number, ``"mon-fri 06:30-09:30 2; 22:00-05:30 3; 1"``: the first that fits counts, and a
number alone is for the rest of the week. *Rounds* are moments, ``"mon,thu 06:30; sat 08:00"``: when
a crew sets out. All times are local.

``Times``, ``Schedule`` and ``Rounds`` mark dataclass fields that hold such text; whoever checks a
table against the dataclass finds the check there, as with ``gateway.units``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
_WEEK = 7 * _MIDNIGHT
_SPAN = re.compile(
    r"(?:([a-z,-]{3,40})\s+)?(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)(?:\s+(\d{1,3}))?", re.ASCII
)
_ROUND = re.compile(r"(?:([a-z,-]{3,40})\s+)?(\d{1,2}):(\d\d)", re.ASCII)
_HINT = 'write it as "mon-fri 23:00-05:00"'


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` to ``end``, minutes of the day, on each of ``days`` (0 is Monday).

    ``end`` is before ``begin`` where it runs past midnight. ``number`` is what it stands for.
    """

    days: frozenset[int]
    begin: int
    end: int
    number: int | None = None

    def covers(self, day: int, minute: int) -> bool:
        """Whether a local day and minute lie in it."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return day in self.days
        return minute < self.end and (day - 1) % 7 in self.days


@lru_cache(maxsize=256)
def times(text: str) -> tuple[Span, ...]:
    """The spans of a calendar; ValueError says what is wrong with the text."""
    spans = tuple(_span(part.strip()) for part in text.split(";"))
    if any(span.number is not None for span in spans):
        raise ValueError(f"a number has no place here; {_HINT}")
    return spans


@lru_cache(maxsize=256)
def schedule(text: str) -> tuple[Span, ...]:
    """The spans of a schedule in the order they count; ValueError says what is wrong."""
    spans = tuple(_scheduled(part.strip()) for part in text.split(";"))
    if any(span.number is None for span in spans):
        raise ValueError('each time needs its number; write it as "06:30-09:30 2; 1"')
    return spans


def within(text: str, day: int, minute: int) -> bool:
    """Whether a local day of the week and minute of the day lie in a calendar."""
    return any(span.covers(day, minute) for span in times(text))


def scheduled(text: str, day: int, minute: int) -> int | None:
    """The number that a schedule has for a local day and minute; None where it has none."""
    return next((span.number for span in schedule(text) if span.covers(day, minute)), None)


@lru_cache(maxsize=256)
def rounds(text: str) -> tuple[tuple[frozenset[int], int], ...]:
    """The days and the minute of the day of each round; ValueError says what is wrong."""
    return tuple(_round(part.strip().lower()) for part in text.split(";"))


def rounds_around(text: str, day: int, minute: int) -> tuple[int, int]:
    """Minutes since the last round, and until the next, at a local day and minute of the day.

    A round of this very minute is the last one; a week is the longest until the next.
    """
    since = [
        ((day - of) * _MIDNIGHT + minute - at) % _WEEK for days, at in rounds(text) for of in days
    ]
    return min(since), _WEEK - max(since)


def _round(text: str) -> tuple[frozenset[int], int]:
    found = _ROUND.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text:.40}" is no round; write it as "mon,thu 06:30"')
    days, hour, minute = found[1], int(found[2]), int(found[3])
    if hour > 23 or minute > 59:
        raise ValueError(f'"{text:.40}" is no time of the day; times run from 00:00 to 24:00')
    return _days(days), hour * 60 + minute


def _scheduled(text: str) -> Span:
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return Span(frozenset(range(7)), 0, _MIDNIGHT, int(text))
    return _span(text)


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text:.40}" is no time of the week; {_HINT}')
    days, *clock, number = found.groups()
    hour, minute, until_hour, until_minute = map(int, clock)
    begin, end = hour * 60 + minute, until_hour * 60 + until_minute
    if minute > 59 or until_minute > 59 or begin >= _MIDNIGHT or end > _MIDNIGHT or begin == end:
        raise ValueError(f'"{text:.40}" is no time of the day; times run from 00:00 to 24:00')
    return Span(_days(days), begin, end, None if number is None else int(number))


def _days(text: str | None) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f'"{part:.20}" is no day; days are {", ".join(DAYS)}')
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update((begin + i) % 7 for i in range((end - begin) % 7 + 1))
    return frozenset(found)


class _Read:
    """Marks a text that must be understood by ``parse``; the text itself is kept."""

    def __init__(self, parse: Callable[[str], object]) -> None:
        self._parse = parse

    def _check(self, text: str) -> str:
        self._parse(text)
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self._check},
            "schema": handler(source),
        }


Times: TypeAlias = Annotated[str, _Read(times)]
Schedule: TypeAlias = Annotated[str, _Read(schedule)]
Rounds: TypeAlias = Annotated[str, _Read(rounds)]
