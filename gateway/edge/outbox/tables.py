"""The SQLite outbox's file: one table a lane, the lanes' counters, the losses not yet told.

Rows in, rows out; the rules are in ``sqlite``. Whatever changes is in one open transaction until
``commit``. Errors are sqlite3's own, and ``Damaged`` for what SQLite cannot see.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from zlib import crc32

from gateway.edge.outbox.contract import Drop, Lane, Record

PAGE = 4096
VERSION = 1

_SCHEMA = """
CREATE TABLE events (seq INTEGER PRIMARY KEY, head BLOB, body BLOB, crc INTEGER);
CREATE TABLE telemetry (seq INTEGER PRIMARY KEY, head BLOB, body BLOB, crc INTEGER);
CREATE TABLE lane (name TEXT PRIMARY KEY, stream TEXT, last INTEGER, records INTEGER,
                   bytes INTEGER);
CREATE TABLE loss (lane TEXT, stream TEXT, first INTEGER, last INTEGER, reason TEXT);
"""
_SMALL = 8_000_000  # a file up to this size is read through when it is opened: tens of ms

_INSERT = "INSERT INTO {} VALUES (?, ?, ?, ?)"
_SELECT = "SELECT seq, head, body, crc FROM {} WHERE seq > ? ORDER BY seq LIMIT ?"
_SIZES = "SELECT seq, length(head) + length(body) FROM {} ORDER BY seq"
_TOTAL = """
SELECT count(*), total(length(head) + length(body)) FROM {} WHERE seq BETWEEN ? AND ?
"""
_OLDEST = "SELECT min(seq) FROM {}"
_NEWEST = "SELECT max(seq) FROM {}"
_DELETE = "DELETE FROM {} WHERE seq BETWEEN ? AND ?"


class Damaged(Exception):
    """The file holds something else than what was written."""


@dataclass(slots=True)
class Row:
    """A lane's row: its stream, the highest seq ever, and what its table holds."""

    name: str
    stream: str
    last: int = 0
    records: int = 0
    bytes: int = 0


def fresh_rows() -> dict[Lane, Row]:
    """Lanes that hold nothing, with new stream ids of 12 hex digits."""
    return {lane: Row(lane, secrets.token_hex(6)) for lane in Lane}


class Tables:
    """One open file."""

    def __init__(self, path: Path, log_pages: int) -> None:
        log = path.with_name(path.name + "-wal")
        if (path.exists() or log.exists()) and not (path.exists() and path.stat().st_size):
            raise Damaged("it is empty")
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(path, log_pages)
            self.rows = self._read_rows()
        except BaseException as error:
            self._database.close()
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                raise Damaged(str(error)) from None  # a table or a column is not there
            raise

    def _prepare(self, path: Path, log_pages: int) -> None:
        run = self._database.execute
        run(f"PRAGMA page_size = {PAGE}")
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA cache_size = -2000")
        run(f"PRAGMA wal_autocheckpoint = {log_pages}")
        run(f"PRAGMA journal_size_limit = {log_pages * PAGE}")
        version = run("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._create()
        elif version != VERSION:
            raise Damaged(f"it has format {version}, and this is {VERSION}")
        elif path.stat().st_size <= _SMALL:
            verdict = run("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise Damaged(verdict)

    def _create(self) -> None:
        self.begin()
        for statement in filter(str.strip, _SCHEMA.split(";")):
            self._database.execute(statement)
        rows = [astuple(row) for row in fresh_rows().values()]
        self._database.executemany("INSERT INTO lane VALUES (?, ?, ?, ?, ?)", rows)
        self._database.execute(f"PRAGMA user_version = {VERSION}")
        self._database.execute("COMMIT")

    def _read_rows(self) -> dict[Lane, Row]:
        found = self._database.execute("SELECT * FROM lane").fetchall()
        rows = {Lane(row[0]): Row(*row) for row in found if row[0] in set(Lane)}
        if len(rows) != len(Lane):
            raise Damaged("a lane is missing")
        for lane, row in rows.items():
            newest = self._database.execute(_NEWEST.format(lane)).fetchone()[0] or 0
            if not (isinstance(row.last, int) and newest <= row.last):
                raise Damaged(f"{lane} goes past its last seq")
        return rows

    def begin(self) -> None:
        """Open the transaction, unless it is open."""
        if not self._database.in_transaction:
            self._database.execute("BEGIN IMMEDIATE")

    def commit(self, losses: Sequence[Drop] | None) -> None:
        """Make everything durable, and what is yet to be told, if that changed."""
        run = self._database.executemany
        run(
            "UPDATE lane SET last = ?, records = ?, bytes = ? WHERE name = ?",
            [(row.last, row.records, row.bytes, row.name) for row in self.rows.values()],
        )
        if losses is not None:
            self._database.execute("DELETE FROM loss")
            run("INSERT INTO loss VALUES (?, ?, ?, ?, ?)", [astuple(loss) for loss in losses])
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def losses(self) -> list[Drop]:
        """What was lost and not yet told."""
        rows = self._database.execute("SELECT * FROM loss").fetchall()
        return [Drop(Lane(lane), *rest) for lane, *rest in rows]

    def insert(self, lane: Lane, seq: int, head: str, body: bytes) -> None:
        """Add a record; its checksum covers where it goes and what it says."""
        self._database.execute(
            _INSERT.format(lane), (seq, head.encode(), body, _sum(head.encode(), body))
        )
        row = self.rows[lane]
        row.last = seq
        row.records += 1
        row.bytes += size(head, body)

    def delete(self, lane: Lane, first: int, last: int) -> None:
        """Remove every record of an inclusive range."""
        span = first, last
        records, total = self._database.execute(_TOTAL.format(lane), span).fetchone()
        if records:
            self._database.execute(_DELETE.format(lane), span)
            self.rows[lane].records -= records
            self.rows[lane].bytes -= int(total)

    def free(self, lane: Lane, upto: int, keep: Sequence[tuple[int, int]]) -> None:
        """Remove every record up to a seq but for the inclusive ranges in ``keep``."""
        self.begin()
        start = 1
        for first, last in sorted(keep):
            self.delete(lane, start, min(first - 1, upto))
            start = max(start, last + 1)
        self.delete(lane, start, upto)

    def select(self, lane: Lane, after: int, limit: int) -> tuple[list[Record], list[int]]:
        """Records in order after a seq, and the seqs of those whose checksum is wrong."""
        stream = self.rows[lane].stream
        good: list[Record] = []
        bad: list[int] = []
        for seq, head, body, crc in self._database.execute(_SELECT.format(lane), (after, limit)):
            if isinstance(head, bytes) and isinstance(body, bytes) and _sum(head, body) == crc:
                good.append(Record(lane, stream, seq, head.decode(), body))
            else:
                bad.append(seq)
        return good, bad

    def oldest_holding(self, lane: Lane, needed: int) -> list[int]:
        """The seqs of the oldest records that hold at least so many bytes together."""
        found: list[int] = []
        for seq, length in self._database.execute(_SIZES.format(lane)):
            found.append(seq)
            needed -= length
            if needed <= 0:
                break
        return found

    def oldest(self, lane: Lane) -> int:
        """The lowest seq there is; 0 if none."""
        return int(self._database.execute(_OLDEST.format(lane)).fetchone()[0] or 0)

    def used(self) -> int:
        """Bytes of the file's pages that hold something, this transaction included."""
        pages = self._database.execute("PRAGMA page_count").fetchone()[0]
        free = self._database.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages - free) * PAGE


def size(head: str, body: bytes) -> int:
    """Bytes a record brings."""
    return len(head.encode()) + len(body)


def room(head: str, body: bytes) -> int:
    """Bytes of pages a record may take, from how SQLite fills them."""
    length = size(head, body)
    return length * 3 // 2 + 64 if length <= 2000 else PAGE * (1 + length // 4000)


def spans(seqs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending seqs as inclusive ranges without holes."""
    span: tuple[int, int] | None = None
    for seq in seqs:
        if span is not None and seq != span[1] + 1:
            yield span
            span = None
        span = (span[0] if span else seq, seq)
    if span is not None:
        yield span


def _sum(head: bytes, body: bytes) -> int:
    return crc32(body, crc32(head))


def holdings(path: Path) -> list[tuple[Row, int]]:
    """What a damaged file still says of its lanes: each one's row and its oldest seq, if any."""
    found: list[tuple[Row, int]] = []
    try:
        database = sqlite3.connect(path)
    except sqlite3.Error:
        return found
    with contextlib.closing(database), contextlib.suppress(sqlite3.Error, TypeError, ValueError):
        for row in database.execute("SELECT * FROM lane").fetchall():
            lane = Lane(row[0])
            oldest = database.execute(_OLDEST.format(lane)).fetchone()[0] or 0
            found.append((Row(*row), int(oldest)))
    return found
