"""Whether the daemon still makes progress: every task says when it will be back.

Before it waits for anything, a task promises a moment by which it will have moved on; a promise
that was broken means that it is stuck. The watchdog is fed only while none is.
"""

from __future__ import annotations

from collections.abc import Hashable

STUCK = 60.0
"""Seconds: whatever takes this much longer than it should is stuck; no driver's timeout comes near
it."""


class Pulse:
    """The open promises of all tasks, by who gave them; times are monotonic seconds."""

    def __init__(self) -> None:
        self._promises: dict[Hashable, float] = {}

    def promise(self, who: Hashable, by: float) -> None:
        """``who`` will call again, or be done, by then."""
        self._promises[who] = by

    def kept(self, who: Hashable) -> None:
        """``who`` has moved on and waits for nothing."""
        self._promises.pop(who, None)

    def broken(self, now: float) -> list[Hashable]:
        """Those who should have moved on by now."""
        return [who for who, by in self._promises.items() if by < now]
