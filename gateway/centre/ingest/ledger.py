"""The ledger: which records of each gateway's streams the database holds, and which are owed.

A stream counts its records from 1 without holes, so a number that is skipped is a record that was
lost or has yet to come. For each stream the ledger knows

- ``upto``: the highest number seen,
- ``missing``: the numbers below it that never came,
- ``dropped``: the numbers the gateway says it gave up (a ``dropped`` event). One of them may still
  be under way, and is then stored like any other,
- ``first``: the number the centre's acquaintance began with. What is missing below it may have
  gone to another centre, so it is asked for but not held against anybody.

``Stream`` is a value and its rules are pure; ``Ledger`` keeps the streams of all gateways in one
SQLite file, with what else ingest must remember across a restart: its own name at the broker and
the enum codes of every device. A change is committed after the database took the records it tells
of and before the broker hears that we have them: whatever happens between, a record comes again.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from gateway.centre.fields import Codes
from gateway.centre.history import StoreBusy
from gateway.centre.ingest import register
from gateway.centre.ingest.register import DeviceKey, Notes, Register, StreamKey, names
from gateway.model import Millis
from gateway.ranges import Range, Ranges, add, size, take, without
from gateway.wire import Confirmed, Root

FILE = "ledger.db"

MOST_GAPS = 4096  # ranges kept of one stream
MOST_TOLD = 256  # ranges in one confirmation, which is a message every gateway must take in
MOST_STREAMS = 8  # of one gateway; a stream ends when an outbox is set aside


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of one stream."""

    first: int = 0
    upto: int = 0
    missing: Ranges = ()
    dropped: Ranges = ()
    again: int = 0

    def fresh(self, first: int, last: int) -> int:
        """How many records of ``first`` … ``last`` have not been seen before."""
        below = size(self.missing) - size(take(self.missing, first, min(last, self.upto)))
        return below + max(0, last - max(self.upto, first - 1))

    def seen(self, first: int, last: int) -> Stream:
        """The stream after these records were stored."""
        missing = take(self.missing, first, last)
        if first > self.upto + 1:
            missing = add(missing, self.upto + 1, first - 1)
        return replace(
            self,
            first=self.first or first,
            upto=max(self.upto, last),
            missing=_joined(missing),
            dropped=take(self.dropped, first, last),
            again=self.again + last - first + 1 - self.fresh(first, last),
        )

    def given_up(self, ranges: Iterable[Range]) -> Stream:
        """The stream after its gateway said that these records will not come."""
        dropped = self.dropped
        for first, last in ranges:
            dropped = add(dropped, first, last)
        arrived = without(((1, self.upto),), self.missing) if self.upto else ()
        return replace(self, dropped=without(dropped, arrived)[-MOST_GAPS:])

    @property
    def owed(self) -> Ranges:
        """What is missing and may still come."""
        return without(self.missing, self.dropped)

    @property
    def lost(self) -> int:
        """How many records were given up by the gateway and never came."""
        return size(self.dropped)

    @property
    def gaps(self) -> int:
        """How many records are owed since we know this stream."""
        return size(take(self.owed, 0, self.first - 1))

    def confirmed(self) -> Confirmed:
        """What to tell the gateway; with too many gaps for one message, up to those that fit."""
        owed = self.owed
        if len(owed) > MOST_TOLD:
            return Confirmed(owed[MOST_TOLD][0] - 1, owed[:MOST_TOLD])
        return Confirmed(self.upto, owed)


def _joined(ranges: Ranges) -> Ranges:
    """At most ``MOST_GAPS`` ranges: the oldest become one, so that more is asked for, not less."""
    spare = len(ranges) - MOST_GAPS
    if spare <= 0:
        return ranges
    return ((ranges[0][0], ranges[spare][1]), *ranges[spare + 1 :])


_SCHEMA = """
CREATE TABLE IF NOT EXISTS stream (
    site TEXT NOT NULL, gateway TEXT NOT NULL, stream TEXT NOT NULL,
    first INTEGER NOT NULL, upto INTEGER NOT NULL,
    missing TEXT NOT NULL, dropped TEXT NOT NULL, again INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, gateway, stream)
);
CREATE TABLE IF NOT EXISTS codes (
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, codes TEXT NOT NULL,
    PRIMARY KEY (site, gateway, device)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name (client_id TEXT NOT NULL);
"""
# A replaced row gets a new rowid, so their order is the order of last touch.
_STREAMS = """SELECT site, gateway, stream, first, upto, missing, dropped, again FROM stream
    ORDER BY rowid"""
_PUT_STREAM = "INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_COUNTS_AGAIN = "SELECT 1 FROM pragma_table_info('stream') WHERE name = 'again'"
_COUNT_AGAIN = "ALTER TABLE stream ADD COLUMN again INTEGER NOT NULL DEFAULT 0"
_FORGET_STREAM = "DELETE FROM stream WHERE site = ? AND gateway = ? AND stream = ?"
_PUT_CODES = "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?)"
_FORGET_CODES = "DELETE FROM codes WHERE site = ? AND gateway = ? AND device = ?"
_NAME = "INSERT INTO name SELECT ? WHERE NOT EXISTS (SELECT * FROM name)"


class Ledger:
    """The streams of all gateways, in memory and in one file; for one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.streams: dict[Root, dict[str, Stream]] = {}
        self.codes: dict[Root, dict[str, Codes]] = {}
        self.register = Register(connection)
        for site, gateway, stream, first, upto, gaps, given_up, again in connection.execute(
            _STREAMS
        ):
            known = Stream(first, upto, _ranges(gaps), _ranges(given_up), again)
            self.streams.setdefault(Root(site, gateway), {})[stream] = known
        for site, gateway, device, codes in connection.execute("SELECT * FROM codes"):
            self.codes.setdefault(Root(site, gateway), {})[device] = orjson.loads(codes)

    @classmethod
    def open(cls, data_dir: Path) -> Ledger:
        """Open the file in ``data_dir``, made if it is missing."""
        data_dir.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(data_dir / FILE, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA + register.SCHEMA)
        if connection.execute(_COUNTS_AGAIN).fetchone() is None:  # a file from before that
            connection.execute(_COUNT_AGAIN)
        return cls(connection)

    def client_id(self) -> str:
        """Our name at the broker, drawn once: the session kept there goes with this file."""
        self._connection.execute(_NAME, (f"wayside-ingest-{uuid.uuid4().hex[:8]}",))
        return str(self._connection.execute("SELECT client_id FROM name").fetchone()[0])

    def stream(self, key: StreamKey) -> Stream:
        """A stream as it is known; one never heard of is empty."""
        return self.streams.get(key.root, {}).get(key.stream, Stream())

    def confirmed(self, root: Root) -> dict[str, Confirmed]:
        """What to tell a gateway, by stream."""
        return {name: stream.confirmed() for name, stream in self.streams.get(root, {}).items()}

    def commit(
        self,
        streams: Mapping[StreamKey, Stream],
        codes: Mapping[DeviceKey, Codes | None],
        notes: Notes | None = None,
        now: Millis = 0,
    ) -> None:
        """Remember changed streams, devices' codes (None: it is gone), and what is for the audit.

        Raises StoreBusy when the disk does not take it now; the same may be committed again.
        """
        if not streams and not codes and notes is None:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                for key, stream in streams.items():
                    self._put_stream(key, stream)
                for device, known in codes.items():
                    self._put_codes(device, known)
                if notes is not None:
                    self.register.note(notes, now)
        except sqlite3.OperationalError as error:
            self.register = Register(self._connection)  # as the disk has it
            raise StoreBusy(f"{FILE}: {error}") from error

    def forget(self, before: Millis) -> None:
        """Let go of what only an audit of older times would ask for."""
        try:
            self.register.forget(before)
        except sqlite3.OperationalError as error:
            raise StoreBusy(f"{FILE}: {error}") from error

    def _put_stream(self, key: StreamKey, stream: Stream) -> None:
        of_gateway = self.streams.setdefault(key.root, {})
        of_gateway.pop(key.stream, None)
        of_gateway[key.stream] = stream
        (site, gateway), gaps = names(key.root), (stream.missing, stream.dropped)
        row = (
            site,
            gateway,
            key.stream,
            stream.first,
            stream.upto,
            *map(_text, gaps),
            stream.again,
        )
        self._connection.execute(_PUT_STREAM, row)
        while len(of_gateway) > MOST_STREAMS:
            oldest = next(iter(of_gateway))
            del of_gateway[oldest]
            self._connection.execute(_FORGET_STREAM, (site, gateway, oldest))

    def _put_codes(self, key: DeviceKey, codes: Codes | None) -> None:
        of_gateway = self.codes.setdefault(key.root, {})
        place = (*names(key.root), key.device)
        if codes:
            of_gateway[key.device] = codes
            text = orjson.dumps(codes, default=dict).decode()
            self._connection.execute(_PUT_CODES, (*place, text))
        else:
            of_gateway.pop(key.device, None)
            self._connection.execute(_FORGET_CODES, place)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _text(ranges: Ranges) -> str:
    return orjson.dumps(ranges).decode()


def _ranges(text: str) -> Ranges:
    return tuple((first, last) for first, last in orjson.loads(text))
