"""``wayside check`` names everything that is wrong, at once, where it stands, and what to write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.parts.process import program

CASE = Path(__file__).resolve().parents[1] / "cases" / "check" / "all-at-once"

# What is wrong in the case: file, line, path, a word of the problem, a word of the hint.
MISTAKES = [
    ("site.toml", 15, "bus.a.baudrat", "unknown key", "baudrate"),
    ("site.toml", 18, "bus.b.driver", "modbus-tpc", "modbus-tcp"),
    ("site.toml", 24, "bus.c.port", "number", ""),
    ("site.toml", 33, "device[1].id", "lamp-1", ""),
    ("site.toml", 42, "device[2].unit", "another device of bus", ""),
    ("site.toml", 46, "device[3].profile", "lamp/genric", "lamp/generic"),
    ("meter.toml", 8, "points[0].address", "65535", ""),
    ("lamps.csv", 3, "rated_power", "seventy", ""),
]


def check(*words: str) -> subprocess.CompletedProcess[str]:
    command = [program("wayside"), "check", str(CASE / "site.toml"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module")
def problems() -> list[dict[str, object]]:
    done = check("--json")
    assert done.returncode == 2, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[2] for mistake in MISTAKES])
def test_each_mistake_is_named_where_it_stands(
    problems: list[dict[str, object]], mistake: tuple[str, int, str, str, str]
) -> None:
    file, line, path, word, hint = mistake
    here = [p for p in problems if str(p["file"]).endswith(file) and p["line"] == line]
    assert here, f"nothing on {file}:{line} in {problems}"
    assert any(
        path in str(p["path"]) and word in f"{p['problem']}" and hint in str(p["hint"])
        for p in here
    ), here


def test_there_is_one_problem_for_each_mistake(problems: list[dict[str, object]]) -> None:
    assert len(problems) == len(MISTAKES), problems
    assert all(set(p) == {"file", "line", "path", "problem", "hint"} for p in problems)


def test_people_read_the_same_on_stderr() -> None:
    done = check()
    assert done.returncode == 2
    assert done.stdout == ""
    for file, line, *_ in MISTAKES:
        assert f"{file}:{line}:" in done.stderr
    assert f"{len(MISTAKES)} problems" in done.stderr


def test_a_sound_file_is_exit_code_0(tmp_path: Path) -> None:
    example = CASE.parents[3] / "docs" / "examples" / "pymodbus-simulator" / "site-tcp.toml"
    command = [program("wayside"), "check", str(example), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    command = [program("wayside"), "check", str(tmp_path / "nowhere.toml"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)
    assert problem["file"].endswith("nowhere.toml")


def test_a_site_and_a_device_must_agree_on_a_rule(tmp_path: Path) -> None:
    """Each of the two settings is sound alone; together they make no sense."""
    site = tmp_path / "site.toml"
    site.write_text(
        """schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 1
longitude = 1
data_dir = "data"
[bus.b]
driver = "modbus-tcp"
host = "127.0.0.1"
[[device]]
id = "bin-1"
profile = "bin/generic"
bus = "b"
unit = 1
empty_distance = 1800
full_distance = 400
[device.rules.bin_fire]
warm = 90.0
[rules.bin_fire]
hot = 80.0
"""
    )
    command = [program("wayside"), "check", str(site), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)
    assert (problem["line"], problem["path"]) == (19, "device[0].rules.bin_fire.warm")


SITE = """\
schema = 1
[gateway]
id = "gw-1"
site = "s"
latitude = 14.5
longitude = 121.0
data_dir = "data"
[bus.a]
driver = "modbus-tcp"
host = "127.0.0.1"
[[device]]
id = "lamp-1"
profile = "meter.toml"
bus = "a"
unit = 1
"""
METER = """\
schema = 1
kind = "lamp"
vendor = "Tests"
model = "A meter"
driver = "modbus"
points = [{ name = "voltage", table = "input", address = 0, type = "uint16" }]
"""


def test_rules_that_lack_a_device_s_points_are_told_to_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "meter.toml").write_text(METER)
    command = [program("wayside"), "check", str(tmp_path / "site.toml")]
    done = subprocess.run([*command, "-v"], capture_output=True, text=True, timeout=30, check=True)
    assert "day_burner: no point power: lamp-1\n" in done.stdout
    assert "comm_loss" not in done.stdout
    plain = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert "day_burner" not in plain.stdout
    told = subprocess.run([*command, "-v", "--json"], capture_output=True, timeout=30, check=True)
    assert {"code": "day_burner", "why": "no point power", "devices": ["lamp-1"]} in json.loads(
        told.stdout
    )["blind"]
