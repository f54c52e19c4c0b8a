"""A small disk of a test's own, which may fill up and be made read-only; takes root, or sudo."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.netns import as_root
from tests.parts.process import program


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs at ``folder`` with these mount options, until the block ends."""
    folder.mkdir()
    mount = [*as_root(), program("mount"), "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run([*as_root(), program("umount"), "-l", str(folder)], check=True)


def remount(folder: Path, option: str) -> None:
    """Change it: ``ro`` (while nobody has a file open for writing) or ``rw``."""
    mount = [*as_root(), program("mount"), "-o", f"remount,{option}", str(folder)]
    subprocess.run(mount, check=True)
