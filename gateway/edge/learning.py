"""What the rules learnt, on disk: by turns, so that a card lasts.

Memories of weeks change with every reading, and it costs little to lose some hours of them. So
some subjects' are saved every ten minutes, each subject's every three hours, and all of them when
the gateway ends in good order.
"""

from __future__ import annotations

import asyncio
import math
from typing import NoReturn

from gateway.edge.journal import Journal
from gateway.edge.state import State
from gateway.faults.learning import Learning

PREFIX = "learnt/"
EVERY = 600.0
"""Seconds between two savings."""
TURNS = 18
"""Savings in which everybody has had a turn."""


class Keeper:
    """Saves what ``learning`` knows through the ``journal``."""

    def __init__(self, learning: Learning, journal: Journal) -> None:
        self._learning = learning
        self._journal = journal
        self._subjects = learning.subjects()
        self._next = 0

    def resume(self, state: State) -> None:
        """Take up what an earlier run saved; what is of nobody any more is dropped."""
        state.keep_only(PREFIX, self._subjects)
        for subject in self._subjects:
            saved = state.get(PREFIX + subject)
            if isinstance(saved, dict):
                self._learning.load(subject, saved)

    async def run(self) -> NoReturn:
        """Save, for ever."""
        while True:
            await asyncio.sleep(EVERY)
            self.save_some()

    def save_some(self) -> None:
        """Those whose turn it is."""
        count = math.ceil(len(self._subjects) / TURNS)
        self._save(self._subjects[self._next : self._next + count])
        self._next = self._next + count if self._next + count < len(self._subjects) else 0

    def save_all(self) -> None:
        """Everybody, at the end."""
        self._save(self._subjects)

    def _save(self, subjects: tuple[str, ...]) -> None:
        for subject in subjects:
            self._journal.keep(PREFIX + subject, self._learning.dump(subject))
