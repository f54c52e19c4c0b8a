"""The outbox on a ring: what waits in memory, what a disk may refuse, and what is set aside.

Appended records wait in memory until ``flush`` writes them. A disk that refuses leaves them there
for the next flush, at most ``MOST_WAITING`` bytes of them: then the oldest telemetry there loses
its body, on record. A file in which no ring is left is renamed ``…damaged-1`` and new streams
begin. Calls come from one thread at a time, and one process has the file (``gateway.edge.lock``).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from gateway.edge.outbox.contract import Depth, Drop, Lane, Record
from gateway.edge.outbox.ring import room
from gateway.edge.outbox.ring.batch import MOST_RUNS, Body, Damaged, Run, Standing
from gateway.edge.outbox.ring.block import ROOM, SIZE
from gateway.edge.outbox.ring.files import Files, System
from gateway.edge.outbox.ring.recovery import new_stream
from gateway.edge.outbox.ring.ring import Ring, aside, note
from gateway.edge.outbox.ring.shelf import Lying
from gateway.ranges import without

LEAST_BYTES = 512_000
"""The smallest bound: room for slices, a reserve, and a batch of some size."""

MOST_WAITING = 16_000_000
"""Bytes that may wait in memory for a disk that refuses."""

_FOR_NOW = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
_NO_BODY = "the disk refused, and memory was full"
_TOO_LARGE = "larger than the outbox takes"
_DAMAGED = "damaged on disk"


class _Waiting(NamedTuple):
    """An appended record; without a body, one that memory had no room for."""

    lane: Lane
    body: Body | None
    size: int


class _Chunk(NamedTuple):
    """What one batch takes of the queue: so many ``taken``."""

    taken: int
    runs: list[Run]
    lasts: dict[Lane, int]
    losses: list[Drop]


class RingOutbox:
    """An ``Outbox`` (``contract``) in one ring."""

    def __init__(self, path: Path, max_bytes: int, files: Files) -> None:
        if max_bytes < LEAST_BYTES:
            raise ValueError(f"an outbox needs at least {LEAST_BYTES} bytes, not {max_bytes}")
        self._path, self._files = path, files
        self._most = max_bytes // SIZE
        self._chunk = min(max(max_bytes // 32, 32_000), 8_000_000)
        self._ring: Ring | None = None
        self._fresh = {lane: Standing(new_stream()) for lane in Lane}
        self._queue: list[_Waiting] = []
        self._queued = 0
        self._ahead = dict.fromkeys(Lane, 0)
        self._unreadable: dict[int, int] = {}
        self._flushes = 0

    @classmethod
    def open(cls, path: Path, max_bytes: int, files: Files | None = None) -> Self:
        """Open the ring, or begin one.

        A full or read-only disk lets it open empty-handed, and the next ``flush`` tries again.

        Raises:
            ValueError: ``max_bytes`` is below ``LEAST_BYTES``.
            OSError: the path cannot be used at all.
        """
        outbox = cls(path, max_bytes, files or System())
        try:
            outbox._attach()
        except OSError as error:
            if error.errno not in _FOR_NOW:
                raise
        return outbox

    def stream(self, lane: Lane) -> str:
        """The lane's stream id."""
        return self._fresh[lane].stream if self._ring is None else self._ring.lanes[lane].stream

    def append(self, lane: Lane, head: str, body: bytes) -> int:
        """Queue a record and return its seq."""
        found = Body(head, body)
        self._queue.append(_Waiting(lane, found, found.size))
        self._queued += self._queue[-1].size
        self._ahead[lane] += 1
        if self._queued > MOST_WAITING:
            self._shed()
        return self.last(lane) + self._ahead[lane]

    def flush(self) -> None:
        """Make everything so far durable; OSError leaves it in memory for the next one."""
        self._flush(forget=True)

    def _flush(self, *, forget: bool) -> None:
        try:
            ring = self._attach()
            if not ring.writable:
                ring.reopen()
            while self._queue or ring.changed:
                self._write(ring, forget=forget)
            ring.shrink()
        except OSError as error:
            raise OSError(error.errno, f"{self._path}: outbox: {error.strerror}") from error
        self._flushes += 1

    def pending(self, lane: Lane, after: int, limit: int) -> Sequence[Record]:
        """Durable, unreleased records in order; OSError if the disk cannot be read."""
        found: list[Record] = []
        ring = self._attach()
        shelf = ring.lanes[lane]
        for lying in shelf.runs(after + shelf.base):
            start = max(lying.first, after + shelf.base + 1)
            part = lying._replace(first=start, last=min(lying.last, start + limit - len(found) - 1))
            seq = start - shelf.base
            for body in self._bodies(ring, lane, part):
                found.append(Record(lane, shelf.stream, seq, *body))
                seq += 1
            if len(found) >= limit:
                break
        return found

    def release(self, lane: Lane, upto: int, keep: Sequence[tuple[int, int]] = ()) -> None:
        """Free every record up to a seq but for the ranges in ``keep``."""
        if self._ring is None or upto < 1:
            return
        base = self._ring.lanes[lane].base
        for first, last in without(((1, upto),), tuple(keep)):
            self._ring.release(lane, first + base, last + base)

    def last(self, lane: Lane) -> int:
        """The highest durable seq."""
        if self._ring is None:
            return 0
        shelf = self._ring.lanes[lane]
        return shelf.last - shelf.base

    def depth(self, lane: Lane) -> Depth:
        """How much waits on disk."""
        shelf = self._attach().lanes[lane]
        records = sum(last - first + 1 for first, last in shelf.waiting)
        return Depth(records, shelf.bytes, shelf.waiting[0][0] - shelf.base if records else 0)

    def drops(self) -> Sequence[Drop]:
        """Losses since the last call; forgotten on disk at the end of the next flush."""
        ring = self._ring
        if ring is None or not ring.losses:
            return ()
        told, ring.losses = ring.losses, []
        ring.told += told
        ring.changed = True
        return told

    def record(self, drops: Sequence[Drop]) -> None:
        """Put losses from elsewhere on record here, durable with the next flush."""
        ring = self._attach()
        for drop in drops:
            note(ring.losses, drop)
        ring.changed = True

    def close(self) -> None:
        """Flush and let go of the file; what was told since the last flush stays on record."""
        try:
            if self._queue or (self._ring is not None and self._ring.changed):
                self._flush(forget=False)
        finally:
            if self._ring is not None:
                self._ring.close()
                self._ring = None

    # --- one batch

    def _write(self, ring: Ring, *, forget: bool) -> None:
        """Write what fits one batch; the last one of a flush may ``forget`` what was told."""
        chunk = self._next_chunk(ring)
        forget = forget and chunk.taken == len(self._queue)
        encoded = partial(ring.encoded, forget=forget)
        data = encoded(chunk.runs, chunk.lasts, chunk.losses)
        if len(data) > self._most // 8 * ROOM:
            chunk = self._without_bodies(ring, chunk)
            data = encoded(chunk.runs, chunk.lasts, chunk.losses)
        if room.make(ring, -(-len(data) // ROOM)):
            data = encoded(chunk.runs, chunk.lasts, chunk.losses)
        ring.commit(data, chunk.runs, chunk.lasts, chunk.losses)
        if forget:
            ring.told.clear()
        for waiting in self._queue[: chunk.taken]:
            self._queued -= waiting.size
            self._ahead[waiting.lane] -= 1
        del self._queue[: chunk.taken]

    def _next_chunk(self, ring: Ring) -> _Chunk:
        """As much of the queue as one batch should hold: at least one record, if there is one."""
        lasts = {lane: shelf.last for lane, shelf in ring.lanes.items()}
        bodies: dict[Lane, list[Body]] = {lane: [] for lane in Lane}
        chunk = _Chunk(0, [], lasts, [])
        total = count = 0
        for waiting in self._queue:
            total += waiting.size
            if count and (total > self._chunk or len(chunk.runs) >= MOST_RUNS - 1):
                break
            count += 1
            lane = waiting.lane
            lasts[lane] += 1
            if waiting.body is None:
                note(chunk.losses, self._lost(ring, lane, lasts[lane], _NO_BODY))
                bodies[lane] = []
                continue
            if not bodies[lane]:
                chunk.runs.append(Run(lane, lasts[lane], bodies[lane]))
            bodies[lane].append(waiting.body)
        return chunk._replace(taken=count)

    def _without_bodies(self, ring: Ring, chunk: _Chunk) -> _Chunk:
        """A record too large for any batch is alone in its chunk; it is lost, on record."""
        lost = [self._lost(ring, run.lane, run.first, _TOO_LARGE, run.last) for run in chunk.runs]
        return chunk._replace(runs=[], losses=[*chunk.losses, *lost])

    def _lost(
        self, ring: Ring, lane: Lane, first: int, reason: str, last: int | None = None
    ) -> Drop:
        shelf = ring.lanes[lane]
        return Drop(lane, shelf.stream, first - shelf.base, (last or first) - shelf.base, reason)

    def _shed(self) -> None:
        """Memory is full because the disk refuses: the oldest telemetry there loses its body."""
        for index, waiting in enumerate(self._queue):
            if self._queued <= MOST_WAITING:
                return
            if waiting.lane is Lane.TELEMETRY:
                self._queued -= waiting.size
                self._queue[index] = _Waiting(waiting.lane, None, 0)

    # --- reading

    def _bodies(self, ring: Ring, lane: Lane, lying: Lying) -> Sequence[Body]:
        """The records of a run; none if they are damaged, and then that is on record.

        A block that cannot be read is not given up while the disk may be the reason: only if a
        flush has succeeded since it was first tried.
        """
        try:
            bodies = ring.bodies(lane, lying)
        except OSError:
            since = self._unreadable.setdefault(lying.place, self._flushes)
            if since == self._flushes:
                raise
        except Damaged:
            pass
        else:
            self._unreadable.pop(lying.place, None)
            return bodies
        self._unreadable.pop(lying.place, None)
        ring.quarantine(ring.space.chain(lying.place))
        for each, shelf in ring.lanes.items():
            ring.lose(each, [run for run in shelf.runs() if run.place == lying.place], _DAMAGED)
        return ()

    # --- the file

    def _attach(self) -> Ring:
        """The open ring; opened or begun if it is not yet."""
        if self._ring is not None:
            return self._ring
        losses: list[Drop] = []
        if self._files.exists(self._path):
            try:
                self._ring = Ring.open(self._files, self._path, self._most)
            except Damaged as error:
                losses = self._set_aside(str(error))
        if self._ring is None:
            self._ring = Ring.create(self._files, self._path, self._most, self._fresh, losses)
        return self._ring

    def _set_aside(self, reason: str) -> list[Drop]:
        """Rename a file that holds no ring; what to put on record about that."""
        name = aside(self._files, self._path)
        self._files.rename(self._path, name)
        reason = f"the outbox file was damaged ({reason}) and is kept as {name.name}"
        return [Drop(lane, "", 0, 0, reason) for lane in Lane]
