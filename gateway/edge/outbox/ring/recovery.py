"""What a file holds, whatever has become of it: the newest whole batch, and what waits.

One pass over all blocks, reading and checking each; then the batches in the order of their numbers
say where each waiting record lies. The rules are the invariants of the package.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring import batch
from gateway.edge.outbox.ring.batch import Cursor, Damaged, Row, Standing
from gateway.edge.outbox.ring.block import NOTHING, SIZE, ends, version, whole
from gateway.edge.outbox.ring.files import File
from gateway.edge.outbox.ring.reading import load, within
from gateway.edge.outbox.ring.shelf import Lying, Shelf
from gateway.edge.outbox.ring.space import Space
from gateway.ranges import Ranges, around, common, without

_AT_ONCE = 256  # blocks
_FAR = 1_000_000
"""So far ahead go the numbers of batches when one may exist that nobody has seen."""


@dataclass(slots=True)
class Survey:
    """What every block says of itself; number 0 where there is nothing."""

    blocks: int
    ring: int = 0
    number: array[int] = field(default_factory=lambda: array("Q"))
    following: array[int] = field(default_factory=lambda: array("I"))
    part: array[int] = field(default_factory=lambda: array("H"))
    parts: array[int] = field(default_factory=lambda: array("H"))
    starts: array[int] = field(default_factory=lambda: array("I"))
    tables: list[bytes] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    highest: int = 0

    def chain(self, place: int) -> list[int] | None:
        """The blocks of the batch that begins there; None if it is not complete."""
        if self.parts[place] == 1:
            return [place]
        number, found = self.number[place], []
        for part in range(self.parts[place]):
            if place >= self.blocks or (self.number[place], self.part[place]) != (number, part):
                return None
            found.append(place)
            place = self.following[place]
        return found


@dataclass(slots=True)
class Found:
    """A ring as it stands; ``number`` is the last one used, ``hand`` where the next batch begins.

    ``lost`` holds what is to be put on record, ``unsure`` says that new streams had to begin, and
    ``damaged`` which blocks are neither whole nor needed.
    """

    ring: int
    number: int
    newest: int
    lanes: dict[Lane, Shelf]
    space: Space
    losses: list[Drop]
    lost: list[Drop]
    unsure: bool
    damaged: list[int]


def recover(file: File, most: int, extent: int) -> Found:
    """The ring in a file, at most ``most`` blocks from now on.

    Raises:
        Damaged: there is no ring in it.
        OSError: the disk cannot be read at all.
    """
    seen = survey(file)
    newest, chain, cursor = _newest(seen, file)
    number = seen.number[newest]
    sure = _is_end(seen, file, seen.following[chain[-1]], number)
    shelves = {lane: Shelf(lane, cursor.lanes[lane]) for lane in Lane}
    live = _fill(seen, file, cursor, shelves)
    lost = [
        Drop(lane, shelf.stream, first - shelf.base, last - shelf.base, "damaged on disk")
        for lane, shelf in shelves.items()
        for first, last in without(cursor.lanes[lane].waiting, shelf.waiting)
    ]
    if not sure:
        for lane, shelf in shelves.items():
            lost += _begin_anew(shelf, _last_seen(seen, lane, number, shelf.last))
    space = Space(seen.blocks, most, extent)
    live[newest] = live.get(newest, 0) + 1
    for place, records in live.items():
        if records:
            space.hold(seen.chain(place) or [place], records)
    space.hand = seen.following[chain[-1]]
    if space.hand >= space.blocks or space.is_held(space.hand):
        space.hand = 0
        space.hand = next(iter(space.next(1)), 0)
    highest = max(seen.highest, number) + (0 if sure and not seen.damaged else _FAR)
    damaged = [place for place in seen.damaged if not space.is_held(place)]
    return Found(
        seen.ring, highest, newest, shelves, space, list(cursor.losses), lost, not sure, damaged
    )


def survey(file: File) -> Survey:
    """Read every block."""
    seen = Survey(file.blocks())
    versions: set[int] = set()
    for place, block in _read(file, seen.blocks):
        found = whole(block, place)
        if found is None or seen.ring not in (0, found[0].ring):
            marks = [mark for mark in ends(block) if mark.ring == seen.ring]
            seen.highest = max([seen.highest, *(mark.number for mark in marks)])
            said = version(block)
            versions.update([] if said is None else [said])
            seen.damaged.append(place)
            mark, body = NOTHING, b""
        else:
            mark, body = found
            seen.ring = mark.ring
        if mark.number and mark.part == 0:
            seen.starts.append(place)
            seen.tables.append(batch.table_of(body))
        seen.number.append(mark.number)
        seen.following.append(mark.following)
        seen.part.append(mark.part)
        seen.parts.append(mark.parts)
    if not seen.starts:
        told = f"format {min(versions)}" if versions else f"{seen.blocks} blocks"
        raise Damaged(f"no ring in it: {told}")
    seen.highest = max(seen.highest, *seen.number)
    return seen


def _read(file: File, blocks: int) -> Iterator[tuple[int, bytes]]:
    """Every block with its place; what cannot be read is empty."""
    unreadable = 0
    for start in range(0, blocks, _AT_ONCE):
        count = min(_AT_ONCE, blocks - start)
        try:
            data = file.read(start, count)
        except OSError:
            for place in range(start, start + count):
                try:
                    yield place, file.read(place)
                except OSError:
                    unreadable += 1
                    if unreadable == blocks:
                        raise
                    yield place, b""
        else:
            for index in range(count):
                yield start + index, data[index * SIZE : (index + 1) * SIZE]


def _newest(seen: Survey, file: File) -> tuple[int, list[int], Cursor]:
    """The newest whole batch: where it begins, its blocks, its cursor."""
    for place in sorted(seen.starts, key=seen.number.__getitem__, reverse=True):
        chain = seen.chain(place)
        if chain is not None:
            try:
                return place, chain, batch.cursor(load(file, seen.ring, chain))
            except (Damaged, OSError):
                continue
    raise Damaged("no batch in it is whole")


def _is_end(seen: Survey, file: File, place: int, newest: int) -> bool:
    """Whether it is proved that nothing was synced after the newest batch (invariant 6).

    Follows the batch that was under way, if its blocks are there, until one of them is older.
    """
    under_way = 0
    for _ in range(seen.blocks):
        if place >= seen.blocks:
            return False
        if place in seen.damaged:
            try:
                marks = [mark for mark in ends(file.read(place)) if mark.ring == seen.ring]
            except OSError:
                return False
            return any(mark.number <= newest or 0 < under_way != mark.number for mark in marks)
        number = seen.number[place]
        if number <= newest or 0 < under_way != number:
            return True
        if seen.part[place] == seen.parts[place] - 1:
            return False
        under_way, place = number, seen.following[place]
    return False


def _fill(seen: Survey, file: File, cursor: Cursor, shelves: dict[Lane, Shelf]) -> dict[int, int]:
    """Put what waits on the shelves; how many waiting records lie at each place."""
    live: dict[int, int] = {}

    def weigh(lane: Lane, lying: Lying, first: int, last: int) -> int:
        try:
            runs = batch.runs(load(file, seen.ring, seen.chain(lying.place) or ()))
            return sum(body.size for body in within(runs, lane, first, last))
        except (Damaged, OSError):  # it will be found out when it is read
            return lying.bytes * (last - first + 1) // (lying.last - lying.first + 1)

    for index in sorted(range(len(seen.starts)), key=lambda i: seen.number[seen.starts[i]]):
        place, records = seen.starts[index], 0
        for row in batch.table(seen.tables[index]):
            span = row.first, row.first + row.records - 1
            for first, last in _part(cursor.lanes[row.lane].waiting, *span):
                if seen.chain(place) is None:
                    break
                part = row
                if (first, last) != span:
                    size = weigh(row.lane, Lying(*span, row.bytes, place), first, last)
                    part = Row(row.lane, first, last - first + 1, size)
                for left, gone in shelves[row.lane].put(part, place, weigh):
                    live[left] -= gone
                records += part.records
        if records:
            live[place] = records
    return live


def _part(ranges: Ranges, first: int, last: int) -> Ranges:
    """What of ``first`` … ``last`` is in the ranges."""
    found = around(ranges, first)
    if found is not None and last <= found[1]:
        return ((first, last),)
    return common(((first, last),), ranges)


def _last_seen(seen: Survey, lane: Lane, newest: int, last: int) -> int:
    """The last seq of a lane that anything speaks of: at least the one after the last known."""
    late = [t for p, t in zip(seen.starts, seen.tables, strict=True) if seen.number[p] > newest]
    rows = [row for held in late for row in batch.table(held) if row.lane is lane]
    return max([last + 1, *(row.first + row.records - 1 for row in rows)])


def _begin_anew(shelf: Shelf, last: int) -> list[Drop]:
    """A new stream takes over what waits; what the old one and the new one lack, for the record."""
    old, base = shelf.stream, shelf.base
    standing = anew(shelf.standing)
    shelf.stream, shelf.base = standing.stream, standing.base
    first = shelf.waiting[0][0] if shelf.waiting else shelf.last + 1
    reason = f"the end of the outbox was damaged; what is left goes on as stream {shelf.stream}"
    holes: Ranges = without(((first, shelf.last),), shelf.waiting) if shelf.waiting else ()
    return [Drop(shelf.lane, old, first - base, last - base, reason)] + [
        Drop(shelf.lane, shelf.stream, a - shelf.base, b - shelf.base, f"gone as stream {old}")
        for a, b in holes
    ]


def anew(standing: Standing) -> Standing:
    """The same lane as a new stream that counts what waits from 1."""
    before = standing.waiting[0][0] - 1 if standing.waiting else standing.last
    return replace(standing, stream=new_stream(), base=before)


def new_stream() -> str:
    """12 lower-case hex digits."""
    return secrets.token_hex(6)
