"""What the table of detection covers: every fault of a cabinet gets the time to be found."""

from __future__ import annotations

import pytest

from gateway.units import parse_duration
from simulators.devices.cabinet import FAULTS
from simulators.devices.contract import Fault
from tests.detection.districts import ANNOUNCED, DAY, LEARNS, Part, is_blind, parts, takes

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
