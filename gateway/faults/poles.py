"""How a pole stands when all is well: the tilt that two rules compare with.

Few poles stand upright, and sensors are mounted by hand, so a pole is compared with itself: with
the median of its first hour of readings, kept for good. Wind moves a pole; a median does not mind.
"""

from __future__ import annotations

from statistics import median
from typing import Any, ClassVar

from gateway.faults.lamps import number
from gateway.faults.rule import Seen
from gateway.model import Millis

SAMPLES, APART = 12, 300_000
"""A baseline is the median of so many tilts, so many ms apart: an hour (E)."""


class Stance:
    """A pole's ``baseline`` in degrees; None until it is known."""

    kept_as: ClassVar[str] = "pole_stance/1"
    __slots__ = ("_at", "_first", "baseline")

    def __init__(self, _seen: Seen) -> None:
        self.baseline: float | None = None
        self._first: tuple[float, ...] = ()
        self._at: Millis = 0

    def begin(self) -> None:
        """Nothing that was under way can be spoilt by a pause."""

    def see(self, seen: Seen) -> None:
        """Gather the first hour; nothing is learnt after it."""
        if self.baseline is not None or seen.t - self._at < APART:
            return
        tilt = number(seen, "tilt")
        if tilt is None or "tilt" not in seen.fresh:
            return
        self._at = seen.t
        self._first = (*self._first, tilt)
        if len(self._first) >= SAMPLES:
            self.baseline, self._first = median(self._first), ()

    def off(self, tilt: float) -> float | None:
        """Degrees from the baseline; None until there is one."""
        return None if self.baseline is None else abs(tilt - self.baseline)

    def dump(self) -> float | None:
        """The baseline."""
        return None if self.baseline is None else round(self.baseline, 2)

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a baseline."""
        baseline = float(value)
        if not 0 <= baseline <= 180:
            raise ValueError("not a tilt")
        self.baseline = baseline
