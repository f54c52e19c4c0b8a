"""The two envelopes of a Modbus PDU, read from bytes as they arrive.

On TCP a frame is the MBAP header (transaction, protocol 0, length, unit) and the PDU; on a serial
line it is the unit, the PDU and a CRC-16. Both readers take bytes in any pieces, hold at most one
unfinished frame, and step over what cannot be a frame. Neither knows what was asked.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

_MBAP = struct.Struct(">HHHB")
_MBAP_PREFIX = 6  # bytes before those that the length field counts
MAX_MBAP_LENGTH = 254
MAX_RTU_FRAME = 256


# ---------------------------------------------------------------- TCP


def mbap_frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    """The bytes to send on TCP."""
    return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


class MbapReader:
    """Frames out of a TCP stream.

    The header has no mark to find it by; a protocol other than 0 or an impossible length says that
    the stream is out of step, and then the reader moves on byte by byte.
    """

    __slots__ = ("_rest", "skipped")

    def __init__(self) -> None:
        self._rest = b""
        self.skipped = 0
        """Bytes that belonged to no frame, since the start."""

    @property
    def unfinished(self) -> int | None:
        """The transaction of a frame whose end is missing, if one has begun."""
        return int.from_bytes(self._rest[:2], "big") if self._rest else None

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """The frames that ``data`` completes: transaction, unit, PDU."""
        if self._rest:
            data = self._rest + data
        frames = []
        at, size = 0, len(data)
        while size - at >= _MBAP.size:
            transaction, protocol, length, unit = _MBAP.unpack_from(data, at)
            if protocol or not 2 <= length <= MAX_MBAP_LENGTH:
                at += 1
                self.skipped += 1
                continue
            end = at + _MBAP_PREFIX + length
            if end > size:
                break
            frames.append((transaction, unit, data[at + _MBAP.size : end]))
            at = end
        self._rest = data[at:] if at < size else b""
        return frames


# ---------------------------------------------------------------- serial line


class Reader(Protocol):
    """Answer frames out of a serial line's bytes; ``RtuReader`` says what each of these is."""

    skipped: int
    broken: set[tuple[int, int]]

    @property
    def rest(self) -> bytes: ...  # noqa: D102

    @property
    def front(self) -> tuple[int, int] | None: ...  # noqa: D102

    @property
    def missing(self) -> int: ...  # noqa: D102

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]: ...  # noqa: D102

    def resync(self) -> Iterator[tuple[int, bytes]]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Framing:
    """How PDUs travel on a serial line.

    ``frame(unit, pdu)`` makes the bytes to send; a PDU of n bytes takes ``extra + n * per_byte``.
    ``pause`` is how many seconds may pass inside a frame; ``check`` names its check sum.
    """

    frame: Callable[[int, bytes], bytes]
    reader: Callable[[], Reader]
    check: str
    extra: int
    per_byte: int
    pause: float

    def length(self, pdu: int) -> int:
        """Characters a PDU of so many bytes takes."""
        return self.extra + pdu * self.per_byte


def _crc_table() -> tuple[int, ...]:
    def entry(byte: int) -> int:
        for _ in range(8):
            byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
        return byte

    return tuple(entry(byte) for byte in range(256))


_CRC = _crc_table()


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS: polynomial 0x8005 reflected, initial value 0xFFFF."""
    crc = 0xFFFF
    table = _CRC
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """The bytes to send on a serial line; the CRC's low byte goes first."""
    frame = bytes((unit,)) + pdu
    return frame + crc16(frame).to_bytes(2, "little")


# How long an answer is, with its unit and CRC: 5 bytes and the byte count, or fixed.
_COUNTED = frozenset({1, 2, 3, 4, 17, 23})
_ECHOES = {5: 8, 6: 8, 15: 8, 16: 8, 22: 10}
_EXCEPTION_FRAME = 5
_IDENTIFICATION = 43
_FIXED = {
    **_ECHOES,
    **{f | 0x80: _EXCEPTION_FRAME for f in (*_COUNTED, *_ECHOES, _IDENTIFICATION)},
}
_UNITS = range(1, 248)


def rtu_length(data: bytes, at: int = 0) -> int:
    """How long the answer frame at ``at`` says it is.

    0 if no slave's answer begins so, -1 if too few bytes are there to tell.
    """
    have = len(data) - at
    if have and data[at] not in _UNITS:
        return 0
    if have < 2:
        return -1
    function = data[at + 1]
    if function == _IDENTIFICATION:
        return _identification_length(data, at)
    if function not in _COUNTED:
        return _FIXED.get(function, 0)
    if have < 3:
        return -1
    length = data[at + 2] + 5
    return length if length <= MAX_RTU_FRAME else 0


def _identification_length(data: bytes, at: int) -> int:
    """As ``rtu_length``, of an answer to function 43/14: eight bytes, then the objects."""
    end = at + 8
    if len(data) < end:
        return -1
    for _ in range(data[end - 1]):
        if end - at + 2 > MAX_RTU_FRAME:
            return 0  # what cannot end in time must not be waited for
        if len(data) < end + 2:
            return -1
        end += 2 + data[end + 1]
    length = end - at + 2
    return length if length <= MAX_RTU_FRAME else 0


class RtuReader:
    """Answer frames out of a serial line's bytes: those whose CRC is right.

    A frame that says it is longer than what has come is waited for; ``resync`` gives it up. What
    is no frame is stepped over byte by byte, so that garbage before an answer costs nothing.
    """

    __slots__ = ("_rest", "broken", "skipped")

    def __init__(self) -> None:
        self._rest = b""
        self.skipped = 0
        """Bytes that belonged to no frame, since the start."""
        self.broken: set[tuple[int, int]] = set()
        """Unit and function of what looked like whole frames but for the CRC."""

    @property
    def rest(self) -> bytes:
        """What came behind the latest frame."""
        return self._rest

    @property
    def front(self) -> tuple[int, int] | None:
        """Unit and function of the unfinished frame, as far as it has come."""
        rest = self._rest
        return (rest[0], rest[1]) if len(rest) > 1 else None

    @property
    def missing(self) -> int:
        """How many bytes the unfinished frame still needs at least; 0 if none has begun."""
        if not self._rest:
            return 0
        length = rtu_length(self._rest)
        return max(1, (length if length > 0 else _EXCEPTION_FRAME) - len(self._rest))

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that ``data`` completes: unit, PDU.

        Each must be taken before the next call.
        """
        data = self._rest + data
        at = 0
        while (length := rtu_length(data, at)) >= 0:
            end = at + length
            if end > len(data):
                break
            if length and crc16(data[at : end - 2]) == data[end - 2] | data[end - 1] << 8:
                self._rest = data[end:]
                yield data[at], data[at + 1 : end - 2]
                at = end
            else:
                if length:
                    self.broken.add((data[at], data[at + 1] & 0x7F))
                self.skipped += 1
                at += 1
        self._rest = data[at:]

    def resync(self) -> Iterator[tuple[int, bytes]]:
        """Give up the unfinished frame at the front; the frames found behind its first byte."""
        rest, self._rest = self._rest, b""
        self.skipped += bool(rest)
        yield from self.feed(rest[1:])


RTU = Framing(rtu_frame, RtuReader, check="CRC", extra=3, per_byte=1, pause=0.0)
"""Unit, PDU, CRC."""
