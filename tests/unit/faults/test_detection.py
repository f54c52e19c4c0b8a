"""How the detection's judge holds alarms against labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rules import load_rules
from gateway.model import Kind, Millis
from simulators.faults import Label
from simulators.town.district import make
from simulators.town.sizes import Sizes
from tests.detection.due import DAY
from tests.detection.judge import Tally, explains, judge, learns_from

CUT = Label("pillar-1", "cable_break", "cable_break", "pillar-1", 1_000, 5_000, 9_000)
DIP = Label("pillar-1", "voltage_dip", None, "pillar-1", 1_000, None, 9_000)
AROUND = {"lamp-1": frozenset({"lamp-1", "pillar-1"}), "lamp-9": frozenset({"lamp-9"})}


@pytest.mark.parametrize(
    ("label", "device", "code", "t", "explained"),
    [
        (CUT, "lamp-1", "comm_loss", 2_000, True),
        (CUT, "lamp-1", "comm_loss", 6_000, False),
        (CUT, "lamp-1", "lamp_failure", 2_000, False),
        (CUT, "lamp-9", "comm_loss", 2_000, False),
        (DIP, "lamp-1", "comm_loss", 2_000, False),
        (CUT, "pillar-1", "cable_break", 2_000, True),
    ],
    ids=["cut-by-day", "shows", "another-code", "elsewhere", "nuisance", "its-own"],
)
def test_silence_before_a_fault_shows_is_nobodys_to_explain(
    label: Label, device: str, code: str, t: int, explained: bool
) -> None:
    alarm = {"t": t, "device": device, "code": code}
    assert explains(label, alarm, AROUND) is explained


MINUTE, HOUR = 60_000, 3_600_000


class EveryFiveMinutes:
    """How a recording was read."""

    def poll(self, _kind: Kind, /) -> Millis:
        """Everybody alike."""
        return 5 * MINUTE


@pytest.fixture
def site(tmp_path: Path) -> Site:
    district = make(Sizes(lamps=4), folder=tmp_path, now=0, wires=False)
    settings = {code: rule.settings for code, rule in load_rules().items()}
    return load_site(district.site_file, settings)


def low(*stretches: tuple[Millis, Millis]) -> Label:
    """A lamp that draws too little, told after a quarter of an hour and two polls."""
    begin, end = stretches[0][0], stretches[-1][1]
    name = "power_low"
    return Label("lamp-0001", name, name, "lamp-0001", begin, begin, end, stretches=stretches)


def said(minute: float, code: str, device: str = "lamp-0001", what: str = "raise") -> Any:
    t = round(minute * MINUTE)
    return {"t": t, "device": device, "code": code, "transition": what, "message": ""}


def found(site: Site, label: Label, *told: Any) -> Tally:
    return judge(EveryFiveMinutes(), site, [label], told)


DAWN, DUSK = (0, 8 * MINUTE), (12 * HOUR, 24 * HOUR)


def test_what_begins_before_dawn_is_due_at_dusk(site: Site) -> None:
    assert found(site, low(DAWN)).not_due == 1
    assert found(site, low(DAWN, DUSK)).due["power_low"] == 1
    tally = found(site, low(DAWN, DUSK), said(12 * 60 + 16, "power_low"))
    assert tally.delays["power_low"] == [16 * MINUTE]
    assert not tally.over["power_low"]


def test_nobody_misses_what_a_graver_alarm_stood_for(site: Site) -> None:
    label = low(DUSK)
    dead = said(11 * 60, "lamp_failure")
    assert found(site, label).examples == [f"MISSED {DUSK[0]} lamp-0001 power_low by power_low"]
    assert found(site, label, dead).due["power_low"] == 0
    mended = said(11.5 * 60, "lamp_failure", what="clear")
    assert found(site, label, dead, mended).due["power_low"] == 1
    another = said(11 * 60, "lamp_failure", "lamp-0002")
    assert found(site, label, another).due["power_low"] == 1


def test_nobody_misses_what_nobody_could_read(site: Site) -> None:
    bus = f"bus:{site.devices[0].bus}"
    down, up = said(12 * 60 + 5, "bus_down", bus), said(14 * 60, "bus_down", bus, "clear")
    assert found(site, low(DUSK), down).due["power_low"] == 0
    tally = found(site, low(DUSK), down, up, said(14 * 60 + 20, "power_low"))
    assert tally.due["power_low"] == tally.found["power_low"] == 1
    assert tally.delays["power_low"] == [20 * MINUTE]


def test_silence_while_a_fault_is_hidden_is_nobodys_to_explain_either() -> None:
    alarm = {"t": 6_000, "device": "lamp-1", "code": "comm_loss"}
    assert explains(CUT, alarm, AROUND, [(5_500, 6_500)])
    assert not explains(CUT, alarm, AROUND, [(6_500, 7_000)])


def test_a_fault_whose_alarm_still_stands_from_the_last_one_is_found(site: Site) -> None:
    before, cleared = said(12 * 60 - 5, "power_low"), said(13 * 60, "power_low", what="clear")
    tally = found(site, low(DUSK), before)
    assert (tally.found["power_low"], tally.delays["power_low"]) == (1, [])
    assert found(site, low(DUSK), before, cleared).found["power_low"] == 0


def test_a_leak_that_was_there_at_first_has_the_week_learnt_anew() -> None:
    first, second = (
        Label("pillar-1", "leakage_trend", "leakage_trend", "pillar-1", at * DAY, until=until * DAY)
        for at, until in ((2, 10), (13, 20))
    )
    assert learns_from(first, [first, second], 0) == 0
    assert learns_from(second, [first, second], 0) == 10 * DAY
