"""What a gateway has committed: its outbox's file, read by other means than the gateway's own.

Written from what ``gateway/edge/outbox/ring/block.py`` and ``batch.py`` say of the bytes, with
``struct`` and ``zlib`` alone. Looked at whenever the gateway is dead: kill -9 takes nothing from
what the system was given, so every whole batch in the file is one that must count. The ring goes
round its file slowly, and so the looks together see every batch there ever was; a seq that none of
them saw is reported.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SIZE = 4096
_MARK = struct.Struct("<4sHHQQIIHHII")
_ROOM = SIZE - 2 * _MARK.size
_ROW = struct.Struct("<BQII")
_RECORD = struct.Struct("<HI")
LANES = ("events", "telemetry")


class Block(NamedTuple):
    """One block that is whole."""

    number: int
    following: int
    part: int
    parts: int
    body: bytes


class Committed(NamedTuple):
    """A record as it lies on the disk."""

    lane: str
    stream: str
    seq: int
    head: str
    body: bytes


@dataclass
class Witness:
    """All that was ever seen in one ring; ``lanes`` is what its newest cursor says."""

    path: Path
    records: dict[tuple[str, int], Committed] = field(default_factory=dict)
    lanes: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)
    losses: list[Any] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    _newest: int = 0
    _known: set[int] = field(default_factory=set)

    def look(self) -> list[Committed]:
        """Read the file; the records that are new since the last look."""
        if not self.path.exists():
            return []
        fresh = []
        batches = dict(whole_batches(self.path.read_bytes(), self._known))
        for number, data in sorted(batches.items()):
            self._known.add(number)
            cursor, records = decode(data)
            for record in records:
                before = self.records.setdefault((record.stream, record.seq), record)
                if before is record:
                    fresh.append(record)
                elif before != record:
                    self.differing.append(f"{record.stream} {record.seq} has two contents")
            if number > self._newest:
                self._newest, self.lanes, self.losses = number, cursor["lanes"], cursor["losses"]
                for stream, base, last, _ in self.lanes.values():
                    self.streams[stream] = last - base
        return fresh

    def waiting(self) -> set[tuple[str, int]]:
        """The records that wait for the centre, by stream and seq."""
        return {
            (stream, seq - base)
            for stream, base, _, ranges in self.lanes.values()
            for first, last in ranges
            for seq in range(first, last + 1)
        }

    def unseen(self) -> list[tuple[str, int]]:
        """Seqs that were given and that no look has seen."""
        return [
            (stream, seq)
            for stream, last in self.streams.items()
            for seq in range(1, last + 1)
            if (stream, seq) not in self.records
        ]


def whole_batches(data: bytes, known: set[int]) -> Iterator[tuple[int, bytes]]:
    """The batches that are complete in a file, by number, but those already known."""
    blocks = {}
    for place in range(len(data) // SIZE):
        block = _block(data, place, known)
        if block is not None:
            blocks[place] = block
    for block in blocks.values():
        if block.part == 0:
            bodies: list[bytes] = []
            at: Block | None = block
            while at is not None and (at.number, at.part) == (block.number, len(bodies)):
                bodies.append(at.body)
                if len(bodies) == block.parts:
                    yield block.number, b"".join(bodies)
                    break
                at = blocks.get(at.following)


def _block(data: bytes, place: int, known: set[int]) -> Block | None:
    """A block of a batch, if it is whole and its batch not known."""
    start = place * SIZE
    (number,) = struct.unpack_from("<Q", data, start + 16)
    if number == 0 or number in known:
        return None
    head, body = (
        data[start : start + _MARK.size],
        data[start + _MARK.size : start + _MARK.size + _ROOM],
    )
    if data[start + SIZE - _MARK.size : start + SIZE] != head:
        return None
    magic, _, length, _, _, at, following, part, parts, crc, own = _MARK.unpack(head)
    if magic != b"WyRg" or at != place or own != zlib.crc32(head[:-4]) or crc != zlib.crc32(body):
        return None
    return Block(number, following, part, parts, body[:length])


def decode(data: bytes) -> tuple[dict[str, Any], list[Committed]]:
    """The cursor of a batch and its records."""
    (count,) = struct.unpack_from("<H", data)
    start = 2 + count * _ROW.size
    rows = list(_ROW.iter_unpack(data[2:start]))
    text = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    (length,) = struct.unpack_from("<I", text)
    cursor = json.loads(text[4 : 4 + length])
    at, records = 4 + length, []
    for lane, first, many, _ in rows:
        stream, base, *_ = cursor["lanes"][LANES[lane]]
        for seq in range(first, first + many):
            head, body = _RECORD.unpack_from(text, at)
            at += _RECORD.size
            name, content = text[at : at + head].decode(), text[at + head : at + head + body]
            records.append(Committed(LANES[lane], stream, seq - base, name, content))
            at += head + body
    return cursor, records
