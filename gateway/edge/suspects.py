"""Which message ends the connection? Brokers close it over one they cannot bear, and say nothing.

Whoever was first under way each time the connection ended soon after may be why it ended. While
there is such a suspect, messages go one at a time; after ``STRIKES`` in a row it is guilty.
"""

from __future__ import annotations

from gateway.edge.outgoing import Outgoing

STRIKES = 5
"""So often in a row a message may end the connection; then it is guilty."""

LESS = 2
"""So often a part of a guilty one."""

AT_ONCE = 2.0
"""Seconds within which an end counts as the broker's answer to the message."""


class Suspects:
    """One suspect at a time, and how often it was there."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._strikes = 0

    @property
    def some(self) -> bool:
        """Whether a message was there more than once."""
        return self._strikes > 1

    def cleared(self, outgoing: Outgoing) -> None:
        """The broker has taken it."""
        if self._key == outgoing.key:
            self._key, self._strikes = None, 0

    def ended(self, oldest: Outgoing, now: float) -> bool:
        """The connection ended while ``oldest`` was the first under way; whether it is guilty."""
        if now - oldest.begun > AT_ONCE:
            return False
        self._strikes = self._strikes + 1 if self._key == oldest.key else 1
        self._key = oldest.key
        if self._strikes < STRIKES:
            return False
        self._strikes = STRIKES - LESS
        return True
