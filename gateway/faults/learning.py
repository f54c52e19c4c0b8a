"""What rules learnt of their subjects over weeks, as JSON: a restart need not learn it anew.

Each subject's memories are kept apart, by their own names, because they change at every reading and
are saved by turns: a card must last. Nothing here is ever the reason why a gateway does not start:
what cannot be loaded is learnt again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from gateway.faults.rule import MOST_LEARNT, Learnt
from gateway.faults.subject import Subject


class Learning:
    """The memories of ``subjects`` that outlive a restart, by the subject's id."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._memories: dict[str, list[Learnt]] = {}
        for subject in subjects:
            learnt = [memory for memory in subject.shared if isinstance(memory, Learnt)]
            if learnt:
                self._memories.setdefault(subject.id, []).extend(learnt)

    def subjects(self) -> tuple[str, ...]:
        """Whose memories are worth keeping."""
        return tuple(self._memories)

    def dump(self, subject: str) -> dict[str, Any]:
        """What was learnt of a subject, by ``kept_as``; too large a memory is left out."""
        found = {}
        for memory in self._memories.get(subject, ()):
            value = memory.dump()
            if value is not None and len(json.dumps(value)) <= MOST_LEARNT:
                found[memory.kept_as] = value
        return found

    def load(self, subject: str, saved: Mapping[str, Any]) -> None:
        """Take up what ``dump`` gave, as far as it is still of use."""
        for memory in self._memories.get(subject, ()):
            if memory.kept_as in saved:
                with suppress(ValueError, TypeError, LookupError, OverflowError):
                    memory.load(saved[memory.kept_as])
