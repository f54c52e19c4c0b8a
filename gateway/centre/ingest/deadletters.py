"""The dead-letter file: what could not be stored, with the reason, until it is fed in again.

One JSON object a line: ``at`` (ms), ``cause`` (one word or two of ``CAUSES``), ``reason`` (what the
database or the reader said), and either ``row`` (what the database refused, in its own notation)
or ``topic`` and ``payload`` (a message nobody could read; base64). One that is too long is ``cut``,
and then only good for looking at. The file is bounded: past ``most_bytes`` it becomes
``dead-letters.1.jsonl`` in place of the one before, and a new one begins. What stands in it is
acknowledged at the broker, so it is synced before that.
"""

from __future__ import annotations

import dataclasses
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import orjson

from gateway.centre.history import Rejected
from gateway.model import Millis
from gateway.wire import Root

FILE = "dead-letters.jsonl"
OLDER = "dead-letters.1.jsonl"
MOST_BYTES = 20_000_000
MOST_OF_ONE = 64_000  # bytes or characters worth keeping of one letter

CAUSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("type conflict", re.compile(r"type conflict|already exists as type|is type \w+, already")),
    ("too old", re.compile(r"beyond retention|outside retention|time range|too old")),
    ("too many series", re.compile(r"max-(series|values)|cardinality")),
    ("too large", re.compile(r"\b413\b|too large|max(imum)? .*length")),
    ("malformed", re.compile(r"unable to parse|malformed|invalid|missing|bad timestamp")),
)
"""What databases say, by what it means; the first that is found."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that is not what the contract promises, and why."""

    topic: str
    payload: bytes
    reason: str


Letter: TypeAlias = Unreadable | Rejected


def cause(letter: Letter) -> str:
    """Why it is set aside, in a word to count by."""
    if isinstance(letter, Unreadable):
        return "unreadable"
    return next((word for word, said in CAUSES if said.search(letter.reason)), "refused")


class DeadLetters:
    """The file in the centre's folder; nothing is made until there is a letter."""

    def __init__(self, data_dir: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = data_dir / FILE
        self._older = data_dir / OLDER
        self._most = most_bytes

    def add(self, at: Millis, letters: Sequence[Letter]) -> None:
        """Set them aside, durably; raises OSError when the disk refuses."""
        if not letters:
            return
        if self._path.exists() and self._path.stat().st_size >= self._most:
            self._path.replace(self._older)
        torn = _is_torn(self._path)
        with self._path.open("ab") as file:
            file.write(b"\n" if torn else b"")
            file.writelines(written_down(at, letter) for letter in letters)
            file.flush()
            os.fsync(file.fileno())

    def files(self) -> list[Path]:
        """Those there are, the older one first."""
        return [path for path in (self._older, self._path) if path.exists()]


def _is_torn(path: Path) -> bool:
    """Whether a crash left the last line unfinished, so that the next must not go on with it."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def read(path: Path) -> Iterator[tuple[bytes, Letter | None]]:
    """The lines of a file with the letters they hold; None where one is cut or damaged.

    A line that a crash left unfinished is damaged.
    """
    with path.open("rb") as file:
        for text in file:
            line = text if text.endswith(b"\n") else text + b"\n"
            try:
                data = orjson.loads(line)
                yield line, None if data.get("cut") else _letter(data)
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
                yield line, None


def replace(path: Path, lines: Iterable[bytes]) -> None:
    """Put other lines in a file's place, all or nothing; without any, it goes."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    if fresh.stat().st_size:
        fresh.replace(path)
    else:
        path.unlink()
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_ROW = re.compile(r"[^, ]+,device=([^, ]+),gateway=([^, ]+),site=([^, ]+) .* (\d+)", re.DOTALL)


def refused_readings(data_dir: Path) -> Iterator[tuple[Root, str, Millis]]:
    """Gateway, device and time of every reading's row that is set aside now."""
    for path in DeadLetters(data_dir).files():
        for _, letter in read(path):
            found = _ROW.fullmatch(letter.row) if isinstance(letter, Rejected) else None
            if found is not None:
                yield Root(found[3], found[2]), found[1], int(found[4])


def written_down(at: Millis, letter: Letter) -> bytes:
    """A letter as its line of the file."""
    data: dict[str, object] = {"at": at, "cause": cause(letter), "reason": letter.reason}
    if isinstance(letter, Rejected):
        data["row"] = letter.row[:MOST_OF_ONE]
        cut = len(letter.row) > MOST_OF_ONE
    else:
        data["topic"] = letter.topic
        data["payload"] = b64encode(letter.payload[:MOST_OF_ONE]).decode()
        cut = len(letter.payload) > MOST_OF_ONE
    if cut:
        data["cut"] = True
    return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)


def renewed(line: bytes, letter: Letter, reason: str) -> bytes:
    """A letter's line with what is wrong with it today; it keeps the time it was set aside."""
    data = orjson.loads(line)
    data["cause"], data["reason"] = cause(dataclasses.replace(letter, reason=reason)), reason
    return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)


def _letter(data: dict[str, str]) -> Letter:
    if "row" in data:
        return Rejected(data["row"], data["reason"])
    return Unreadable(data["topic"], b64decode(data["payload"]), data["reason"])
