"""What the simulators break is what the rules find, and nothing else: labels against alarms.

The devices are looked at directly instead of over wires, so that minutes pass in a moment; what is
handed to the engine is what a correct driver would have read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, Bad, Device, Millis, Reading, State, Uncertain, Value
from simulators.demo.referee import SHOWN
from simulators.demo.verdict import Raise, judge
from simulators.devices.contract import Simulated, powered
from simulators.faults import FAULTS
from simulators.scenario import Scenario, load, play
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.places import PLACES, Place, sunniest
from simulators.town.sizes import Sizes
from simulators.wires.sensor import Sensor
from simulators.world import SteppedClock, World
from tests.parts.simulated import MAKATI, MORNING

HOUR = 3_600_000


def reading_of(device: Device, city: City, now: Millis) -> Reading:
    """What one poll of a device would bring at this moment."""
    station = city.stations[device.id]
    if station.mute or not powered(station.device):
        return Reading(device.id, device.kind, now, silent="no answer")
    station.sample(now)
    shown = station.served[-1][1]
    values: dict[str, Value] = {k: v for k, v in shown.items() if v is not None}
    uncertain: set[str] = set()
    for point in device.points:
        convert = point.convert if isinstance(station, Sensor) else None
        if convert is not None and isinstance(convert(values[point.name]), Bad):
            del values[point.name]  # no echo: it says its largest distance
    for derived in device.derived:
        if derived.source not in values:
            continue
        value = derived.compute(values[derived.source], device.facts)
        assert not isinstance(value, Bad), (device.id, derived.name, value)
        if isinstance(value, Uncertain):
            uncertain.add(derived.name)
            value = value.value
        values[derived.name] = value
    bad = {name: "no value" for name in shown if name not in values}
    return Reading(device.id, device.kind, now, values, frozenset(uncertain), bad)


class Rehearsal:
    """A district and a fault engine that watches it, second by second."""

    def __init__(self, folder: Path, place: Place, start: Millis, sizes: int | Sizes = 32) -> None:
        self.clock = SteppedClock(start)
        district = make(sizes, folder=folder, now=start, place=place)
        world = World(place.latitude, place.longitude, clock=self.clock)
        self.city = City(district, world)
        rules = load_rules()
        settings = {code: rule.settings for code, rule in rules.items()}
        self.site: Site = load_site(district.site_file, settings)
        here = self.site.gateway
        self.engine = FaultEngine(
            self.site.devices, rules, here.latitude, here.longitude, self.site.rules
        )
        self.alarms: list[Alarm] = []

    def look(self, seconds: float = 1.0) -> None:
        now = self.clock.step(seconds)
        for device in self.site.devices:
            told = self.engine.feed(reading_of(device, self.city, now))
            self.alarms += [one for one in told if isinstance(one, Alarm)]

    @property
    def raises(self) -> list[Raise]:
        """What an operator saw come up; what was suppressed from the start never did."""
        seen = (one for one in self.alarms if one.state in SHOWN)
        return [Raise(one.device, one.code, one.raised) for one in seen]

    async def play(self, scenario: Scenario, seconds: int, **how: int) -> AsyncIterator[int]:
        task = asyncio.create_task(play(scenario, self.city, ends=how.get("ends")))
        await asyncio.sleep(0)
        for second in range(seconds):
            self.look()
            for _ in range(3):
                await asyncio.sleep(0)
            yield second
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("hour", [0, 7, 16])
async def test_every_fault_of_the_demo_is_found_and_nothing_else(hour: int, tmp_path: Path) -> None:
    start = MORNING + hour * HOUR
    rehearsal = Rehearsal(tmp_path, sunniest(start), start)
    async for _ in rehearsal.play(load("mixed"), 300, ends=start + 280_000):
        pass
    verdict = judge(rehearsal.city.labels, rehearsal.raises)
    assert len(verdict.injected) >= 20
    assert not verdict.missed, [one for one in verdict.injected if one.detected_after_ms is None]
    assert not verdict.false_alarms, verdict.alarms
    assert all((one.detected_after_ms or 0) <= 12_000 for one in verdict.injected)


async def test_within_a_demo_of_a_minute_all_are_found_ten_seconds_before_its_end(
    tmp_path: Path,
) -> None:
    rehearsal = Rehearsal(tmp_path, MAKATI, MORNING)
    async for _ in rehearsal.play(load("mixed"), 50):
        pass
    verdict = judge(rehearsal.city.labels, rehearsal.raises)
    assert not verdict.missed
    codes = {fault.code for one in load("mixed").fault for fault in FAULTS[one.fault]}
    assert set(verdict.alarms) == codes


async def test_what_is_mended_clears(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, MAKATI, MORNING)
    async for _ in rehearsal.play(load("mixed"), 60):
        pass
    last = {(one.device, one.code): one for one in rehearsal.alarms}
    open_ones = [
        key
        for key, one in last.items()
        if one.state not in {State.NORMAL, State.RETURNED} and one.cleared is None
    ]
    assert not open_ones


@pytest.mark.parametrize("place", [PLACES[0], MAKATI], ids=lambda place: place.site)
def test_an_ordinary_dusk_brings_no_alarm(place: Place, tmp_path: Path) -> None:
    world = World(place.latitude, place.longitude, clock=SteppedClock(MORNING))
    start = next(
        t for t in range(MORNING, MORNING + 24 * HOUR, 60_000)
        if world.sun(t) < 2 and world.sun(t - 60_000) >= 2
    )  # fmt: skip
    rehearsal = Rehearsal(tmp_path, place, start)
    lit_before = sum(device.values()["switch_state"] is True for device in lamps(rehearsal))
    for _ in range(150):
        rehearsal.look(8)
    lit_after = sum(device.values()["switch_state"] is True for device in lamps(rehearsal))
    assert (lit_before, lit_after) == (6, 24)
    assert not rehearsal.alarms


def lamps(rehearsal: Rehearsal) -> list[Simulated]:
    stations = rehearsal.city.stations.values()
    return [station.device for station in stations if station.device.kind == "lamp"]
