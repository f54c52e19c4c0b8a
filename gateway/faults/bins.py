"""What several bin rules remember: the level as a median of three, when it fell, how warm it was.

Source: domain §3.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from gateway.faults.rule import Seen
from gateway.model import Millis

STEEP_SPAN = 30_000
"""ms a rate of temperature is measured over at least: a tenth of a degree of noise is then
0.2 °C/min (E)."""

AROUND_COLLECTION = 900.0
"""Seconds around a collection in which a tilted bin and an open lid are the crew's (domain §3)."""

EMPTIED = 25.0
"""Points of % by which a level falls when a bin is emptied (domain §3, ``collected``)."""

_STEP = 5_000


def number(seen: Seen, point: str) -> float | None:
    """A good number of the latest reading itself, else None."""
    value = seen.fresh.get(point)
    return None if value is None or isinstance(value, bool | str) else value


class Level:
    """The median of a bin's last three fill levels in %; None until there are three.

    A single echo off a bag's edge or an open lid is thus never believed.
    """

    __slots__ = ("last", "median")

    def __init__(self, _seen: Seen) -> None:
        self.last: tuple[float, ...] = ()
        self.median: float | None = None

    def see(self, seen: Seen) -> None:
        """Take in a level."""
        level = number(seen, "fill_level")
        if level is not None:
            self.last = (*self.last[-2:], level)
            self.median = sorted(self.last)[1] if len(self.last) == 3 else None


class Emptying:
    """When the level last fell as it does when a crew empties the bin; None if it never did.

    By single readings, so that what masks tilt and lid is there at once.
    """

    __slots__ = ("_level", "at")

    def __init__(self, _seen: Seen) -> None:
        self.at: Millis | None = None
        self._level: float | None = None

    def see(self, seen: Seen) -> None:
        """Follow the level."""
        level = number(seen, "fill_level")
        if level is None:
            return
        if self._level is not None and level <= self._level - EMPTIED:
            self.at = seen.t
        self._level = level

    def lately(self, t: Millis, seconds: float) -> bool:
        """Whether that was within so many seconds before ``t``."""
        return self.at is not None and t - self.at <= seconds * 1000


class Warmth:
    """A bin's recent temperatures in °C.

    ``last`` holds the latest readings (t, °C), three at most, the newest last. ``trace`` holds
    enough of the past half minute to tell how steeply a quickly polled temperature rises.
    """

    __slots__ = ("last", "trace")

    def __init__(self, _seen: Seen) -> None:
        self.last: tuple[tuple[Millis, float], ...] = ()
        self.trace: deque[tuple[Millis, float]] = deque(maxlen=2 + STEEP_SPAN // _STEP)

    def see(self, seen: Seen) -> None:
        """Take in a temperature."""
        temperature = number(seen, "temperature")
        if temperature is None:
            return
        now = (seen.t, temperature)
        self.last = (*self.last[-2:], now)
        while len(self.trace) > 1 and self.trace[1][0] <= seen.t - STEEP_SPAN:
            self.trace.popleft()
        if not self.trace or seen.t - self.trace[-1][0] >= _STEP:
            self.trace.append(now)

    def rate(self, within: Millis) -> float:
        """°C/min since the newest reading at least 30 s older; 0 if none is, ``within`` ms."""
        (t, temperature), (earlier, before) = self.last[-1], self.trace[0]
        if not STEEP_SPAN <= t - earlier <= within:
            return 0.0
        return (temperature - before) / (t - earlier) * 60_000

    def jumped(self, by: float, least: Millis, within: Millis) -> bool:
        """Whether the latest reading is ``by`` °C above the one before, or holds such a jump.

        Only neighbours that lie at least ``least`` and at most ``within`` ms apart are compared.
        """
        if len(self.last) < 2:
            return False
        now = self.last[-1][1]
        for (earlier, before), (t, after) in reversed(tuple(pairwise(self.last))):
            if not least <= t - earlier <= within:
                return False
            if after - before >= by and now - before >= by:
                return True
        return False
