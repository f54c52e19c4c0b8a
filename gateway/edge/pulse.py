"""Whether the daemon still makes progress: every task says when it will be back.

Before it waits for anything, a task promises a moment by which it expects to have moved on. One
that is overdue by more than the pulse's patience means that it is stuck. The watchdog is fed only
while none is.
"""

from __future__ import annotations

from typing import TypeAlias

STUCK = 60.0
"""Seconds: whatever takes this much longer than it should is stuck; no driver's timeout comes near
it."""


Who: TypeAlias = str | tuple[str, object]
"""A task by its name, or a bus by its name and what of it."""


class Pulse:
    """The open promises of all tasks, by who gave them; times are monotonic seconds."""

    def __init__(self, patience: float = STUCK) -> None:
        self.patience = patience
        self._promises: dict[Who, float] = {}

    def promise(self, who: Who, by: float) -> None:
        """``who`` expects to call again, or to be done, by then."""
        self._promises[who] = by

    def kept(self, who: Who) -> None:
        """``who`` has moved on and waits for nothing."""
        self._promises.pop(who, None)

    def broken(self, now: float) -> list[Who]:
        """Those who should have moved on long ago."""
        late = now - self.patience
        return [who for who, by in self._promises.items() if by < late]
