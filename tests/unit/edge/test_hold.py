"""What is held while nobody knows the time: durable, bounded, stamped once, and never guessed."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge import hold
from gateway.edge.hold import Held, Hold, since_boot, stamped
from gateway.edge.outbox.ring import LEAST_BYTES, RingOutbox
from gateway.edge.timekeeper import EARLIEST
from gateway.model import Event, Reading

OFFSET = 1_795_384_800_000  # when this boot began, ms UTC
KNOWN_UNTIL = OFFSET - 86_400_000


def opened(folder: Path, boot: str = "boot-1", now: int = 60_000) -> Hold:
    """As a daemon that begins a minute after its machine."""
    held = Hold(folder / "held.ring", LEAST_BYTES, RingOutbox.open, gateway="gw-1", boot=boot)
    held.begin(now, KNOWN_UNTIL)
    return held


def reading(t: int, n: int = 1, **values: Any) -> Reading:
    return Reading(f"lamp-{n}", "lamp", t, values or {"power": t / 10})


def diagnosis(t: int) -> Event:
    return Event("lamp-1", "diagnosis", t, {"symptom": "silent", "since": t - 5000})


def everything(held: Hold) -> list[Held]:
    """What it gives out, batch by batch, each let go."""
    found: list[Held] = []
    while (batch := held.oldest()).upto:
        found += batch.items
        held.release(batch)
    return found


def test_what_was_written_is_there_after_a_kill_in_its_order(tmp_path: Path) -> None:
    held = opened(tmp_path)
    first: list[Held] = [reading(1000), diagnosis(1500), reading(2000, 2)]
    assert held.write(first) == []
    assert held.write([reading(3000), reading(3000, 2)]) == []
    again = opened(tmp_path)  # the other one was never closed
    assert everything(again) == [*first, reading(3000), reading(3000, 2)]
    again.remove()
    assert not again.left


def test_what_was_not_let_go_comes_again_and_the_rest_does_not(tmp_path: Path) -> None:
    held = opened(tmp_path)
    for t in range(1, 331):
        held.write([reading(t)])
    batch = held.oldest()
    assert 0 < len(batch.items) < 330
    held.release(batch)
    twice = held.oldest()
    again = opened(tmp_path)
    assert again.oldest() == twice
    assert [item.t for item in everything(again)] == list(range(len(batch.items) + 1, 331))


def test_nothing_is_made_where_nothing_is_held(tmp_path: Path) -> None:
    held = opened(tmp_path)
    assert not held.oldest().upto
    held.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_another_boot_held_is_a_gap_that_says_how_much_and_between_when(
    tmp_path: Path,
) -> None:
    dead = opened(tmp_path, "boot-1")
    dead.write([reading(t * 1000) for t in range(100)])
    dead.write([diagnosis(100_000), reading(100_500)])
    held = opened(tmp_path, "boot-2", now=40_000)
    (gap,) = everything(held)
    assert isinstance(gap, Event)
    assert (gap.device, gap.event) == ("gw-1", "gap")
    told = stamped(gap, OFFSET)
    assert isinstance(told, Event)
    assert told.values == {
        "boot": "boot-1",
        "readings": 101,
        "seconds": 100.5,
        "from": KNOWN_UNTIL,
        "to": OFFSET + 40_000,
        "reason": "the clock was not set in that boot",
    }


def test_a_gap_of_a_boot_that_never_knew_the_time_is_told_by_the_next_that_does(
    tmp_path: Path,
) -> None:
    opened(tmp_path, "boot-1").write([reading(1000)])
    opened(tmp_path, "boot-2").write([reading(2000), reading(3000)])
    held = opened(tmp_path, "boot-3", now=7000)
    held.write([reading(8000)])
    gaps = [item for item in everything(held) if isinstance(item, Event)]
    assert [(gap.values["boot"], gap.values["readings"]) for gap in gaps] == [
        ("boot-1", 1),
        ("boot-2", 2),
    ]
    assert {gap.values["to"] for gap in gaps} == {7000}


def test_at_the_bound_the_oldest_go_and_a_gap_says_so(tmp_path: Path) -> None:
    held = opened(tmp_path)
    chance = Random(7)
    gaps: list[Event] = []
    for second in range(600):
        noise: dict[str, Any] = {f"p{i}": chance.random() for i in range(300)}
        gaps += held.write([reading(second * 1000, **noise)])
        assert (tmp_path / "held.ring").stat().st_size <= LEAST_BYTES
    left = everything(held)
    assert gaps
    assert left[-1].t == 599_000
    assert [item.t for item in left] == list(range(left[0].t, 600_000, 1000)), "and only they"
    assert gaps[0].values["from"] == 0
    assert [gap.values["to"] for gap in gaps][:-1] == [gap.values["from"] for gap in gaps][1:]
    assert gaps[-1].values["to"] == left[0].t


def test_without_a_disk_memory_holds_what_it_can_and_says_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "MOST_WAITING", 10)

    def refuse(*_: object) -> RingOutbox:
        raise OSError("read-only")

    held = Hold(tmp_path / "held.ring", LEAST_BYTES, refuse, gateway="gw-1", boot="boot-1")
    held.begin(0, None)
    for t in range(11):
        held.add(reading(t))
    items = held.take_waiting()
    with pytest.raises(OSError, match="read-only"):
        held.write(items)
    held.put_back(items)
    held.add(reading(11))
    gap, *rest = held.take_waiting()
    assert isinstance(gap, Event)
    assert (gap.values["items"], gap.values["from"], gap.values["to"]) == (5, 0, 4)
    assert [item.t for item in rest] == list(range(5, 12))


def test_a_thousand_readings_at_once_come_back(tmp_path: Path) -> None:
    held = opened(tmp_path)
    many: list[Held] = [reading(5000, n, power=1.5, mode="auto", on=True) for n in range(2500)]
    held.write(many)
    assert everything(opened(tmp_path)) == many


@given(
    t=st.integers(EARLIEST, EARLIEST + 10**12),
    ago=st.integers(0, 10**6),
    offset=st.integers(EARLIEST - 10**10, EARLIEST),
)
def test_stamping_undoes_holding(t: int, ago: int, offset: int) -> None:
    told = Event("lamp-1", "diagnosis", t, {"since": t - ago, "until": t, "polls": 7})
    for item in (reading(t), told):
        held = since_boot(item, offset)
        if not isinstance(held, Event) or held.values["since"] < EARLIEST:
            assert stamped(held, offset) == item


def test_small_records_are_packed_so_that_a_block_each_is_not_the_end(tmp_path: Path) -> None:
    """The smallest file has 125 blocks; far more seconds fit."""
    held = opened(tmp_path)
    for second in range(600):
        assert held.write([reading(second * 1000), diagnosis(second * 1000 + 1)]) == []
    assert (tmp_path / "held.ring").stat().st_size <= LEAST_BYTES
    times = [item.t for item in everything(opened(tmp_path))]
    assert len(times) == 1200
    assert times == sorted(times)
