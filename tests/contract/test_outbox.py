"""What every outbox promises (gateway/edge/outbox/contract.py), whatever it is made of.

A back end joins by one line in ``BACK_ENDS``. A crash is played by opening a copy of the files as
they are at that moment: what kill -9 leaves behind.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.edge.outbox.contract import Depth, Drop, Lane, Outbox
from gateway.edge.outbox.ring import RingOutbox

ROOT = Path(__file__).resolve().parents[2]
Open: TypeAlias = Callable[[Path, int], Outbox]

BACK_ENDS: dict[str, Open] = {"ring": RingOutbox.open}
PLENTY = 50_000_000
SMALL = 1_000_000
EVENTS, TELEMETRY = Lane.EVENTS, Lane.TELEMETRY


@pytest.fixture(params=sorted(BACK_ENDS))
def back_end(request: pytest.FixtureRequest) -> Open:
    return BACK_ENDS[request.param]


class Box:
    """An outbox in a folder, closed and opened again as a test likes."""

    def __init__(self, open_: Open, folder: Path, max_bytes: int = PLENTY) -> None:
        self.open_, self.folder, self.max_bytes = open_, folder, max_bytes
        self.box = open_(folder / "outbox", max_bytes)

    def reopen(self) -> None:
        self.box.close()
        self.box = self.open_(self.folder / "outbox", self.max_bytes)

    def crash(self) -> None:
        """Go on with what is in the files now, as after kill -9."""
        left = Path(tempfile.mkdtemp(dir=self.folder.parent))
        shutil.copytree(self.folder, left, dirs_exist_ok=True)
        self.box.close()
        self.folder = left
        self.box = self.open_(left / "outbox", self.max_bytes)

    def write(self, lane: Lane, *bodies: bytes) -> list[int]:
        seqs = [self.box.append(lane, str(lane), body) for body in bodies]
        self.box.flush()
        return seqs

    def seqs(self, lane: Lane) -> list[int]:
        return [record.seq for record in self.box.pending(lane, 0, 1_000_000)]

    def bodies(self, lane: Lane) -> list[bytes]:
        return [record.body for record in self.box.pending(lane, 0, 1_000_000)]

    @property
    def on_disk(self) -> int:
        return sum(file.stat().st_size for file in self.folder.iterdir())


@pytest.fixture
def at(back_end: Open, tmp_path: Path) -> Iterator[Box]:
    box = Box(back_end, tmp_path / "0")
    yield box
    box.box.close()


@pytest.fixture
def small(back_end: Open, tmp_path: Path) -> Iterator[Box]:
    box = Box(back_end, tmp_path / "0", SMALL)
    yield box
    box.box.close()


def lost(drops: Sequence[Drop]) -> set[tuple[Lane, int]]:
    return {(drop.lane, seq) for drop in drops for seq in range(drop.first, drop.last + 1)}


class TestRecords:
    def test_come_back_in_order_and_byte_for_byte(self, at: Box) -> None:
        bodies = [b"", b"{}", bytes(range(256)), b"x" * 100_000]
        assert at.write(TELEMETRY, *bodies) == [1, 2, 3, 4]
        records = at.box.pending(TELEMETRY, 0, 10)
        assert [record.body for record in records] == bodies
        assert {(record.lane, record.stream, record.head) for record in records} == {
            (TELEMETRY, at.box.stream(TELEMETRY), "telemetry")
        }

    def test_are_not_there_before_a_flush(self, at: Box) -> None:
        at.box.append(EVENTS, "event/a", b"{}")
        assert at.seqs(EVENTS) == []
        assert at.box.last(EVENTS) == 0
        at.box.flush()
        assert at.seqs(EVENTS) == [1]
        assert at.box.last(EVENTS) == 1

    def test_are_handed_out_in_portions(self, at: Box) -> None:
        at.write(TELEMETRY, *[b"x"] * 5)
        assert [record.seq for record in at.box.pending(TELEMETRY, 2, 2)] == [3, 4]

    def test_of_one_lane_leave_the_other_alone(self, at: Box) -> None:
        at.write(EVENTS, b"1", b"2")
        assert at.write(TELEMETRY, b"a") == [1]
        at.box.release(EVENTS, 2)
        assert at.bodies(TELEMETRY) == [b"a"]
        assert at.box.stream(EVENTS) != at.box.stream(TELEMETRY)

    def test_survive_a_crash_once_flushed(self, at: Box) -> None:
        at.write(EVENTS, b"kept")
        at.box.append(EVENTS, "event/a", b"not yet flushed")
        at.crash()
        assert at.bodies(EVENTS) == [b"kept"]

    def test_are_flushed_by_close(self, at: Box) -> None:
        at.box.append(EVENTS, "event/a", b"last words")
        at.reopen()
        assert at.bodies(EVENTS) == [b"last words"]

    def test_may_have_any_head_and_body(self, at: Box) -> None:
        at.box.append(EVENTS, "event/feeder:Straße", b"\xff\x00'")
        at.box.flush()
        (record,) = at.box.pending(EVENTS, 0, 1)
        assert (record.head, record.body) == ("event/feeder:Straße", b"\xff\x00'")


class TestStreams:
    def test_a_stream_is_twelve_hex_digits_and_new_for_a_new_file(
        self, back_end: Open, tmp_path: Path
    ) -> None:
        one, two = Box(back_end, tmp_path / "1").box, Box(back_end, tmp_path / "2").box
        names = {box.stream(lane) for box in (one, two) for lane in Lane}
        assert len(names) == 4
        assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)
        one.close()
        two.close()

    @pytest.mark.parametrize("again", [Box.reopen, Box.crash], ids=["close", "kill -9"])
    def test_seq_and_stream_go_on_after_a_restart(
        self, at: Box, again: Callable[[Box], None]
    ) -> None:
        stream = at.box.stream(TELEMETRY)
        at.write(TELEMETRY, b"1", b"2", b"3")
        at.box.release(TELEMETRY, 3)
        at.box.flush()
        again(at)
        assert at.box.stream(TELEMETRY) == stream
        assert at.box.last(TELEMETRY) == 3
        assert at.write(TELEMETRY, b"4") == [4]


class TestReleasing:
    def test_frees_all_up_to_a_seq(self, at: Box) -> None:
        at.write(TELEMETRY, *[b"12345"] * 5)
        at.box.release(TELEMETRY, 3)
        assert at.seqs(TELEMETRY) == [4, 5]
        assert at.box.depth(TELEMETRY) == Depth(2, 2 * (5 + len("telemetry")), 4)

    def test_keeps_the_ranges_the_centre_misses(self, at: Box) -> None:
        at.write(TELEMETRY, *[b"x"] * 10)
        at.box.release(TELEMETRY, 8, keep=[(7, 20), (2, 3)])
        assert at.seqs(TELEMETRY) == [2, 3, 7, 8, 9, 10]
        at.box.release(TELEMETRY, 8, keep=[(3, 3)])
        assert at.seqs(TELEMETRY) == [3, 9, 10]

    def test_is_for_good_with_the_next_flush(self, at: Box) -> None:
        at.write(TELEMETRY, b"1", b"2")
        at.box.release(TELEMETRY, 1)
        at.box.flush()
        at.crash()
        assert at.seqs(TELEMETRY) == [2]

    def test_before_a_flush_a_crash_may_bring_records_back_but_takes_none(self, at: Box) -> None:
        at.write(TELEMETRY, b"1", b"2")
        at.box.release(TELEMETRY, 1)
        at.crash()
        assert at.seqs(TELEMETRY) in ([1, 2], [2])

    def test_of_everything_leaves_an_empty_lane(self, at: Box) -> None:
        at.write(TELEMETRY, b"1")
        at.box.release(TELEMETRY, 99)
        assert at.box.depth(TELEMETRY) == Depth(0, 0, 0)
        assert at.write(TELEMETRY, b"2") == [2]


class TestTheBound:
    @pytest.mark.parametrize("length", [30, 700, 2100, 5000, 20_000])
    def test_holds_and_every_loss_is_on_record(self, small: Box, length: int) -> None:
        written = 0
        told: list[Drop] = []
        while written * length < 2 * SMALL:
            count = max(1, 20_000 // length)
            small.write(TELEMETRY, *[random.randbytes(length)] * count)
            written += count
            assert small.on_disk <= SMALL
            told += small.box.drops()
        left = small.seqs(TELEMETRY)
        assert left == list(range(left[0], written + 1)), "the newest stay, without holes"
        assert sorted(lost(told)) == [(TELEMETRY, seq) for seq in range(1, left[0])]
        assert small.box.depth(TELEMETRY).bytes > SMALL * 0.38, "much of the bound is used"
        assert len(told) < 300, "a long outage must not become a flood of events"

    def test_takes_telemetry_before_events(self, small: Box) -> None:
        events = [b"e" * 1000] * 100
        small.write(EVENTS, *events)
        for _ in range(100):
            small.write(TELEMETRY, random.randbytes(20_000))
        assert small.bodies(EVENTS) == events
        assert {lane for lane, _ in lost(small.box.drops())} == {TELEMETRY}

    def test_takes_the_oldest_events_once_they_alone_pass_half(self, small: Box) -> None:
        small.write(TELEMETRY, random.randbytes(1000))
        for _ in range(1000):
            small.write(EVENTS, random.randbytes(2000))
        assert small.on_disk <= SMALL
        left = small.seqs(EVENTS)
        assert left == list(range(left[0], 1001))
        assert (EVENTS, left[0] - 1) in lost(small.box.drops())

    def test_drops_a_record_that_could_never_fit_and_takes_the_next(self, small: Box) -> None:
        assert small.write(TELEMETRY, random.randbytes(SMALL * 2), b"fits") == [1, 2]
        assert small.bodies(TELEMETRY) == [b"fits"]
        (drop,) = small.box.drops()
        assert (drop.lane, drop.stream, drop.first, drop.last) == (
            TELEMETRY,
            small.box.stream(TELEMETRY),
            1,
            1,
        )

    def test_a_loss_is_told_once(self, small: Box) -> None:
        small.write(TELEMETRY, random.randbytes(SMALL * 2))
        assert small.box.drops()
        assert not small.box.drops()
        small.box.flush()
        small.crash()
        assert not small.box.drops()

    def test_a_loss_nobody_asked_about_is_told_after_a_crash(self, small: Box) -> None:
        small.write(TELEMETRY, random.randbytes(SMALL * 2))
        small.crash()
        assert lost(small.box.drops()) == {(TELEMETRY, 1)}


class TestADiskThatRefuses:
    def test_raises_and_keeps_everything_for_the_next_flush(self, at: Box) -> None:
        at.write(TELEMETRY, b"before")
        at.box.append(TELEMETRY, "telemetry", random.randbytes(300_000))
        at.box.append(EVENTS, "event/a", b"during")
        with files_no_longer_than(100_000), pytest.raises(OSError, match="outbox"):
            at.box.flush()
        assert at.bodies(TELEMETRY) == [b"before"]
        assert at.box.last(TELEMETRY) == 1
        at.box.flush()
        assert [len(body) for body in at.bodies(TELEMETRY)] == [6, 300_000]
        assert at.bodies(EVENTS) == [b"during"]

    def test_does_not_bring_released_records_back(self, at: Box) -> None:
        at.write(TELEMETRY, b"1", b"2")
        at.box.release(TELEMETRY, 1)
        at.box.append(TELEMETRY, "telemetry", random.randbytes(300_000))
        with files_no_longer_than(100_000), pytest.raises(OSError, match="outbox"):
            at.box.flush()
        assert at.seqs(TELEMETRY) == [2]

    def test_bounds_what_waits_in_memory_and_says_what_that_cost(self, at: Box) -> None:
        with files_no_longer_than(100_000):
            at.box.append(EVENTS, "event/a", b"kept")
            for _ in range(30):
                at.box.append(TELEMETRY, "telemetry", random.randbytes(1_000_000))
                with pytest.raises(OSError, match="outbox"):
                    at.box.flush()
        at.box.flush()
        left = at.seqs(TELEMETRY)
        assert 10 <= len(left) <= 16
        assert left[-1] == 30
        assert lost(at.box.drops()) == {(TELEMETRY, seq) for seq in range(1, left[0])}
        assert at.bodies(EVENTS) == [b"kept"]


class files_no_longer_than:  # noqa: N801 - reads as a sentence in a with statement
    """The kernel refuses writes past so many bytes of a file, for the length of a block."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __enter__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._length, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


class TestDamage:
    """A file is spoilt while closed; whatever was wrong, the gateway starts and says so."""

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: b"",
            lambda data: data[:100],
            lambda data: random.randbytes(len(data)),
            lambda data: b"\0" * len(data),
            lambda _: b"somebody else's file" * 1000,
        ],
        ids=["emptied", "stump", "noise", "zeros", "foreign"],
    )
    def test_to_all_of_it_sets_it_aside_and_a_new_stream_begins(
        self, at: Box, spoil: Callable[[bytes], bytes]
    ) -> None:
        stream = at.box.stream(TELEMETRY)
        at.write(TELEMETRY, *[b"x" * 1000] * 50)
        at.box.close()
        (file,) = at.folder.iterdir()
        file.write_bytes(spoil(file.read_bytes()))
        at.box = at.open_(at.folder / "outbox", PLENTY)
        assert at.box.stream(TELEMETRY) != stream
        assert at.seqs(TELEMETRY) == []
        assert at.write(TELEMETRY, b"y") == [1]
        assert at.bodies(TELEMETRY) == [b"y"]
        assert TELEMETRY in {drop.lane for drop in at.box.drops()}
        assert len(list(at.folder.glob("*.damaged-1"))) == 1

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: data[: len(data) // 2],
            lambda data: data[:20000],
            lambda data: random.randbytes(4096) + data[4096:],
            lambda data: data[:8192] + b"\0" * 4096 + data[12288:],
            lambda data: data[:8192] + random.randbytes(20000) + data[28192:],
            lambda data: data[:4096] + data[8192:12288] + data[4096:8192] + data[12288:],
        ],
        ids=["half", "stump", "head torn", "a block lost", "some lost", "two exchanged"],
    )
    def test_to_a_part_of_it_costs_no_more_and_no_seq_is_given_again(
        self, at: Box, spoil: Callable[[bytes], bytes]
    ) -> None:
        bodies = [random.randbytes(3000) for _ in range(50)]
        for body in bodies:
            at.write(TELEMETRY, body)
        told = {(at.box.stream(TELEMETRY), seq): body for seq, body in enumerate(bodies, 1)}
        at.box.close()
        file = at.folder / "outbox"
        file.write_bytes(spoil(file.read_bytes()))
        at.box = at.open_(file, PLENTY)
        at.write(TELEMETRY, b"new")
        found = at.box.pending(TELEMETRY, 0, 100)
        left = [body for body in bodies if body in {record.body for record in found}]
        assert [record.body for record in found] == [*left, b"new"], "in order, nothing made up"
        assert all(told.get((r.stream, r.seq), r.body) == r.body for r in found)
        assert len(left) == len(bodies) or at.box.drops(), "a loss without a word"

    def test_does_not_fill_the_disk_when_it_comes_again(self, at: Box) -> None:
        for _ in range(3):
            at.write(TELEMETRY, b"x")
            at.box.close()
            (at.folder / "outbox").write_bytes(b"no such thing")
            at.box = at.open_(at.folder / "outbox", PLENTY)
        at.box.flush()
        assert [path.name for path in at.folder.glob("*.damaged-*")] == ["outbox.damaged-3"]

    def test_every_block_of_the_file_may_be_lost(self, small: Box) -> None:
        bodies = [bytes([number]) * 900 for number in range(40)]
        small.write(TELEMETRY, *bodies)
        small.reopen()
        small.box.close()
        (file,) = small.folder.iterdir()
        whole = file.read_bytes()
        for start in range(0, len(whole), 4096):
            folder = small.folder.parent / f"block-{start}"
            folder.mkdir()
            (folder / file.name).write_bytes(whole[:start] + b"\xaa" * 4096 + whole[start + 4096 :])
            box = small.open_(folder / "outbox", SMALL)
            box.append(TELEMETRY, "telemetry", b"new")
            box.flush()
            records = [record.body for record in box.pending(TELEMETRY, 0, 100)]
            assert records[-1] == b"new"
            assert set(records[:-1]) <= set(bodies), "nothing is made up"
            if len(records) < 41:
                assert box.drops(), f"block at {start}: a loss without a word"
            box.close()

    def test_a_flipped_bit_costs_that_flush_alone(self, at: Box) -> None:
        bodies = [random.randbytes(500) for _ in range(3)]
        for body in bodies:
            at.write(TELEMETRY, body)
        at.reopen()
        at.box.close()
        file = at.folder / "outbox"
        data = bytearray(file.read_bytes())
        data[data.index(bodies[1]) + 250] ^= 1
        file.write_bytes(data)
        at.box = at.open_(file, PLENTY)
        assert at.seqs(TELEMETRY) == [1, 3]
        (drop,) = at.box.drops()
        assert (drop.first, drop.last, drop.reason) == (2, 2, "damaged on disk")
        at.reopen()
        assert at.box.drops() == [drop], "nothing that tells of it was made durable"
        at.box.flush()
        at.reopen()
        assert at.seqs(TELEMETRY) == [1, 3]
        assert not at.box.drops()


WRITER = """
import sys
from pathlib import Path
from gateway.edge.outbox.contract import Lane
from tests.contract.test_outbox import BACK_ENDS
box = BACK_ENDS[sys.argv[1]](Path(sys.argv[2]), 50_000_000)
print("open", flush=True)
while True:
    seqs = {lane: box.append(lane, "h", b"%d" % (box.last(lane) + 1) * 200) for lane in Lane}
    box.flush()
    print(*seqs.values(), flush=True)
    if seqs[Lane.TELEMETRY] % 3 == 0:
        box.release(Lane.TELEMETRY, seqs[Lane.TELEMETRY] - 20)
"""


@pytest.mark.parametrize("name", sorted(BACK_ENDS))
def test_kill_9_at_random_moments_loses_nothing_that_was_flushed(name: str, tmp_path: Path) -> None:
    """A short form of the gauntlet: a writer is killed again and again on one file."""
    chance = random.Random(20)
    flushed = (0, 0)
    for _ in range(12):
        command = [sys.executable, "-c", WRITER, name, str(tmp_path / "outbox")]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.0, 0.15))
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().rpartition("\n")[0].splitlines()
        writer.wait()
        writer.stdout.close()
        if told:
            events, telemetry = told[-1].split()
            flushed = int(events), int(telemetry)
        box = BACK_ENDS[name](tmp_path / "outbox", PLENTY)
        for lane, done in zip(Lane, flushed, strict=True):
            records = box.pending(lane, 0, 1_000_000)
            seqs = [record.seq for record in records]
            assert done <= box.last(lane) <= done + 1, "one flush may have ended untold"
            assert seqs == list(range(seqs[0], box.last(lane) + 1)) if seqs else not done
            assert all(record.body == b"%d" % record.seq * 200 for record in records)
            assert lane is TELEMETRY or len(seqs) == box.last(lane)
        flushed = (box.last(EVENTS), box.last(TELEMETRY))
        assert not box.drops()
        box.close()


class Machine(RuleBasedStateMachine):
    """The outbox beside a dictionary, through flushes, releases, restarts and crashes."""

    open_: Open = staticmethod(RingOutbox.open)

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp())
        self.at = Box(self.open_, self.scratch / "0", 512_000)
        self.live: dict[Lane, dict[int, bytes]] = {lane: {} for lane in Lane}
        self.committed: dict[Lane, dict[int, bytes]] = {lane: {} for lane in Lane}
        self.waiting: list[tuple[Lane, int, bytes]] = []
        self.given = dict.fromkeys(Lane, 0)

    def teardown(self) -> None:
        self.at.box.close()
        shutil.rmtree(self.scratch)

    def settle(self) -> None:
        """Everything appended is durable now, unless it is on record as dropped."""
        for lane, seq, body in self.waiting:
            self.live[lane][seq] = body
        self.waiting.clear()
        for lane, seq in lost(self.at.box.drops()):
            self.live[lane].pop(seq, None)
        self.committed = {lane: dict(records) for lane, records in self.live.items()}

    @rule(
        lane=st.sampled_from(Lane),
        length=st.one_of(st.integers(0, 300), st.integers(1000, 40_000)),
        times=st.integers(1, 8),
    )
    def append(self, lane: Lane, length: int, times: int) -> None:
        for _ in range(times):
            self.given[lane] += 1
            body = b"%d:" % self.given[lane] + b"x" * length
            assert self.at.box.append(lane, str(lane), body) == self.given[lane]
            self.waiting.append((lane, self.given[lane], body))

    @rule()
    def flush(self) -> None:
        self.at.box.flush()
        self.settle()

    @rule(lane=st.sampled_from(Lane), part=st.floats(0, 1), kept=st.booleans())
    def release(self, lane: Lane, part: float, kept: bool) -> None:
        upto = int(self.at.box.last(lane) * part)
        keep = [(upto // 2, upto // 2 + 1)] if kept and upto > 2 else []
        self.at.box.release(lane, upto, keep)
        for seq in list(self.live[lane]):
            if seq <= upto and not any(first <= seq <= last for first, last in keep):
                del self.live[lane][seq]

    @rule()
    def reopen(self) -> None:
        self.at.reopen()
        self.settle()

    @precondition(lambda self: self.given[EVENTS] + self.given[TELEMETRY])
    @rule()
    def crash(self) -> None:
        for lane, _, _ in self.waiting:
            self.given[lane] -= 1
        self.waiting.clear()
        self.at.crash()
        for lane in Lane:
            found = {record.seq: record.body for record in self.at.box.pending(lane, 0, 10**6)}
            assert self.live[lane].items() <= found.items() <= self.committed[lane].items()
            self.live[lane] = found
        assert not {(lane, seq) for lane in Lane for seq in self.live[lane]} & lost(
            self.at.box.drops()
        )

    @invariant()
    def what_is_pending_is_what_should_be(self) -> None:
        for lane in Lane:
            records = self.at.box.pending(lane, 0, 1_000_000)
            assert [(record.seq, record.body) for record in records] == sorted(
                self.live[lane].items()
            )
            depth = self.at.box.depth(lane)
            assert depth.records == len(records)
            assert depth.oldest == min(self.live[lane], default=0)

    @invariant()
    def the_bound_holds(self) -> None:
        assert self.at.on_disk <= self.at.max_bytes


def _machine(name: str) -> Any:
    case: Any = type(f"Machine_{name}", (Machine,), {"open_": staticmethod(BACK_ENDS[name])})
    case.TestCase.settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    return case.TestCase


TestRingAgainstAModel = _machine("ring")
