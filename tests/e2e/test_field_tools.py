"""``wayside scan`` and ``write`` as a field engineer uses them: exit codes, questions, Ctrl-C."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import serial

from gateway.edge.lock import locked
from tests.parts.modbus import Script, Slave, registers, sealed, slave
from tests.parts.process import program
from tests.parts.terminal import at_terminal

SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "{folder}/data"
[bus.street]
driver = "modbus-rtu"
port = "{port}"
baudrate = 115200
timeout = "100ms"
[[device]]
id = "lamp-0001"
profile = "lamp/generic"
bus = "street"
unit = 1
rated_power = 70
[[device]]
id = "lamp-0002"
profile = "lamp/generic"
bus = "street"
unit = 2
rated_power = 70
"""


def lamp(held: dict[int, int], *, refuses: bool = False) -> Script:
    """A lamp at unit 1 whose holding registers are ``held``; it may refuse to be written."""

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        unit, function = frame[:2]
        if unit != 1:
            return []
        if function not in {3, 4, 6} or (function == 6 and refuses):
            return [(0.0, sealed(unit, function | 0x80, 1))]
        address, count = struct.unpack(">HH", frame[2:6])
        if function == 6:
            held[address] = count
            return [(0.0, frame)]
        return [(0.0, registers(frame, lambda a: held.get(a, 0)))]

    return script


@pytest.fixture
def held() -> dict[int, int]:
    return {0: 0x5753, 101: 80}


@pytest.fixture
def street(held: dict[int, int]) -> Iterator[Slave]:
    with slave(lamp(held)) as line:
        yield line


def site(folder: Path, line: Slave) -> str:
    file = folder / "site.toml"
    file.write_text(SITE.format(folder=folder, port=line.port))
    return str(file)


def wayside(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("wayside"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def written(line: Slave) -> list[bytes]:
    return [frame for frame in line.heard if frame[1] not in {1, 2, 3, 4, 17, 43}]


class TestWrite:
    def test_is_done_and_read_back(
        self, tmp_path: Path, street: Slave, held: dict[int, int]
    ) -> None:
        done = wayside("write", site(tmp_path, street), "lamp-0001", "dim", "40", "--yes", "--json")
        assert json.loads(done.stdout) == {"result": "done", "read_back": 40, "reason": None}
        assert (done.returncode, held[101]) == (0, 40)

    def test_asks_a_person_and_shows_what_is_to_be_known(
        self, tmp_path: Path, street: Slave, held: dict[int, int]
    ) -> None:
        words = [program("wayside"), "write", site(tmp_path, street), "lamp-0001", "dim", "40"]
        seen = at_terminal(words, waits_for="[y/N]", types="y\n")
        for text in ("lamp/generic", "street", "40 %", "0 to 100", "dim_level now: 80 %"):
            assert text in seen.terminal, seen.terminal
        assert seen.stdout == "lamp-0001 dim 40: done, it shows 40\n"
        assert (seen.code, held[101]) == (0, 40)

    @pytest.mark.parametrize("typed", ["n\n", "\n", "\x03"])
    def test_is_left_alone_without_a_yes(self, typed: str, tmp_path: Path, street: Slave) -> None:
        words = [program("wayside"), "write", site(tmp_path, street), "lamp-0001", "dim", "40"]
        seen = at_terminal(words, waits_for="[y/N]", types=typed)
        assert (seen.code, seen.stdout, written(street)) == (130, "", [])

    def test_asks_nobody_where_nobody_is(self, tmp_path: Path, street: Slave) -> None:
        done = wayside("write", site(tmp_path, street), "lamp-0001", "dim", "40")
        assert (done.returncode, street.heard) == (2, [])
        assert "--yes" in done.stderr

    def test_out_of_range_is_refused_unsent(self, tmp_path: Path, street: Slave) -> None:
        words = ("write", site(tmp_path, street), "lamp-0001", "dim", "140", "--yes")
        done = wayside(*words, "--json")
        told = {"result": "refused", "read_back": None, "reason": "140 is above 100"}
        assert (done.returncode, json.loads(done.stdout), street.heard) == (2, told, [])
        assert "140 is above 100" in wayside(*words).stderr

    def test_of_a_command_nobody_knows(self, tmp_path: Path, street: Slave) -> None:
        done = wayside("write", site(tmp_path, street), "lamp-0001", "dimm", "40", "--yes")
        assert (done.returncode, street.heard) == (2, [])
        assert 'did you mean "dim"' in done.stderr

    def test_refused_by_the_device(self, tmp_path: Path, held: dict[int, int]) -> None:
        with slave(lamp(held, refuses=True)) as line:
            words = ("write", site(tmp_path, line), "lamp-0001", "dim", "40", "--yes", "--json")
            done = wayside(*words)
        assert (done.returncode, json.loads(done.stdout)["result"]) == (3, "refused")

    def test_to_a_silent_device(self, tmp_path: Path, street: Slave) -> None:
        words = ("write", site(tmp_path, street), "lamp-0002", "dim", "40", "--yes", "--json")
        done = wayside(*words)
        assert (done.returncode, json.loads(done.stdout)["result"]) == (3, "failed")

    def test_on_a_line_the_daemon_holds(self, tmp_path: Path, street: Slave) -> None:
        file = site(tmp_path, street)
        with locked(tmp_path / "data"), serial.Serial(street.port, exclusive=True):
            done = wayside("write", file, "lamp-0001", "dim", "40", "--yes", "--json")
        told = json.loads(done.stdout)
        assert (done.returncode, told["result"]) == (1, "failed")
        assert "another program has it open" in told["reason"]
        assert "wayside run (process" in told["reason"]


class TestScan:
    def url(self, line: Slave) -> str:
        return f"modbus-rtu://{line.port}?baudrate=115200"

    def test_prints_who_is_there(self, street: Slave) -> None:
        done = wayside("scan", self.url(street), "--units", "1-3", "--timeout", "30ms", "--json")
        (found,) = json.loads(done.stdout)
        assert list(found) == ["unit", "profile", "identity", "latency_ms", "notes"]
        assert (found["unit"], found["profile"], found["notes"]) == (1, "lamp/generic", [])
        assert (done.returncode, done.stderr, written(street)) == (0, "", [])

    def test_of_an_empty_line_says_what_to_try(self, street: Slave) -> None:
        done = wayside("scan", self.url(street), "--units", "7-9", "--timeout", "30ms", "--json")
        assert (done.returncode, json.loads(done.stdout)) == (3, [])
        assert "--baudrates" in done.stderr

    def test_of_what_cannot_be_opened(self, tmp_path: Path) -> None:
        assert wayside("scan", f"modbus-rtu://{tmp_path}/none").returncode == 1

    @pytest.mark.parametrize(
        "words",
        [
            ("modbus-rtu:///dev/x?bauderate=9600",),
            ("modbus-rtu:///dev/x", "--units", "0-400"),
            ("modbus-rtu:///dev/x", "--timeout", "soon"),
            ("modbus-rtu:///dev/x", "--profile", "lamp/genric"),
            ("maxbotix:///dev/x",),
        ],
    )
    def test_of_what_makes_no_sense(self, words: tuple[str, ...]) -> None:
        done = wayside("scan", *words)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "→" in done.stderr or "--" in done.stderr

    def test_shows_a_bar_and_keeps_what_was_found_at_ctrl_c(self, street: Slave) -> None:
        words = [program("wayside"), "scan", self.url(street), "--json"]
        seen = at_terminal(words, waits_for="unit 9", types="\x03")
        assert seen.code == 130
        assert [found["unit"] for found in json.loads(seen.stdout)] == [1]
        assert "/247 found 1" in seen.terminal
