"""``wayside replay`` as a new user meets it, and commands whose reader has left (``| head``)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.b]
driver = "modbus-tcp"
host = "127.0.0.1"
[[device]]
id = "pillar-1"
profile = "feeder/generic"
bus = "b"
unit = 1
feeder = "F1"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site, and a recording of a pillar whose door is opened and shut for a day."""
    (tmp_path / "site.toml").write_text(SITE)
    rows = (
        {"t": minute * 60_000, "device": "pillar-1", "values": {"door_open": minute // 5 % 2 == 0}}
        for minute in range(1440)
    )
    (tmp_path / "day.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "site.toml", "day.jsonl"),
        ("replay", "site.toml", "day.jsonl", "--json"),
        ("replay", "site.toml", "day.jsonl", "--rules", "try.toml"),
        ("profile", "list"),
        ("driver", "list", "--json"),
        ("check", "site.toml", "-v"),
        ("sim", "--list"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_a_reader_who_leaves_ends_the_command_quietly(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "try.toml").write_text('[rules.door_open]\non_delay = "2m"\n')
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "gateway", *words]
    ended = subprocess.run(
        command, cwd=folder, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_head_gets_its_lines_and_no_complaint(folder: Path) -> None:
    command = [sys.executable, "-m", "gateway", "replay", "site.toml", "day.jsonl"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as replay:
        assert replay.stdout is not None
        assert replay.stderr is not None
        with replay.stdout:
            head = [replay.stdout.readline() for _ in range(2)]
        assert all("door_open" in line for line in head)
        assert replay.stderr.read() == ""
    assert replay.returncode == 141


def test_a_recording_in_which_nothing_happens_says_so(folder: Path) -> None:
    row = {"t": 0, "device": "pillar-1", "values": {"door_open": False}}
    (folder / "calm.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    assert ended(folder, "replay", "site.toml", "calm.jsonl") == (
        0, "", "no alarm comes or goes in this recording\n",
    )  # fmt: skip


def test_a_recording_that_is_not_there_is_named(folder: Path) -> None:
    assert ended(folder, "replay", "site.toml", "night.jsonl") == (
        2, "", "night.jsonl: cannot be read: No such file or directory\n",
    )  # fmt: skip


def ended(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    command = [sys.executable, "-m", "gateway", *words]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return found.returncode, found.stdout, found.stderr
