"""What the table of detection covers: every fault of a cabinet gets the time to be found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rules import load_rules
from gateway.units import parse_duration
from simulators.devices.cabinet import FAULTS
from simulators.devices.contract import Fault
from simulators.faults import Label
from simulators.town.district import make
from simulators.town.sizes import Sizes
from tests.detection.due import DAY, LEARNS, interrupted, is_blind, takes
from tests.detection.part import ANNOUNCED, Part, parts
from tests.parts.simulated import MAKATI, MORNING

LONGEST = 1.5
"""A fault by chance lasts up to half as long again as on average."""
JUNCTIONS = [part for part, _ in parts(1) if part.kind == "signal"]
ASKING = [fault for fault in FAULTS if fault.code is not None]


def comes_due(fault: Fault, part: Part) -> bool:
    """Whether it may befall a device there and show for as long as its rule asks."""
    poll = round(part.every * 1000)
    code = str(fault.code)
    lasts = min(parse_duration(part.lasts_of(fault.name)) * LONGEST * 1000, part.days * DAY)
    return (
        fault.name in part.befalls
        and not is_blind(code, poll)
        and lasts > takes(code, fault.name, poll)
        and part.days > LEARNS.get(code, 0.0)
    )


@pytest.mark.parametrize("fault", ASKING, ids=lambda fault: fault.name)
def test_every_fault_of_a_cabinet_comes_due_in_some_part(fault: Fault) -> None:
    assert any(comes_due(fault, part) for part in JUNCTIONS)


def test_every_nuisance_of_a_cabinet_is_among_them_but_what_a_gateway_is_told_of() -> None:
    nuisances = {fault.name for fault in FAULTS if fault.code is None} - ANNOUNCED
    assert nuisances <= frozenset().union(*(part.befalls for part in JUNCTIONS))


def test_two_hundred_days_of_signals_are_read_each_second() -> None:
    days = [p.days * int(p.sizes.removeprefix("cabinets = ")) for p in JUNCTIONS if p.every == 1]
    assert sum(days) >= 200


@pytest.fixture
def three(tmp_path: Path) -> Site:
    """Three cabinets, of which the third flashes from 23:30 to 05:00."""
    district = make(Sizes(cabinets=3), folder=tmp_path, now=MORNING, place=MAKATI, wires=False)
    return load_site(
        district.site_file, {code: rule.settings for code, rule in load_rules().items()}
    )


@pytest.mark.parametrize(
    ("code", "cabinet", "hour", "minutes", "expected"),
    [
        ("detector_stuck_on", "cabinet-3", 12, 30, False),
        ("detector_stuck_on", "cabinet-3", 3, 30, True),
        ("detector_stuck_on", "cabinet-3", 23, 29, False),
        ("detector_stuck_on", "cabinet-3", 23, 31, True),
        ("detector_stuck_on", "cabinet-1", 3, 30, False),
        ("door_open", "cabinet-3", 3, 30, False),
    ],
)
def test_a_planned_flash_interrupts_what_is_judged_in_control_and_not_told_yet(
    three: Site, code: str, cabinet: str, hour: int, minutes: int, expected: bool
) -> None:
    zone = ZoneInfo(three.gateway.timezone)
    began = round(datetime(2026, 3, 2, hour, tzinfo=zone).timestamp() * 1000)
    label = Label(cabinet, code, code, cabinet, began, shows=began)
    assert interrupted(label, three, minutes * 60_000) is expected
