"""The library of scenarios: each plays to its end, and what it plans comes to show."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from simulators.fast import Options, record
from simulators.scenario import load, scenario_names

HOUR = 3_600_000
WITHOUT_START = {"mixed", "quiet"}  # for the demo: they play now
LIBRARY = {
    "quiet-week", "storm-night", "feeder-outage", "day-burner-morning", "knocked-down-pole",
    "signal-in-flash", "stuck-detector", "festival-bins", "bin-fire", "dead-slave",
    "flapping-uplink", "bad-day",
}  # fmt: skip


def test_the_library_holds_the_days_of_a_city() -> None:
    assert set(scenario_names()) >= LIBRARY | WITHOUT_START
    assert all(load(name).start is not None for name in LIBRARY)


@pytest.mark.parametrize("name", sorted(set(scenario_names()) - WITHOUT_START))
def test_a_scenario_of_the_library_plays_to_its_end_and_shows_what_it_plans(
    name: str, tmp_path: Path
) -> None:
    scenario, said = load(name), list[str]()
    file, truth = tmp_path / "out.jsonl", tmp_path / "labels.jsonl"
    options = Options(file=file, folder=tmp_path / "d", labels=truth, every=HOUR)
    record(scenario, options, said.append)
    assert not [text for text in said if "no device" in text]
    labels = [orjson.loads(line) for line in truth.read_bytes().splitlines()]
    shown = {label["fault"] for label in labels if label["shows"] is not None}
    assert {trouble.fault for trouble in scenario.fault} <= shown
    if name == "quiet-week":
        assert {label["code"] for label in labels} == {None}
