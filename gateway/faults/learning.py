"""What rules learnt of their subjects over weeks, as JSON: a restart need not learn it anew.

Each subject's memories are kept apart, by their own names, because they change at every reading and
are saved by turns: a card must last. Nothing here is ever the reason why a gateway does not start:
what cannot be loaded is learnt again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gateway.faults.rule import MOST_LEARNT, Learnt
from gateway.faults.subject import Roll


class Learning:
    """The memories of ``subjects`` that outlive a restart."""

    def __init__(self, subjects: Roll) -> None:
        self._subjects = subjects

    def subjects(self) -> tuple[str, ...]:
        """Whose memories are worth keeping."""
        return tuple(one for one in self._subjects if any(self._memories(one)))

    def _memories(self, subject: str) -> Iterator[Learnt]:
        for one in self._subjects.of(subject):
            for memory in one.memories:
                if isinstance(memory, Learnt):
                    yield memory

    def dump(self, subject: str) -> dict[str, Any]:
        """What was learnt of a subject, by ``kept_as``; too large a memory is left out."""
        found = {}
        for memory in self._memories(subject):
            value = memory.dump()
            if value is not None and len(json.dumps(value)) <= MOST_LEARNT:
                found[memory.kept_as] = value
        return found

    def load(self, subject: str, saved: Mapping[str, Any]) -> None:
        """Take up what ``dump`` gave, as far as it is still of use."""
        for memory in self._memories(subject):
            if memory.kept_as in saved:
                with suppress(ValueError, TypeError, LookupError, OverflowError):
                    memory.load(saved[memory.kept_as])
