"""Two hours of a real junction, in which some events of its log are missing.

Source: domain §2: one end of a yellow is missing, and a naive tracker sees 65 s of yellow and a
conflict that was none. The log has lost three beginnings of a yellow besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway import recording
from gateway.assets import SignalFacts
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, Device, Event, Point, Reading
from tests.parts import hires

EVERY = 500
LOG = hires.sample()
BEGAN = LOG[0][0]


def heard(readings: Iterable[Reading], every: int) -> tuple[list[Alarm], list[Event]]:
    names = hires.courses(LOG)
    points = tuple(Point(name, None, every / 1000) for name in sorted(names))
    facts = SignalFacts(conflicts=hires.CONFLICTS, yellow_conflicts=True, longest_cycle=180.0)
    device = Device("junction", "signal", "log", "", None, None, points, facts=facts)
    engine = FaultEngine((device,), load_rules(), 45.5, -122.6)
    said = [one for reading in readings for one in engine.feed(reading)]
    alarms = [one for one in said if isinstance(one, Alarm)]
    return alarms, [one for one in said if isinstance(one, Event)]


def test_a_naive_tracker_sees_a_long_yellow_and_a_conflict() -> None:
    alarms, _ = heard(hires.recording(LOG, "junction", EVERY, trusting=True), EVERY)
    assert {alarm.code for alarm in alarms} == {"long_yellow", "conflicting_greens"}


def test_the_missing_events_are_gaps_and_nothing_is_alarmed(tmp_path: Path) -> None:
    """Through a recording, as a replay reads it."""
    file = tmp_path / "junction.jsonl.gz"
    with recording.record(file) as recorder:
        for reading in hires.recording(LOG, "junction", EVERY):
            recorder.write(reading)
    rows = recording.read(file, {"junction": "signal"})
    alarms, events = heard((row for row in rows if isinstance(row, Reading)), EVERY)
    assert not [(alarm.code, alarm.message) for alarm in alarms]
    gaps = [one for one in events if one.event == "data_gap"]
    assert [one.event for one in events] == [one.event for one in gaps]
    told = [(one.values["points"], (one.t - BEGAN) // 1000) for one in gaps]
    assert told == [("group_8", 2283), ("group_6", 4348), ("group_2, group_5", 5489)]


def test_its_yellows_are_long_enough_where_they_can_be_measured() -> None:
    """Ten polls a second: every yellow of the log is measured, and none is short or long."""
    some = [row for row in LOG if row[0] < BEGAN + 20 * 60_000]
    alarms, _ = heard(hires.recording(some, "junction", 100), 100)
    assert not [(alarm.code, alarm.message) for alarm in alarms]


@pytest.mark.parametrize(("phase", "lost"), [(2, 1), (5, 1), (6, 1), (8, 1)])
def test_what_the_log_has_lost(phase: int, lost: int) -> None:
    course = hires.courses(LOG)[f"group_{phase}"]
    assert course.values.count(None) == lost
