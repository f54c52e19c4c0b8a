"""Bins against the rules as shipped: a fault brings its alarm, ordinary life brings none."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import load_site
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, Millis
from simulators.devices.bin import FAULTS, Bin
from simulators.devices.contract import Fault
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.sitefile import Style
from simulators.town.sizes import Sizes
from simulators.world import SteppedClock, World
from tests.contract.test_simulators_faults import reading_of
from tests.parts.simulated import MAKATI, MORNING

POLL = 300
HOUR = 3_600
RULES = load_rules()
LEARNT = {"heavy_load"}
"""Judged by what a bin weighed for weeks: not in an hour."""
KNOWN = [
    fault
    for fault in FAULTS
    if fault.code is None or (fault.code in RULES and fault.code not in LEARNT)
]
#: How long a fault is watched: what it takes to grow, and its rule's own delay.
PATIENCE = {"bin_removed": 26, "sensor_blocked": 14, "collection_missed": 96, "late_collection": 96,
            "sensor_stuck": 8 * 24}  # fmt: skip


class Watch:
    """A town of bins under the rules as shipped, read every five minutes."""

    def __init__(self, folder: Path, seed: int = 1, bins: int = 12) -> None:
        self.clock = SteppedClock(MORNING)
        district = make(
            Sizes(bins=bins),
            folder=folder,
            now=MORNING,
            seed=seed,
            place=MAKATI,
            wires=False,
            style=Style(quick=False, every={"bin": "5m"}),
        )
        world = World(
            MAKATI.latitude, MAKATI.longitude, clock=self.clock, seed=seed, zone=MAKATI.timezone
        )
        self.city = City(district, world)
        settings = {code: rule.settings for code, rule in RULES.items()}
        site = load_site(district.site_file, settings)
        here = site.gateway
        self.devices = site.devices
        self.engine = FaultEngine(
            site.devices, RULES, here.latitude, here.longitude, site.rules, ZoneInfo(here.timezone)
        )
        self.raised: list[tuple[str, str]] = []
        self.open: set[tuple[str, str]] = set()
        self.collected: list[tuple[str, Millis]] = []

    def look(self, hours: float) -> None:
        for _ in range(round(hours * HOUR / POLL)):
            now = self.clock.step(POLL)
            for device in self.devices:
                for told in self.engine.feed(reading_of(device, self.city, now)):
                    if not isinstance(told, Alarm):
                        self.collected.append((told.device, told.t))
                        continue
                    alarm = (told.device, told.code)
                    if told.cleared is None:
                        self.raised.append(alarm)
                        self.open.add(alarm)
                    else:
                        self.open.discard(alarm)

    def bins(self) -> list[Bin]:
        found = [station.device for station in self.city.stations.values()]
        return [one for one in found if isinstance(one, Bin)]


def test_half_a_week_of_ordinary_life_brings_no_alarm_and_every_collection(tmp_path: Path) -> None:
    watch = Watch(tmp_path, seed=5)
    watch.look(3.5 * 24)
    assert not watch.raised
    made = [(one.name, each) for one in watch.bins() for each in one.collections]
    visible = {(name, each.at) for name, each in made if each.visible}
    assert len(visible) > 8

    def same(told: tuple[str, Millis], truth: tuple[str, Millis]) -> bool:
        return told[0] == truth[0] and 0 <= told[1] - truth[1] <= 2 * POLL * 1000

    assert all(any(same(told, truth) for told in watch.collected) for truth in visible)
    truths = [(name, each.at) for name, each in made]
    assert all(any(same(told, truth) for truth in truths) for told in watch.collected)


@pytest.mark.parametrize("kind", KNOWN, ids=lambda fault: fault.name)
def test_a_fault_brings_its_alarm_and_no_other(kind: Fault, tmp_path: Path) -> None:
    watch = Watch(tmp_path, bins=8)
    watch.look(1)
    device = watch.city.injector.candidates(kind.name)[0]
    label = watch.city.inject(device, kind.name, over=600)
    watch.look(PATIENCE.get(kind.name, 4))
    watch.city.injector.look(watch.clock.now())
    raised = set(watch.raised)
    if kind.code is not None:
        assert (label.subject, kind.code) in raised
        assert watch.city.labels[0].shows is not None
    allowed = {kind.code, *kind.may}
    assert {code for _, code in raised} <= allowed
    assert not {code for _, code in raised} & set(kind.must_not)


def test_what_is_repaired_clears_within_the_hour(tmp_path: Path) -> None:
    watch = Watch(tmp_path, bins=8)
    watch.look(1)
    device = watch.city.injector.candidates("bin_overflow")[0]
    watch.city.inject(device, "bin_overflow")
    watch.look(2)
    assert watch.open
    watch.city.repair(device, "bin_overflow")
    watch.look(1)
    assert not watch.open
