"""The outbox on SQLite: one file, one table a lane, one transaction a flush.

Appended records wait in memory until ``flush`` writes them with ``synchronous=FULL``, so that a
flush survives a power cut. A release takes effect at once and is as durable as the next flush: it
shares its transaction, and after a crash in between the records come again, never fewer.

How the promises of ``contract`` are kept:

- *seq never given twice*: each lane's last seq stands in the same transaction as its records.
- *bound*: pages in use are counted, not guessed, before anything is written; the rest of
  ``max_bytes`` is kept free for the write-ahead log. Losses are cut in slices, so that a long
  outage costs a few ``dropped`` events and not one a second; they are on disk until they are told.
- *damage*: SQLite finds a broken structure, a checksum a record finds a flipped bit. A broken file
  is renamed ``…damaged-1`` and new streams begin; a broken record is dropped alone, on record.
- *a disk that refuses*: what was appended stays in memory for the next flush, at most
  ``MOST_WAITING`` bytes of it: then the oldest telemetry there is dropped, on record.

The file is locked for one process, and the index of its log lives in memory, so that a full disk
cannot take the mapping away. Calls come from one thread at a time.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias, TypeVar

from gateway.edge.outbox.contract import Depth, Drop, Lane, Record
from gateway.edge.outbox.tables import (
    PAGE,
    Damaged,
    Row,
    Tables,
    fresh_rows,
    holdings,
    room,
    size,
    spans,
)

LEAST_BYTES = 512_000
"""The smallest bound that leaves room for a log."""

MOST_WAITING = 16_000_000
"""Bytes that may wait in memory for a disk that refuses."""

_SLICE = 64  # a bound that is passed gives up at least this fraction of itself
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_MEANING = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_PERM: errno.EACCES,
}
_FOR_NOW = {errno.ENOSPC, errno.EROFS, errno.EIO}
_Release: TypeAlias = tuple[Lane, int, tuple[tuple[int, int], ...]]
T = TypeVar("T")


class _Waiting(NamedTuple):
    """An appended record; without a body, one that memory had no room for."""

    lane: Lane
    head: str
    body: bytes | None

    @property
    def size(self) -> int:
        return 0 if self.body is None else size(self.head, self.body)

    @property
    def room(self) -> int:
        return 0 if self.body is None else room(self.head, self.body)


class SqliteOutbox:
    """An ``Outbox`` (``contract``) in one SQLite file."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        if max_bytes < LEAST_BYTES:
            raise ValueError(f"an outbox needs at least {LEAST_BYTES} bytes, not {max_bytes}")
        self._path = path
        self._log_pages = min(max(max_bytes // 16 // PAGE, 4), 1000)
        self._chunk = min(max(max_bytes // 32, 32_000), 8_000_000)
        self._budget = max_bytes - self._log_pages * (PAGE + 24) - 2 * self._chunk - 64_000
        self._tables: Tables | None = None
        self._rows: dict[Lane, Row] = fresh_rows()
        self._queue: list[_Waiting] = []
        self._queued = 0
        self._ahead = dict.fromkeys(Lane, 0)
        self._losses: list[Drop] = []
        self._losses_changed = False
        self._released: list[_Release] = []
        self._met = False

    @classmethod
    def open(cls, path: Path, max_bytes: int) -> Self:
        """Open the file, or begin one.

        A full or read-only disk lets it open empty-handed, and the next ``flush`` tries again.

        Raises:
            ValueError: ``max_bytes`` is below ``LEAST_BYTES``.
            OSError: the path cannot be used at all.
        """
        outbox = cls(path, max_bytes)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            outbox._use(Tables.begin)
        except OSError as error:
            if error.errno not in _FOR_NOW:
                raise
        return outbox

    def stream(self, lane: Lane) -> str:
        """The lane's stream id."""
        return self._rows[lane].stream

    def append(self, lane: Lane, head: str, body: bytes) -> int:
        """Queue a record; its seq holds unless the file is found damaged before the next flush."""
        self._queue.append(_Waiting(lane, head, body))
        self._queued += self._queue[-1].size
        self._ahead[lane] += 1
        if self._queued > MOST_WAITING:
            self._shed()
        return self._rows[lane].last + self._ahead[lane]

    def flush(self) -> None:
        """Make everything so far durable; OSError leaves it in memory for the next one."""
        while self._queue or self._released or self._losses_changed:
            self._use(self._write)

    def pending(self, lane: Lane, after: int, limit: int) -> Sequence[Record]:
        """Durable, unreleased records in order; OSError if the disk cannot be read."""
        while True:
            records, broken = self._use(lambda tables: tables.select(lane, after, limit))
            if not broken:
                return records
            self._use(partial(self._lose, lane, broken, "damaged on disk"))

    def release(self, lane: Lane, upto: int, keep: Sequence[tuple[int, int]] = ()) -> None:
        """Free every record up to a seq but for the ranges in ``keep``."""
        released = lane, upto, tuple(keep)
        self._released.append(released)
        with suppress(OSError):  # then it is done when the disk is back, before anything else
            self._use(lambda tables: tables.free(*released))

    def last(self, lane: Lane) -> int:
        """The highest durable seq."""
        return self._rows[lane].last

    def depth(self, lane: Lane) -> Depth:
        """How much waits on disk."""
        oldest = self._use(lambda tables: tables.oldest(lane))
        row = self._rows[lane]
        return Depth(row.records, row.bytes, oldest)

    def drops(self) -> Sequence[Drop]:
        """Losses since the last call; forgotten on disk with the next flush."""
        told, self._losses = self._losses, []
        self._losses_changed = self._losses_changed or bool(told)
        return told

    def close(self) -> None:
        """Flush and let go of the file."""
        try:
            self.flush()
        finally:
            if self._tables is not None:
                self._tables.close()
                self._tables = None

    # --- one transaction

    def _write(self, tables: Tables) -> None:
        """Write what fits one transaction, and what changed besides."""
        chunk = self._next_chunk()
        losses, rows = list(self._losses), {lane: replace(row) for lane, row in tables.rows.items()}
        tables.begin()
        try:
            self._make_room(tables, sum(waiting.room for waiting in chunk))
            for waiting in chunk:
                self._put(tables, waiting)
            tables.commit(self._losses if self._losses_changed else None)
        except sqlite3.Error:
            self._losses, tables.rows = losses, rows
            raise
        del self._queue[: len(chunk)]
        for waiting in chunk:
            self._queued -= waiting.size
            self._ahead[waiting.lane] -= 1
        self._released.clear()
        self._losses_changed = False

    def _next_chunk(self) -> list[_Waiting]:
        """As much of the queue as one transaction should hold: at least one record."""
        total = 0
        for count, waiting in enumerate(self._queue):
            total += waiting.room
            if count and total > self._chunk:
                return self._queue[:count]
        return self._queue[:]

    def _put(self, tables: Tables, waiting: _Waiting) -> None:
        row = tables.rows[waiting.lane]
        seq = row.last + 1
        if waiting.body is None:
            reason = "the disk refused, and memory was full"
        elif waiting.room > self._chunk:
            reason = "larger than the outbox takes"
        else:
            tables.insert(waiting.lane, seq, waiting.head, waiting.body)
            return
        row.last = seq
        self._note(waiting.lane, row.stream, seq, seq, reason)

    # --- what must go

    def _make_room(self, tables: Tables, needed: int) -> None:
        """Drop the oldest telemetry, or events once they alone pass half, until there is room."""
        while tables.used() + needed > self._budget:
            events, telemetry = tables.rows[Lane.EVENTS], tables.rows[Lane.TELEMETRY]
            crowded = events.bytes > self._budget // 2 or not telemetry.records
            lane = Lane.EVENTS if crowded else Lane.TELEMETRY
            victims = tables.oldest_holding(lane, max(needed, self._budget // _SLICE))
            if not victims:
                return
            self._lose(lane, victims, "the outbox is full", tables)

    def _lose(self, lane: Lane, seqs: Sequence[int], reason: str, tables: Tables) -> None:
        """Remove records that were never delivered, and put that on record."""
        tables.begin()
        for first, last in spans(seqs):
            tables.delete(lane, first, last)
            self._note(lane, tables.rows[lane].stream, first, last, reason)

    def _note(self, lane: Lane, stream: str, first: int, last: int, reason: str) -> None:
        """Put a loss on record, as one with the one before where they touch."""
        self._losses_changed = True
        if self._losses:
            before = self._losses[-1]
            if before == Drop(lane, stream, before.first, first - 1, reason):
                first = before.first
                self._losses.pop()
        self._losses.append(Drop(lane, stream, first, last, reason))

    def _shed(self) -> None:
        """Memory is full because the disk refuses: the oldest telemetry there loses its body."""
        for index, waiting in enumerate(self._queue):
            if self._queued <= MOST_WAITING:
                return
            if waiting.lane is Lane.TELEMETRY:
                self._queued -= waiting.size
                self._queue[index] = waiting._replace(body=None)

    # --- the file

    def _use(self, work: Callable[[Tables], T]) -> T:
        """Do something with the file; OSError if the disk is at fault.

        A file that turns out to be damaged is set aside, and the work is done on a new one.
        """
        for _ in range(2):
            try:
                return work(self._tables or self._attach())
            except (Damaged, sqlite3.Error) as error:
                if self._tables is not None:
                    self._rows = self._tables.rows
                    self._tables.close()
                    self._tables = None
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
                if code not in _DAMAGE:
                    meaning = _MEANING.get(code, errno.EIO)
                    raise OSError(meaning, f"{self._path}: {error}") from error
                self._set_aside(str(error))
        raise OSError(errno.EIO, f"{self._path}: damaged again as soon as it was new")

    def _attach(self) -> Tables:
        """Open the file, and bring it up to what was released and told meanwhile."""
        tables = Tables(self._path, self._log_pages)
        if not self._met:
            self._losses = [*tables.losses(), *self._losses]
            self._met = True
        if any(tables.rows[lane].stream != self._rows[lane].stream for lane in Lane):
            self._released.clear()
        for released in self._released:
            tables.free(*released)
        self._tables, self._rows = tables, tables.rows
        return tables

    def _set_aside(self, reason: str) -> None:
        """Rename the damaged file and put on record what it held."""
        known = {row.name: (row, oldest) for row, oldest in holdings(self._path)}
        earlier = sorted(self._path.parent.glob(f"{self._path.name}.damaged-*"))
        number = 1 + max((_number(path) for path in earlier), default=0)
        aside = self._path.with_name(f"{self._path.name}.damaged-{number}")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        for path in earlier:  # one is enough to look into; the disk is not ours to fill
            path.unlink()
        reason = f"the outbox file was damaged ({reason}) and is kept as {aside.name}"
        for lane in Lane:
            row, oldest = known.get(lane, (Row(lane, ""), 0))
            if row.records or not row.stream:
                self._note(lane, row.stream, oldest, row.last, reason)


def _number(path: Path) -> int:
    """The number of ``….damaged-7`` and its companions."""
    digits = path.name.rpartition(".damaged-")[2].partition("-")[0]
    return int(digits) if digits.isdigit() else 0
