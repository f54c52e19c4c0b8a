"""A traffic controller's high-resolution event log as a recording.

The log is the sample of the package ``atspm`` (MIT; two hours of one junction in Oregon, 15 April
2024, phases 2, 5, 6 and 8), read as data: nothing of the package is imported. Its events are those
of the "Indiana Traffic Signal Hi Resolution Data Logger Enumerations": 1 green, 8 yellow begins, 10
red clearance begins, 11 it ends, 43 and 44 a call comes and goes, 82 and 81 a detector's.

A phase goes 1, 8, 10, 11 and round again. Where two events follow each other that cannot, one was
lost between them, and nobody knows what the group showed meanwhile: it is then left out of the
recording, a gap and not a guess.
"""

from __future__ import annotations

import importlib.util
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import duckdb

from gateway.model import Millis, Reading, Value

Log: TypeAlias = list[tuple[Millis, int, int]]
"""Time in ms UTC, event, parameter (a phase or a detector), in order."""

CONFLICTS = ((2, 8), (5, 6), (5, 8), (6, 8))
"""Phases of different rings' barriers, and of one ring."""

SHOWN = {1: "green", 8: "yellow", 10: "red", 11: "red"}
NEXT = {1: 8, 8: 10, 10: 11, 11: 1}
SWITCHES = {43: ("vehicle_call", True), 44: ("vehicle_call", False)}
SENSES = {82: ("detector", True), 81: ("detector", False)}


def sample() -> Log:
    """The package's log; the sample's clock is taken for UTC."""
    found = importlib.util.find_spec("atspm")
    assert found is not None, "atspm is not installed: make setup-dev"
    assert found.submodule_search_locations is not None
    file = Path(next(iter(found.submodule_search_locations))) / "data" / "sample_raw_data.parquet"
    query = "select epoch_ms(TimeStamp), EventId, Parameter from read_parquet(?) order by 1"
    rows = duckdb.execute(query, [str(file)]).fetchall()
    return [(int(t), int(event), int(parameter)) for t, event, parameter in rows]


class Course:
    """What one point showed over time: a value from each of its moments on; None for unknown."""

    def __init__(self) -> None:
        self.moments: list[Millis] = []
        self.values: list[Value | None] = []

    def put(self, t: Millis, value: Value | None) -> None:
        self.moments.append(t)
        self.values.append(value)

    def at(self, t: Millis) -> Value | None:
        found = bisect_right(self.moments, t)
        return self.values[found - 1] if found else None


def aspects(events: Sequence[tuple[Millis, int]]) -> Course:
    """A group's aspects; between two events that cannot follow each other they are unknown."""
    course = Course()
    for (t, event), following in zip(events, [*events[1:], None], strict=True):
        lost = following is not None and following[1] != NEXT[event]
        course.put(t, None if lost else SHOWN[event])
    return course


def naive(events: Sequence[tuple[Millis, int]]) -> Course:
    """What a tracker believes that trusts the log: green, yellow, and red when yellow ends."""
    course = Course()
    for t, event in events:
        if event != 11:
            course.put(t, SHOWN[event])
    return course


def courses(log: Log, *, trusting: bool = False) -> dict[str, Course]:
    """Every point's course; ``trusting`` the log, no event of it is missed."""
    phases: dict[int, list[tuple[Millis, int]]] = {}
    found: dict[str, Course] = {}
    for t, event, parameter in log:
        if event in SHOWN:
            phases.setdefault(parameter, []).append((t, event))
        elif event in SWITCHES or event in SENSES:
            name, state = (SWITCHES | SENSES)[event]
            found.setdefault(f"{name}_{parameter}", Course()).put(t, state)
    for phase, events in phases.items():
        found[f"group_{phase}"] = naive(events) if trusting else aspects(events)
    return found


def recording(log: Log, device: str, every: Millis, *, trusting: bool = False) -> Iterator[Reading]:
    """The log as a gateway would have read it, polling every so many ms."""
    known = courses(log, trusting=trusting)
    for t in range(log[0][0], log[-1][0], every):
        shown = ((name, course.at(t)) for name, course in known.items())
        yield Reading(device, "signal", t, {n: v for n, v in shown if v is not None})
