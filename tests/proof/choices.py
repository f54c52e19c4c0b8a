"""Decisions out of bytes: what makes a fuzzer's input a conversation.

Random bytes, or those a coverage-guided fuzzer grows, are spent choice by choice; when they are
used up every choice is the first one, so that shorter inputs are simpler stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """One input, spent from the left."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to but not including ``bound``."""
        size = 1 if bound <= 256 else 2
        drawn = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(drawn, "big") % bound

    def pick(self, options: Sequence[T]) -> T:
        """One of several."""
        return options[self.below(len(options))]

    def chance(self, one_in: int) -> bool:
        """True once in so many."""
        return self.below(one_in) == one_in - 1

    def octets(self, most: int) -> bytes:
        """Up to ``most`` bytes as they are."""
        size = self.below(most + 1)
        drawn = self._data[self._at : self._at + size]
        self._at += size
        return drawn.ljust(size, b"\0")
