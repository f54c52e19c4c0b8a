"""Spans: which stretches of a telemetry stream came, by number and by time.

A span is a run of records without a hole in their numbers or in the times of their readings. The
numbers alone say *that* records are missing; between the end of one span and the beginning of the
next stands *when*. And where the next span goes on with the very next number after an hour, nothing
is missing at all: the gateway recorded nothing in that hour. Pure values, and sets: noting the same
records twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from gateway.model import Millis

HOLE: Millis = 30_000
"""Readings further apart than this are a hole in time: three of the gateway's own, which come every
ten seconds whatever else is silent."""

MOST_SPANS = 2000
"""Kept of one stream; beyond that the oldest are forgotten."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Records ``first`` … ``last``, whose readings are of ``begins`` … ``ends``, inclusive."""

    first: int
    last: int
    begins: Millis
    ends: Millis

    def goes_with(self, other: Span) -> bool:
        """Whether the two are one: no hole between them in numbers, and none in time."""
        return (
            self.first <= other.last + 1
            and other.first <= self.last + 1
            and self.begins <= other.ends + HOLE
            and other.begins <= self.ends + HOLE
        )


Spans: TypeAlias = tuple[Span, ...]


def spans_of(first: int, last: int, times: Sequence[Millis]) -> Spans:
    """The spans of one message: several if there are holes between the times of its readings.

    A message does not say which of its records a reading stood in, so its numbers are shared out
    by where the holes are among its readings. None of them is missing, which is what counts.
    """
    if not times:
        return ()
    if max(times) - min(times) <= HOLE:
        return (Span(first, last, min(times), max(times)),)
    ordered = sorted(times)
    cuts = [i for i, (a, b) in enumerate(pairwise(ordered), start=1) if b - a > HOLE]
    count, spans = last - first + 1, list[Span]()
    start, begin = 0, first
    for stop in [*cuts, len(ordered)]:
        end = first - 1 + stop * count // len(ordered)
        if begin <= end:  # else there are more holes than records, and one reaches over this
            spans.append(Span(begin, end, ordered[start], ordered[stop - 1]))
            start, begin = stop, end + 1
    return tuple(spans)


def add(spans: Spans, new: Span) -> Spans:
    """The spans with another one among them, in order of their numbers."""
    apart: list[Span] = []
    for each in spans:
        if each.goes_with(new):
            new = Span(
                min(each.first, new.first),
                max(each.last, new.last),
                min(each.begins, new.begins),
                max(each.ends, new.ends),
            )
        else:
            apart.append(each)
    for each in apart:  # a number belongs to the span that had it first
        if each.first <= new.first <= each.last:
            new = replace(new, first=each.last + 1)
        elif each.first <= new.last <= each.last:
            new = replace(new, last=each.first - 1)
    if new.first <= new.last:
        apart.append(new)
    return tuple(sorted(apart))[-MOST_SPANS:]
