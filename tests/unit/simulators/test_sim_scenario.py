"""Scenario files are read strictly, and played as they say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.problems import ConfigurationError
from simulators.scenario import load, play, scenario_names
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.places import Place
from simulators.world import SteppedClock, World

MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning in Makati
MAKATI = Place("makati", "Makati", 14.5547, 121.0244, "Asia/Manila")


@pytest.fixture
def city(tmp_path: Path) -> City:
    district = make(32, folder=tmp_path, now=MORNING, place=MAKATI)
    return City(district, World(14.5547, 121.0244, clock=SteppedClock(MORNING)))


def clock_of(city: City) -> SteppedClock:
    clock = city.world.clock
    assert isinstance(clock, SteppedClock)
    return clock


def problems(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert all(problem.file == str(file) for problem in caught.value.problems)
    return [(p.line, p.path, p.hint) for p in caught.value.problems]


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_loads(name: str) -> None:
    assert load(name).name == name
    assert load(name).description


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = """schema = 2
seeds = 5
[[fault]]
fault = "lamp_failur"
at = "5s"
[[fault]]
fault = "bin_full"
kind = "lamp"
at = "5"
[[fault]]
fault = "silent"
at = "1s"
[[fault]]
fault = "bin_fire"
device = "bin-1"
index = 2
at = "1s"
[[fault]]
fault = "bin_fire"
at = "1s"
for = "10s"
every = "5s"
[[fault]]
fault = "bin_fire"
index = -1
colour = "red"
"""
    found = problems(tmp_path, text)
    assert [(line, path) for line, path, _ in found] == [
        (1, "schema"),
        (2, "seeds"),
        (4, "fault[0].fault"),
        (9, "fault[1].at"),
        (10, "fault[2].kind"),
        (15, "fault[3].device"),
        (22, "fault[4].every"),
        (23, "fault[5].at"),
        (25, "fault[5].index"),
        (26, "fault[5].colour"),
    ]
    hints = {path: hint for _, path, hint in found}
    assert hints["seeds"] == 'did you mean "seed"?'
    assert hints["fault[0].fault"] == 'did you mean "lamp_failure"?'


def test_a_wrong_kind_for_the_fault_is_refused(tmp_path: Path) -> None:
    text = 'schema = 1\n[[fault]]\nfault = "bin_full"\nkind = "lamp"\nat = "5s"\n'
    assert problems(tmp_path, text) == [(4, "fault[0].kind", "leave it out")]


def test_an_unknown_name_suggests_one() -> None:
    with pytest.raises(ConfigurationError, match='did you mean "mixed"'):
        load("mixd")


async def played(city: City, text: str, tmp_path: Path, seconds: int, **how: int) -> list[str]:
    """What a scenario did, second by second."""
    file = tmp_path / "scenario.toml"
    file.write_text("schema = 1\n" + text)
    clock = clock_of(city)
    notes: list[str] = []
    task = asyncio.create_task(play(load(file), city, note=notes.append, **how))
    await asyncio.sleep(0)
    for _ in range(seconds):
        clock.step(1)
        for _ in range(5):
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    spans = [
        f"{label.device} {label.code} {(label.at - MORNING) // 1000}-"
        + ("" if label.until is None else str((label.until - MORNING) // 1000))
        for label in city.labels
    ]
    return spans + notes


async def test_a_fault_begins_ends_and_comes_again(city: City, tmp_path: Path) -> None:
    text = '[[fault]]\nfault = "bin_full"\nindex = 1\nat = "5s"\nfor = "10s"\nevery = "30s"\n'
    assert await played(city, text, tmp_path, 70) == [
        "bin-2 bin_full 5-15",
        "bin-2 bin_full 35-45",
        "bin-2 bin_full 65-",
    ]


async def test_nothing_begins_after_the_last_moment(city: City, tmp_path: Path) -> None:
    text = '[[fault]]\nfault = "bin_full"\nat = "5s"\nfor = "10s"\nevery = "20s"\n'
    done = await played(city, text, tmp_path, 70, ends=MORNING + 30_000)
    assert done == ["bin-1 bin_full 5-15", "bin-1 bin_full 25-35"]


async def test_a_fault_strikes_only_where_it_would_show(city: City, tmp_path: Path) -> None:
    """By day only tunnel lamps can fail visibly, and only street lamps can burn by mistake."""
    text = """
[[fault]]
fault = "lamp_failure"
index = 7
at = "1s"
[[fault]]
fault = "day_burner"
at = "1s"
[[fault]]
fault = "bin_fire"
index = 3
at = "1s"
"""
    done = await played(city, text, tmp_path, 5)
    assert done == ["lamp-0002 lamp_failure 1-", "lamp-0007 day_burner 1-", "bin-2 bin_fire 1-"]


async def test_a_fault_without_a_place_to_show_is_noted(city: City, tmp_path: Path) -> None:
    clock_of(city).step(12 * 3600)
    text = '[[fault]]\nfault = "day_burner"\nat = "1s"\nfor = "1s"\n'
    assert await played(city, text, tmp_path, 5) == [
        "day_burner: no device in which it would show now"
    ]


async def test_the_mixed_scenario_shows_every_kind_within_forty_seconds(
    city: City, tmp_path: Path
) -> None:
    text = "\n".join(
        line
        for line in (Path(__file__).parents[3] / "simulators/scenarios/mixed.toml")
        .read_text()
        .splitlines()
        if not line.startswith("schema")
    )
    done = await played(city, text, tmp_path, 60)
    assert {line.split()[1] for line in done} == {
        "comm_loss", "day_burner", "lamp_failure", "bin_fire", "conflicting_greens", "bin_full",
        "feeder_outage",
    }  # fmt: skip
    begins = [int(line.split()[2].split("-")[0]) for line in done]
    assert max(begins) <= 40
    assert all(line.split("-")[-1] for line in done), "each has cleared"
    assert len({line.split()[0] for line in done}) == len(done), "each on a device of its own"
