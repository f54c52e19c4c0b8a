"""Mishaps of wires, read by the gateway's own pollers: what each is there is what it was meant as.

Every mishap says of itself what a poll of its device becomes (``mishaps.reads``), for whoever plays
without wires. Here it happens on real wires, and the pollers must see the same: silence, bad
values, or nothing at all; and those beside it must go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from gateway.config.site import Site
from gateway.model import IDENTITY, Reading
from simulators.town.city import City
from simulators.wires.mishaps import BROWN_OUT, DOWN, MISHAPS, reads
from tests.parts.bench_site import load
from tests.parts.polling import of, polling
from tests.parts.simulated import MORNING, path, simulated, step

NO_SENSOR = {"illuminance"}
"""What the lamps of a tunnel never have."""


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with simulated(tmp_path, 40) as served:
        yield served


def site_of(city: City, *buses: str) -> Site:
    """The district's site with these buses only."""
    site = load(city.district.site_file)
    return replace(site, buses={name: site.buses[name] for name in buses})


def on(city: City, bus: str) -> list[str]:
    return [asset.id for asset in city.district.assets if asset.bus == bus]


def look(reading: Reading) -> str:
    """What kind of reading it is."""
    if reading.silent is not None:
        return "silent"
    if IDENTITY in reading.bad:
        return "another device"
    return "bad" if reading.bad.keys() - NO_SENSOR else "good"


def meant(fault: str) -> set[str]:
    """What kinds of reading a mishap says that it makes of good ones."""
    chance = Random(1)
    good = [Reading("it", "lamp", t, {"power": 1.0}) for t in range(0, 130_000, 1000)]
    return {look(reads(fault, reading, chance)) for reading in good}


def lasts(readings: Sequence[Reading], device: str, kind: str) -> bool:
    """Whether the last two readings of a device are of a kind."""
    return [look(one) for one in of(readings, device)[-2:]] == [kind, kind]


async def until(done: Callable[[], bool], patience: float = 12.0) -> None:
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.05)


async def seen(city: City, bus: str, troubles: Mapping[str, str], polls: int = 2) -> list[Reading]:
    """Readings of a bus: so many of every device while ``troubles`` (device: fault) last."""
    for device, fault in troubles.items():
        city.inject(device, fault)
    async with polling(site_of(city, bus)) as (_, readings):
        await until(lambda: all(len(of(readings, one)) >= polls for one in on(city, bus)), 30)
    return readings


def assert_as_meant(
    city: City, bus: str, troubles: Mapping[str, str], found: list[Reading]
) -> None:
    for device in on(city, bus):
        kinds = {look(one) for one in of(found, device)}
        fault = troubles.get(device)
        assert kinds == (meant(fault) if fault else {"good"}), (
            device,
            fault,
            reasons(found, device),
        )


def reasons(found: Sequence[Reading], device: str) -> list[object]:
    return [one.silent or dict(one.bad) or "good" for one in of(found, device)]


async def test_on_modbus_tcp(city: City) -> None:
    names = ("silent", "dead", "late", "short", "other_device", "no_values", "slow")
    troubles = dict(zip(on(city, "lamps-1"), names, strict=False))
    assert len(troubles) == len(names)
    assert_as_meant(city, "lamps-1", troubles, await seen(city, "lamps-1", troubles))


@pytest.mark.parametrize(
    "names",
    [
        ("silent", "dead", "short"),
        ("garbled", "bad_crc", "duplicate"),
        ("other_device", "no_values", "slow", "noise"),
    ],
    ids=", ".join,
)
async def test_on_a_serial_line(city: City, names: tuple[str, ...]) -> None:
    troubles = dict(zip(on(city, "lamps-a"), names, strict=False))
    assert_as_meant(city, "lamps-a", troubles, await seen(city, "lamps-a", troubles))


@pytest.mark.parametrize("name", ["silent", "dead", "garbled", "no_echo"])
async def test_on_a_sensor_s_line(city: City, name: str) -> None:
    troubles = {"bin-3": name}
    assert_as_meant(city, "bin-3", troubles, await seen(city, "bin-3", troubles))


async def test_a_late_answer_on_a_line_is_nobody_s(city: City) -> None:
    """It comes when somebody else is asked: it may spoil that answer, but is never taken for it."""
    late = on(city, "lamps-a")[0]
    readings = await seen(city, "lamps-a", {late: "late"}, polls=3)
    assert {look(one) for one in of(readings, late)} == meant("late")
    for device in on(city, "lamps-a")[1:]:
        shown = city.served(device)[-1][1]
        for reading in of(readings, device):
            assert all(reading.values[k] == pytest.approx(shown[k]) for k in reading.values)
    good = [one for one in readings if look(one) == "good"]
    assert len(good) > 0.6 * len(readings)


async def test_two_with_one_number_collide(city: City) -> None:
    first = on(city, "lamps-a")[0]
    readings = await seen(city, "lamps-a", {first: "duplicate"})
    assert {look(one) for one in of(readings, first)} == {"silent"}


@pytest.mark.parametrize("bus", ["lamps-a", "lamps-1"])
async def test_some_answers_are_lost(city: City, bus: str) -> None:
    device = on(city, bus)[0]
    readings = await seen(city, bus, {device: "lossy"}, polls=10)
    kinds = {look(one) for one in of(readings, device)} - {"bad"}  # one block of two was lost
    assert kinds == {"silent", "good"} == meant("lossy")
    assert all(look(one) == "good" for one in readings if one.device != device)


@pytest.mark.parametrize("bus", ["lamps-a", "lamps-1", "bin-3"])
async def test_a_unit_that_browns_out_comes_and_goes(city: City, bus: str) -> None:
    device = on(city, bus)[0]
    period = BROWN_OUT + DOWN
    city.inject(device, "brown_out")
    step(city, (period - MORNING % period) / 1000)
    async with polling(site_of(city, bus)) as (_, readings):
        for seconds, kind in ((0, "good"), (BROWN_OUT / 1000 + 1, "silent"), (DOWN / 1000, "good")):
            step(city, seconds)
            await until(partial(lasts, readings, device, kind))
    assert meant("brown_out") == {"good", "silent"}


@pytest.mark.parametrize("name", ["lost_answer", "crc_error"])
async def test_what_happens_once_is_over_then(city: City, name: str) -> None:
    device = on(city, "lamps-a")[0]
    label = city.inject(device, name)
    assert (label.code, label.shows) == (None, label.at), "its label does not wait for who asks"
    assert not city.stations[device].shows(name)
    readings = await seen(city, "lamps-a", {}, polls=4)
    assert [look(one) for one in of(readings, device)].count("good") >= 3
    assert city.stations[device].shows(name)


# --- whole buses


@pytest.mark.parametrize(
    ("bus", "name"),
    [
        ("lamps-a", "swapped_lines"),
        ("lamps-a", "unplugged"),
        ("lamps-1", "slow_gateway"),
    ],
)
async def test_a_bus_that_is_down_and_comes_back(city: City, bus: str, name: str) -> None:
    devices = on(city, bus)
    async with polling(site_of(city, bus)) as (_, readings):

        def all_are(kind: str) -> bool:
            found = (of(readings, device)[-1:] for device in devices)
            return all(some and look(some[0]) == kind for some in found)

        await until(lambda: all_are("good"))
        label = city.inject(devices[0], name)
        assert (label.subject, label.code) == (f"bus:{bus}", "bus_down")
        assert "comm_loss" in label.must_not
        await until(lambda: all_are("silent"))
        if name == "unplugged":
            assert not path(city, bus).exists()
        city.repair(devices[0], name)
        await until(lambda: all_are("good"), 40)


async def test_what_cannot_happen_on_a_wire_is_refused(city: City) -> None:
    for device, fault in (
        (on(city, "lamps-1")[0], "bad_crc"),
        (on(city, "lamps-1")[0], "unplugged"),
        (on(city, "lamps-a")[0], "slow_gateway"),
        ("bin-3", "other_device"),
        ("bin-3", "short"),
        ("bin-3", "unplugged"),
        ("cabinet-1", "slow_gateway"),
    ):
        with pytest.raises(ValueError, match="cannot happen on the wire"):
            city.inject(device, fault)
        assert device not in city.injector.candidates(fault)
    assert not city.labels


def test_each_mishap_has_its_alarm_or_is_a_nuisance() -> None:
    """Domain §4: the alarms of communication, and no others."""
    codes = {name: one.fault.code for name, one in MISHAPS.items()}
    assert set(codes.values()) == {
        "comm_loss", "comm_degraded", "bad_data", "config_mismatch", "bus_down", None
    }  # fmt: skip
    for one in MISHAPS.values():
        if one.of_bus or one.fault.code is None:
            assert {"comm_loss", "comm_degraded"} <= set(one.fault.must_not)
        assert (one.fault.about == "bus") is (one.fault.code == "bus_down")
