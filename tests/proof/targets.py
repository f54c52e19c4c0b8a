"""What is fuzzed, how its inputs are made, and the guards that hold for all of them."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.proof.shared import shared
from tests.proof.streams import LINE_TARGETS, Tally
from tests.proof.wires import wires

TARGETS: dict[str, Callable[[bytes], Tally]] = {**LINE_TARGETS, "wires": wires, "shared": shared}

PATIENCE = 5.0  # seconds one input may take; the longest takes some milliseconds
_LONGEST = 160


class Hang(Exception):
    """An input took longer than the patience."""


def inputs(target: str, count: int, start: int) -> Iterator[bytes]:
    """So many inputs of a target, always the same ones from the same seed."""
    chance = random.Random(f"{target} {start}")
    for _ in range(count):
        yield chance.randbytes(chance.randrange(4, _LONGEST))


def run(target: str, count: int, start: int) -> Tally:
    """Run a target over its inputs; an input that breaks it is told in hex.

    Raises:
        AssertionError: with the input, from whatever went wrong.
    """
    hear, tally = TARGETS[target], Tally()
    with no_hang() as again:
        for data in inputs(target, count, start):
            again()
            try:
                tally.update(hear(data))
            except Exception as wrong:  # whatever escapes is the finding
                raise AssertionError(f"{target}: bytes.fromhex({data.hex()!r})") from wrong
    return tally


@contextmanager
def no_hang() -> Iterator[Callable[[], None]]:
    """While it lasts, more than the patience between two calls of what it yields is a ``Hang``."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"an input took more than {PATIENCE:g} s")

    before = signal.signal(signal.SIGALRM, over)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, PATIENCE) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
