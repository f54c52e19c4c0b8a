"""Eighty lamps lose their mains, on a district's recording: one cause, one alarm."""

from __future__ import annotations

import pytest

from tests.detection.outage import OUTAGES, Outage, came

SMALL = [one for one in OUTAGES if "320" not in one.sizes]


@pytest.mark.parametrize("outage", SMALL, ids=lambda one: one.name)
def test_an_outage_of_80_lamps_is_one_alarm(outage: Outage) -> None:
    found = came(outage, seed=7)
    assert found.announced == ["pillar-f1 feeder_outage"]
    assert found.standing == ["pillar-f1 feeder_outage"]
    lamps = [f"lamp-{number:04d} comm_loss" for number in range(1, outage.silent + 1)]
    assert sorted(found.suppressed) == lamps
    assert found.counted == outage.silent
    assert found.left == [], "the lamps are back, and judged afresh"


def test_a_lamp_that_does_not_come_back_is_an_alarm_of_its_own() -> None:
    tunnel = OUTAGES[0]
    dead = '[[fault]]\nfault = "silent"\ndevice = "lamp-0042"\nat = "30m"\n'
    more = Outage("one stays silent", tunnel.sizes, tunnel.pillar, tunnel.silent, dead)
    found = came(more, seed=7)
    assert len(found.suppressed) == 80
    assert found.announced == ["pillar-f1 feeder_outage", "lamp-0042 comm_loss"]
    assert found.left == ["lamp-0042 comm_loss"]
