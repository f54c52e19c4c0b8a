"""Faults that take time: how far each has come.

A device keeps its present faults as ``{name: (since, over)}``; what grows is whole ``over`` seconds
after ``since`` and gets there in a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from gateway.model import Millis

Present: TypeAlias = Mapping[str, tuple[Millis, float]]
"""The faults a device has: since when, and the seconds they take to be whole."""


def grown(faults: Present, whole: Callable[[str], float], t: Millis) -> float:
    """The sum of ``whole(name)`` over the present faults, each as far as it has come by ``t``."""
    total = 0.0
    for name, (since, over) in faults.items():
        most = whole(name)
        if most:
            total += most * min(1.0, (t - since) / 1000 / over if over else 1.0)
    return total
