"""One open ring: batches written and read, records let go of, room made by growing.

What changes in memory before a flush (releases, losses) is durable with the next batch; what a
batch brings is taken over only once it is synced, so that after any OSError the ring is as before.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring import batch
from gateway.edge.outbox.ring.batch import Body, Cursor, Damaged, Row, Run, Standing
from gateway.edge.outbox.ring.block import ROOM, SIZE, Mark, blank, blanks, seal
from gateway.edge.outbox.ring.files import File, Files
from gateway.edge.outbox.ring.reading import Recent, load, within
from gateway.edge.outbox.ring.recovery import Found, recover
from gateway.edge.outbox.ring.shelf import Lying, Shelf
from gateway.edge.outbox.ring.space import Space
from gateway.ranges import add

RESERVE = 64_000_000
"""Bytes of the disk, or a twentieth of it if that is less, that the ring leaves to others."""

_LEAST_GROWTH = 8  # blocks
_LEAST_RING = 64  # blocks that the ring takes even of the disk's reserve
_MOST_KEPT = 256  # damaged blocks kept to be looked into
_FULL = {errno.ENOSPC, errno.EDQUOT}


def extent(most: int) -> int:
    """The step of growth, in blocks, of a ring of at most ``most``: 4 MiB, less in a small one."""
    return max(_LEAST_GROWTH, min(1024, most // 16))


class Ring:
    """An open file; ``losses`` are on record in it and not told yet.

    ``told`` ones stay on record until what tells of them is durable.
    """

    def __init__(self, files: Files, path: Path, file: File, found: Found) -> None:
        self._files, self._path, self._file = files, path, file
        self._ring, self._number = found.ring, found.number
        self._newest = found.newest
        self._recent = Recent()
        self.lanes: Mapping[Lane, Shelf] = found.lanes
        self.space = found.space
        self.losses: list[Drop] = found.losses
        self.told: list[Drop] = []
        self.writable = file.writable
        #: Whether the cursor has changed since it was written.
        self.changed = bool(found.lost)
        for drop in found.lost:
            note(self.losses, drop)

    @classmethod
    def create(
        cls,
        files: Files,
        path: Path,
        most: int,
        lanes: Mapping[Lane, Standing],
        losses: Sequence[Drop] = (),
    ) -> Self:
        """A new ring of at most ``most`` blocks, whose lanes go on from where they stand."""
        new = path.with_name(path.name + ".new")
        file = files.create(new)
        try:
            ring = secrets.randbits(64)
            blocks = _begun(file, ring, _affordable(files, path.parent, 0, extent(most)))
            shelves = {lane: Shelf(lane, standing) for lane, standing in lanes.items()}
            space = Space(blocks, most, extent(most))
            space.hold([blocks - 1], 1)  # stands in for a newest batch, until there is one
            found = Found(ring, 0, blocks - 1, shelves, space, list(losses), [], False, [])
            made = cls(files, path, file, found)
            made.commit(made.encoded())
            files.rename(new, path)
        except BaseException:
            file.close()
            with suppress(OSError):
                files.remove(new)
            raise
        return made

    @classmethod
    def open(cls, files: Files, path: Path, most: int) -> Self:
        """The ring in a file; Damaged if there is none in it, OSError if it cannot be read."""
        file = files.open(path)
        try:
            found = recover(file, most, extent(most))
            opened = cls(files, path, file, found)
        except BaseException:
            file.close()
            raise
        if file.writable:
            opened.quarantine(found.damaged)
            with suppress(OSError):  # then the next flush does what is left to do
                if found.unsure:
                    opened.commit(opened.encoded())
                opened._repair(found.damaged)
        return opened

    def reopen(self) -> None:
        """Open the file for writing; OSError while the disk takes none."""
        file = self._files.open(self._path)
        if not file.writable:
            file.close()
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        self._file.close()
        self._file, self.writable = file, True

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # --- writing

    def commit(
        self,
        data: bytes,
        runs: Sequence[Run] = (),
        lasts: Mapping[Lane, int] | None = None,
        losses: Sequence[Drop] = (),
    ) -> None:
        """Write a batch, ``encoded`` of the same arguments, and sync it."""
        count = -(-len(data) // ROOM)
        places = self.space.next(count + 1)
        if len(places) <= count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._number += 1
        try:
            self._write(places, data)
            self._file.sync()
        except OSError as error:
            if error.errno == errno.EIO:
                self.space.hand = places[-1]
            raise
        self.space.hold(places[:-1], 1)
        self._take_over(places[0], runs, lasts or {})
        self.space.let_go(self._newest, 1)
        self._newest = places[0]
        self.space.hand = places[-1]
        self.space.synced()
        for drop in losses:
            note(self.losses, drop)
        self.changed = False

    def encoded(
        self,
        runs: Sequence[Run] = (),
        lasts: Mapping[Lane, int] | None = None,
        losses: Sequence[Drop] = (),
        *,
        forget: bool = False,
    ) -> bytes:
        """These records and the cursor as it will be with them.

        ``lasts`` are seqs given to records that are not there, and ``losses`` say so. With
        ``forget``, the losses that were told are no longer on record.
        """
        ends = {lane: shelf.last for lane, shelf in self.lanes.items()}
        waiting = {lane: shelf.waiting for lane, shelf in self.lanes.items()}
        for lane, last in (lasts or {}).items():
            ends[lane] = max(ends[lane], last)
        for run in runs:
            ends[run.lane] = max(ends[run.lane], run.last)
            waiting[run.lane] = add(waiting[run.lane], run.first, run.last)
        lanes = {
            lane: Standing(shelf.stream, shelf.base, ends[lane], waiting[lane])
            for lane, shelf in self.lanes.items()
        }
        told = () if forget else self.told
        return batch.encode(Cursor(lanes, [*told, *self.losses, *losses]), runs)

    def _write(self, places: Sequence[int], data: bytes) -> None:
        """Seal the parts of a batch and write them, neighbours together."""
        view, count = memoryview(data), len(places) - 1
        start, together = places[0], b""
        for part in range(count):
            place = places[part]
            mark = Mark(self._ring, self._number, place, places[part + 1], part, count)
            if place * SIZE != start * SIZE + len(together):
                self._file.write(start, together)
                start, together = place, b""
            together += seal(mark, view[part * ROOM : (part + 1) * ROOM])
        self._file.write(start, together)

    def _take_over(self, place: int, runs: Sequence[Run], lasts: Mapping[Lane, int]) -> None:
        for run in runs:
            row = Row(run.lane, run.first, len(run.bodies), sum(body.size for body in run.bodies))
            self.space.let_go(place, -row.records)
            for left, records in self.lanes[run.lane].put(row, place, self._weigh):
                self.space.let_go(left, records)
        for lane, last in lasts.items():
            self.lanes[lane].last = max(self.lanes[lane].last, last)
        self._recent.put(place, runs)

    def grow(self) -> bool:
        """Add an extent, or what the disk has left of one; False if there is no more."""
        start = self.space.blocks
        most = min(self.space.extent, self.space.most - start)
        for step in _affordable(self._files, self._path.parent, start, most):
            with suppress(_Full):
                self.space.resize(_pre_write(self._file, self._ring, start, step))
                return True
        return False

    def shrink(self) -> None:
        """Give the end of the file back, if much of it is free."""
        blocks = self.space.superfluous()
        if blocks is not None:
            self._file.cut(blocks)
            self.space.resize(blocks)

    # --- reading

    def bodies(self, lane: Lane, lying: Lying) -> list[Body]:
        """The records of a run.

        Raises:
            Damaged: they are not as they were written.
            OSError: they cannot be read.
        """
        runs = self._recent.get(lying.place)
        if runs is None:
            data = load(self._file, self._ring, self.space.chain(lying.place))
            runs = batch.runs(data)
            self._recent.put(lying.place, runs)
        return within(runs, lane, lying.first, lying.last)

    def _weigh(self, lane: Lane, lying: Lying, first: int, last: int) -> int:
        """Bytes of some records of a run; a guess if they cannot be read, which will show later."""
        with suppress(Damaged, OSError):
            part = lying._replace(first=first, last=last)
            return sum(body.size for body in self.bodies(lane, part))
        return lying.bytes * (last - first + 1) // (lying.last - lying.first + 1)

    # --- letting go

    def release(self, lane: Lane, first: int, last: int) -> None:
        """These records are no longer needed."""
        for place, records in self.lanes[lane].remove(first, last, self._weigh):
            self.space.let_go(place, records)
            self.changed = True

    def lose(self, lane: Lane, runs: Iterable[Lying], reason: str) -> None:
        """These records are gone though they were never delivered."""
        base = self.lanes[lane].base
        for run in list(runs):
            stream = self.lanes[lane].stream
            note(self.losses, Drop(lane, stream, run.first - base, run.last - base, reason))
            self.release(lane, run.first, run.last)

    def quarantine(self, places: Iterable[int]) -> None:
        """Keep what damaged blocks hold, to be looked into, beside the ring."""
        kept = b""
        for place in list(places)[:_MOST_KEPT]:
            with suppress(OSError):
                kept += self._file.read(place)
        if kept.strip(b"\0"):
            with suppress(OSError):
                name = aside(self._files, self._path)
                file = self._files.create(name)
                file.write(0, kept)
                file.sync()
                file.close()

    def _repair(self, damaged: Sequence[int]) -> None:
        """Make blanks of damaged blocks, so that a torn write shows over them."""
        for place in damaged:
            if not self.space.is_held(place):
                self._file.write(place, blank(self._ring, place))
        if damaged:
            self._file.sync()


class _Full(OSError):
    """No space is left on the disk."""


def _pre_write(file: File, ring: int, start: int, step: int) -> int:
    """Write blanks at the end of a file and sync them; how many blocks it has then."""
    try:
        file.write(start, blanks(ring, range(start, start + step)))
        file.sync()
    except OSError as error:
        with suppress(OSError):
            file.cut(start)
        if error.errno in _FULL:
            raise _Full(error.errno, error.strerror) from error
        raise
    return start + step


def _begun(file: File, ring: int, steps: Iterable[int]) -> int:
    """The first extent, as long as the disk has room for; how many blocks."""
    for step in steps:
        with suppress(_Full):
            return _pre_write(file, ring, 0, step)
    return _pre_write(file, ring, 0, _LEAST_GROWTH)


def _affordable(files: Files, folder: Path, start: int, step: int) -> Iterator[int]:
    """So many blocks after ``start``, and ever fewer, that leave the disk its reserve."""
    spare, total = files.spare(folder)
    while step >= _LEAST_GROWTH:
        if start + step <= _LEAST_RING or spare - step * SIZE >= min(RESERVE, total // 20):
            yield step
        step //= 2


def aside(files: Files, path: Path) -> Path:
    """A name for what is damaged; one is enough to look into, so earlier ones are removed."""
    stem = f"{path.name}.damaged-"
    numbers = [int(name[len(stem) :]) for name in files.names(path.parent) if _numbered(name, stem)]
    for number in numbers:
        files.remove(path.with_name(f"{stem}{number}"))
    return path.with_name(f"{stem}{max(numbers, default=0) + 1}")


def _numbered(name: str, stem: str) -> bool:
    return name.startswith(stem) and name[len(stem) :].isdecimal()


def note(losses: list[Drop], drop: Drop) -> None:
    """Add a loss, as one with the one before where they touch."""
    if losses and losses[-1] == replace(drop, first=losses[-1].first, last=drop.first - 1):
        drop = replace(drop, first=losses.pop().first)
    losses.append(drop)
