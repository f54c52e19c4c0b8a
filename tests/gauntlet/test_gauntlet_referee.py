"""The referee and its witness see what they are there for: each fault, made on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from tests.gauntlet.lives import Life, Moment
from tests.gauntlet.numbered import Field
from tests.gauntlet.referee import Findings, compare, windows
from tests.gauntlet.witness import Committed, Witness

DEVICE = "gw-x-1"


def body(*numbers: int) -> bytes:
    """A telemetry record with these answers, each at a hundred times its number."""
    said = [
        {"d": DEVICE, "k": "other", "t": 100 * n, "v": {"number": n, "complement": n ^ 0xFFFF_FFFF}}
        for n in numbers
    ]
    return json.dumps(said).encode()[1:-1]


def witness(*records: tuple[int, ...]) -> Witness:
    seen = Witness(Path("none"))
    for seq, numbers in enumerate(records, start=1):
        record = Committed("telemetry", "s", seq, "telemetry", body(*numbers))
        seen.records["s", seq] = record
    return seen


def row(number: int, t: int | None = None, more: Any = None) -> dict[str, Any]:
    values = {"number": float(number), "complement": float(number ^ 0xFFFF_FFFF)}
    place = {"time": t or 100 * number, "site": "s", "gateway": "gw", "device": DEVICE}
    return {**place, **values, **(more or {})}


def judged(seen: Witness, *stored: dict[str, Any]) -> Findings:
    return compare({"gw": seen}, stored, (), ())


class TestReferee:
    def test_what_was_committed_and_is_stored_once_is_as_it_should_be(self) -> None:
        found = judged(witness((1, 2), (3,)), row(1), row(2), row(3, more={"another": None}))
        assert (found.committed, found.stored, found.wrong()) == (3, 3, [])

    def test_a_reading_that_is_not_stored_is_lost(self) -> None:
        assert len(judged(witness((1, 2)), row(1)).lost) == 1

    def test_unless_the_gateway_gave_it_up_with_a_reason(self) -> None:
        seen = witness((1,), (2,))
        seen.losses.append(["telemetry", "s", 2, 2, "the outbox is full"])
        found = judged(seen, row(1))
        assert (found.lost, dict(found.on_record)) == ([], {"the outbox is full": 1})

    def test_an_answer_stored_again_under_another_time_is_there_twice(self) -> None:
        found = judged(witness((1,)), row(1), row(1, t=107))
        assert len(found.twice) == len(found.from_nowhere) == 1

    def test_the_same_row_under_other_tags_is_there_twice(self) -> None:
        assert judged(witness((1,)), row(1), row(1, more={"site": "elsewhere"})).twice

    @pytest.mark.parametrize("more", [{"number": 7.0}, {"complement": None}, {"extra": 1.0}])
    def test_a_row_that_says_something_else_differs(self, more: dict[str, Any]) -> None:
        assert len(judged(witness((1,)), row(1, more=more)).differing) == 1

    def test_a_committed_alarm_without_its_row_is_lost(self) -> None:
        seen = witness()
        alarm = {"t": 5, "state": "unacknowledged"}
        record = Committed("events", "e", 1, "alarm/gw-x-1/comm_loss", json.dumps(alarm).encode())
        seen.records["e", 1] = record
        place = {"gateway": "gw", "device": DEVICE, "code": "comm_loss", "state": "unacknowledged"}
        assert len(judged(seen).lost) == 1
        assert compare({"gw": seen}, (), [{"time": 5, **place}], ()).lost == []


class TestLossWindow:
    def lost(self, committed: tuple[int, ...]) -> Findings:
        """Of eight answers, one each 100 ms, in a life that was killed 50 ms after the last."""
        field = Field(answered={DEVICE: [100 * n for n in range(1, 9)]})
        life = Life(Moment.RUNNING, 0, 10, 850, 860, killed=True)
        found = Findings()
        windows(found, "gw", witness(committed), [life], field)
        return found

    def test_it_reaches_back_to_the_oldest_answer_that_went_with_the_life(self) -> None:
        found = self.lost((1, 2, 3, 4, 5))
        assert (found.windows, found.uncommitted, found.holes) == ({"gw": [250]}, 3, [])

    def test_nothing_may_be_missing_before_something_that_was_committed(self) -> None:
        assert self.lost((1, 2, 4, 5)).holes


class TestWitness:
    """Its own reading of the bytes agrees with the ring's, to the last record."""

    def test_it_sees_what_was_flushed_and_what_waits(self, tmp_path: Path) -> None:
        chance, said = Random(3), []
        box = RingOutbox.open(tmp_path / "ring", 4_000_000)
        for number in range(30):
            for lane in chance.sample(list(Lane), chance.randint(1, 2)):
                content = chance.randbytes(chance.choice((5, 300, 9000)))
                said.append((lane.value, box.append(lane, f"head/{number}", content), content))
            box.flush()
        box.release(Lane.TELEMETRY, 7)
        box.append(Lane.EVENTS, "not/flushed", b"")
        seen = Witness(tmp_path / "ring")
        found = {(record.lane, record.seq, record.body) for record in seen.look()}
        assert found == set(said)
        assert seen.unseen() == []
        box.flush()
        assert [record.head for record in seen.look()] == ["not/flushed"]
        waiting = {(r.stream, r.seq) for lane in Lane for r in box.pending(lane, 0, 1000)}
        assert seen.waiting() == waiting
        box.close()

    def test_a_batch_that_is_not_whole_was_not_committed(self, tmp_path: Path) -> None:
        file = tmp_path / "ring"
        box = RingOutbox.open(file, 4_000_000)
        for size in (5, 9000):
            box.append(Lane.TELEMETRY, "telemetry", Random(size).randbytes(size))
            box.flush()
        box.close()
        data = bytearray(file.read_bytes())
        middle = Random(9000).randbytes(9000)[5000:5020]  # chance is not compressed
        data[data.index(middle)] ^= 1
        file.write_bytes(data)
        assert [record.seq for record in Witness(file).look()] == [1]
