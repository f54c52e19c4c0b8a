"""One daemon a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.edge.lock import CannotStart, holder, locked
from tests.parts.tmpfs import mounted, remount


def test_the_folder_is_made_and_held(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with (
        locked(folder),
        pytest.raises(CannotStart, match=f"process {os.getpid()}"),
        locked(folder),
    ):
        pytest.fail("held twice")
    with locked(folder):
        assert (folder / "lock").exists()


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    hold = (
        "import os, sys, pathlib\nfrom gateway.edge.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", hold, str(tmp_path)], check=False)
    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="file"), locked(tmp_path / "file"):
        pytest.fail("a file is no folder")


def test_who_holds_a_folder_can_be_asked(tmp_path: Path) -> None:
    assert holder(tmp_path / "none") is None
    with locked(tmp_path):
        assert holder(tmp_path) == str(os.getpid())
    assert holder(tmp_path) is None


def test_a_disk_that_an_error_made_read_only_can_be_held_as_before(tmp_path: Path) -> None:
    """The gateway goes on with what it reads, in memory, until the disk takes it again."""
    with mounted(tmp_path / "disk", "size=1m") as disk:
        with locked(disk):
            pass
        remount(disk, "ro")
        with locked(disk):
            assert holder(disk) is not None
            with pytest.raises(CannotStart, match="another wayside"), locked(disk):
                pass
