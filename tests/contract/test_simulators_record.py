"""The fast path: recordings with labels, the same for the same seed, the same as on wires."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.config import load_site
from gateway.faults.rules import load_rules
from gateway.field.replay import transitions
from gateway.model import IDENTITY, Reading
from gateway.recording import Note, Row, read
from simulators.fast import Options, Result, record
from simulators.scenario import load
from simulators.scenario import read as read_scenario
from simulators.town.district import make
from simulators.wires.mishaps import MISHAPS
from simulators.wires.servers import serve
from simulators.world import SteppedClock

NIGHT = 1_772_463_600_000  # 2026-03-02, eleven at night in Makati
MINUTE = 60_000
SCENARIO = """
schema = 1
start = 2026-03-02T23:00:00
duration = "2h"
devices = 20
[[fault]]
fault = "lamp_failure"
index = 3
at = "10m"
for = "40m"
[[fault]]
fault = "silent"
kind = "bin"
at = "20m"
for = "20m"
[[fault]]
fault = "feeder_outage"
index = 1
at = "62m"
for = "10m"
[[random]]
fault = "bin_full"
rate = 3000
for = "20m"
"""


def made(folder: Path, text: str = SCENARIO, name: str = "out.jsonl", **how: Any) -> Result:
    folder.mkdir(exist_ok=True)
    (folder / "scenario.toml").write_text(text)
    options = Options(
        file=folder / name, folder=folder / "d", labels=folder / "labels.jsonl", **how
    )
    return record(read_scenario(folder / "scenario.toml"), options, lambda _: None)


def rows(folder: Path, name: str = "out.jsonl") -> list[Row]:
    return list(read(folder / name))


def readings(folder: Path, device: str) -> list[Reading]:
    return [row for row in rows(folder) if isinstance(row, Reading) and row.device == device]


def notes(folder: Path) -> list[Note]:
    return [row for row in rows(folder) if isinstance(row, Note)]


def labels(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / "labels.jsonl").read_bytes().splitlines()]


def test_the_same_seed_makes_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    one, same, other = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    made(one)
    made(same)
    made(other, seed=7)
    for name in ("out.jsonl", "labels.jsonl"):
        assert (one / name).read_bytes() == (same / name).read_bytes()
        assert (one / name).read_bytes() != (other / name).read_bytes()


def test_a_compressed_recording_is_the_same_and_so_are_its_bytes(tmp_path: Path) -> None:
    made(tmp_path / "plain")
    for name in ("1", "2"):
        made(tmp_path / name, name="out.jsonl.gz")
    packed = (tmp_path / "1" / "out.jsonl.gz").read_bytes()
    assert packed == (tmp_path / "2" / "out.jsonl.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "plain" / "out.jsonl").read_bytes()


def test_every_device_is_read_every_five_minutes(tmp_path: Path) -> None:
    result = made(tmp_path)
    assert result.readings == len(rows(tmp_path)) == 20 * 25
    times = [row.t for row in readings(tmp_path, "lamp-0001")]
    assert times == list(range(NIGHT, NIGHT + 121 * MINUTE, 5 * MINUTE))


def test_each_kind_may_be_read_at_its_own_rate(tmp_path: Path) -> None:
    rates = {"lamp": 5, "feeder": 2, "signal": 1, "bin": 10}
    made(tmp_path, every={kind: minutes * MINUTE for kind, minutes in rates.items()})
    seen = {"lamp": "lamp-0001", "feeder": "pillar-f1", "signal": "cabinet-1", "bin": "bin-1"}
    for kind, device in seen.items():
        times = [row.t for row in readings(tmp_path, device)]
        assert times == list(range(NIGHT, NIGHT + 121 * MINUTE, rates[kind] * MINUTE))
    assert [row.t for row in rows(tmp_path)] == sorted(row.t for row in rows(tmp_path))
    site = load_site(tmp_path / "d" / "site.toml", {})
    polled = {one.kind: {point.every for point in one.points} for one in site.devices}
    assert polled == {kind: {60.0 * minutes} for kind, minutes in rates.items()}


def test_labels_tell_what_the_rows_show(tmp_path: Path) -> None:
    made(tmp_path)
    dark = next(label for label in labels(tmp_path) if label["fault"] == "lamp_failure")
    assert (dark["at"], dark["shows"]) == (NIGHT + 10 * MINUTE, NIGHT + 10 * MINUTE)
    assert dark["until"] == NIGHT + 50 * MINUTE
    for row in readings(tmp_path, dark["device"]):
        if row.t not in {dark["at"], dark["until"]}:
            assert (float(row.values["power"]) < 5) is (dark["at"] < row.t < dark["until"])
    mute = next(label for label in labels(tmp_path) if label["fault"] == "silent")
    for row in readings(tmp_path, mute["device"]):
        assert (row.silent is not None) is (mute["at"] <= row.t < mute["until"])


def test_collections_are_labelled_as_events(tmp_path: Path) -> None:
    text = 'schema = 1\nstart = 2026-03-02T00:00:00\nduration = "7d"\ndistrict = { bins = 8 }\n'
    made(tmp_path, text)
    every = labels(tmp_path)
    assert {label["fault"] for label in every} == {"collection"}
    assert {(label["code"], label["event"]) for label in every} == {(None, "collected")}
    assert len(every) >= 6
    assert [label["at"] for label in every] == sorted(label["at"] for label in every)
    for label in every:
        read_rows = readings(tmp_path, label["device"])
        levels = [(row.t, v) for row in read_rows if (v := row.values.get("fill_level"))]
        before = [level for t, level in levels if label["at"] - 3_600_000 < t < label["at"]]
        after = [level for t, level in levels if label["at"] < t < label["at"] + 3_600_000]
        assert min(map(float, before)) - max(map(float, after)) > 15


async def test_on_wires_the_same_scenario_leaves_the_same_labels(tmp_path: Path) -> None:
    made(tmp_path)
    scenario = read_scenario(tmp_path / "scenario.toml")
    place, start = scenario.begins(0)
    district = make(20, folder=tmp_path / "w", now=start, seed=scenario.seed, place=place)
    clock = SteppedClock(start)
    async with serve(district, scenario=scenario, clock=clock, begins=start) as city:
        for _ in range(7200):
            now = clock.step(1)
            if now % 7 == 0:  # somebody polls, at moments of his own
                city.stations["lamp-0003"].sample(now)
            for _ in range(3):
                await asyncio.sleep(0)
        on_wires = [orjson.loads(orjson.dumps(label.as_dict())) for label in city.labels]
    assert on_wires == [label for label in labels(tmp_path) if label["event"] is None]


async def test_what_is_recorded_is_what_its_registers_would_have_held(tmp_path: Path) -> None:
    made(tmp_path, SCENARIO.partition("[[fault]]")[0])
    seen = [row for row in rows(tmp_path) if isinstance(row, Reading)]
    scenario = read_scenario(tmp_path / "scenario.toml")
    place, start = scenario.begins(0)
    district = make(20, folder=tmp_path / "w", now=start, seed=scenario.seed, place=place)
    clock = SteppedClock(start)
    async with serve(district, clock=clock) as city:
        for station in city.stations.values():
            station.device.values()  # the recorder looks once at what there is
        for t in sorted({row.t for row in seen}):
            clock.move(t)
            for station in city.stations.values():
                station.sample(t)
        shown = {name: station.served[-1] for name, station in city.stations.items()}
    for row in seen[-20:]:
        t, values = shown[row.device]
        measured = {k: v for k, v in row.values.items() if k != "fill_level"}
        expected = {k: v for k, v in values.items() if v is not None}
        assert row.t == t
        assert measured == pytest.approx(expected, abs=1e-3), row.device


def test_around_a_fault_its_device_and_group_are_read_closely(tmp_path: Path) -> None:
    made(tmp_path, near=10_000)
    dark = next(label for label in labels(tmp_path) if label["fault"] == "lamp_failure")
    times = [row.t for row in readings(tmp_path, dark["device"])]
    close = [t for t in times if dark["at"] <= t <= dark["at"] + 20 * MINUTE]
    assert close == list(range(dark["at"], dark["at"] + 20 * MINUTE + 1, 10_000))
    assert len(readings(tmp_path, "cabinet-1")) == 25
    assert [row.t for row in rows(tmp_path)] == sorted(row.t for row in rows(tmp_path))


def test_gaps_restarts_outages_clock_steps_and_work_are_told(tmp_path: Path) -> None:
    text = """
schema = 1
start = 2026-03-02T23:00:00
duration = "2h"
devices = 20
[[gap]]
bus = "bins"
at = "8m"
for = "20m"
[[gap]]
at = "61m"
for = "8m"
restart = true
[[uplink]]
at = "10m"
for = "1m"
every = "50m"
[[maintenance]]
device = "pillar-f1"
codes = ["door_open"]
at = "20m"
for = "30m"
[[clock]]
at = "99m"
by = "30m"
back = true
"""
    made(tmp_path, text)
    told = [
        (note.note, (note.t - NIGHT) // MINUTE, note.fields.get("state"))
        for note in notes(tmp_path)
    ]
    assert told == [
        ("uplink", 10, "down"), ("uplink", 11, "up"),
        ("action", 20, None), ("action", 50, None),
        ("uplink", 60, "down"), ("uplink", 61, "up"),
        ("restart", 69, None), ("clock", 69, None),
        ("uplink", 80, "down"), ("uplink", 81, "up"),
    ]  # fmt: skip
    work = [note.fields for note in notes(tmp_path) if note.note == "action"]
    assert [one["action"] for one in work] == ["out-of-service", "in-service"]
    assert {(one["device"], one["code"]) for one in work} == {("pillar-f1", "door_open")}
    door = [
        (row.t - NIGHT) // MINUTE
        for row in readings(tmp_path, "pillar-f1")
        if row.values["door_open"]
    ]
    assert door == list(range(20, 40, 5))
    (label,) = labels(tmp_path)
    assert (label["fault"], label["code"]) == ("maintenance", None)
    minutes = [(row.t - NIGHT) // MINUTE for row in readings(tmp_path, "bin-1")]
    assert minutes == [0, 5, *range(30, 65, 5), *range(70, 100, 5), *range(70, 95, 5)]


def test_a_replay_finds_what_was_injected(tmp_path: Path) -> None:
    result = made(tmp_path, every=60_000)
    site = load_site(result.site, {code: rule.settings for code, rule in load_rules().items()})
    raised = {
        (one["device"], one["code"])
        for one in transitions(site, tmp_path / "out.jsonl")
        if one["transition"] == "raise"
    }
    expected = {
        (label["subject"], label["code"])
        for label in labels(tmp_path)
        if label["fault"] in {"lamp_failure", "silent", "feeder_outage"}
    }
    assert len(expected) == 3
    assert expected <= raised


def test_a_recording_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(FileExistsError):
        made(tmp_path)


def test_a_scenario_that_says_nothing_is_a_day_in_makati(tmp_path: Path) -> None:
    options = Options(
        file=tmp_path / "out.jsonl", folder=tmp_path / "d", devices=12, every=3_600_000
    )
    record(load("quiet"), options, lambda _: None)
    times = sorted({row.t for row in rows(tmp_path)})
    assert len(times) == 25
    assert times[0] == 1_772_380_800_000


def test_mishaps_of_wires_befall_the_rows_of_their_devices_only(tmp_path: Path) -> None:
    """One after the other, twenty minutes each: what a row becomes is what the mishap says."""
    faults = (
        f'[[fault]]\nfault = "{name}"\nkind = "{struck(name)}"\n'
        f'at = "{10 + 30 * n}m"\nfor = "20m"\n'
        for n, name in enumerate(MISHAPS)
    )
    head = f'schema = 1\nstart = 2026-03-02T23:00:00\nduration = "{len(MISHAPS) * 30}m"\n'
    made(tmp_path, f"{head}devices = 30\n{''.join(faults)}", every=MINUTE)
    found = labels(tmp_path)
    assert [label["fault"] for label in found] == [*MISHAPS]
    every = [row for row in rows(tmp_path) if isinstance(row, Reading)]
    for label in found:
        during = [row for row in every if label["at"] <= row.t < label["until"]]
        assert {look(row) for row in during if row.device == label["device"]} == meant(label)
        befallen = {row.device for row in during if look(row) != "as ever"}
        if label["subject"].startswith("bus:"):
            assert len(befallen) > 1
        else:
            assert befallen <= {label["device"]}, label


def struck(mishap: str) -> str:
    """A kind of device that can have a mishap: what lacks an echo is a bin's sensor on its line."""
    return "bin" if mishap == "no_echo" else "lamp"


def meant(label: dict[str, Any]) -> set[str]:
    return {
        **{
            key: {"silent", "as ever"} for key in ("lossy", "brown_out", "lost_answer", "crc_error")
        },
        **{key: {"as ever"} for key in ("noise", "slow")},
        "other_device": {"another device"},
        **{key: {"no values"} for key in ("no_values", "no_echo")},
    }.get(label["fault"], {"silent"})


def look(row: Reading) -> str:
    if row.silent is not None:
        return "silent"
    if IDENTITY in row.bad:
        return "another device"
    return "no values" if "the device has no value" in row.bad.values() else "as ever"


def test_a_replay_finds_what_mishaps_must_bring_and_nothing_else(tmp_path: Path) -> None:
    """Twenty-five minutes each, read every ten seconds, judged by the rules as they are shipped.

    The last is the one that needs an hour.
    """
    names = sorted(MISHAPS, key="no_echo".__eq__)
    faults = (
        f'[[fault]]\nfault = "{name}"\nkind = "{struck(name)}"\nat = "{10 + 40 * n}m"\n'
        f'for = "{25 if struck(name) == "lamp" else 70}m"\n'
        for n, name in enumerate(names)
    )
    head = f'schema = 1\nstart = 2026-03-02T19:00:00\nduration = "{len(MISHAPS) * 40 + 45}m"\n'
    made(tmp_path, f"{head}devices = 20\n{''.join(faults)}", every=10_000)
    settings = {code: rule.settings for code, rule in load_rules().items()}
    site = load_site(tmp_path / "d" / "site.toml", settings)
    told = [
        (one["t"], one["device"], one["code"])
        for one in transitions(site, tmp_path / "out.jsonl")
        if one["transition"] == "raise"
    ]
    for label in labels(tmp_path):
        raised = {
            (device, code)
            for t, device, code in told
            if label["at"] <= t <= label["until"] + 5 * MINUTE
        }
        must = {(label["subject"], label["code"])} if label["code"] else set()
        may = {(label["subject"], code) for code in label["may"]}
        assert must <= raised <= must | may, label
