"""The ring through power cuts: a model beside it, on a disk that keeps what it likes.

A power cut is not kill -9: of all sectors written since the last sync each may be old or new, in
any mixture (``tests/parts/power.py``). The cut comes between any two operations on the disk.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.edge.outbox.ring.block import SIZE
from tests.parts.power import SECTOR, Platter, PowerCut

FILE = Path("/disk/outbox.ring")
LANES = tuple(Lane)


class Machine(RuleBasedStateMachine):
    """What was flushed is there, in order, exactly once; what was released stays away."""

    max_bytes = 8_000_000

    def __init__(self) -> None:
        super().__init__()
        self.disk = Platter()
        self.chance = Random(1)
        self.box = RingOutbox.open(FILE, self.max_bytes, self.disk)
        self.count = 0
        #: What every seq that was ever handed out held.
        self.told: dict[tuple[str, int], bytes] = {}
        #: Flushed and not released; flushed and released since; appended since.
        self.kept: dict[Lane, list[bytes]] = {lane: [] for lane in LANES}
        self.released: dict[Lane, list[bytes]] = {lane: [] for lane in LANES}
        self.waiting: dict[Lane, list[bytes]] = {lane: [] for lane in LANES}
        self.lost: list[Drop] = []

    # --- what is done

    @rule(
        lane=st.sampled_from(LANES),
        length=st.one_of(st.integers(0, 400), st.integers(3000, 20_000)),
        times=st.integers(1, 5),
    )
    def append(self, lane: Lane, length: int, times: int) -> None:
        for _ in range(times):
            self.count += 1
            body = b"%d " % self.count + self.chance.randbytes(length)
            self.box.append(lane, "head", body)
            self.waiting[lane].append(body)

    @rule()
    def flush(self) -> None:
        self.box.flush()
        self.settle()

    @rule(lane=st.sampled_from(LANES), part=st.floats(0, 1), kept=st.booleans())
    def release(self, lane: Lane, part: float, kept: bool) -> None:
        upto = int(self.box.last(lane) * part)
        keep = [(upto // 2, upto // 2 + 1)] if kept and upto > 2 else []
        before = self.found(lane)
        self.box.release(lane, upto, keep)
        left = set(self.found(lane))
        self.released[lane] += [body for body in before if body not in left]
        self.kept[lane] = [body for body in self.kept[lane] if body in left]

    @rule()
    def close_and_open(self) -> None:
        self.box.close()
        self.settle()
        self.box = RingOutbox.open(FILE, self.max_bytes, self.disk)

    @rule(seed=st.integers(0, 2**32))
    def lose_power(self, seed: int) -> None:
        self.disk.cut(Random(seed))
        self.boot()

    @rule(after=st.integers(0, 6), seed=st.integers(0, 2**32), again=st.integers(0, 6))
    def lose_power_within_a_flush(self, after: int, seed: int, again: int) -> None:
        """And perhaps once more while it starts."""
        chance = Random(seed)
        self.disk.cut_after = self.disk.operations + after
        try:
            self.box.flush()
        except PowerCut:
            self.disk.cut(chance)
            self.disk.cut_after = self.disk.operations + again
            try:
                RingOutbox.open(FILE, self.max_bytes, self.disk)
            except PowerCut:
                self.disk.cut(chance)
            self.disk.cut_after = None
            self.boot()
        else:
            self.disk.cut_after = None
            self.settle()

    @rule(seed=st.integers(0, 2**32), cut=st.booleans())
    def fail_to_sync(self, seed: int, cut: bool) -> None:
        """The flush raises; it is not durable, and the next one makes up for it."""
        self.disk.sync_fails = Random(seed)
        try:
            self.box.flush()
        except OSError:
            if cut:
                self.disk.cut(Random(seed))
                self.boot()
        else:  # there was nothing to write
            self.disk.sync_fails = None
            self.settle()

    # --- what must be so

    def settle(self) -> None:
        """A flush has returned."""
        self.lost += self.box.drops()
        for lane in LANES:
            self.kept[lane] += self.waiting[lane]
            self.waiting[lane].clear()
            self.released[lane].clear()
        self.give_up()

    def give_up(self) -> None:
        """What is gone must be on record; only a bound that is too tight may cost anything."""
        assert "damaged on disk" not in {drop.reason for drop in self.lost}, "no cut does that"
        names = {body: name for name, body in self.told.items()}
        gone = {(d.stream, seq) for d in self.lost for seq in range(d.first, d.last + 1)}
        for lane in LANES:
            found = set(self.found(lane))
            missing = [body for body in self.kept[lane] if body not in found]
            assert not missing or self.max_bytes < 8_000_000, "lost though there was room"
            for body in missing:
                assert body not in names or names[body] in gone, "lost without a word"
            self.kept[lane] = [body for body in self.kept[lane] if body in found]

    def boot(self) -> None:
        self.box = RingOutbox.open(FILE, self.max_bytes, self.disk)
        self.lost += self.box.drops()
        self.give_up()
        for lane in LANES:
            found = self.found(lane)
            kept, maybe = set(self.kept[lane]), {*self.released[lane], *self.waiting[lane]}
            assert kept <= set(found) <= kept | maybe, "released long ago, or never written"
            assert len(found) == len(set(found)), "twice"
            assert found == sorted(found, key=lambda body: int(body.split()[0])), "in order"
            self.kept[lane] = found
            self.waiting[lane].clear()
            self.released[lane].clear()

    def found(self, lane: Lane) -> list[bytes]:
        bodies = []
        for record in self.box.pending(lane, 0, 1_000_000):
            name = record.stream, record.seq
            assert self.told.setdefault(name, record.body) == record.body, "a seq given twice"
            bodies.append(record.body)
        assert self.box.depth(lane).records == len(bodies)
        assert self.box.depth(lane).bytes == sum(len(body) + 4 for body in bodies)
        return bodies

    @invariant()
    def all_that_was_flushed_is_there(self) -> None:
        for lane in LANES:
            assert self.found(lane) == self.kept[lane]

    @invariant()
    def the_bound_holds(self) -> None:
        assert self.disk.used() <= self.max_bytes


class TightMachine(Machine):
    """The same where most of it does not fit."""

    max_bytes = 512_000


def _case(machine: Any, examples: int) -> Any:
    machine.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    return machine.TestCase


TestWithRoom = _case(Machine, 60)
TestAtTheBound = _case(TightMachine, 40)


def filled(disk: Platter, flushes: int = 12) -> RingOutbox:
    box = RingOutbox.open(FILE, 8_000_000, disk)
    for number in range(flushes):
        box.append(Lane.TELEMETRY, "telemetry", b"%d" % number * 50)
        if number % 3 == 0:
            box.append(Lane.EVENTS, "event/a", b"%d" % number * 50)
        box.flush()
    return box


@pytest.mark.parametrize("kept", range(256))
def test_every_mixture_of_the_sectors_of_one_write(kept: int) -> None:
    """The eight sectors of the newest block, each old or new; the flush never returned."""
    disk = Platter()
    box = filled(disk)
    stream = box.stream(Lane.TELEMETRY)
    box.append(Lane.TELEMETRY, "telemetry", Random(1).randbytes(3500))
    disk.cut_after = disk.operations + 1
    with pytest.raises(PowerCut):
        box.flush()
    file = disk.files[FILE]
    for index, (at, (sector,)) in enumerate(sorted(file.since.items())):
        if kept >> index & 1:
            file.durable[at : at + SECTOR] = sector
    file.now, file.since, disk.cut_after = bytearray(file.durable), {}, None

    box = RingOutbox.open(FILE, 8_000_000, disk)
    records = box.pending(Lane.TELEMETRY, 0, 100)
    assert [r.body for r in records[:12]] == [b"%d" % number * 50 for number in range(12)]
    assert len(records) == (13 if kept == 255 else 12)
    torn = kept & 1 == 0 or kept & 128 == 0
    if torn or kept == 255:
        assert box.stream(Lane.TELEMETRY) == stream, "a torn write is told from damage"
        assert not box.drops()
    else:
        assert box.stream(Lane.TELEMETRY) != stream, "if in doubt, nobody's seq is given again"
        assert [record.seq for record in records] == list(range(1, 13))


def test_parts_of_two_attempts_are_never_taken_for_one_batch() -> None:
    """First only the second block of a batch arrives, then, of another one, only the first."""
    disk = Platter()
    box = filled(disk)
    for kept in (1, 0):
        box.append(Lane.TELEMETRY, "telemetry", Random(kept).randbytes(6000))
        disk.cut_after = disk.operations + 1
        with pytest.raises(PowerCut):
            box.flush()
        keep_block(disk, kept)
        box = RingOutbox.open(FILE, 8_000_000, disk)
        records = box.pending(Lane.TELEMETRY, 0, 100)
        assert [r.body for r in records] == [b"%d" % number * 50 for number in range(12)]
        assert not box.drops()


def keep_block(disk: Platter, kept: int) -> None:
    """The power fails; of the blocks under way only one has arrived."""
    file = disk.files[FILE]
    first = min(file.since) // SIZE
    for at, versions in file.since.items():
        if at // SIZE - first == kept:
            file.durable[at : at + SECTOR] = versions[-1]
    file.now, file.since, disk.cut_after = bytearray(file.durable), {}, None


@pytest.mark.parametrize("length", [300, 3000])
def test_a_loss_is_on_record_until_what_tells_of_it_is_durable(length: int) -> None:
    """Killed between any two writes of the flush that brings the event about the loss.

    In a full ring that flush makes room first, with a cursor of its own.
    """
    cut_after, written = 0, False
    while not written:
        disk, chance = Platter(), Random(length)
        box = RingOutbox.open(FILE, 600_000, disk)
        while not (drops := box.drops()):
            box.append(Lane.TELEMETRY, "telemetry", chance.randbytes(length))
            box.flush()
        for _ in range(100_000 // length):  # so much that it has to let go of something more
            box.append(Lane.TELEMETRY, "telemetry", chance.randbytes(length))
        box.append(Lane.EVENTS, "event/gw", b"dropped")
        disk.cut_after = disk.operations + cut_after
        try:
            box.flush()
            written = True
        except PowerCut:
            cut_after += 1
        disk.cut_after = None  # kill -9: the system has what it was given
        box = RingOutbox.open(FILE, 600_000, disk)
        told = [record.body for record in box.pending(Lane.EVENTS, 0, 9)]
        again = {(drop.stream, seq) for drop in box.drops() for seq in _seqs(drop)}
        lost = {(drop.stream, seq) for drop in drops for seq in _seqs(drop)}
        assert told == [b"dropped"] or lost <= again, f"after {cut_after} operations"
    assert cut_after > 3


def _seqs(drop: Drop) -> range:
    return range(drop.first, drop.last + 1)
