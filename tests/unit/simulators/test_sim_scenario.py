"""Scenario files are read strictly, and played as they say."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from gateway.problems import ConfigurationError
from simulators.faults import Label
from simulators.scenario import Player, load, play, scenario_names
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.places import Place
from simulators.world import DAY, SteppedClock, World

CASES = Path(__file__).parents[2] / "cases" / "scenario"
MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning in Makati
MAKATI = Place("makati", "Makati", 14.5547, 121.0244, "Asia/Manila")


def a_city(folder: Path) -> City:
    district = make(32, folder=folder, now=MORNING, place=MAKATI)
    return City(district, World(14.5547, 121.0244, clock=SteppedClock(MORNING)))


@pytest.fixture
def city(tmp_path: Path) -> City:
    return a_city(tmp_path)


def clock_of(city: City) -> SteppedClock:
    clock = city.world.clock
    assert isinstance(clock, SteppedClock)
    return clock


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_loads(name: str) -> None:
    assert load(name).name == name
    assert load(name).description


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_every_mistake_is_named_at_once_with_its_place_and_a_hint(case: Path) -> None:
    file = case / "scenario.toml"
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert all(problem.file == str(file) for problem in caught.value.problems)
    told = [
        f"{one.line} {one.path}: {one.problem}" + (f" → {one.hint}" if one.hint else "")
        for one in caught.value.problems
    ]
    assert told == (case / "problems.txt").read_text().splitlines()


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


async def test_a_dip_and_a_storm_come_and_go(city: City, tmp_path: Path) -> None:
    text = """
[[voltage]]
level = 0.5
feeder = "F1"
phase = "L2"
at = "10s"
for = "5s"
[[weather]]
weather = "storm"
at = "1s"
for = "4h"
[[festival]]
demand = 3
at = "5s"
for = "5s"
"""
    file = tmp_path / "scenario.toml"
    file.write_text("schema = 1\n" + text)
    player = Player(load(file), city, MORNING)
    clock, world = clock_of(city), city.world
    shares = []
    for _ in range(20):
        player.run(clock.step(1))
        shares.append(world.supply("F1").circuit.sag)
    assert shares == [(1, 1, 1)] * 9 + [(1, 0.5, 1)] * 5 + [(1, 1, 1)] * 6
    assert world.supply("F2").circuit.sag == (1, 1, 1)
    assert world.cloud(MORNING + 7_200_000) == 1
    assert [world.crowd(MORNING + second * 1000) for second in (4, 5, 9, 10)] == [1, 3, 3, 1]


def drawn(city: City, tmp_path: Path, text: str, days: int) -> tuple[Label, ...]:
    file = tmp_path / "scenario.toml"
    file.write_text(f"schema = 1\n{text}")
    player = Player(load(file), city, MORNING, ends=MORNING + days * DAY)
    while (due := player.due) is not None and due <= MORNING + days * DAY:
        clock_of(city).move(due)
        player.run(due)
    return city.labels


def test_chance_is_fair_and_at_its_rate(city: City, tmp_path: Path) -> None:
    """20 lamps of 32 devices, 40 faults a lamp and year: about 800 a year, 100 in 46 days."""
    text = '[[random]]\nfault = "lamp_failure"\nrate = 40\nfor = "1h"\n'
    lamps = sum(asset.kind == "lamp" for asset in city.district.assets)
    labels = drawn(city, tmp_path, text, 46)
    expected = 40 * lamps * 46 / 365.25
    assert len(labels) == pytest.approx(expected, abs=4 * expected**0.5)
    struck = Counter(label.device for label in labels)
    assert len(struck) == lamps
    assert max(struck.values()) < 4 * len(labels) / lamps
    spans = [label.until - label.at for label in labels if label.until is not None]
    assert min(spans) >= 1_800_000
    assert max(spans) <= 5_400_000


def test_what_befalls_one_fault_does_not_change_the_luck_of_another(tmp_path: Path) -> None:
    one = '[[random]]\nfault = "lamp_failure"\nrate = 40\nfor = "1h"\n'
    two = one + '[[random]]\nfault = "bin_full"\nrate = 40\nfor = "1h"\n'
    alone, both = (drawn(a_city(tmp_path), tmp_path, text, 30) for text in (one, two))
    assert [one for one in both if one.fault == "lamp_failure"] == list(alone)
    assert len(both) > len(alone)


def test_any_is_every_fault_there_is(city: City, tmp_path: Path) -> None:
    labels = drawn(city, tmp_path, '[[random]]\nfault = "any"\nrate = 400\nfor = "10m"\n', 2)
    assert {label.fault for label in labels} >= {"lamp_failure", "bin_fire", "feeder_outage"}
