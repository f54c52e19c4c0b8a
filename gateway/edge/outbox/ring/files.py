"""The disk under the ring: block files, and the few things one does to names in a folder.

A rim of its own so that tests can put a disk underneath that loses, tears and reorders whatever
was not synced, or refuses.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gateway.edge.outbox.ring.block import SIZE

_NO_WRITING = {errno.EROFS, errno.EACCES, errno.EPERM}


class File(Protocol):
    """An open file, in blocks. Everything raises OSError as the disk does."""

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""

    def blocks(self) -> int:
        """How many whole blocks it has."""

    def read(self, place: int, count: int = 1) -> bytes:
        """So many blocks from a place on; shorter only at the end."""

    def write(self, place: int, data: bytes) -> None:
        """Whole blocks from a place on; durable after the next sync."""

    def sync(self) -> None:
        """Make what was written durable, and the length if that matters (fdatasync)."""

    def cut(self, blocks: int) -> None:
        """Make it that long."""

    def close(self) -> None:
        """Let go of it."""


class Files(Protocol):
    """Names in folders."""

    def exists(self, path: Path) -> bool:
        """Whether there is a file."""

    def names(self, folder: Path) -> list[str]:
        """What is in a folder."""

    def open(self, path: Path) -> File:
        """A file that is there; for reading only where the disk takes no writing."""

    def create(self, path: Path) -> File:
        """A new, empty file, instead of any other."""

    def rename(self, path: Path, name: Path) -> None:
        """Another name, durable."""

    def remove(self, path: Path) -> None:
        """Remove a file, if there is one."""

    def spare(self, path: Path) -> tuple[int, int]:
        """Bytes free to us, and bytes in all, on the disk below a folder."""


class BlockFile:
    """A ``File`` of the operating system."""

    def __init__(self, path: Path, flags: int) -> None:
        self._path = path
        self.writable = bool(flags & os.O_RDWR)
        self._fd = os.open(path, flags | os.O_CLOEXEC, 0o640)

    def blocks(self) -> int:
        """Whole blocks."""
        return os.fstat(self._fd).st_size // SIZE

    def read(self, place: int, count: int = 1) -> bytes:
        """So many blocks."""
        return os.pread(self._fd, count * SIZE, place * SIZE)

    def write(self, place: int, data: bytes) -> None:
        """Whole blocks."""
        view, at = memoryview(data), place * SIZE
        while view:
            done = os.pwrite(self._fd, view, at)
            view, at = view[done:], at + done

    def sync(self) -> None:
        """The data."""
        os.fdatasync(self._fd)

    def cut(self, blocks: int) -> None:
        """Truncate or extend."""
        os.ftruncate(self._fd, blocks * SIZE)

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


class System:
    """The operating system's ``Files``."""

    def exists(self, path: Path) -> bool:
        """Whether there is one."""
        return path.exists()

    def names(self, folder: Path) -> list[str]:
        """What is there."""
        return [path.name for path in folder.iterdir()]

    def open(self, path: Path) -> BlockFile:
        """For writing if possible."""
        try:
            return BlockFile(path, os.O_RDWR)
        except OSError as error:
            if error.errno not in _NO_WRITING:
                raise
            return BlockFile(path, os.O_RDONLY)

    def create(self, path: Path) -> BlockFile:
        """A new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return BlockFile(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)

    def rename(self, path: Path, name: Path) -> None:
        """Rename, and sync the folder."""
        path.rename(name)
        self._sync(name.parent)

    def remove(self, path: Path) -> None:
        """Remove, and sync the folder."""
        with suppress(FileNotFoundError):
            path.unlink()
            self._sync(path.parent)

    def spare(self, path: Path) -> tuple[int, int]:
        """What statvfs says."""
        disk = os.statvfs(path)
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize

    def _sync(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
