"""A block: 4 KiB that say of themselves what they are and whether they are whole.

The same *mark* stands at both ends, each with a checksum of its own. Disks write sectors of 512
bytes, in any order: a write that was cut short leaves the old mark at one end, and that is how it
is told from damage (invariant 6). A blank is a block with nothing in it; batches are numbered
from 1.

::

    mark      magic 4 · version 2 · length 2 · ring 8 · number 8 · place 4 · following 4
              · part 2 · parts 2 · checksum of the body 4 · checksum of the mark 4
    body      4008 bytes, of which ``length`` count
    mark      again
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

SIZE = 4096
VERSION = 1

_MAGIC = b"WyRg"
_FIELDS = struct.Struct("<4sHHQQIIHHI")
_SUM = struct.Struct("<I")
_END = _FIELDS.size + _SUM.size
ROOM = SIZE - 2 * _END
"""Bytes of a batch one block takes."""


class Mark(NamedTuple):
    """``part`` of the ``parts`` of batch ``number``; ``following`` is where the log goes on."""

    ring: int
    number: int
    place: int
    following: int
    part: int
    parts: int


NOTHING = Mark(0, 0, 0, 0, 0, 0)


def seal(mark: Mark, body: bytes | memoryview = b"") -> bytes:
    """The block with that mark and at most ``ROOM`` bytes of body."""
    padded = bytes(body).ljust(ROOM, b"\0")
    ring, number, *others = mark
    fields = _FIELDS.pack(_MAGIC, VERSION, len(body), ring, number, *others, crc32(padded))
    end = fields + _SUM.pack(crc32(fields))
    return end + padded + end


def blank(ring: int, place: int) -> bytes:
    """A block that was written and never used."""
    return seal(Mark(ring, 0, place, place, 0, 0))


def blanks(ring: int, places: Iterable[int]) -> bytes:
    """Blanks one after another."""
    return b"".join(blank(ring, place) for place in places)


def whole(block: bytes, place: int) -> tuple[Mark, bytes] | None:
    """The mark and the body of a block that is as it was written; None if it is not."""
    end = block[:_END]
    if end != block[-_END:] or len(block) != SIZE:
        return None
    magic, version, length, ring, number, *others, body_sum = _FIELDS.unpack_from(end)
    if (magic, version) != (_MAGIC, VERSION) or crc32(end[: _FIELDS.size]) != _tail(end):
        return None
    body = block[_END:-_END]
    if others[0] != place or crc32(body) != body_sum:
        return None
    return Mark(ring, number, *others), body[:length]


def ends(block: bytes) -> list[Mark]:
    """The marks that can be read at the two ends of a block that is not whole."""
    found = []
    for end in (block[:_END], block[-_END:]):
        if _is_ours(end) and _FIELDS.unpack_from(end)[1] == VERSION:
            _, _, _, ring, number, *others, _ = _FIELDS.unpack_from(end)
            found.append(Mark(ring, number, *others))
    return found


def version(block: bytes) -> int | None:
    """The format a block says it has; None if it is no block of a ring."""
    end = block[:_END]
    return int(_FIELDS.unpack_from(end)[1]) if _is_ours(end) else None


def _is_ours(end: bytes) -> bool:
    return len(end) == _END and end[:4] == _MAGIC and crc32(end[: _FIELDS.size]) == _tail(end)


def _tail(end: bytes) -> int:
    return int(_SUM.unpack_from(end, _FIELDS.size)[0])
