"""The replay driver: a recording played as a bus, on virtual time."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.replay import DRIVERS, Recorded, Recording, Source, Tape, plan
from gateway.config import load_site
from gateway.driver import Bad, Control, Device, Link, LinkDown, NoResponse, Point, Uncertain
from gateway.edge.poller import poll_bus
from gateway.edge.slots import Slots
from gateway.model import Reading
from gateway.problems import ConfigurationError
from tests.parts.virtual import run_virtual, virtual_clock

T0 = 1_763_800_000_000
open_replay = DRIVERS["replay"].open


def row(seconds: float, device: str = "lamp-1", **keys: Any) -> dict[str, Any]:
    return {"t": T0 + round(1000 * seconds), "device": device, **keys}


def power(seconds: float, watts: float, device: str = "lamp-1") -> dict[str, Any]:
    return row(seconds, device, values={"power": watts})


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*rows: dict[str, Any], name: str = "day.jsonl") -> Path:
        file = tmp_path / name
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return file

    return write


def lamp(*points: str, name: str = "lamp-1", source: str | None = None, **rows: Recorded) -> Device:
    chosen = [Point(p, Recorded(), every=1.0) for p in points or ("power",)]
    chosen += [Point(p, recorded, every=1.0) for p, recorded in rows.items()]
    return Device(
        id=name,
        kind="lamp",
        bus="b",
        profile="test",
        options=Source(source=source),
        traits=None,
        points=tuple(chosen),
    )


async def shown(link: Link, device: Device) -> Any:
    (block,) = plan(device, device.points)
    try:
        raws = await link.read(block)
    except NoResponse as silent:
        return str(silent)
    return raws[0] if len(raws) == 1 else raws


def play(file: Path, script: Callable[[Link], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with open_replay(Recording(file=file, **options)) as link:
            return await script(link)

    return run_virtual(main())


def every_second(device: Device, count: int) -> Callable[[Link], Awaitable[list[Any]]]:
    async def script(link: Link) -> list[Any]:
        seen = []
        for _ in range(count):
            seen.append(await shown(link, device))
            await asyncio.sleep(1)
        return seen

    return script


def test_a_device_answers_what_was_recorded_when_it_was_recorded(write: Write) -> None:
    file = write(power(0, 10), power(1, 11), power(3, 13))
    assert play(file, every_second(lamp(), 4)) == [10, 11, 11, 13]


def test_time_can_run_faster_or_slower(write: Write) -> None:
    file = write(*(power(i, i) for i in range(40)))
    assert play(file, every_second(lamp(), 4), speed=10) == [0, 10, 20, 30]
    assert play(file, every_second(lamp(), 5), speed=0.5) == [0, 0, 1, 1, 2]


def test_points_that_were_read_at_different_times_are_shown_together(write: Write) -> None:
    file = write(row(0, values={"power": 1, "energy": 7.5}), power(1, 2))
    assert play(file, every_second(lamp("power", "energy"), 2)) == [[1, 7.5], [2, 7.5]]


def test_quality_is_played_too(write: Write) -> None:
    file = write(
        row(0, values={"power": 60, "tilt": 9}, uncertain=["tilt"], bad={"voltage": "no value"}),
        row(1, values={"tilt": 2, "voltage": 230}, bad=["power"]),
    )
    found = play(file, every_second(lamp("power", "tilt", "voltage", "hours"), 2))
    nothing = Bad("not in the recording")
    assert found == [
        [60, Uncertain(9), Bad("no value"), nothing],
        [Bad("bad"), 2, 230, nothing],
    ]


def test_silence_is_played_too_and_ends_what_was_known(write: Write) -> None:
    file = write(
        row(0, values={"power": 60, "tilt": 1}), row(1, silent="no answer in 0.3 s"), power(2, 61)
    )
    seen = play(file, every_second(lamp("power", "tilt"), 3))
    assert seen == [[60, 1], "no answer in 0.3 s", [61, Bad("not in the recording")]]


def test_a_gap_is_silence_once_no_value_can_stand_for_it(write: Write) -> None:
    file = write(power(0, 1), power(1, 2), power(9, 3), power(10, 4))
    seen = play(file, every_second(lamp(), 11), hold=3.0)
    assert seen == [1, 2, 2, 2, 2, *["the recording has a gap"] * 4, 3, 4]


def test_the_end(write: Write) -> None:
    file = write(power(0, 1), power(2, 2), power(2, 9, "other"))
    seen = play(file, every_second(lamp(), 7))
    assert seen == [1, 1, 2, 2, 2, "the recording has ended", "the recording has ended"]
    assert play(file, every_second(lamp(name="x"), 5))[-1] == "not recorded"


def test_round_and_round(write: Write) -> None:
    file = write(power(0, 1), power(1, 2), power(2, 3))
    assert play(file, every_second(lamp(), 7), loop=True) == [1, 2, 1, 2, 1, 2, 1]


def test_round_and_round_a_single_moment_is_no_busy_loop(write: Write) -> None:
    file = write(power(0, 1))
    assert play(file, every_second(lamp(), 3), loop=True) == [1, 1, 1]


def test_an_empty_recording_has_ended(write: Write) -> None:
    assert play(write(), every_second(lamp(), 1), loop=True) == ["not recorded"]


def test_a_clock_that_was_set_costs_no_pause(write: Write) -> None:
    file = write(
        power(0, 1),
        power(1, 2),
        {"t": T0 - 3_600_000, "note": "clock", "from": T0 + 1000},
        {**power(0, 3), "t": T0 - 3_599_000},
        {**power(0, 4), "t": T0 - 3_598_000},
        {"t": T0 - 3_598_000, "note": "clock"},
        power(500, 5),
    )
    assert play(file, every_second(lamp(), 4)) == [1, 3, 5, 5]


def test_a_device_may_be_recorded_under_another_name(write: Write) -> None:
    file = write(power(0, 1, "lamp-0815"), power(0, 2, "lamp-1"))

    async def script(link: Link) -> list[Any]:
        return [
            await shown(link, lamp(name="lamp-1", source="lamp-0815")),
            await shown(link, lamp(name="lamp-1")),
            await shown(link, lamp(name="lamp-2", source="lamp-0815")),
        ]

    assert play(file, script) == [1, 2, 1]


def test_a_point_may_be_recorded_under_another_name(write: Write) -> None:
    file = write(row(0, values={"W": 5}))
    assert play(file, every_second(lamp("W", power=Recorded(value="W")), 1)) == [[5, 5]]


def test_a_compressed_recording(write: Write) -> None:
    assert play(write(power(0, 8), name="day.jsonl.gz"), every_second(lamp(), 1)) == [8]


def test_a_reopened_link_goes_on_where_time_is(write: Write) -> None:
    options = Recording(file=write(*(power(i, i) for i in range(20))))

    async def main() -> list[Any]:
        seen = []
        for _ in range(3):
            async with open_replay(options) as link:
                seen.append(await shown(link, lamp()))
            await asyncio.sleep(4)
        return seen

    assert run_virtual(main()) == [0, 4, 8]


def test_a_recording_that_cannot_be_read_is_a_link_that_is_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_replay(Recording(file=tmp_path / "none.jsonl")):
            pass

    with pytest.raises(LinkDown, match=r"none\.jsonl: No such file or directory"):
        run_virtual(main())


def test_a_recording_that_breaks_says_where_and_stays_broken(write: Write) -> None:
    file = write(power(0, 1), power(1, 2), {"t": T0 + 2000, "device": 5})

    async def main() -> list[Any]:
        options, told = Recording(file=file), []
        for _ in range(3):
            try:
                async with open_replay(options) as link:
                    told.append(await shown(link, lamp()))
                    await asyncio.sleep(5)
                    await shown(link, lamp())
            except LinkDown as down:
                told.append(str(down))
        return told

    broken = f"{file}:3: device: expected a device's id"
    assert run_virtual(main()) == [1, broken, broken, broken]


def test_the_past_takes_no_commands(write: Write) -> None:
    async def script(link: Link) -> None:
        await link.write(lamp(), Control("dim", None), 1)

    with pytest.raises(ValueError, match="lamp-1 is recorded and takes no commands: dim = 1"):
        play(write(power(0, 1)), script)


def test_the_tape_plays_exactly_what_is_due(write: Write) -> None:
    tape = Tape(write(power(0, 1), power(1, 2), power(2, 3)), loop=False)
    tape.play(-1)
    assert tape.devices == {}
    tape.play(999)
    assert tape.devices["lamp-1"].points == {"power": 1}
    tape.play(1000)
    assert tape.devices["lamp-1"].points == {"power": 2}
    assert not tape.ended
    tape.play(10**9)
    assert tape.ended


SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.yesterday]
driver = "replay"
file = "day.jsonl"
speed = 10
[[device]]
id = "lamp-1"
profile = "lamp.toml"
bus = "yesterday"
[[device]]
id = "lamp-2"
profile = "lamp.toml"
bus = "yesterday"
source = "lamp-1"
[[device]]
id = "lamp-3"
profile = "lamp.toml"
bus = "yesterday"
source = "lamp-0003"
"""
PROFILE = """\
schema = 1
kind = "lamp"
vendor = "V"
model = "M"
driver = "replay"
every = "1s"
points = [
  { name = "power", unit = "W" },
  { name = "switch_state", type = "bool" },
  { name = "tilt", value = "angle", scale = 2, count = 1 },
]
"""


def test_a_bus_of_recorded_devices_through_the_poller(write: Write, tmp_path: Path) -> None:
    rows = [
        row(i, device, values={"power": i, "switch_state": i > 20, "angle": i}, uncertain=["angle"])
        for i in range(60)
        for device in ("lamp-1", "lamp-0003")
    ]
    write(*rows)
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "lamp.toml").write_text(
        PROFILE.replace("tilt", "tilt_1").replace(", count = 1", "")
    )
    site = load_site(tmp_path / "site.toml", {})
    seen: list[Reading] = []

    async def main() -> None:
        clock = virtual_clock()
        slots = Slots(clock)
        polling = poll_bus(site.buses["yesterday"], seen.append, clock=clock, slots=slots)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(polling, 5)

    run_virtual(main())
    assert {reading.device for reading in seen} == {"lamp-1", "lamp-2", "lamp-3"}
    for reading in seen:
        watts = reading.values["power"]
        assert reading.values["switch_state"] is (watts > 20)  # type: ignore[operator]
        assert reading.values["tilt_1"] == 2 * watts
        assert reading.uncertain == {"tilt_1"}
    of_one = [float(reading.values["power"]) for reading in seen if reading.device == "lamp-1"]
    assert len(of_one) == 5
    assert all(9 <= after - before <= 11 for before, after in pairwise(of_one))


def test_mistakes_are_told_with_the_others(write: Write, tmp_path: Path) -> None:
    (tmp_path / "lamp.toml").write_text(PROFILE.replace("count = 1", "count = 2"))
    (tmp_path / "site.toml").write_text(SITE.replace("speed = 10", "speed = 0"))
    with pytest.raises(ConfigurationError) as caught:
        load_site(tmp_path / "site.toml", {})
    assert [(p.path, p.problem) for p in caught.value.problems] == [
        ("points[2].value", "value names one recorded point: with count, leave it out"),
        ("bus.yesterday.speed", "0 is out of range: 0.001 to 10000"),
    ]
