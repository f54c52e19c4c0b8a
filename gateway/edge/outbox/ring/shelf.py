"""Where the waiting records of a lane lie: runs of seqs in order, each with its batch's place.

Four arrays side by side, 24 bytes a run, so that half a gigabyte of backlog takes a few megabytes
of memory. Whatever is released or lost is taken out at once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring.batch import Row, Standing
from gateway.ranges import Ranges, add, take


class Lying(NamedTuple):
    """A run of waiting records: where it lies, and how many bytes it holds."""

    first: int
    last: int
    bytes: int
    place: int


Weigh: TypeAlias = Callable[[Lane, Lying, int, int], int]
"""How many bytes some records of a lane's run hold, by their first and last seq."""


class Shelf:
    """One lane of one ring."""

    def __init__(self, lane: Lane, standing: Standing) -> None:
        self.lane = lane
        self.stream = standing.stream
        self.base = standing.base
        self.last = standing.last
        self.waiting: Ranges = ()
        self.bytes = 0
        self._lasts = array("Q")
        self._counts = array("I")
        self._sizes = array("Q")
        self._places = array("I")

    @property
    def standing(self) -> Standing:
        """What the cursor says of it."""
        return Standing(self.stream, self.base, self.last, self.waiting)

    def __len__(self) -> int:
        return len(self._lasts)

    def at(self, index: int) -> Lying:
        """A run by its number."""
        last = self._lasts[index]
        first = last - self._counts[index] + 1
        return Lying(first, last, self._sizes[index], self._places[index])

    def runs(self, after: int = 0) -> Iterator[Lying]:
        """The runs in order, from the one with the first seq past ``after``; it may change."""
        index = bisect_left(self._lasts, after + 1)
        while index < len(self._lasts):
            found = self.at(index)
            yield found
            index = bisect_left(self._lasts, found.last + 1)

    def put(self, row: Row, place: int, weigh: Weigh) -> list[tuple[int, int]]:
        """Records now lie there; the places where they lay, and how many lay there."""
        last = row.first + row.records - 1
        left: list[tuple[int, int]] = []
        if self._lasts and row.first <= self._lasts[-1]:
            left = self.remove(row.first, last, weigh)
            index = bisect_left(self._lasts, row.first)
            self._replace(index, index, [Lying(row.first, last, row.bytes, place)])
        else:
            self._lasts.append(last)
            self._counts.append(row.records)
            self._sizes.append(row.bytes)
            self._places.append(place)
        self.waiting = add(self.waiting, row.first, last)
        self.last = max(self.last, last)
        self.bytes += row.bytes
        return left

    def remove(self, first: int, last: int, weigh: Weigh) -> list[tuple[int, int]]:
        """Records no longer wait; the places where they lay, and how many lay there."""
        start = index = bisect_left(self._lasts, first)
        places: list[tuple[int, int]] = []
        rest: list[Lying] = []
        while index < len(self._lasts) and (found := self.at(index)).first <= last:
            low, high = max(first, found.first), min(last, found.last)
            places.append((found.place, high - low + 1))
            pieces = [(found.first, low - 1), (high + 1, found.last)]
            left = [
                Lying(a, b, weigh(self.lane, found, a, b), found.place) for a, b in pieces if a <= b
            ]
            self.bytes -= found.bytes - sum(piece.bytes for piece in left)
            rest += left
            index += 1
        if places:
            self._replace(start, index, rest)
            self.waiting = take(self.waiting, first, last)
        return places

    def _replace(self, start: int, end: int, runs: list[Lying]) -> None:
        self._lasts[start:end] = array("Q", [run.last for run in runs])
        self._counts[start:end] = array("I", [run.last - run.first + 1 for run in runs])
        self._sizes[start:end] = array("Q", [run.bytes for run in runs])
        self._places[start:end] = array("I", [run.place for run in runs])
