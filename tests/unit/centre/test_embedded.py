"""The embedded history: what it forgets when it is asked to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gateway.centre.embedded import SqliteHistory
from gateway.centre.history import Bundle
from gateway.model import Alarm, Event, Reading, Severity, State

T0 = 1_763_800_000_000


def bundle(device: str, times: range) -> Bundle:
    return Bundle(
        "ayala",
        "gw-1",
        [Reading(device, "lamp", t, {"power": 1.0}) for t in times],
        [
            Alarm(device, "day_burner", t, State.NORMAL, Severity.MINOR, "over", t)
            for t in times[:: len(times) - 1]
        ],
        events=[Event(device, "collected", t) for t in times[:: len(times) - 1]],
    )


def test_what_is_older_goes_in_slices_and_nothing_else_does(tmp_path: Path) -> None:
    with closing(SqliteHistory.open(tmp_path)) as history:
        history.write([bundle("lamp-1", range(T0, T0 + 7000)), bundle("lamp-2", range(T0, T0 + 9))])
        before = T0 + 6999
        slices = []
        while gone := history.forget(before):
            slices.append(gone)
        assert sum(slices) == 6999 + 9
        assert max(slices) == 5000
        assert [count.device for count in history.count(0, 2 * T0)] == ["lamp-1"]
        assert history.series("ayala", "gw-1", "lamp-1", "power", 0, 2 * T0) == [(before, 1.0)]
        assert [row.t for row in history.alarms(0, 2 * T0)] == [before]
        assert [row.t for row in history.events(0, 2 * T0)] == [before]
