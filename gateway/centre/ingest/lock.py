"""One ingest a folder: a second one would take over the first one's session at the broker."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

LOCK = "ingest.lock"


class CannotStart(Exception):
    """The centre's file cannot be worked with as things are; the text says why."""


@contextlib.contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the folder for the length of the block; CannotStart if somebody else does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"{data_dir}: another ingest works in this folder") from None
        yield
