"""What several bin rules share: the level and how it is judged, when it fell, how warm it was.

Source: domain §3.
"""

from __future__ import annotations

from itertools import pairwise

from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Seen, Told, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis

STEEP_SPAN = 30_000
"""ms a rate of temperature is measured over at least: a tenth of a degree of noise is then
0.2 °C/min (E)."""

AROUND_COLLECTION = 900.0
"""Seconds around a collection in which a tilted bin and an open lid are the crew's (domain §3)."""

EMPTIED = 25.0
"""Points of % by which a level falls when a bin is emptied (domain §3, ``collected``)."""

NEAR_EMPTY = 20.0
"""% up to which a bin may be left by a crew that has emptied it (E)."""

SMALL_FALL = 15.0
"""Points of % from which a fall may be a collection, if more tells of it (domain §3)."""

CREWS_TILT = 60.0
"""Degrees beyond which a crew tilts a bin to empty it (domain §3)."""

SETTLES = 5.0
"""Points of % by which a throw may lift the level at once (E)."""

TOGETHER = 1_800_000
"""ms within which most of a stand falls when a crew is there (domain §3)."""

HOLE = 1_800_000
"""ms without a level in which a bin may have been emptied and filled again (E)."""

QUICK = 600_000
"""ms between readings up to which a bin cannot have filled within four of them (E)."""

_STEP = 5_000
_MOST = 2 + STEEP_SPAN // _STEP


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
        self.begin()

    def begin(self) -> None:
        """Nobody knows what was thrown in meanwhile."""
        self.last: tuple[float, ...] = ()
        self.median: float | None = None

    def see(self, seen: Seen) -> None:
        """Take in a level."""
        level = number(seen, "fill_level")
        if level is not None:
            self.last = last = (*self.last[-2:], level)
            self.median = sorted(last)[1] if len(last) == 3 else None

    def judge(self, full: float, below: float) -> Verdict:
        """Met from ``full`` % on, normal ``below`` that much, undecided while no level is known."""
        if self.median is None:
            return UNDECIDED
        if self.median >= full:
            return MET
        return NORMAL if self.median < below else BETWEEN

    def tell(self, full: float, since: Millis, t: Millis) -> Told:
        """How full, since when."""
        level = self.median or 0.0
        message = f"{level:.0f} % full, at least {full:.0f} % for {lasted(since, t)}"
        return message, {"fill_level": round(level, 1)}


class Collections:
    """When the bin was last collected, and from which level; ``news`` while that is just seen.

    Source: domain §3, event ``collected``: a fall by at least 25 points to near empty that a second
    reading holds; by 15 at least from a level of at most 30 %, where the bin was tilted as crews
    tilt it or most bins of its stand are empty with it (polls do not tell who fell when, E). The
    level before is a median of three, so that a wrong echo and its end are no collection; in a web
    there are two at a time, so where readings come quickly none of the last four may have been
    nearly as low.
    """

    __slots__ = ("_before", "_fell", "_heard", "_tilted", "_was", "at", "fell_from", "news")

    def __init__(self, _seen: Seen) -> None:
        self.begin()

    def begin(self) -> None:
        """Nobody knows who came meanwhile."""
        self.at: Millis | None = None
        self.fell_from = 0.0
        self.news = False
        self._before: tuple[float, ...] = ()
        self._heard: Millis = 0
        self._fell: Millis | None = None
        self._was = 0.0
        self._tilted: Millis | None = None

    def see(self, seen: Seen) -> None:
        """Follow level and tilt."""
        self.news = False
        tilt, level = number(seen, "tilt"), number(seen, "fill_level")
        if tilt is not None and tilt > CREWS_TILT:
            self._tilted = seen.t
        if level is None:
            return
        hole = seen.t - self._heard > max(HOLE, 3 * seen.period)
        self._heard = seen.t
        if self._fell is not None:
            self._confirm(seen, level, self._fell)
        elif self._before:
            was, least = self._high()
            if seen.period > QUICK or hole:
                least = was
            if level <= NEAR_EMPTY and least - level >= SMALL_FALL:
                self._fell, self._was = seen.t, was
        if self._fell is None:
            self._before = (level,) if hole else (*self._before[-3:], level)

    def _high(self) -> tuple[float, float]:
        """The level before, and the least of the last four."""
        last = sorted(self._before[-3:])
        was = last[(len(last) - 1) // 2]
        if abs(self._before[-1] - was) <= SETTLES:
            was = self._before[-1]  # what was just thrown in lies loosely on top
        return was, min(self._before)

    def _confirm(self, seen: Seen, level: float, fell: Millis) -> None:
        """A reading after a fall: that holds, or it was none; a small one may have to wait."""
        if level <= NEAR_EMPTY:
            if self._was - level >= EMPTIED or self._told(seen):
                self.at, self.fell_from, self.news = fell, self._was, True
                self._before = ()
            elif seen.t - fell < TOGETHER:
                return
        self._fell = None

    def lately(self, t: Millis, seconds: float) -> bool:
        """Whether a crew was there within so many seconds before ``t``, as far as is known by then.

        The first reading of a fall is enough, for what is masked by it must not wait for a second.
        """
        at = self.at if self._fell is None else self._fell
        return at is not None and t - at <= seconds * 1000

    def _told(self, seen: Seen) -> bool:
        """Whether tilt or the stand tells that a small fall was a collection."""
        if self._tilted is not None and seen.t - self._tilted <= AROUND_COLLECTION * 1000:
            return True
        others = [
            level
            for one in seen.members("stand")
            if one is not seen and isinstance(level := one.good.get("fill_level"), int | float)
        ]
        return bool(others) and 2 * sum(level <= NEAR_EMPTY for level in others) > len(others)


class Warmth:
    """A bin's recent temperatures in °C.

    ``last`` holds the latest readings (t, °C), three at most, the newest last. ``trace`` holds
    enough of the past half minute to tell how steeply a quickly polled temperature rises.
    """

    __slots__ = ("last", "trace")

    def __init__(self, _seen: Seen) -> None:
        self.last: tuple[tuple[Millis, float], ...] = ()
        self.trace: tuple[tuple[Millis, float], ...] = ()

    def see(self, seen: Seen) -> None:
        """Take in a temperature."""
        temperature = number(seen, "temperature")
        if temperature is None:
            return
        now = (seen.t, temperature)
        self.last = (*self.last[-2:], now)
        trace = self.trace
        while len(trace) > 1 and trace[1][0] <= seen.t - STEEP_SPAN:
            trace = trace[1:]
        if not trace or seen.t - trace[-1][0] >= _STEP:
            trace = (*trace[-_MOST + 1 :], now)
        self.trace = trace

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
