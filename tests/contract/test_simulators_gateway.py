"""The gateway's own drivers and the simulators agree on every point of every device.

The two sides encode and decode with different code (ours, pymodbus's) and read the profile with
different eyes, so a value that arrives unchanged was understood alike by both.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_site
from gateway.config.site import Bus, Site
from gateway.faults.rules import load_rules
from gateway.model import Reading
from gateway.values import gather
from simulators.faults import FAULTS
from simulators.scenario import load
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.sizes import LEAST
from tests.parts.simulated import MORNING, simulated


def site_of(city_file: Path) -> Site:
    return load_site(city_file, {code: rule.settings for code, rule in load_rules().items()})


@pytest.mark.parametrize("devices", [LEAST, 32, 1000])
def test_the_gateway_accepts_the_site_file_of_any_district(devices: int, tmp_path: Path) -> None:
    site = site_of(make(devices, folder=tmp_path, now=MORNING).site_file)
    assert len(site.devices) == devices
    assert {point.every for device in site.devices for point in device.points} == {1.0}
    shown = {trouble.fault for trouble in load("mixed").fault}
    assert {fault.code for name in shown for fault in FAULTS[name]} <= set(site.rules)


async def readings_of(bus: Bus) -> list[Reading]:
    async with bus.driver.open(bus.options) as link:
        return [
            gather(
                device,
                MORNING,
                [
                    (block, await link.read(block))
                    for block in bus.driver.plan(device, device.points)
                ],
            )
            for device in bus.devices
        ]


def compare(reading: Reading, city: City) -> None:
    shown = city.served(reading.device)[-1][1]
    measured = {name: value for name, value in reading.values.items() if name != "fill_level"}
    assert measured == pytest.approx({k: v for k, v in shown.items() if v is not None})
    assert set(reading.bad) == {name for name, value in shown.items() if value is None}
    assert not reading.uncertain


async def test_every_value_arrives_as_it_was_served(tmp_path: Path) -> None:
    async with simulated(tmp_path) as city:
        site = site_of(city.district.site_file)
        count = 0
        for bus in site.buses.values():
            for reading in await readings_of(bus):
                if bus.driver.name != "maxbotix":
                    compare(reading, city)
                count += 1
        assert count == len(city.district.assets)


async def test_a_serial_bin_s_distance_and_level_arrive(tmp_path: Path) -> None:
    async with simulated(tmp_path) as city:
        site = site_of(city.district.site_file)
        (reading,) = await readings_of(site.buses["bin-3"])
        distances = {look["distance"] for _, look in city.served("bin-3")}
        assert reading.values["distance"] in distances
        level = (1800 - float(reading.values["distance"])) / 1400 * 100
        assert reading.values["fill_level"] == pytest.approx(level)
