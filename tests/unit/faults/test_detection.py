"""How the detection's judge holds alarms against labels."""

from __future__ import annotations

import pytest

from simulators.faults import Label
from tests.detection.districts import explains

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
