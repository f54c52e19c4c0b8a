"""How a bin fills: when it will be full, by how long it took before.

A *cycle* begins when the bin was emptied and ends when it is full or emptied again. Of each cycle a
few moments are kept: the level there, and how long it then took to be full. The forecast from a
level is what the last cycles did from near that level: their tenth, fiftieth and ninetieth
percentile. There is no model behind it that could be wrong about this bin; on the published levels
of a city's bins the plain record does as well as boosted trees (domain §3), and an operator can be
shown the very cycles it comes from.

A bin that is collected before it is full never shows how long it would have taken; such a cycle
counts with the time its own mean rate would have needed for the rest, if it rose enough to have a
rate. A hole in the readings ends a cycle without a trace, because the bin may have been emptied in
it. Memory is bounded, about a kilobyte: ``CYCLES`` cycles of at most ``MOMENTS`` moments, each in
two 16-bit numbers, and the moments of the cycle under way, each in two of 64 bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from gateway.model import Millis

HOUR = 3_600_000

CYCLES = 20
"""Cycles remembered: some months of a street bin, so that seasons are followed (E)."""

MOMENTS = 8
"""Moments kept of one cycle; when there are more, every second one is left out."""

SPACING = 6 * HOUR
"""ms between two moments of a cycle at first; doubled whenever moments are left out."""

HOLE = 36 * HOUR
"""ms without a level after which nobody knows whether the bin was emptied meanwhile (E)."""

EMPTIED = 15.0
"""A fall by so many points of % is no noise: something was taken out (E)."""

NEAR = 10.0
"""Levels within so many points of % count as the same place in a cycle."""

ENOUGH = 8
"""Moments near a level that are worth more than many from all levels, rescaled (E)."""

LEAST_CYCLES = 5
"""With fewer cycles nothing is forecast."""

LEAST_RISE = 10.0
"""Points of % a cut-off cycle must have risen from a moment to have a rate of its own."""

LONGEST = 6_553.0
"""Hours a cycle's moment can tell of, nine months: tenths of an hour in 16 bits."""

Moment: TypeAlias = tuple[float, float]
"""A level in %, and how many hours it then took until the bin was full."""

_ROOM = 2 * MOMENTS


@dataclass(frozen=True, slots=True)
class Forecast:
    """Hours until the bin is full: it is sooner in one case of ten, of two, and in nine of ten."""

    p10: float
    p50: float
    p90: float


class Filling:
    """The cycles of one bin. ``full`` is the level in % at which it counts as full."""

    __slots__ = ("_level", "_now", "_record", "_spacing", "_t", "full")

    def __init__(self, full: float = 80.0) -> None:
        self.full = full
        self._record = array("H")  # a cycle is _ROOM numbers: level, tenths of an hour, …, 0, 0
        self._now: array[float] | None = None  # ms, level, ms, level, …
        self._spacing = SPACING
        self._t: Millis | None = None
        self._level = 0.0

    def take(self, t: Millis, level: float) -> None:
        """A level, already free of single misreadings; later ones come later."""
        before, was, now = self._t, self._level, self._now
        self._t, self._level = t, level
        if before is None or t - before > HOLE:
            self._now = None  # it may have been emptied, or have stood full, in between
            if level < self.full:
                self._begin(t, level)
            return
        if level <= was - EMPTIED:
            self._cut_off(before, was)
            self._begin(t, level)
        elif now is None:
            return  # full since some time, or nobody knows since when
        elif level >= self.full:
            self._remember((level_then, (t - then) / HOUR) for then, level_then in pairs(now))
            self._now = None
        elif t - now[-2] >= self._spacing:
            now.extend((t, level))
            if len(now) > 2 * MOMENTS:
                self._now = flat([*pairs(now)][::2])
                self._spacing *= 2

    def _begin(self, t: Millis, level: float) -> None:
        self._now = flat([(t, level)]) if level < self.full else None
        self._spacing = SPACING

    def _cut_off(self, t: Millis, level: float) -> None:
        """It was emptied before it was full: carry each moment on at the rate it had until then."""
        self._remember(
            (before, (t - then) / HOUR * (self.full - before) / (level - before))
            for then, before in pairs(self._now or ())
            if level - before >= LEAST_RISE and t > then
        )

    def _remember(self, moments: Iterable[Moment]) -> None:
        told = [
            number
            for level, hours in moments
            for number in (round(max(level, 0.0)), max(1, round(min(hours, LONGEST) * 10)))
        ]
        if told:
            self._record.extend([*told, *[0] * (_ROOM - len(told))])
            del self._record[: max(0, len(self._record) - CYCLES * _ROOM)]

    def forecast(self, level: float) -> Forecast | None:
        """When a bin at ``level`` % will be full; None while too few cycles are known."""
        if level >= self.full:
            return Forecast(0.0, 0.0, 0.0)
        if len(self._record) < LEAST_CYCLES * _ROOM:
            return None
        known = self._paces(level - NEAR, min(level + NEAR, self.full))
        if len(known) < ENOUGH:
            known = self._paces(-1.0, self.full)
        known.sort()
        left = (self.full - level) / 10
        return Forecast(*(left * quantile(known, share) for share in (0.1, 0.5, 0.9)))

    def _paces(self, low: float, high: float) -> list[float]:
        """Tenths of an hour for a point of %, from each moment between two levels."""
        full = self.full
        return [
            tenths / (full - level)
            for level, tenths in pairs(self._record)
            if tenths and low < level < high
        ]

    def dump(self) -> dict[str, Any]:
        """What a restart must not forget, as JSON: the cycles that are over, and the one under way.

        Levels in whole %, times in tenths of an hour.
        """
        return {
            "cycles": self._record.tolist(),
            "now": [[int(t), round(level)] for t, level in pairs(self._now or ())],
            "last": None if self._t is None else [self._t, round(self._level)],
            "spacing": self._spacing,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what ``dump`` gave.

        Raises KeyError, TypeError, ValueError or OverflowError for anything else.
        """
        record = array("H", saved["cycles"])
        now = [(int(t), float(level)) for t, level in saved["now"]]
        last = saved["last"]
        if len(record) % _ROOM:
            raise ValueError(f"{len(record)} numbers are no whole cycles of {_ROOM}")
        self._record = record[-CYCLES * _ROOM :]
        self._now = flat(now[-MOMENTS:]) if now else None
        self._t, self._level = (None, 0.0) if last is None else (int(last[0]), float(last[1]))
        self._spacing = int(saved["spacing"])


def flat(moments: Iterable[tuple[float, float]]) -> array[float]:
    """Pairs as one row of numbers."""
    return array("d", chain.from_iterable(moments))


def pairs(numbers: Iterable[float]) -> Iterator[tuple[float, float]]:
    """A row of numbers as pairs."""
    each = iter(numbers)
    return zip(each, each, strict=True)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The ``share`` quantile of values in order, linear between them."""
    place = share * (len(ordered) - 1)
    below = int(place)
    part = place - below
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] * (1 - part) + ordered[above] * part
