"""Where a recording goes: a new file, compressed in a thread of its own if its name asks for it.

The same lines make the same bytes: a compressed file holds neither its name nor its time.
"""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

_PORTION = 1 << 20
_AHEAD = 8
"""Portions that may wait for the compressor."""


class Sink:
    """Takes lines, writes them in portions; compressing leaves the processor to others."""

    def __init__(self, out: BinaryIO, pool: ThreadPoolExecutor) -> None:
        self._out = out
        self._pool = pool
        self._lines: list[bytes] = []
        self._size = 0
        self._under_way: deque[Future[int]] = deque()

    def write(self, lines: bytes) -> None:
        """Add some whole lines; raises OSError when the disk refuses."""
        self._lines.append(lines)
        self._size += len(lines)
        if self._size >= _PORTION:
            self.flush()

    def flush(self) -> None:
        """Hand on what there is; waits while too much is under way."""
        if self._lines:
            self._under_way.append(self._pool.submit(self._out.write, b"".join(self._lines)))
            self._lines, self._size = [], 0
        while len(self._under_way) > _AHEAD:
            self._under_way.popleft().result()

    def finish(self) -> None:
        """Wait until all is written."""
        self.flush()
        while self._under_way:
            self._under_way.popleft().result()


@contextmanager
def sink(file: Path) -> Iterator[Sink]:
    """A new file to write a recording to.

    Raises:
        FileExistsError: the file is there already.
    """
    with ExitStack() as stack:
        out: BinaryIO = stack.enter_context(file.open("xb"))
        if file.name.endswith(".gz"):
            packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0)
            out = cast("BinaryIO", stack.enter_context(packed))
        found = Sink(out, stack.enter_context(ThreadPoolExecutor(1)))
        yield found
        found.finish()
