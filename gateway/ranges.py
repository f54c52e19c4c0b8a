"""Sets of sequence numbers as inclusive ranges: in order, disjoint, and never adjacent."""

from __future__ import annotations

from bisect import bisect_left
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]
Ranges: TypeAlias = tuple[Range, ...]


def size(ranges: Ranges) -> int:
    """How many numbers they hold."""
    return sum(last - first + 1 for first, last in ranges)


def add(ranges: Ranges, first: int, last: int) -> Ranges:
    """The ranges with ``first`` … ``last`` in them."""
    low = bisect_left(ranges, first - 1, key=lambda each: each[1])
    high = low
    while high < len(ranges) and ranges[high][0] <= last + 1:
        first, last = min(first, ranges[high][0]), max(last, ranges[high][1])
        high += 1
    return (*ranges[:low], (first, last), *ranges[high:])


def take(ranges: Ranges, first: int, last: int) -> Ranges:
    """The ranges without ``first`` … ``last``."""
    low = bisect_left(ranges, first, key=lambda each: each[1])
    kept: list[Range] = []
    high = low
    while high < len(ranges) and ranges[high][0] <= last:
        before, after = ranges[high]
        if before < first:
            kept.append((before, first - 1))
        if after > last:
            kept.append((last + 1, after))
        high += 1
    return (*ranges[:low], *kept, *ranges[high:])


def without(ranges: Ranges, others: Ranges) -> Ranges:
    """The ranges with none of ``others`` in them."""
    for first, last in others:
        ranges = take(ranges, first, last)
    return ranges


def common(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in both."""
    return without(ranges, without(ranges, others))


def joined(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in either."""
    for first, last in others:
        ranges = add(ranges, first, last)
    return ranges


def around(ranges: Ranges, number: int) -> Range | None:
    """The range that holds a number."""
    place = bisect_left(ranges, number, key=lambda each: each[1])
    if place < len(ranges) and ranges[place][0] <= number:
        return ranges[place]
    return None
