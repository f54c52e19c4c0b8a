"""The dead-letter file: what could not be stored, with the reason, so that a person can look.

One JSON object a line: ``at`` (ms), ``reason``, and either ``row`` (what the database refused, in
its own notation) or ``topic`` and ``payload`` (a message nobody could read; base64). The file is
bounded: past ``most_bytes`` it becomes ``dead-letters.1.jsonl`` in place of the one before, and a
new one begins. What stands in it is acknowledged at the broker, so it is synced before that.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.centre.history import Rejected
from gateway.model import Millis

FILE = "dead-letters.jsonl"
OLDER = "dead-letters.1.jsonl"
MOST_BYTES = 20_000_000
MOST_OF_ONE = 64_000  # bytes or characters worth keeping of one letter


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that is not what the contract promises, and why."""

    topic: str
    payload: bytes
    reason: str


class DeadLetters:
    """An append-only file in the centre's folder; nothing is made until there is a letter."""

    def __init__(self, data_dir: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = data_dir / FILE
        self._older = data_dir / OLDER
        self._most = most_bytes

    def add(self, at: Millis, letters: Sequence[Unreadable | Rejected]) -> None:
        """Set them aside, durably; raises OSError when the disk refuses."""
        if not letters:
            return
        if self._path.exists() and self._path.stat().st_size >= self._most:
            self._path.replace(self._older)
        with self._path.open("ab") as file:
            file.writelines(_line(at, letter) for letter in letters)
            file.flush()
            os.fsync(file.fileno())


def _line(at: Millis, letter: Unreadable | Rejected) -> bytes:
    data: dict[str, object] = {"at": at, "reason": letter.reason}
    if isinstance(letter, Rejected):
        data["row"] = letter.row[:MOST_OF_ONE]
    else:
        data["topic"] = letter.topic
        data["payload"] = b64encode(letter.payload[:MOST_OF_ONE]).decode()
    return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)
