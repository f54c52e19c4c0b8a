"""What a bus has done since the daemon began, counted by its poller for whoever wants to know.

Figures only grow; whoever wants a share or a rate takes the difference of two looks. A bus is
*busy* while at least one request, or the silence after it, is under way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gateway.driver import Symptom


@dataclass(slots=True)
class Figures:
    """``failures`` counts polls without a good answer, or with a part that was not, by symptom."""

    polls: int = 0
    silent: int = 0
    links_lost: int = 0
    failures: Counter[Symptom] = field(default_factory=Counter)
    _busy: float = 0.0
    _under_way: int = 0
    _since: float = 0.0

    @property
    def bad(self) -> int:
        """Polls that got an answer which could not be used, or not all of it."""
        return self.failures.total() - self.silent

    def begin(self, now: float) -> None:
        """Something goes out on the wire; ``now`` in monotonic seconds."""
        if not self._under_way:
            self._since = now
        self._under_way += 1

    def end(self, now: float) -> None:
        """It is over."""
        self._under_way -= 1
        if not self._under_way:
            self._busy += now - self._since

    def busy(self, now: float) -> float:
        """Seconds in which the bus was busy so far."""
        return self._busy + (now - self._since if self._under_way else 0.0)
