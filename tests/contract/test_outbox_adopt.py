"""An outbox of version 0.1 (SQLite) goes on as a ring: same streams, same seqs, nothing lost."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from zlib import crc32

import pytest

from gateway.edge.outbox.contract import Depth, Drop, Lane
from gateway.edge.outbox.ring import RingOutbox, adopt

BOUND = 8_000_000
EVENTS, TELEMETRY = Lane.EVENTS, Lane.TELEMETRY
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE events (seq INTEGER PRIMARY KEY, head BLOB, body BLOB, crc INTEGER);
CREATE TABLE telemetry (seq INTEGER PRIMARY KEY, head BLOB, body BLOB, crc INTEGER);
CREATE TABLE lane (name TEXT PRIMARY KEY, stream TEXT, last INTEGER, records INTEGER,
                   bytes INTEGER);
CREATE TABLE loss (lane TEXT, stream TEXT, first INTEGER, last INTEGER, reason TEXT);
PRAGMA user_version = 1;
"""


def body(seq: int) -> bytes:
    return b"%d " % seq + b"x" * (seq % 700)


def old_outbox(path: Path) -> None:
    """As version 0.1 left it: telemetry 301…1000 but for two gaps, one event, a loss untold."""
    database = sqlite3.connect(path)
    database.executescript(SCHEMA)
    waiting = [*range(301, 600), *range(610, 900), *range(901, 1001)]
    for lane, seqs in (("telemetry", waiting), ("events", [7])):
        rows = [(seq, b"head", body(seq), crc32(body(seq), crc32(b"head"))) for seq in seqs]
        database.executemany(f"INSERT INTO {lane} VALUES (?, ?, ?, ?)", rows)
    lanes = [("telemetry", "aaaaaaaaaaaa", 1002, 0, 0), ("events", "bbbbbbbbbbbb", 9, 0, 0)]
    database.executemany("INSERT INTO lane VALUES (?, ?, ?, ?, ?)", lanes)
    database.execute("INSERT INTO loss VALUES ('telemetry', 'aaaaaaaaaaaa', 250, 300, 'full')")
    database.commit()
    database.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    old_outbox(tmp_path / "outbox.db")
    return tmp_path / "outbox.db"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_goes_on_where_it_stood(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "outbox.ring"
    adopt(old, path, BOUND)
    assert names(tmp_path) == ["outbox.ring"]
    box = RingOutbox.open(path, BOUND)
    found = box.pending(TELEMETRY, 0, 10_000)
    assert [record.seq for record in found] == [
        *range(301, 600),
        *range(610, 900),
        *range(901, 1001),
    ]
    assert all((r.stream, r.head, r.body) == ("aaaaaaaaaaaa", "head", body(r.seq)) for r in found)
    assert box.depth(EVENTS) == Depth(1, 4 + len(body(7)), 7)
    assert (box.stream(EVENTS), box.last(EVENTS), box.last(TELEMETRY)) == ("bbbbbbbbbbbb", 9, 1002)
    assert box.append(TELEMETRY, "head", b"new") == 1003
    assert box.drops() == [Drop(TELEMETRY, "aaaaaaaaaaaa", 250, 300, "full")]
    box.close()


def test_a_record_that_is_damaged_is_on_record(old: Path, tmp_path: Path) -> None:
    with sqlite3.connect(old) as database:
        database.execute("UPDATE telemetry SET body = x'00' WHERE seq = 305")
    database.close()
    adopt(old, tmp_path / "outbox.ring", BOUND)
    box = RingOutbox.open(tmp_path / "outbox.ring", BOUND)
    assert 305 not in {record.seq for record in box.pending(TELEMETRY, 0, 10_000)}
    assert Drop(TELEMETRY, "aaaaaaaaaaaa", 305, 305, "damaged on disk") in box.drops()
    box.close()


def test_one_that_cannot_be_read_is_kept_and_on_record(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"SQLite, but not as we know it" * 500)
    adopt(tmp_path / "outbox.db", tmp_path / "outbox.ring", BOUND)
    assert names(tmp_path) == ["outbox.db.damaged-1", "outbox.ring"]
    box = RingOutbox.open(tmp_path / "outbox.ring", BOUND)
    assert {drop.lane for drop in box.drops()} == set(Lane)
    box.close()


def test_a_crash_before_the_old_file_is_gone_carries_nothing_over_twice(
    old: Path, tmp_path: Path
) -> None:
    path = tmp_path / "outbox.ring"
    shutil.copy(old, tmp_path / "again.db")
    adopt(old, path, BOUND)
    (tmp_path / "again.db").rename(old)
    adopt(old, path, BOUND)
    assert names(tmp_path) == ["outbox.ring"]
    box = RingOutbox.open(path, BOUND)
    assert box.depth(TELEMETRY).records == 299 + 290 + 100
    box.close()


def test_one_that_an_older_version_began_since_is_appended(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "outbox.ring"
    box = RingOutbox.open(path, BOUND)
    box.append(TELEMETRY, "head", b"already here")
    box.close()
    adopt(old, path, BOUND)
    assert names(tmp_path) == ["outbox.ring"]
    box = RingOutbox.open(path, BOUND)
    bodies = [record.body for record in box.pending(TELEMETRY, 0, 10_000)]
    assert bodies[:2] == [b"already here", body(301)]
    assert len(bodies) == 1 + 299 + 290 + 100
    box.close()


def test_nothing_to_adopt_is_nothing_done(tmp_path: Path) -> None:
    adopt(tmp_path / "outbox.db", tmp_path / "outbox.ring", BOUND)
    assert names(tmp_path) == []
