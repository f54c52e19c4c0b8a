"""The shipped scenarios: each loads, plays without wires, and leaves the labels it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from simulators.demo.verdict import judge
from simulators.fast import Options, record
from simulators.scenario import load, scenario_names
from simulators.scenario.language import Scenario
from tests.contract.test_simulators_faults import Rehearsal
from tests.parts.simulated import MAKATI, MORNING

MINUTES = 3.0
"""How long a scenario without an end is played: more than its longest period."""
PROMISED: dict[str, set[str]] = {
    "bad-day": {
        "lamp_failure", "driver_overtemperature", "contactor_open", "flash_mode", "day_burner",
        "detector_stuck_on", "bin_overflow", "sensor_blocked", "signal_dark", "bin_fire",
        "conflicting_greens", "leakage", "pole_down", "comm_loss", "feeder_outage", "neutral_loss",
        "bus_down",
    },
    "bin-fire": {"bin_fire"},
    "day-burner-morning": {"day_burner"},
    "dead-slave": {"comm_loss"},
    "feeder-outage": {"feeder_outage"},
    "festival-bins": {"bin_full", "bin_overflow", "stand_full", "collection_missed"},
    "knocked-down-pole": {"pole_down"},
    "mixed": {
        "comm_loss", "lamp_failure", "bin_fire", "conflicting_greens", "bin_full", "feeder_outage",
    },
    "quiet": set(),
    "quiet-week": set(),
    "signal-in-flash": {"flash_mode"},
    "storm-night": {
        "phase_loss", "pole_down", "feeder_outage", "on_battery", "cable_break", "bin_tilt",
        "leakage",
    },
    "stuck-detector": {"detector_stuck_on", "detector_erratic", "ped_button_stuck"},
    "uplink-flapping": {"lamp_failure", "feeder_outage", "comm_loss"},
}  # fmt: skip
"""The alarms each scenario must bring (``mixed`` at night, when nothing burns by mistake)."""
LIVE = [name for name in scenario_names() if load(name).live and load(name).fault]


@cache
def played(name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The labels of a scenario's faults, and what was said meanwhile."""
    scenario, said = load(name), list[str]()
    days = None if scenario.duration else MINUTES / 1440
    with TemporaryDirectory() as folder:
        out = Path(folder, "labels.jsonl")
        options = Options(
            file=Path(folder, "out.jsonl"),
            folder=Path(folder, "d"),
            labels=out,
            days=days,
            every=900_000 if scenario.duration else 1_000,
        )
        record(scenario, options, said.append)
        labels = [json.loads(line) for line in out.read_text().splitlines()]
    return [label for label in labels if label["event"] is None], said


def test_every_scenario_is_promised_something() -> None:
    assert set(PROMISED) == set(scenario_names())


@pytest.mark.parametrize("name", scenario_names())
class TestScenario:
    def test_it_says_what_it_is(self, name: str) -> None:
        scenario = load(name)
        assert 10 < len(scenario.description) < 100
        assert scenario.live or scenario.duration, "with an hour of its own it has an end, too"

    def test_it_leaves_the_labels_it_promises(self, name: str) -> None:
        labels, said = played(name)
        unfit = [text for text in said if "no device" in text]
        assert [text for text in unfit if name != "mixed" or "day_burner" not in text] == []
        codes = {label["code"] for label in labels if label["code"] is not None}
        assert codes == PROMISED[name]
        struck = {trouble.fault for trouble in faults(load(name))}
        assert struck - {label["fault"] for label in labels} <= {"day_burner"}

    def test_what_must_alarm_is_to_be_seen(self, name: str) -> None:
        labels, _ = played(name)
        for label in labels:
            if label["code"] is not None and label["until"] is not None:
                assert label["shows"] is not None, label
                assert label["at"] <= label["shows"] <= label["until"]


def faults(scenario: Scenario) -> tuple[Any, ...]:
    return scenario.fault


@pytest.mark.parametrize("name", ["storm-night", "festival-bins", "quiet-week", "bad-day"])
def test_the_long_ones_are_full_of_what_only_looks_like_a_fault(name: str) -> None:
    labels, _ = played(name)
    assert len({label["fault"] for label in labels if label["code"] is None}) >= 3


@pytest.mark.parametrize("name", LIVE)
async def test_in_a_demo_each_fault_is_found_and_nothing_else(name: str, tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, MAKATI, MORNING, load(name).sizes())
    async for _ in rehearsal.play(load(name), 75, ends=MORNING + 60_000):
        pass
    verdict = judge(rehearsal.city.labels, rehearsal.raises)
    assert verdict.injected
    assert not verdict.missed, verdict.injected
    assert not verdict.false_alarms, verdict.alarms
    assert all((one.detected_after_ms or 0) <= 16_000 for one in verdict.injected)


def wayside(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_they_are_listed() -> None:
    listed = [json.loads(line) for line in wayside("sim", "--list", "--json").stdout.splitlines()]
    assert [one["name"] for one in listed] == [*scenario_names()]
    assert {one["name"] for one in listed if one["demo"]} >= {"mixed", "quiet", "bin-fire"}
    assert "a bin burns" in wayside("sim", "--list").stdout


def test_a_scenario_with_an_hour_of_its_own_is_no_demo() -> None:
    refused = wayside("demo", "--scenario", "storm-night")
    assert refused.returncode == 2
    assert "wayside sim storm-night --record" in refused.stderr
