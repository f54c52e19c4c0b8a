"""A serial line as one thread uses it: half duplex, with exact silence between frames.

It works on an open, non-blocking file descriptor, and blocks. It knows how long bytes take, so it
sleeps while they come in and wakes two or three times a question instead of once a byte.
"""

from __future__ import annotations

import math
import os
import select
import time
from contextlib import suppress

from drivers.modbus.framing import rtu_frame
from drivers.modbus.pdu import Question, Refused
from drivers.modbus.turn import Owed, Turn, listened_out, overheard
from gateway.driver import BadResponse, LinkDown

QUIET = 0.1
"""Seconds without a byte after which a broken answer is not waited for any longer: more than USB
adapters, and the machine when it is busy, put between two pieces of one frame."""

_CHUNK = 4096  # what a tty holds
_ENVELOPE = 3  # unit and CRC around an answer's PDU


class Line:
    """The wire end of a bus. All calls but ``wake`` are the owning thread's."""

    def __init__(self, fd: int, *, character: float, silence: float, echo: bool = False) -> None:
        """``character`` and ``silence`` in seconds; ``echo``: the line hears what it sends."""
        self._fd = fd
        self._character = character
        self._silence = silence
        self._echo = echo
        self._owed = Owed()
        self._rest = b""  # what came behind the latest answer
        self._busy_until = time.monotonic()
        self._woken, self._waker = os.pipe()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)

    def wake(self) -> None:
        """End whatever is being waited for with LinkDown, from any thread and for good."""
        os.write(self._waker, b"\0")

    def close(self) -> None:
        """Let go of everything but the descriptor that was given."""
        os.close(self._woken)
        os.close(self._waker)

    def ask(self, unit: int, question: Question, patience: float) -> bytes:
        """The data of the answer, which may begin up to ``patience`` seconds after the question.

        Raises as ``drivers.modbus.link.Wire.ask``.
        """
        try:
            while (first := self._owed.before(unit, question)) is not None:
                with suppress(Refused):
                    self._take_turn(unit, first, patience, proof=True)
            try:
                data = self._take_turn(unit, question, patience)
            except Refused:
                self._check_alone(unit, patience)
                raise
            self._check_alone(unit, patience)
        except OSError as wrong:
            raise LinkDown(wrong.strerror) from None
        return data

    def _check_alone(self, unit: int, patience: float) -> None:
        """Listen for another answer of a unit that was heard twice: none of it can be believed."""
        if unit not in self._owed.twice:
            return
        until, heard = self._busy_until + patience, self._rest
        self._rest = b""
        while self._wait(until):
            heard += self._read()
            until = min(until, self._busy_until + QUIET)
        raise listened_out(unit, heard, self._owed)

    def _take_turn(
        self, unit: int, question: Question, patience: float, *, proof: bool = False
    ) -> bytes:
        frame = rtu_frame(unit, question.pdu)
        self._fall_silent(patience)
        turn = Turn(unit, question, self._owed, proof=proof)
        if os.write(self._fd, frame) != len(frame):
            raise LinkDown("the port takes no bytes")
        sent = time.monotonic() + len(frame) * self._character
        self._busy_until = sent
        length = (question.size + _ENVELOPE) * self._character
        # No answer is whole before it has had the time to come; the last byte is polled for.
        _sleep(sent + self._silence + length - self._character - time.monotonic())
        try:
            return self._listen(
                turn, frame if self._echo else b"", sent + patience + length, patience
            )
        finally:
            self._rest = turn.rest

    def _listen(self, turn: Turn, echo: bytes, deadline: float, patience: float) -> bytes:
        until, heard = deadline, b""
        while self._wait(until):
            data = self._read()
            if echo:
                heard += data
                until = min(deadline, self._busy_until + QUIET)
                if echo not in heard:
                    continue
                before, _, data = heard.partition(echo)
                overheard(before, self._owed)
                echo = b""
            found = turn.hear(data)
            if found is not None:
                return found
            until = min(deadline, self._busy_until + QUIET) if turn.spoilt else deadline
            _sleep((turn.missing - 1) * self._character)
        if heard and echo:
            raise BadResponse("the echo is not what was sent: a collision, or no echo at all")
        return turn.end(patience)

    def _fall_silent(self, patience: float) -> None:
        """Wait until nothing has been on the line for the silence; settle what still came in."""
        limit = time.monotonic() + max(1.0, patience)
        unasked, self._rest = self._rest, b""
        while True:
            _sleep(self._busy_until + self._silence - time.monotonic())
            if not self._wait(0.0):
                break
            unasked += self._read()
            if time.monotonic() > limit:
                raise BadResponse("the line never falls silent")
        if unasked:
            overheard(unasked, self._owed)

    def _wait(self, until: float) -> bool:
        """Whether bytes are there before the time comes; LinkDown if woken instead."""
        left = until - time.monotonic()
        ready = self._poll.poll(math.ceil(max(0.0, left) * 1000))
        if any(fd == self._woken for fd, _ in ready):
            raise LinkDown("closed")
        return bool(ready)

    def _read(self) -> bytes:
        with suppress(BlockingIOError):
            data = os.read(self._fd, _CHUNK)
            if not data:
                raise LinkDown("the port is gone")
            self._busy_until = time.monotonic()
            return data
        return b""


def _sleep(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)
