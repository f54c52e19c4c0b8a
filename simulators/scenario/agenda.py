"""What happens when: actions in the order of their times.

An action is called with its own time, not with the time it is carried out at, so that what comes a
little late on a real clock is still labelled as planned.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TypeAlias

from gateway.model import Millis

Action: TypeAlias = Callable[[Millis], None]


class Agenda:
    """Actions to come; those of one moment keep the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[tuple[Millis, int, Action]] = []
        self._count = 0

    def plan(self, t: Millis, action: Action) -> None:
        """Do something at ``t``."""
        self._count += 1
        heapq.heappush(self._planned, (t, self._count, action))

    @property
    def due(self) -> Millis | None:
        """When the next one is; None if there is none."""
        return self._planned[0][0] if self._planned else None

    def run(self, upto: Millis) -> None:
        """Carry out all that is due by then, and what that leads to."""
        while self._planned and self._planned[0][0] <= upto:
            t, _, action = heapq.heappop(self._planned)
            action(t)
