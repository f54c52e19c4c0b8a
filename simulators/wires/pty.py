"""Serial ports without hardware: a pty under a stable path."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Wire:
    """The far end of a pty: what we write, whoever opens the path reads."""

    def __init__(self, far: int, near: int) -> None:
        self.far = far
        self._near = near

    def hear(self) -> bytes:
        """What has been said to us since; empty if nothing."""
        with suppress(BlockingIOError):
            return os.read(self.far, 4096)
        return b""

    def say(self, characters: bytes) -> None:
        """Put characters on the wire; if nobody has read for long, the old ones are lost."""
        try:
            os.write(self.far, characters)
        except BlockingIOError:
            termios.tcflush(self._near, termios.TCIFLUSH)


@contextmanager
def pty_at(path: Path) -> Iterator[Wire]:
    """A raw pty that can be opened as ``path`` until the block ends."""
    far, near = os.openpty()
    try:
        tty.setraw(near)
        os.set_blocking(far, False)
        name = os.ttyname(near)
        path.unlink(missing_ok=True)
        path.symlink_to(name)
        try:
            yield Wire(far, near)
        finally:
            with suppress(OSError):
                if str(path.readlink()) == name:
                    path.unlink()
    finally:
        os.close(near)
        os.close(far)
