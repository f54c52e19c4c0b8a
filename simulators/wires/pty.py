"""Serial ports without hardware: a pty under a stable path."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Wire:
    """The far end of a pty: what we write, whoever opens ``path`` reads.

    Like a USB adapter it can be pulled out: the path goes, who has it open finds it dead, and
    plugged in again it is another pty under the same path.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends: tuple[int, int] | None = None
        self._name = ""

    @property
    def far(self) -> int | None:
        """Our end, to wait on; None while it is unplugged."""
        return self._ends[0] if self._ends else None

    def plug(self) -> None:
        """Make the path a serial port."""
        far, near = self._ends = os.openpty()
        tty.setraw(near)
        os.set_blocking(far, False)
        self._name = os.ttyname(near)
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(self._name)

    def unplug(self) -> None:
        """Take it away; a path that has become somebody else's stays."""
        if self._ends is None:
            return
        with suppress(OSError):
            if str(self._path.readlink()) == self._name:
                self._path.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None

    def hear(self) -> bytes:
        """What has been said to us since; empty if nothing."""
        if self._ends is not None:
            with suppress(BlockingIOError):
                return os.read(self._ends[0], 4096)
        return b""

    def say(self, characters: bytes) -> None:
        """Put characters on the wire; if nobody has read for long, the old ones are lost."""
        if self._ends is None:
            return
        try:
            os.write(self._ends[0], characters)
        except BlockingIOError:
            termios.tcflush(self._ends[1], termios.TCIFLUSH)


@contextmanager
def pty_at(path: Path) -> Iterator[Wire]:
    """A raw pty that can be opened as ``path`` until the block ends."""
    wire = Wire(path)
    wire.plug()
    try:
        yield wire
    finally:
        wire.unplug()
