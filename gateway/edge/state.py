"""Small things a restart must not forget, in SQLite: named JSON values, each written whole.

WAL with ``synchronous=FULL``: what ``put`` returned after is there after a power cut. Each value
carries a checksum, for SQLite has none. A file that is damaged is set aside under another name and
an empty one takes its place; the gateway always starts. Trouble with the disk is an ``OSError``
like any other.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

_OF_THE_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class Damaged(Exception):
    """The file holds something else than what was written."""


class State:
    """An open file of named values. Calls may come from any thread, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Why an earlier file could not be used, and the name it has now; None if it could.
        self.set_aside: str | None = None
        try:
            self._database = _open(path)
        except Damaged as error:
            self.set_aside = f"{error}; kept as {_set_aside(path).name}"
            self._database = _open(path)

    def get(self, name: str) -> Any:  # noqa: ANN401  # what JSON holds
        """The value of that name; None if there is none."""
        try:
            row = self._database.execute("SELECT body FROM value WHERE name = ?", [name]).fetchone()
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from error
        return None if row is None else orjson.loads(row[0])

    def put(self, values: Mapping[str, Any]) -> None:
        """Write these values, all or none; OSError if the disk refuses."""
        bodies = {name: orjson.dumps(value) for name, value in values.items()}
        rows = [(name, body, crc32(body)) for name, body in bodies.items()]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO value VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from error

    def keep_only(self, prefix: str, rests: Collection[str]) -> None:
        """Drop every value whose name is the prefix and none of these rests."""
        kept = {prefix + rest for rest in rests}
        names = "SELECT name FROM value WHERE substr(name, 1, ?) = ?"
        try:
            with self._database:
                found = self._database.execute(names, [len(prefix), prefix]).fetchall()
                gone = [(name,) for (name,) in found if name not in kept]
                if gone:
                    self._database.executemany("DELETE FROM value WHERE name = ?", gone)
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    """Open and check all of it; Damaged, or OSError if the disk is at fault."""
    database = None
    try:
        database = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, body BLOB, crc INTEGER)"
        )
        _check(database)
        database.execute("PRAGMA user_version = 1")  # a write: better refused now than later
    except (sqlite3.Error, UnicodeDecodeError, Damaged) as error:
        if database is not None:
            database.close()
        if isinstance(error, sqlite3.Error) and not _of_the_file(error, path):
            raise OSError(f"{path}: {error}") from error
        raise Damaged(str(error)) from error
    return database


def _check(database: sqlite3.Connection) -> None:
    (sound,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise Damaged(sound)
    for name, body, crc in database.execute("SELECT name, body, crc FROM value"):
        if not isinstance(body, bytes) or crc32(body) != crc:
            raise Damaged(f"{name} is not what was written")


def _of_the_file(error: sqlite3.Error, path: Path) -> bool:
    """Whether the file's content is at fault, rather than the disk or the rights on it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code == sqlite3.SQLITE_READONLY:  # a flipped bit in the header makes it say that, too
        return os.access(path, os.W_OK)
    return code in _OF_THE_FILE


def _set_aside(path: Path) -> Path:
    """Rename the file and its companions to a name that is free."""
    number = 1
    while (kept := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    return kept
