"""A serial bus at a real baud rate, in a process of its own: slaves on a pty that keep the time.

A pty passes bytes at once, so the slave is the wire's clock. The first character of a question is
on the wire when the slave sees it, and it looks without a pause (it spins) from shortly before the
earliest moment a question may come. From there on everything is computed: the question takes its
characters, the slave keeps one silence, and each character of the answer has an end. Characters
are handed over once they have ended, about every millisecond, the last one by itself and on time:
the slave sleeps up to a stretch before that moment and spins the rest. How late it was nevertheless
(this is no real-time system) is summed up as its own ``lateness``, so that it can be told apart
from the master's.

A *gap* is what lies between the computed end of an answer and the first character of the next
question. One that is shorter than the silence by more than ``TOLERANCE`` is a violation. The slave
knows when it looked in vain for the last time, so it also knows when it cannot say: a question that
may or may not have come too early, because the slave was not running, is ``unjudged``.

``python -m tests.parts.paced BAUDRATE SILENCE [DEAD UNIT…]`` prints the port, serves until its
standard input ends, and prints the figures.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.parts.modbus import registers
from tests.parts.process import end

BITS = 11  # a character: start, eight data bits, parity, stop
TOLERANCE = 20e-6
QUESTION = 8  # bytes of a read request
_STRETCH = 0.00015  # spun, not slept
_PORTION = 0.001
_PATIENCE = 0.003  # spun for a question that is due, before going to sleep


@dataclass
class Figures:
    """What the slave saw; times in seconds."""

    answers: int = 0
    gaps: int = 0
    violations: int = 0
    unjudged: int = 0
    lateness: float = 0.0
    delays: list[float] = field(default_factory=list)
    """How much later than the silence asked for each question came."""


@dataclass
class Paced:
    """A paced bus: its port, and its figures once it has ended."""

    port: str
    figures: Figures = field(default_factory=Figures)


@contextlib.contextmanager
def paced(baudrate: int, silence: float, dead: tuple[int, ...] = ()) -> Iterator[Paced]:
    """A bus of slaves whose register ``a`` holds ``a``; units in ``dead`` stay silent."""
    words = [str(baudrate), repr(silence), *map(str, dead)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.parts.paced", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        bus = Paced(process.stdout.readline().strip())
        yield bus
        process.stdin.close()
        bus.figures = Figures(**json.loads(process.stdout.readline()))
    finally:
        end(process)
        process.stdin.close()
        process.stdout.close()


class _Bus:
    def __init__(self, fd: int, baudrate: int, silence: float, dead: frozenset[int]) -> None:
        self._fd = fd
        self._character = BITS / baudrate
        self._silence = silence
        self._dead = dead
        self._over: float | None = None  # when the latest answer ended
        self.figures = Figures()

    def serve(self) -> None:
        """Answer until standard input ends."""
        while True:
            came = self._spin() if self._over is not None else None
            if came is None and 0 in select.select([self._fd, 0], [], [])[0]:
                return
            question, before, seen = came or (os.read(self._fd, 256), None, time.monotonic())
            while len(question) < QUESTION:
                with contextlib.suppress(BlockingIOError):
                    question += os.read(self._fd, 256)
            if before is not None and self._over is not None:
                self._judge(before - self._over, seen - self._over)
            self._over = None
            if question[0] not in self._dead:
                begin = seen + len(question) * self._character + self._silence
                self._answer(registers(question, lambda a: a), begin)

    def _spin(self) -> tuple[bytes, float, float] | None:
        """The question that comes about now, and the moments between which it came."""
        assert self._over is not None
        _sleep_until(self._over + self._silence - 2 * _STRETCH)
        now = time.monotonic()
        until = max(now, self._over + self._silence) + _PATIENCE
        before = self._over
        while now < until:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._fd, 256), before, time.monotonic()
            os.sched_yield()
            before, now = now, time.monotonic()
        return None

    def _judge(self, least: float, most: float) -> None:
        figures, enough = self.figures, self._silence - TOLERANCE
        figures.gaps += 1
        figures.delays.append(round(most - self._silence, 6))
        if most < enough:
            figures.violations += 1
        elif least < enough - TOLERANCE:
            figures.unjudged += 1

    def _answer(self, answer: bytes, begin: float) -> None:
        sent, last = 0, len(answer) - 1
        over = begin + len(answer) * self._character
        while sent < last:
            now = time.monotonic()
            ended = max(sent, min(last, int((now - begin) / self._character)))
            if ended > sent:
                os.write(self._fd, answer[sent:ended])
                sent = ended
            if sent < last:
                next_end = begin + (sent + 1) * self._character
                _sleep_until(min(over - self._character, max(next_end, now + _PORTION)))
        _sleep_until(over - _STRETCH)
        while time.monotonic() < over:
            os.sched_yield()
        os.write(self._fd, answer[last:])
        self.figures.answers += 1
        self.figures.lateness += time.monotonic() - over
        self._over = over


def _sleep_until(moment: float) -> None:
    seconds = moment - time.monotonic()
    if seconds > 0:
        time.sleep(seconds)


def _main(baudrate: str, silence: str, *dead: str) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    Path(f"/proc/{threading.get_native_id()}/timerslack_ns").write_text("1")
    gc.disable()
    sys.stdout.write(os.ttyname(theirs) + "\n")
    sys.stdout.flush()
    bus = _Bus(ours, int(baudrate), float(silence), frozenset(map(int, dead)))
    bus.serve()
    sys.stdout.write(json.dumps(asdict(bus.figures)) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
