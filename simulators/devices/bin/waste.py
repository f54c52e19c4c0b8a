"""What lies in a bin: thrown in piece by piece, heaped at first, then settled; and what it weighs.

Throws are drawn for a quarter of an hour at a time, so that a bin's life does not depend on who
looks at it when. Each lands loosely: half of what it adds on top slumps away within hours. The
deeper the waste, the more it is pressed together.
"""

from __future__ import annotations

from collections import deque
from math import exp
from random import Random

from gateway.model import Millis
from simulators.world.demand import local
from simulators.world.waste import HABITS, WEEKS, Use

SLOT = 900_000
"""ms of throws drawn at a time."""
_LOOSE, _SLUMP, _HEAP = 0.5, 7_200_000, 2.0
"""Share of a throw that lies loose, ms until it has slumped to a third, % it can add at most."""
_PRESSED = 0.25
"""How much less of a piece shows in a full bin than in an empty one (E)."""
_BRIM = 100.0
"""% above which people put their waste beside the bin."""


class Waste:
    """``fill`` in % of settled waste, ``loose`` in % on top of it, ``kilos`` of both."""

    __slots__ = (
        "_chance", "_daily", "_density", "_slot", "_throws", "_use", "_zone", "fill", "kilos",
        "loose", "t", "thrown",
    )  # fmt: skip

    def __init__(
        self, chance: Random, use: Use, daily: float, capacity: float, zone: str, now: Millis
    ) -> None:
        """``daily`` is the % an average day brings, ``capacity`` litres of about 0.1 kg."""
        self._chance = chance
        self._use = use
        self._daily = daily
        self._zone = zone
        self._density = capacity / 100 * chance.uniform(0.08, 0.12)
        self._slot = now // SLOT
        self._throws: deque[tuple[Millis, float]] = deque()
        self.fill = chance.uniform(8, 40)
        self.kilos = self.fill * self._density
        self.loose = 0.0
        self.thrown: Millis = now - SLOT
        self.t = now

    def next(self, until: Millis) -> Millis | None:
        """When the next piece comes, if before ``until``."""
        while not self._throws:
            begin = self._slot * SLOT
            if begin > until:
                return None
            self._draw(begin)
            self._slot += 1
        t = self._throws[0][0]
        return t if t <= until else None

    def _draw(self, begin: Millis) -> None:
        """The throws of a quarter of an hour, after ``t``."""
        chance, (weekday, hour) = self._chance, local(begin, self._zone)
        piece = HABITS[self._use].piece
        share = WEEKS[self._use][24 * weekday + int(hour)]
        expected = self._daily * share / 4 / piece
        moments = sorted(begin + chance.randrange(SLOT) for _ in range(poisson(expected, chance)))
        sizes = ((t, piece * chance.uniform(0.5, 1.5)) for t in moments)
        self._throws.extend((t, size) for t, size in sizes if t > self.t)

    def throw(self, times: float, brim: float = _BRIM) -> None:
        """Take in the next piece, ``times`` its size; never above ``brim``."""
        t, size = self._throws.popleft()
        self.settle(t)
        size *= times
        shown = min(size * (1 - _PRESSED * self.fill / 100), max(0.0, brim - self.fill))
        self.fill += shown
        self.loose = min(_HEAP, self.loose + shown * _LOOSE, max(0.0, brim - self.fill))
        self.kilos += size * self._density * self._chance.uniform(0.7, 1.3)
        self.thrown = t

    def settle(self, t: Millis) -> None:
        """Let the loose part slump until ``t``."""
        self.loose *= exp(-(t - self.t) / _SLUMP)
        self.t = t

    def weight(self, surface: float) -> float:
        """The kg with waste up to ``surface`` %, whoever brought it."""
        return self.kilos + max(0.0, surface - self.fill - self.loose) * self._density

    def raise_to(self, level: float) -> None:
        """Fill it up to ``level`` %, by whatever means."""
        if level > self.fill:
            self.kilos += (level - self.fill) * self._density
            self.fill = level
            self.loose = 0.0

    def empty(self, left: float) -> None:
        """Take out all but ``left`` %."""
        self.fill, self.loose = left, 0.0
        self.kilos = left * self._density


def poisson(expected: float, chance: Random) -> int:
    """How many of rare independent things happen (Knuth's multiplication, for small numbers)."""
    limit, product, count = exp(-expected), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
