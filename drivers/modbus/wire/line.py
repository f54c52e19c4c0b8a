"""A serial line as one thread uses it: half duplex, with exact silence between frames.

It works on an open, non-blocking file descriptor, and blocks. It knows how long bytes take, so it
sleeps while they come in and wakes three or four times a question instead of once a byte.

The only time that counts is from the last byte of an answer to the first of the next question: all
else the slave decides. So nothing is done in it that can be done before or after (``meanwhile``),
and its end is not left to the timer alone.
"""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.modbus.frame.framing import RTU, Framing
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.wire.alone import Alone
from drivers.modbus.wire.turn import BROADCAST, TURNAROUND, Owed, Turn, listened_out, overheard
from gateway.driver import BadResponse, LinkDown

QUIET = 0.1
"""Seconds without a byte after which a broken answer is not waited for any longer: more than USB
adapters, and the machine when it is busy, put between two pieces of one frame."""

_PIECE = 0.001
"""Seconds a byte may have waited in a USB adapter before it came here: what seems to be missing may
be there that much sooner (full-speed USB hands over once a millisecond)."""

_WAKING = 60e-6
"""Seconds it takes to wake a thread (measured: 60 to 70 µs on a virtual machine, after the timer
slack is gone)."""

_LONG = 0.1  # seconds nobody should have to wait who closes the line

_CHUNK = 4096  # what a tty holds


class Line:
    """The wire end of a bus. All calls but ``wake`` are the owning thread's."""

    def __init__(
        self,
        fd: int,
        *,
        character: float,
        silence: float,
        framing: Framing = RTU,
        echo: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """``character`` and ``silence`` in seconds; ``echo``: the line hears what it sends.

        ``meanwhile`` is called once a question is on its way, when there is time.
        """
        self._fd = fd
        self._character = character
        self._silence = silence
        self._framing = framing
        self._quiet = max(QUIET, framing.pause)
        self._echo = echo
        self._meanwhile = meanwhile
        self._owed = Owed()
        self._alone = Alone()
        self._rest = b""  # what came behind the latest answer
        self._busy_until = time.monotonic()
        self._woken, self._waker = os.pipe()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        self._closing = select.poll()
        self._closing.register(self._woken, select.POLLIN)

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
            self._hear_others(unit, question, patience)
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
        self._alone.heard(unit, question, self._busy_until)
        return data

    def _hear_others(self, unit: int, question: Question, patience: float) -> None:
        """Listen whether a unit is alone before it is asked, if nobody knows."""
        left = self._alone.wait(unit, question, time.monotonic(), patience)
        if left:
            self._meanwhile()
            until = time.monotonic() + left
            while self._wait(until):
                self._rest += self._read()

    def tell(self, question: Question) -> None:
        """Tell every unit at once, and leave them the time to do it; raises LinkDown."""
        frame = self._framing.frame(BROADCAST, question.pdu)
        try:
            self._fall_silent(TURNAROUND)
            if os.write(self._fd, frame) != len(frame):
                raise LinkDown("the port takes no bytes")
        except OSError as wrong:
            raise LinkDown(wrong.strerror) from None
        self._busy_until = time.monotonic() + len(frame) * self._character + TURNAROUND
        self._meanwhile()

    def _check_alone(self, unit: int, patience: float) -> None:
        """Listen for another answer of a unit that was heard twice: none of it can be believed."""
        if unit not in self._owed.twice:
            return
        until, heard = self._busy_until + patience, self._rest
        self._rest = b""
        while self._wait(until):
            heard += self._read()
            until = min(until, self._busy_until + self._quiet)
        raise listened_out(unit, heard, self._owed, self._framing)

    def listen(self, seconds: float) -> bytes:
        """What comes in so many seconds in which nothing is asked; LinkDown if the port is gone."""
        until, heard = time.monotonic() + seconds, b""
        try:
            while self._wait(until):
                heard += self._read()
        except OSError as wrong:
            raise LinkDown(wrong.strerror) from None
        overheard(heard, self._owed, self._framing)
        return heard

    def owes(self, unit: int) -> bool:
        """Whether a unit may still answer what it was asked."""
        return self._owed.owes(unit)

    def twice(self, unit: int) -> bool:
        """Whether a unit was heard again when it owed nothing."""
        return unit in self._owed.twice

    def _take_turn(
        self, unit: int, question: Question, patience: float, *, proof: bool = False
    ) -> bytes:
        frame = self._framing.frame(unit, question.pdu)
        self._fall_silent(patience)
        if os.write(self._fd, frame) != len(frame):
            raise LinkDown("the port takes no bytes")
        sent = time.monotonic() + len(frame) * self._character
        self._busy_until = sent
        turn = Turn(unit, question, self._owed, self._framing, proof=proof)
        self._meanwhile()
        length = self._framing.length(question.size) * self._character
        # No answer is whole before it has had the time to come; the last byte is polled for.
        self._sleep(sent + min(self._silence + length - self._character, patience))
        try:
            return self._listen(turn, frame if self._echo else b"", patience, length)
        finally:
            self._rest = turn.rest

    def _listen(self, turn: Turn, echo: bytes, patience: float, length: float) -> bytes:
        """The answer: it begins within ``patience`` of the question, and takes ``length``."""
        until, heard = self._busy_until + patience + self._character, b""
        deadline = until + length + self._framing.pause
        while self._wait(until):
            data = self._read()
            if echo:
                heard += data
                until = min(deadline, self._busy_until + self._quiet)
                if echo not in heard:
                    continue
                before, _, data = heard.partition(echo)
                overheard(before, self._owed, self._framing)
                echo = b""
            found = turn.hear(data)
            if found is not None:
                return found
            until = deadline
            if turn.spoilt:
                quiet = self._quiet if turn.missing else QUIET
                until = min(deadline, self._busy_until + quiet)
            self._sleep(self._busy_until + (turn.missing - 1) * self._character - _PIECE)
        if heard and echo:
            raise BadResponse("the echo is not what was sent: a collision, or no echo at all")
        return turn.end(patience)

    def _fall_silent(self, patience: float) -> None:
        """Wait until nothing has been on the line for the silence; settle what still came in."""
        limit = time.monotonic() + max(1.0, patience)
        unasked, self._rest = self._rest, b""
        while True:
            self._sleep(self._busy_until + self._silence - _WAKING)
            while time.monotonic() < self._busy_until + self._silence:
                pass  # waking takes time too, so the very end is spun
            if not self._wait(0.0):
                break
            unasked += self._read()
            self._meanwhile()
            if time.monotonic() > limit:
                raise BadResponse("the line never falls silent")
        if unasked:
            overheard(unasked, self._owed, self._framing)

    def _sleep(self, until: float) -> None:
        """Until then, if it is to come; LinkDown if woken instead."""
        left = until - time.monotonic()
        if left > _LONG and self._closing.poll(left * 1000 - 1):
            raise LinkDown("closed")
        left = until - time.monotonic()
        if left > 0:
            time.sleep(left)

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


def exact_timers() -> None:
    """Let the calling thread wake when it asked to, not up to 50 µs later (its timer slack)."""
    with suppress(OSError):
        Path(f"/proc/{threading.get_native_id()}/timerslack_ns").write_text("1", encoding="ascii")
