"""From memory to disk, and what a crash between two writes leaves behind."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from gateway import wire
from gateway.edge import journal
from gateway.edge.clock import SYSTEM
from gateway.edge.flush import Flusher
from gateway.edge.journal import Journal
from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.edge.pulse import Pulse
from gateway.edge.state import State
from gateway.model import Alarm, Event, Reading, Severity
from gateway.model import State as AlarmState

READING = Reading("lamp-1", "lamp", 1_763_812_800_000, {"power": 68.2})


class Fickle(RingOutbox):
    """An outbox whose disk can be told to refuse, or to hold still."""

    refuses = False

    def flush(self) -> None:
        self.begun.set()
        assert self.moves.wait(5.0)
        if self.refuses:
            raise OSError(errno.ENOSPC, "no space left on device")
        super().flush()

    @cached_property
    def begun(self) -> threading.Event:
        return threading.Event()

    @cached_property
    def moves(self) -> threading.Event:
        moves = threading.Event()
        moves.set()
        return moves

    @contextmanager
    def holding_still(self) -> Iterator[None]:
        """The next flush begins, and does not end before the block does."""
        self.begun.clear()
        self.moves.clear()
        yield
        self.moves.set()


def alarm(code: str, t: int = 1_763_812_800_000) -> Alarm:
    return Alarm(
        "lamp-1", code, t, AlarmState.UNACKNOWLEDGED, Severity.MINOR, "power 1 W of 70 W", t
    )


class Disk:
    """The two files, opened again and again as a restart does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.standing: dict[str, Any] = {"alarms": []}
        self.boot()

    def boot(self) -> None:
        self.outbox = Fickle.open(self.folder / "outbox.ring", 1_000_000)
        self.state = State(self.folder / "state.db")
        self.journal = Journal("gw", self.outbox, self.state, lambda: self.standing)

    def crash(self) -> None:
        """What a kill leaves: nothing that only memory held."""
        self.state.close()
        assert self.outbox._ring is not None
        self.outbox._ring.close()
        self.journal.close()
        self.boot()

    def records(self, lane: Lane) -> list[tuple[int, str, bytes]]:
        return [(r.seq, r.head, r.body) for r in self.outbox.pending(lane, 0, 100)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.state.close()
    made.outbox.refuses = False
    made.outbox.close()
    made.journal.close()


async def test_a_seconds_readings_become_one_record(disk: Disk) -> None:
    for _ in range(3):
        disk.journal.reading(READING)
    await disk.journal.commit(telemetry=True)
    await disk.journal.commit(telemetry=True)
    ((seq, head, body),) = disk.records(Lane.TELEMETRY)
    assert (seq, head, body.count(b"lamp-1")) == (1, "telemetry", 3)


async def test_alarms_go_at_once_and_readings_wait_for_their_second(disk: Disk) -> None:
    disk.journal.reading(READING)
    disk.journal.outcomes([alarm("lamp_failure"), Event("bin-1", "collected", 1)])
    assert disk.journal.urgent.is_set()
    await disk.journal.commit(telemetry=False)
    assert not disk.journal.urgent.is_set()
    heads = [head for _, head, _ in disk.records(Lane.EVENTS)]
    assert heads == ["alarm/lamp-1/lamp_failure", "event/bin-1"]
    assert disk.records(Lane.TELEMETRY) == []


async def test_what_was_committed_survives_a_kill(disk: Disk) -> None:
    disk.standing = {"alarms": ["lamp_failure"]}
    disk.journal.reading(READING)
    disk.journal.outcomes([alarm("lamp_failure")])
    await disk.journal.commit(telemetry=True)
    disk.crash()
    assert len(disk.records(Lane.TELEMETRY)) == len(disk.records(Lane.EVENTS)) == 1
    assert disk.state.get("alarms") == {"alarms": ["lamp_failure"]}
    assert disk.journal.untold() == [], "it was told already"


async def test_an_alarm_whose_record_a_crash_took_is_told_after_it_and_once(disk: Disk) -> None:
    disk.journal.outcomes([alarm("day_burner")])
    await disk.journal.commit(telemetry=False)
    disk.outbox.refuses = True
    disk.journal.outcomes([alarm("lamp_failure")])
    await disk.journal.commit(telemetry=False)
    disk.journal.outcomes([alarm("power_low")])
    await disk.journal.commit(telemetry=False)
    disk.crash()
    untold = disk.journal.untold()
    assert [head for head, _ in untold] == ["alarm/lamp-1/lamp_failure", "alarm/lamp-1/power_low"]
    for head, body in untold:
        disk.journal.record(head, body)
    await disk.journal.commit(telemetry=False)
    disk.crash()
    heads = [head for _, head, _ in disk.records(Lane.EVENTS)]
    assert heads == [f"alarm/lamp-1/{code}" for code in ("day_burner", "lamp_failure", "power_low")]
    assert disk.journal.untold() == []


async def test_a_disk_that_refuses_is_told_of_once_and_loses_nothing(
    disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    disk.outbox.refuses = True
    for _ in range(5):
        disk.journal.reading(READING)
        await disk.journal.commit(telemetry=True)
    assert disk.records(Lane.TELEMETRY) == []
    disk.outbox.refuses = False
    for _ in range(2):
        disk.journal.reading(READING)
        await disk.journal.commit(telemetry=True)
    assert [seq for seq, *_ in disk.records(Lane.TELEMETRY)] == list(range(1, 8))
    told = capsys.readouterr().err
    assert told.count("the disk refuses") == 1
    assert told.count("takes readings again") == 1


async def test_a_state_that_cannot_be_written_does_not_hold_up_an_alarm(
    disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    disk.state.close()
    for code in ("lamp_failure", "day_burner"):
        disk.journal.outcomes([alarm(code)])
        await disk.journal.commit(telemetry=False)
    assert len(disk.records(Lane.EVENTS)) == 2
    assert capsys.readouterr().err.count("alarms cannot be saved") == 1


async def test_a_disk_that_hangs_fills_memory_up_to_a_bound_and_the_loss_is_on_record(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_WAITING", 100)
    for second in range(101):
        disk.journal.reading(replace(READING, t=second))
    await disk.journal.commit(telemetry=True)
    ((_, head, body),) = disk.records(Lane.EVENTS)
    assert head == "event/gw"
    lost = wire.decode_event(wire.compose_event("0" * 12, 1, body), "gw").event
    assert lost.values == {"readings": 50, "from": 0, "to": 49, "reason": "the disk hangs"}
    ((*_, kept),) = disk.records(Lane.TELEMETRY)
    assert kept.count(b"lamp-1") == 51


async def test_what_the_state_refused_is_written_with_the_next_second(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A counter says once that it wrapped; a full disk at that moment must not lose it."""
    put = disk.state.put

    def refuse(values: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(disk.state, "put", refuse)
    disk.journal.keep("counters/meter", {"energy": [0, 65536, 1, 65536, 0]})
    await disk.journal.commit(telemetry=True)
    monkeypatch.setattr(disk.state, "put", put)
    disk.journal.reading(READING)
    await disk.journal.commit(telemetry=True)
    disk.crash()
    assert disk.state.get("counters/meter") == {"energy": [0, 65536, 1, 65536, 0]}


async def test_what_belongs_to_the_readings_waits_for_them(disk: Disk) -> None:
    disk.journal.keep("counters/meter", {})
    assert not disk.journal.urgent.is_set()


async def test_what_the_last_flush_had_to_give_up_is_on_record(disk: Disk) -> None:
    """A full outbox, and a polite stop: its last flush drops the oldest, and that is told too."""
    before = fill(disk)
    await flusher_of(disk).last(10.0)
    assert gone(disk, before) == on_record(disk)


async def test_what_a_flush_had_to_give_up_when_the_end_came_is_on_record(disk: Disk) -> None:
    """The flush that was under way is not waited for by whoever began it, and goes on."""
    before, flusher = fill(disk), flusher_of(disk)
    with disk.outbox.holding_still():
        under_way = asyncio.create_task(flusher.flush(telemetry=True))
        await asyncio.to_thread(disk.outbox.begun.wait, 5.0)
        under_way.cancel()
        await asyncio.wait([under_way])
    await flusher.last(10.0)
    assert gone(disk, before) == on_record(disk)


async def test_a_beat_without_news_is_told_of_too(disk: Disk) -> None:
    """A recording holds its rows for a second, and hands them to the system when it is told.

    On a bus that is hardly asked any more nothing else would come, and a kill would take the rows
    that alarms were made of.
    """
    told: list[str] = []
    flusher = flusher_of(disk, lambda: told.append("durable"))
    await flusher.flush(telemetry=False)
    assert not told, "readings may still wait"
    await flusher.flush(telemetry=True)
    assert told == ["durable"]


def flusher_of(disk: Disk, durable: Callable[[], None] = lambda: None) -> Flusher:
    return Flusher(
        disk.journal,
        gateway="gw",
        period=1.0,
        clock=SYSTEM,
        pulse=Pulse(),
        durable=durable,
        tell=lambda event: disk.journal.outcomes([event]),
    )


def fill(disk: Disk) -> int:
    """Fill the outbox, and have a reading that makes it drop something; the oldest seq there."""
    chance = Random(1)
    while not disk.outbox.drops():
        disk.outbox.append(Lane.TELEMETRY, "telemetry", chance.randbytes(20_000))
        disk.outbox.flush()
    before = disk.outbox.depth(Lane.TELEMETRY).oldest
    disk.journal.reading(replace(READING, values={"note": chance.randbytes(60_000).hex()}))
    return before


def gone(disk: Disk, before: int) -> set[int]:
    found = set(range(before, disk.outbox.depth(Lane.TELEMETRY).oldest))
    assert found
    return found


def on_record(disk: Disk) -> set[int]:
    """What a restart finds said of losses."""
    disk.outbox.close()
    disk.outbox = Fickle.open(disk.folder / "outbox.ring", 1_000_000)
    told = [orjson.loads(body) for _, _, body in disk.records(Lane.EVENTS)]
    ranges = [each for event in told for each in event["values"]["ranges"]]
    ranges += [(drop.first, drop.last) for drop in disk.outbox.drops()]
    return {seq for first, last in ranges for seq in range(first, last + 1)}
