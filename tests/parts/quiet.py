"""Wait until nobody else works on this machine: for benches that measure moments, not work."""

from __future__ import annotations

import time
from pathlib import Path

IDLE = 0.95  # of all processors
_LOOK = 1.0  # s


def wait_for_quiet(patience: float) -> bool:
    """Whether the machine was idle for a second, within so many seconds."""
    deadline = time.monotonic() + patience
    while (share := _idle_share()) < IDLE and time.monotonic() < deadline:
        pass
    return share >= IDLE


def _idle_share() -> float:
    before = _ticks()
    time.sleep(_LOOK)
    after = _ticks()
    return (after[1] - before[1]) / (after[0] - before[0])


def _ticks() -> tuple[int, int]:
    """All ticks of all processors so far, and those in which they were idle."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return sum(numbers), numbers[3] + numbers[4]
