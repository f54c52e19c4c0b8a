"""Is a unit alone with its number? What has to be known before it is asked twice in a row.

The late answer of a second device to one question fits the next one of the same shape, and would be
taken for it. A unit is known to be alone once nobody else answered for as long as an answer may
take. Where polls leave pauses that comes by itself; only a unit that is asked one question after
the other is listened to, once when it is first heard and after that now and then.
"""

from __future__ import annotations

import math

from drivers.modbus.frame.pdu import Question

ALONE_FOR = 60.0
"""Seconds for which a unit counts as alone: how long a second device that is just being wired up
may mislead us where no pause gives it away, against a bus that stops for one timeout (E)."""


class Alone:
    """Which units of a wire are known to be alone; times in seconds of one clock."""

    def __init__(self) -> None:
        self._heard: dict[int, dict[bytes, float]] = {}  # when each shape was last heard
        self._until: dict[int, float] = {}

    def heard(self, unit: int, question: Question, now: float) -> None:
        """A unit has answered a question."""
        self._heard.setdefault(unit, {})[question.head] = now

    def wait(self, unit: int, question: Question, now: float, patience: float) -> float:
        """Seconds to listen before a question to a unit whose answers may take ``patience``."""
        heard = self._heard.get(unit)
        if not heard:
            return 0.0
        quiet_at = max(heard.values()) + patience
        if quiet_at <= now:
            heard.clear()
            self._until[unit] = now + ALONE_FOR
            return 0.0
        left = heard.get(question.head, -math.inf) + patience - now
        if left <= 0.0 or now < self._until.get(unit, now):
            return 0.0
        self._until[unit] = now + left + ALONE_FOR
        return left
