"""The world's one clock: real, accelerated, or moved by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Protocol

from gateway.model import Millis

DAY: Millis = 86_400_000
LONGEST_STEP: Millis = 60_000
"""No model integrates over more than a minute at once: dusk falls within it."""
FASTEST = 10_000.0
"""The most a clock may run ahead of the machine's."""


class Clock(Protocol):
    """Where the world's time comes from."""

    def now(self) -> Millis:
        """Milliseconds UTC; never runs backwards."""

    async def until(self, t: Millis) -> None:
        """Return once ``now() >= t``."""


class RealClock:
    """The machine's time, or any other, at the start; carried on by its monotonic clock.

    With a ``speed`` of 60 an hour passes in a minute.
    """

    def __init__(self, start: Millis | None = None, speed: float = 1.0) -> None:
        self._start = time.time_ns() // 1_000_000 if start is None else start
        self._began = time.monotonic_ns()
        self._speed = speed

    def now(self) -> Millis:
        """Milliseconds UTC."""
        passed = (time.monotonic_ns() - self._began) / 1_000_000
        return self._start + int(passed * self._speed)

    async def until(self, t: Millis) -> None:
        """Sleep until ``t``."""
        await asyncio.sleep(max(0, t + 1 - self.now()) / 1000 / self._speed)


class SteppedClock:
    """Time that moves only when told to: for tests, and for running without wires."""

    def __init__(self, start: Millis) -> None:
        self._now = start
        self._waiting: list[tuple[Millis, asyncio.Event]] = []

    def now(self) -> Millis:
        """Milliseconds UTC."""
        return self._now

    def step(self, seconds: float) -> Millis:
        """Move on, wake whoever waited for a moment now past, and return the time."""
        return self.move(self._now + round(seconds * 1000))

    def move(self, t: Millis) -> Millis:
        """Move on to ``t``."""
        self._now = t
        if self._waiting:
            for moment, event in self._waiting:
                if moment <= t:
                    event.set()
            self._waiting = [one for one in self._waiting if one[0] > t]
        return t

    async def until(self, t: Millis) -> None:
        """Wait for somebody to step past ``t``."""
        if t > self._now:
            event = asyncio.Event()
            self._waiting.append((t, event))
            await event.wait()


def steps(
    since: Millis, until: Millis, longest: int = LONGEST_STEP
) -> Iterator[tuple[Millis, float]]:
    """The end and the length in seconds of each step a model takes from ``since`` to ``until``."""
    while since < until:
        end = min(since + longest, until)
        yield end, (end - since) / 1000
        since = end
