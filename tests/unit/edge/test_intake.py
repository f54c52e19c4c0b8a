"""Readings on their way in: journaled, recorded, judged, each apart from the others' trouble."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest

from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.supervise import Supervisor
from gateway.faults.engine import Estimates, FaultEngine
from gateway.model import Alarm, AlarmAction, Event, Reading, Severity, State
from gateway.recording import Note, Recorder, Row
from tests.parts.virtual import run_virtual


class Notebook:
    """A journal that keeps what it is given."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.told: list[Alarm | Event] = []

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def outcomes(self, outcomes: list[Alarm | Event]) -> None:
        self.told += outcomes


class Engine:
    """Raises an alarm for every hot device and fails over those without a temperature."""

    def __init__(self) -> None:
        self.actions: list[AlarmAction] = []

    def feed(self, reading: Reading) -> list[Alarm | Event]:
        hot = float(reading.values["temperature"]) > 60
        return [alarm(reading.device, reading.t)] if hot else []

    def estimates(self, device: str) -> Estimates | None:
        return Estimates({"hot": False}, 2, 5) if device == "lamp-1" else None

    def act(self, action: AlarmAction) -> list[Alarm | Event]:
        self.actions.append(action)
        return []


class Recording:
    def __init__(self, lines: int) -> None:
        self.rows: list[Row] = []
        self._lines = lines

    def write(self, row: Row) -> None:
        if len(self.rows) == self._lines:
            raise OSError("no space left on device")
        self.rows.append(row)


def alarm(device: str, t: int) -> Alarm:
    return Alarm(device, "bin_fire", t, State.UNACKNOWLEDGED, Severity.CRITICAL, "80 °C", t)


def reading(t: int, **values: float) -> Reading:
    return Reading("bin-1", "bin", t, values)


def intake(recorder: Recording | None = None) -> tuple[Intake, Notebook, Engine]:
    notebook, engine = Notebook(), Engine()
    made: Any = Intake(
        cast("FaultEngine", engine), cast("Journal", notebook), cast("Recorder | None", recorder)
    )
    return made, notebook, engine


def test_a_rule_that_fails_costs_one_verdict_and_no_reading() -> None:
    async def main() -> tuple[Intake, Notebook, int]:
        takes, notebook, _ = intake()
        supervisor = Supervisor()
        judging = asyncio.create_task(supervisor.keep("judge", takes.judge))
        for second in range(10):
            takes.take(reading(second) if second == 4 else reading(second, temperature=80.0))
            await asyncio.sleep(1)
        await asyncio.sleep(10)
        judging.cancel()
        with suppress(asyncio.CancelledError):
            await judging
        return takes, notebook, supervisor.restarts

    takes, notebook, restarts = run_virtual(main())
    assert restarts == 1
    assert [one.t for one in notebook.readings] == list(range(10))
    assert [told.t for told in notebook.told] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert takes.raised == {"bin_fire": 9}
    assert takes.readings == 9, "a reading without values is none for a history"


async def test_readings_that_nobody_judges_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.edge.intake.MOST_WAITING", 5)
    takes, notebook, _ = intake()
    for second in range(20):
        takes.take(reading(second, temperature=80.0))
    takes.judge_all()
    assert len(notebook.readings) == 20, "published all the same"
    assert [told.t for told in notebook.told] == [15, 16, 17, 18, 19]
    assert capsys.readouterr().err.count("judging is behind") == 1


async def test_what_was_estimated_goes_out_with_the_next_reading_in_time() -> None:
    takes, notebook, _ = intake()
    for t in (1, 2):
        takes.take(Reading("lamp-1", "lamp", t, {"temperature": 20.0}))
        takes.judge_all()
    takes.take(Reading("lamp-1", "lamp", 4, silent="no answer"))
    takes.take(Reading("lamp-1", "lamp", 6, {"temperature": 20.0}))
    assert [dict(one.values) for one in notebook.readings] == [
        {"temperature": 20.0},
        {"temperature": 20.0, "hot": False},
        {},
        {"temperature": 20.0},
    ]


async def test_silent_polls_are_counted_apart() -> None:
    takes, notebook, _ = intake()
    takes.take(Reading("bin-1", "bin", 1, silent="no answer"))
    takes.take(reading(2, temperature=20.0))
    assert (takes.readings, takes.silent) == (1, 1)
    assert len(notebook.readings) == 2


async def test_a_recording_that_cannot_go_on_ends_and_nothing_else_does() -> None:
    recorder = Recording(lines=2)
    takes, notebook, _ = intake(recorder)
    for second in range(5):
        takes.take(reading(second, temperature=80.0))
    takes.judge_all()
    assert [row.t for row in recorder.rows] == [0, 1]
    assert len(notebook.told) == 5


async def test_an_action_is_judged_after_what_was_seen_before_it_and_recorded() -> None:
    recorder = Recording(lines=9)
    takes, _, engine = intake(recorder)
    takes.take(reading(1, temperature=20.0))
    takes.act(AlarmAction("7", "bin-1", "bin_fire", 2, "acknowledge", "Maria"))
    assert [row.t for row in recorder.rows] == [1, 2]
    note = recorder.rows[1]
    assert isinstance(note, Note)
    assert (note.note, note.fields["action"], note.fields["by"]) == (
        "action",
        "acknowledge",
        "Maria",
    )
    assert len(engine.actions) == 1
