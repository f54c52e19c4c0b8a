"""Tasks that never end: one that fails by a bug is told of and begun again, and harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from gateway.log import get_logger

log = get_logger()

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class Supervisor:
    """Runs endless work and counts how often it had to be begun again."""

    def __init__(self) -> None:
        self.restarts = 0

    async def keep(self, name: str, work: Callable[[], Coroutine[Any, Any, object]]) -> NoReturn:
        """Run ``work()``, again and again should it fail, with a growing pause, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            task = asyncio.create_task(work(), name=name)
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.wait({task})
                raise
            error = None if task.cancelled() else task.exception()
            log.error("a task failed, which is a bug; it begins again", task=name, exc_info=error)
            self.restarts += 1
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)
