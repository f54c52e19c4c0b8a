"""``wayside profile show`` and ``check``: a map as people see it, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.field.profiles import as_text, described
from gateway.profile import load_profile, profile_names

METER = (Path(__file__).parents[2] / "cases" / "profiles" / "acme.toml").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "acme.toml").write_text(METER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wayside(*words: str) -> Result:
    return CliRunner().invoke(app, ["profile", *words])


def shown(*words: str) -> Any:
    result = wayside("show", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.usefixtures("folder")
class TestShow:
    def test_it_opens_with_where_the_map_comes_from(self) -> None:
        told = shown("acme.toml")
        assert told["source"] == [
            "Acme PM-3, a meter.",
            'Source: Acme "PM-3 Modbus Registers" rev. C.',
        ]
        assert (told["vendor"], told["model"], told["kind"]) == ("Acme", "PM-3", "bin")
        assert told["head"] == {"max_registers": 20, "max_gap": 4}

    def test_a_point_says_where_it_stands_and_what_is_made_of_it(self) -> None:
        points = {point["name"]: point for point in shown("acme.toml")["points"]}
        assert points["voltage_2"] == {
            "name": "voltage_2",
            "every": "10s",
            "table": "input",
            "address": 2,
            "type": "float32",
            "order": "CDAB",
            "unit": "V",
        }
        assert points["energy"] == {
            "name": "energy",
            "every": "1m",
            "table": "input",
            "address": 10,
            "type": "uint32",
            "order": "ABCD",
            "unit": "kWh",
            "scale": 0.01,
            "rollover": True,
        }
        assert points["power"]["scale_register"] == {"table": "input", "address": 90}
        assert points["power"]["invalid"] == [65535]
        assert points["status"]["on_change"] is True

    def test_computed_points_and_commands_are_listed(self) -> None:
        told = shown("acme.toml")
        assert told["derived"] == [
            {
                "name": "fill_level",
                "from": "distance",
                "linear": ["empty_distance", "full_distance"],
                "unit": "%",
            }
        ]
        (command,) = told["commands"]
        assert (command["name"], command["table"], command["address"]) == ("reset", "coil", 9)

    def test_the_requests_of_each_tick_and_how_much_each_reads(self) -> None:
        requests = shown("acme.toml")["requests"]
        assert [(r["every"], r["asks"], r["size"]) for r in requests] == [
            ("10s", "holding 0 to 0: 1 register", 1),
            ("10s", "input 0 to 5: 6 registers", 6),
            ("10s", "input 12 to 12, input 90: 2 registers", 2),
            ("30s", "discrete 4 to 4: 1 bit", 1),
            ("30s", "holding 0 to 0: 1 register", 1),
            ("30s", "input 0 to 5: 6 registers", 6),
            ("30s", "input 12 to 12, input 90: 2 registers", 2),
            ("1m", "discrete 4 to 4: 1 bit", 1),
            ("1m", "holding 0 to 0: 1 register", 1),
            ("1m", "input 0 to 12, input 90: 14 registers", 14),
        ]
        assert requests[-1]["points"] == ["voltage_1", "voltage_2", "voltage_3", "energy", "power"]

    def test_for_people_it_is_a_table(self) -> None:
        result = wayside("show", "acme.toml")
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == "acme.toml · Acme PM-3 · bin · modbus"
        assert (
            "  energy     1m     input     10       uint32   ABCD   kWh   0.01   rollover = true"
            in [line.rstrip() for line in lines]
        )
        assert "  every 10s    holding 0 to 0: 1 register for distance" in lines
        assert "voltage_1…3, energy, power" in lines[-1]

    def test_one_that_cannot_be_used_says_why(self) -> None:
        assert wayside("show", "lamp/genric").exit_code != 0


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_of_the_library_can_be_shown(name: str) -> None:
    told = described(load_profile(name, Path()))
    assert json.loads(json.dumps(told)) == told
    assert told["source"]
    assert told["requests"]
    text = as_text(told)
    assert all(point["name"] in text for point in told["points"])


@pytest.mark.usefixtures("folder")
class TestCheck:
    def test_a_good_one_is_one_line(self) -> None:
        result = wayside("check", "acme.toml", "lamp/generic")
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            "acme.toml: 8 points, 1 command, 3 requests to read all of it, no problems",
            "lamp/generic: 19 points, 2 commands, 2 requests to read all of it, no problems",
        ]
        assert json.loads(wayside("check", "acme.toml", "--json").stdout) == []

    def test_every_mistake_of_every_file_at_once(self, folder: Path) -> None:
        (folder / "bad.toml").write_text(METER.replace("unit", "unti").replace("CDAB", "AB"))
        result = wayside("check", "bad.toml", "acme.toml", "gone.toml", "lamp/genric", "--json")
        assert result.exit_code == 2
        problems = json.loads(result.stdout)
        assert set(problems[0]) == {"file", "line", "path", "problem", "hint"}
        assert [(p["file"], p["line"], p["path"]) for p in problems] == [
            ("bad.toml", 12, "points[0].order"),
            ("bad.toml", 12, "points[0].unti"),
            ("bad.toml", 13, "points[1].unti"),
            ("bad.toml", 17, "points[5].unti"),
            ("gone.toml", 0, ""),
            ("lamp/genric", 0, ""),
        ]
        assert problems[-1]["hint"] == 'did you mean "lamp/generic"?'

    def test_people_see_the_good_ones_on_stdout(self, folder: Path) -> None:
        (folder / "bad.toml").write_text(METER.replace("unit", "unti"))
        result = wayside("check", "bad.toml", "acme.toml")
        assert result.stdout.startswith("acme.toml: 8 points")
        assert result.exit_code != 0

    def test_the_whole_library_passes(self) -> None:
        result = wayside("check", *profile_names())
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == len(profile_names())
