"""From the SQLite outbox of Wayside 0.1 to the ring, once: nothing is lost, and nothing renumbered.

The old file's streams, seqs and untold losses go on in a new ring, which gets its name when all of
it is there; then the old file is removed. A crash on the way leaves the old file, and the next
start does it again. Where there is a ring already (an older Wayside ran in between), what the old
file holds is appended to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zlib import crc32

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring import room
from gateway.edge.outbox.ring.batch import Body, Run, Standing
from gateway.edge.outbox.ring.block import ROOM, SIZE
from gateway.edge.outbox.ring.files import System
from gateway.edge.outbox.ring.outbox import RingOutbox
from gateway.edge.outbox.ring.recovery import new_stream
from gateway.edge.outbox.ring.ring import Ring, aside, note

_AT_ONCE = 250_000  # bytes
_OF_THE_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_SELECT = "SELECT seq, head, body, crc FROM {} ORDER BY seq"


def adopt(old: Path, path: Path, max_bytes: int) -> None:
    """Carry an SQLite outbox over into the ring at ``path``, if there is one.

    Raises:
        OSError: the disk does not let us now; the next start tries again.
    """
    if not old.exists():
        return
    try:
        with closing(sqlite3.connect(old)) as database:
            lanes = _lanes(database)
            if path.exists():
                _append(database, lanes, path, max_bytes)
            else:
                _carry(database, lanes, path, max_bytes)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _OF_THE_FILE:
            raise OSError(f"{old}: {error}") from error
        _set_aside(old, path, max_bytes, str(error))
    for suffix in ("-wal", "-shm", ""):
        System().remove(old.with_name(old.name + suffix))


def _lanes(database: sqlite3.Connection) -> dict[Lane, Standing]:
    rows = database.execute("SELECT name, stream, last FROM lane").fetchall()
    lanes = {Lane(name): Standing(stream, 0, last) for name, stream, last in rows}
    return {lane: lanes.get(lane) or Standing(new_stream()) for lane in Lane}


def _carry(
    database: sqlite3.Connection, lanes: dict[Lane, Standing], path: Path, max_bytes: int
) -> None:
    files, unfinished = System(), path.with_name(path.name + ".adopting")
    rows = database.execute("SELECT * FROM loss").fetchall()
    losses = [Drop(Lane(lane), *rest) for lane, *rest in rows]
    with closing(Ring.create(files, unfinished, max_bytes // SIZE, lanes, losses)) as ring:
        for lane in Lane:
            damaged: list[int] = []
            for run in _runs(database, lane, damaged):
                room.make(ring, 1 + len(ring.encoded([run])) // ROOM)
                ring.commit(ring.encoded([run]), [run])
            for seq in damaged:
                note(ring.losses, Drop(lane, lanes[lane].stream, seq, seq, "damaged on disk"))
        ring.commit(ring.encoded())
        files.rename(unfinished, path)


def _append(
    database: sqlite3.Connection, lanes: dict[Lane, Standing], path: Path, max_bytes: int
) -> None:
    with closing(RingOutbox.open(path, max_bytes)) as box:
        for lane, standing in lanes.items():
            if box.stream(lane) != standing.stream:  # else all of it was carried over
                for run in _runs(database, lane, []):
                    for body in run.bodies:
                        box.append(lane, *body)
                    box.flush()


def _runs(database: sqlite3.Connection, lane: Lane, damaged: list[int]) -> Iterator[Run]:
    """The records of a lane, some at a time; ``damaged`` gets the seqs of those that are."""
    bodies: list[Body] = []
    first = size = 0
    for seq, head, body, crc in database.execute(_SELECT.format(lane.value)):
        if not (isinstance(head, bytes) and isinstance(body, bytes)) or (
            crc32(body, crc32(head)) != crc
        ):
            damaged.append(seq)
            continue
        if bodies and (seq != first + len(bodies) or size > _AT_ONCE):
            yield Run(lane, first, bodies)
            bodies, size = [], 0
        first = first if bodies else seq
        bodies.append(Body(head.decode(), body))
        size += len(body)
    if bodies:
        yield Run(lane, first, bodies)


def _set_aside(old: Path, path: Path, max_bytes: int, reason: str) -> None:
    """Keep a file that cannot be read, and put it on record in the ring."""
    files = System()
    name = aside(files, old)
    files.rename(old, name)
    reason = f"the outbox file was damaged ({reason}) and is kept as {name.name}"
    with closing(RingOutbox.open(path, max_bytes)) as box:
        box.record([Drop(lane, "", 0, 0, reason) for lane in Lane])
