"""Slow chance: a smooth curve through random points, the same for the same seed at any moment.

Weather needs chance that changes slowly and that can be asked at any time in any order. Here the
points lie at whole numbers, each drawn from a source named by seed and place in the row; between
two of them a half cosine leads from one to the next.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, floor, pi
from random import Random


@lru_cache(maxsize=4096)
def _point(name: str, place: int) -> float:
    return Random(f"{name}/{place}").uniform(-1.0, 1.0)


def drift(name: str, x: float) -> float:
    """A value from -1 to 1 that wanders as ``x`` grows, about once up and down every two units."""
    place = floor(x)
    before, after = _point(name, place), _point(name, place + 1)
    return before + (after - before) * (1 - cos(pi * (x - place))) / 2
