"""Tasks that never end: one that fails by a bug is told of and begun again, and harms no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from gateway.log import get_logger

log = get_logger()

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Seconds; half of what a pulse bears with, so that one who begins again is not taken for stuck."""
STEADY = 300.0
"""Seconds without a failure after which the pauses begin anew."""


class Supervisor:
    """Runs endless work and counts by its name how often it had to be begun again."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()

    @property
    def restarts(self) -> int:
        """How often anything was begun again."""
        return self.failures.total()

    async def keep(self, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> NoReturn:
        """Run ``work()``, again and again should it fail, with a growing pause, until cancelled."""
        now = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while True:
            began = now()
            task = asyncio.create_task(work(), name=name)
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.wait({task})
                raise
            error = None if task.cancelled() else task.exception()
            log.error("a task failed, which is a bug; it begins again", task=name, exc_info=error)
            self.failures[name] += 1
            if now() - began > STEADY:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)
