"""The first device of the docs: pymodbus's own simulator, with the files printed there.

The commands of ``docs/examples/pymodbus-simulator/README.md`` are run as they stand, on free ports.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.process import free_port, program, running

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "pymodbus-simulator"
VALUES = {
    "voltage": 230.4,
    "energy": 617.001,
    "power": 68.25,
    "balance": -505.78,
    "serial": "PM-1",
    "running": True,
    "door_open": False,
    "mode": "auto",
    "power_factor": pytest.approx(0.91),
}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example's files, with its port and its ptys where no other test can meet them."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    port = str(free_port())
    for file in (*folder.glob("*.toml"), folder / "setup.json"):
        text = file.read_text().replace("5020", port)
        text = text.replace("/tmp/wayside-meter", f"{folder}/tty")  # noqa: S108  # as printed
        file.write_text(text)
    return folder


@contextlib.contextmanager
def simulator(folder: Path, server: str, *, tcp: bool) -> Iterator[None]:
    http = free_port()
    command = [
        *(program("pymodbus.simulator"), "--json_file", "setup.json", "--modbus_device", "meter"),
        *("--modbus_server", server, "--http_host", "127.0.0.1", "--http_port", str(http)),
    ]
    port = int(json.loads((folder / "setup.json").read_text())["server_list"]["tcp"]["port"])
    log = folder / "simulator.log"
    with running(command, log=log, cwd=folder, port=port if tcp else http):
        yield


@contextlib.contextmanager
def cable(folder: Path) -> Iterator[None]:
    ends = [f"pty,raw,echo=0,link={folder}/tty-sim", f"pty,raw,echo=0,link={folder}/tty"]
    with running([program("socat"), *ends], log=folder / "socat.log"):
        deadline = time.monotonic() + 5
        while not (folder / "tty").exists() or not (folder / "tty-sim").exists():
            assert time.monotonic() < deadline, "socat made no ptys"
            time.sleep(0.01)
        yield


def wayside(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [program("wayside"), *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


def assert_read(folder: Path, site: str) -> None:
    done = wayside(folder, "read", site, "--json")
    assert done.returncode == 0, done.stderr
    (reading,) = json.loads(done.stdout)
    assert reading["device"] == "meter-1"
    assert reading["values"] == VALUES
    assert reading["bad"] == {"not_there": "illegal address"}
    assert reading["uncertain"] == []
    assert "silent" not in reading


def test_it_is_read_over_tcp(example: Path) -> None:
    with simulator(example, "tcp", tcp=True):
        assert_read(example, "site-tcp.toml")


def test_it_is_read_over_a_serial_line(example: Path) -> None:
    with cable(example), simulator(example, "serial", tcp=False):
        assert_read(example, "site-serial.toml")


def test_both_files_pass_the_check(example: Path) -> None:
    for site in ("site-tcp.toml", "site-serial.toml"):
        done = wayside(example, "check", site)
        assert done.returncode == 0, done.stderr


def test_a_device_that_does_not_answer_is_exit_code_3(example: Path) -> None:
    done = wayside(example, "read", "site-tcp.toml", "--json")
    assert done.returncode == 3
    (reading,) = json.loads(done.stdout)
    assert "refused" in reading["silent"]
    assert reading["values"] == {}


def test_the_printed_form_is_for_people(example: Path) -> None:
    with simulator(example, "tcp", tcp=True):
        done = wayside(example, "read", "site-tcp.toml")
    assert done.returncode == 0, done.stderr
    assert "voltage       230.4 V" in done.stdout
    assert "not_there     bad: illegal address" in done.stdout
