"""The ASCII envelope of a Modbus PDU: ``:``, two hexadecimal digits a byte, LRC, CR LF.

A colon begins a frame wherever it comes, so nothing needs to be guessed: the reader takes
characters in any pieces, holds at most one unfinished frame, and passes over what is between frames
(MODBUS over Serial Line v1.02, §2.5.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.modbus.frame.framing import Framing, rtu_length

_MAX_BYTES = 255  # unit, 253 bytes of PDU, LRC
_MIN_BYTES = 3
MAX_ASCII_FRAME = 2 * _MAX_BYTES + 3
_EXCEPTION_FRAME = 11
_PAUSE = 1.0
"""Seconds that may pass between two characters of a frame (§2.5.2.1)."""
_END = b"\r\n"
_DIGITS = re.compile(rb"(?:[0-9A-Fa-f]{2})*")


def lrc(data: bytes) -> int:
    """The longitudinal redundancy check: what makes the sum of all bytes 0."""
    return -sum(data) & 0xFF


def ascii_frame(unit: int, pdu: bytes) -> bytes:
    """The characters to send on a serial line."""
    body = bytes((unit,)) + pdu
    return b":" + (body + bytes((lrc(body),))).hex().upper().encode() + _END


class AsciiReader:
    """Frames out of a serial line's characters: those whose LRC is right."""

    __slots__ = ("_rest", "broken", "skipped")

    def __init__(self) -> None:
        self._rest = b""
        self.skipped = 0
        """Characters that belonged to no frame, since the start."""
        self.broken: set[tuple[int, int]] = set()
        """Unit and function of what were whole frames but for the LRC."""

    @property
    def rest(self) -> bytes:
        """What came behind the latest frame."""
        return self._rest

    @property
    def front(self) -> tuple[int, int] | None:
        """Unit and function of the unfinished frame, as far as it has come."""
        head = _bytes(self._rest[1:5])
        return (head[0], head[1]) if len(head) == 2 else None

    @property
    def missing(self) -> int:
        """How many characters the unfinished frame still needs at least; 0 if none has begun."""
        if not self._rest:
            return 0
        length = 2 * rtu_length(_bytes(self._rest[1:])) + 1
        return max(1, (length if length > 1 else _EXCEPTION_FRAME) - len(self._rest))

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that ``data`` completes: unit, PDU.

        Each must be taken before the next call.
        """
        data = self._rest + data
        while (end := data.find(_END)) >= 0:
            end += len(_END)
            line, data = data[:end], data[end:]
            begin = max(line.rfind(b":"), 0)
            self.skipped += begin
            body = _frame_bytes(line[begin:])
            if body is None:
                self.skipped += len(line) - begin
            elif lrc(body):
                self.skipped += len(line) - begin
                self.broken.add((body[0], body[1] & 0x7F))
            else:
                self._rest = data
                yield body[0], body[1:-1]
        self._rest = _begun(data)
        self.skipped += len(data) - len(self._rest)

    def resync(self) -> Iterator[tuple[int, bytes]]:
        """Give up the unfinished frame; nothing can stand behind its colon."""
        self.skipped += len(self._rest)
        self._rest = b""
        yield from ()


def _begun(data: bytes) -> bytes:
    """What may become a frame: from the last colon on, as long as no frame is longer."""
    begin = data.rfind(b":")
    return data[begin:] if begin >= 0 and len(data) - begin < MAX_ASCII_FRAME else b""


def _bytes(digits: bytes) -> bytes:
    """The bytes that digits stand for, as far as they are digits."""
    found = _DIGITS.match(digits)
    return bytes.fromhex(found[0].decode()) if found else b""


def _frame_bytes(line: bytes) -> bytes | None:
    """Unit, PDU and LRC of a colon, digits and CR LF; None if it is anything else."""
    digits = line[1 : -len(_END)]
    count = len(digits) // 2
    if line[:1] != b":" or not _DIGITS.fullmatch(digits) or not _MIN_BYTES <= count <= _MAX_BYTES:
        return None
    return bytes.fromhex(digits.decode())


ASCII = Framing(ascii_frame, AsciiReader, check="LRC", extra=7, per_byte=2, pause=_PAUSE)
"""``:``, two digits each of unit and LRC, CR and LF; two digits a byte."""
