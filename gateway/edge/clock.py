"""Time as a value: who needs it is given a ``Clock``, and tests give one of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model import Millis


@dataclass(frozen=True, slots=True)
class Clock:
    """Two clocks: ``now`` tells the time (ms UTC, may jump), ``monotonic`` only runs on (s)."""

    now: Callable[[], Millis]
    monotonic: Callable[[], float]


SYSTEM = Clock(now=lambda: time.time_ns() // 1_000_000, monotonic=time.monotonic)
