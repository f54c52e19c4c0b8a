"""One daemon a ``data_dir``: a lock that dies with its holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class CannotStart(Exception):
    """The daemon cannot run here; the text says why and what to do, for people."""


def holder(data_dir: Path) -> str | None:
    """The process that holds the folder, if any does; ``"unknown"`` if it cannot be told."""
    with contextlib.suppress(OSError), (data_dir / "lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _written(lock.fileno())
    return None


def _written(lock: int) -> str:
    return os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"


def _open(path: Path) -> int:
    """The lock's file; on a disk that an error made read-only, the one that is there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Make the folder if need be and hold it; CannotStart if somebody else does."""
    path = data_dir / "lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = _open(path)
    except OSError as error:
        raise CannotStart(
            f"data_dir {data_dir} cannot be used: {error.strerror}\n"
            "    → it must be a folder this user may write to"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another wayside (process {_written(lock)}) works on {data_dir}\n"
                "    → stop it, or give this one a data_dir of its own"
            ) from None
        with contextlib.suppress(OSError):  # only a courtesy to whoever finds it locked
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
