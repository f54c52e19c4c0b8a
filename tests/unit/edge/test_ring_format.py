"""The ring's bytes: blocks that know whether they are whole, batches there and back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.outbox.contract import Drop, Lane
from gateway.edge.outbox.ring import batch
from gateway.edge.outbox.ring.batch import Body, Cursor, Damaged, Row, Run, Standing
from gateway.edge.outbox.ring.block import ROOM, SIZE, Mark, blank, ends, seal, whole
from gateway.edge.outbox.ring.shelf import Lying, Shelf
from gateway.ranges import Ranges, add, take

MARK = Mark(ring=2**63 + 5, number=9, place=7, following=8, part=0, parts=1)

bodies = st.builds(Body, st.text(max_size=20), st.binary(max_size=200))
runs = st.lists(
    st.builds(
        Run,
        st.sampled_from(Lane),
        st.integers(1, 2**40),
        st.lists(bodies, min_size=1, max_size=5),
    ),
    max_size=4,
)
ranges = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), max_size=3).map(tuple)
standings = st.builds(
    Standing, st.just("0123456789ab"), st.integers(0, 9), st.integers(0, 2**53), ranges
)


def test_a_block_comes_back_as_it_was_sealed() -> None:
    for body in (b"", b"x", bytes(ROOM), b"\xff" * ROOM):
        block = seal(MARK, body)
        assert len(block) == SIZE
        assert whole(block, 7) == (MARK, body)


def test_no_flipped_bit_goes_unnoticed() -> None:
    block = seal(MARK, b"some body")
    for offset in range(SIZE):
        spoilt = bytearray(block)
        spoilt[offset] ^= 1 << offset % 8
        assert whole(bytes(spoilt), 7) is None
        assert MARK in ends(bytes(spoilt)), "a bit takes one end at most"


def test_a_block_in_another_place_is_not_whole() -> None:
    assert whole(seal(MARK), 8) is None
    assert whole(seal(MARK)[:-1], 7) is None
    assert whole(b"", 7) is None


def test_a_torn_block_shows_the_older_end() -> None:
    old, new = blank(MARK.ring, 7), seal(MARK, b"new" * 1000)
    for sectors in range(1, 8):
        torn = new[: 512 * sectors] + old[512 * sectors :]
        assert whole(torn, 7) is None
        assert [mark.number for mark in ends(torn)] == [9, 0]


@given(st.tuples(standings, standings), runs)
def test_a_batch_comes_back_as_it_was_encoded(
    lanes: tuple[Standing, Standing], records: list[Run]
) -> None:
    cursor = Cursor(dict(zip(Lane, lanes, strict=True)), [Drop(Lane.EVENTS, "a", 1, 2, "full")])
    data = batch.encode(cursor, records)
    assert batch.cursor(data) == cursor
    assert batch.runs(data) == records
    assert batch.table(data[:ROOM]) == [
        Row(run.lane, run.first, len(run.bodies), sum(body.size for body in run.bodies))
        for run in records
    ]


@given(st.binary(max_size=300), st.integers(0, 299))
def test_nothing_else_than_damaged_comes_of_other_bytes(noise: bytes, cut: int) -> None:
    cursor = Cursor({lane: Standing("0123456789ab") for lane in Lane})
    data = batch.encode(cursor, [Run(Lane.EVENTS, 1, [Body("event/a", b"{}")])])
    for spoilt in (noise, data[:cut], data[:cut] + noise):
        for read in (batch.runs, batch.cursor):
            with contextlib.suppress(Damaged):
                read(spoilt)


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 60), st.integers(1, 12)), min_size=1, max_size=30
    )
)
def test_a_shelf_holds_what_a_set_of_seqs_does(steps: list[tuple[bool, int, int]]) -> None:
    """Ten bytes a record; each put lies at a place of its own."""
    shelf = Shelf(Lane.EVENTS, Standing("0123456789ab"))
    lies: dict[int, int] = {}
    waiting: Ranges = ()

    def weigh(_: Lane, __: Lying, first: int, last: int) -> int:
        return 10 * (last - first + 1)

    for place, (put, first, count) in enumerate(steps):
        last = first + count - 1
        gone = [lies.pop(seq) for seq in range(first, last + 1) if seq in lies]
        if put:
            left = shelf.put(Row(Lane.EVENTS, first, count, 10 * count), place, weigh)
            lies.update(dict.fromkeys(range(first, last + 1), place))
            waiting = add(waiting, first, last)
        else:
            left = shelf.remove(first, last, weigh)
            waiting = take(waiting, first, last)
        assert sorted(p for p, records in left for _ in range(records)) == sorted(gone)
        found = {s: run.place for run in shelf.runs() for s in range(run.first, run.last + 1)}
        assert found == lies
        assert (shelf.waiting, shelf.bytes) == (waiting, 10 * len(lies))
    with pytest.raises(IndexError):
        shelf.at(len(shelf))
