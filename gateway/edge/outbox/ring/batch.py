"""A batch: what one flush writes, as bytes and back.

The *table* at its beginning, uncompressed and within its first block, says which records the batch
holds, so that a file can be surveyed without inflating it. Then, deflated together: the cursor (as
JSON) and the records. Deflate at level 3 brings 50 real readings of 430 bytes down to 2.9 kB; level
6 would save an eighth of that for half as much time again, and a dictionary made of earlier
readings half of it, but then no batch could be read without another.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

import orjson

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring.block import ROOM
from gateway.ranges import Ranges

MOST_RUNS = (ROOM - 2) // 17
"""Runs one batch may hold: their table fits the first block."""

_LEVEL = 3
_LANES = tuple(Lane)
_COUNT = struct.Struct("<H")
_ROW = struct.Struct("<BQII")
_LENGTH = struct.Struct("<I")
_RECORD = struct.Struct("<HI")
_NOT_ONE = ValueError, LookupError, TypeError, struct.error, zlib.error


class Damaged(Exception):
    """Something else is there than what was written."""


class Body(NamedTuple):
    """A record without its place in the stream."""

    head: str
    body: bytes

    @property
    def size(self) -> int:
        """Bytes it brings."""
        return len(self.head.encode()) + len(self.body)


class Run(NamedTuple):
    """Records of a lane that follow each other, from seq ``first`` on."""

    lane: Lane
    first: int
    bodies: Sequence[Body]

    @property
    def last(self) -> int:
        """The last seq."""
        return self.first + len(self.bodies) - 1


class Row(NamedTuple):
    """A run as the table has it: how many records, how many bytes."""

    lane: Lane
    first: int
    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lane stands: its last seq and what waits.

    Seqs in the file count on for ever; those of the stream count from 1, ``base`` less.
    """

    stream: str
    base: int = 0
    last: int = 0
    waiting: Ranges = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a flush leaves standing: both lanes, and the losses nobody was told of."""

    lanes: Mapping[Lane, Standing]
    losses: Sequence[Drop] = ()


def encode(standing: Cursor, records: Sequence[Run]) -> bytes:
    """The bytes of a batch."""
    said = {
        "lanes": {
            lane.value: (each.stream, each.base, each.last, each.waiting)
            for lane, each in standing.lanes.items()
        },
        "losses": [astuple(loss) for loss in standing.losses],
    }
    text = orjson.dumps(said)
    parts = [_LENGTH.pack(len(text)), text]
    table = [_COUNT.pack(len(records))]
    for lane, first, bodies in records:
        total = 0
        for head, body in bodies:
            name = head.encode()
            total += len(name) + len(body)
            parts += [_RECORD.pack(len(name), len(body)), name, body]
        table.append(_ROW.pack(_LANES.index(lane), first, len(bodies), total))
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join([*table, deflate.compress(b"".join(parts)), deflate.flush()])


def table_of(data: bytes) -> bytes:
    """The table alone, as bytes."""
    return data[: _COUNT.size + _COUNT.unpack_from(data)[0] * _ROW.size]


def table(data: bytes) -> list[Row]:
    """Which records a batch holds; its first block is enough."""
    (count,) = _COUNT.unpack_from(data)
    rows = _ROW.iter_unpack(data[_COUNT.size : _COUNT.size + count * _ROW.size])
    return [Row(_LANES[lane], first, many, size) for lane, first, many, size in rows]


def runs(data: bytes) -> list[Run]:
    """The records of a batch; Damaged if its bytes are not one."""
    try:
        found, text = table(data), _inflated(data)
        at = _LENGTH.size + _LENGTH.unpack_from(text)[0]
        read = []
        for row in found:
            bodies = []
            for _ in range(row.records):
                head, body = _RECORD.unpack_from(text, at)
                start = at + _RECORD.size + head
                at = start + body
                bodies.append(Body(text[start - head : start].decode(), text[start:at]))
            read.append(Run(row.lane, row.first, bodies))
    except _NOT_ONE as error:
        raise Damaged(f"a batch cannot be read: {error}") from error
    return read


def cursor(data: bytes) -> Cursor:
    """The cursor of a batch; Damaged if its bytes are not one."""
    try:
        text = _inflated(data)
        said = orjson.loads(text[_LENGTH.size :][: _LENGTH.unpack_from(text)[0]])
        lanes = {}
        for lane in Lane:
            stream, base, last, waiting = said["lanes"][lane]
            ranges = tuple((first, upto) for first, upto in waiting)
            lanes[lane] = Standing(stream, base, last, ranges)
        return Cursor(lanes, [Drop(Lane(lane), *rest) for lane, *rest in said["losses"]])
    except _NOT_ONE as error:
        raise Damaged(f"a cursor cannot be read: {error}") from error


def _inflated(data: bytes) -> bytes:
    (count,) = _COUNT.unpack_from(data)
    return zlib.decompress(data[_COUNT.size + count * _ROW.size :], -zlib.MAX_WBITS)
