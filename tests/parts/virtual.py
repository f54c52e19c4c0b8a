"""An event loop on virtual time: sleeping costs nothing, and an hour passes in a blink.

When nothing is ready the loop does not wait for its next timer but sets its clock to it. Threads
and sockets have no place here; a loop with nothing to wait for is a deadlock and says so.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from gateway.edge.clock import Clock

T = TypeVar("T")

NOON = 1_763_812_800_000  # 2025-11-22 12:00:00 UTC, in ms


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready: list[Any] = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("deadlock: everybody waits, and nothing will ever happen")
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at second 1000 of its own time."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def virtual_clock() -> Clock:
    """The clock of the running virtual loop: noon at its start."""
    loop = asyncio.get_running_loop()
    return Clock(now=lambda: NOON + round((loop.time() - 1000.0) * 1000), monotonic=loop.time)
