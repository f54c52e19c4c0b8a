"""Cabinets against the rules as shipped: a fault brings its alarm, ordinary life brings none."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import load_site
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, State
from simulators.devices.cabinet import FAULTS, Cabinet
from simulators.devices.contract import Fault
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.sitefile import Style
from simulators.town.sizes import Sizes
from simulators.world import SteppedClock, World
from tests.contract.test_simulators_faults import reading_of
from tests.parts.simulated import MAKATI, MORNING

RULES = load_rules()
MINUTE, HOUR = 60, 3_600
#: How long a fault is watched, in seconds: what it takes to grow, and its rule's own delay.
PATIENCE = {
    "all_red_stuck": 5 * MINUTE,
    "phase_not_served": 10 * MINUTE,
    "forgotten_flash": 65 * MINUTE,
    "detector_stuck_on": 35 * MINUTE,
    "preempt_stuck": 12 * MINUTE,
    "stop_time": 8 * MINUTE,
    "ped_button_stuck": 8 * MINUTE,
    "plan_mismatch": 15 * MINUTE,
    "cabinet_overtemperature": 15 * MINUTE,
    "charger_fault": 26 * HOUR,
    "detector_no_activity": 0,
}
USUAL = 5 * MINUTE
BACK = 15 * MINUTE
"""Longer than any rule's off-delay."""
#: Seconds between two polls, where it is not one.
POLL = {"charger_fault": 60.0, "long_yellow": 0.1, "short_yellow": 0.1, "forgotten_flash": 5.0}
#: Judged by the weeks before: not within an hour.
LEARNT = {"detector_no_activity"}
#: A visit that lasts, and nobody told the gateway: its window is not in the simulator's hands.
TOLD = {"maintenance"}
CROSSINGS = ("cabinet-1", "cabinet-2")
"""Four arms, and three with a pedestrian crossing that rests dark."""
WATCHED = [fault for fault in FAULTS if fault.name not in LEARNT | TOLD]


class Watch:
    """One crossing under the rules as shipped."""

    def __init__(self, folder: Path, poll: float = 1.0, crossing: str = "cabinet-1") -> None:
        self.clock = SteppedClock(MORNING)
        self._poll = poll
        every = f"{poll * 1000:.0f}ms"
        district = make(
            Sizes(cabinets=2), folder=folder, now=MORNING, place=MAKATI, wires=False,
            style=Style(quick=False, every={"signal": every}),
        )  # fmt: skip
        world = World(MAKATI.latitude, MAKATI.longitude, clock=self.clock, zone=MAKATI.timezone)
        self.city = City(district, world)
        site = load_site(district.site_file, {code: rule.settings for code, rule in RULES.items()})
        here = site.gateway
        self.device = next(device for device in site.devices if device.id == crossing)
        self.engine = FaultEngine(
            [self.device], RULES, here.latitude, here.longitude, site.rules, ZoneInfo(here.timezone)
        )
        self.raised: set[str] = set()
        self.open: set[str] = set()

    @property
    def cabinet(self) -> Cabinet:
        device = self.city.stations[self.device.id].device
        assert isinstance(device, Cabinet)
        return device

    def look(self, seconds: float) -> None:
        for _ in range(round(seconds / self._poll)):
            now = self.clock.step(self._poll)
            for told in self.engine.feed(reading_of(self.device, self.city, now)):
                if isinstance(told, Alarm):
                    if told.cleared is None and told.state is not State.SUPPRESSED:
                        self.raised.add(told.code)
                    (self.open.discard if told.cleared else self.open.add)(told.code)
            self.city.injector.look(now)


@pytest.mark.parametrize("crossing", CROSSINGS)
@pytest.mark.parametrize("kind", WATCHED, ids=lambda fault: fault.name)
def test_a_fault_brings_its_alarm_and_no_other_and_clears(
    kind: Fault, crossing: str, tmp_path: Path
) -> None:
    watch = Watch(tmp_path, POLL.get(kind.name, 1.0), crossing)
    watch.look(150)
    assert watch.city.injector.candidates(kind.name) == list(CROSSINGS)
    watch.city.inject(crossing, kind.name, over=30)
    watch.look(PATIENCE.get(kind.name, USUAL))
    assert watch.city.labels[0].shows is not None
    allowed = set() if kind.code is None else {kind.code, *kind.may}
    assert watch.raised <= allowed
    assert not watch.raised & set(kind.must_not)
    assert kind.code in {None, *watch.raised}
    watch.city.repair(crossing, kind.name)
    watch.look(BACK)
    assert watch.raised <= allowed, "nothing comes up in its wake"
    assert watch.open <= {"conflicting_greens"}, "a latched alarm waits for its reset"


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_days_of_ordinary_life_bring_no_alarm_and_teach_what_a_detector_sees(
    crossing: str, tmp_path: Path
) -> None:
    watch = Watch(tmp_path, 5.0, crossing)
    watch.look(2 * 24 * HOUR)
    assert not watch.raised
    watch.city.inject(crossing, "detector_no_activity")
    watch.look(3 * HOUR)
    assert watch.raised == {"detector_no_activity"}
