"""The ledger's rules, held against plain sets of numbers."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.centre.ingest import ledger
from gateway.centre.ingest.ledger import Ledger, Stream
from gateway.centre.ingest.register import DeviceKey, StreamKey
from gateway.ranges import Ranges, add, size, take, without
from gateway.wire import Confirmed, Root

spans = st.tuples(st.integers(1, 40), st.integers(0, 10)).map(lambda pair: (pair[0], sum(pair)))
GW = Root("ayala", "gw-1")
KEY = StreamKey(GW, "0123456789ab")


def numbers(ranges: Ranges) -> set[int]:
    return {each for first, last in ranges for each in range(first, last + 1)}


@given(st.lists(spans), spans)
def test_ranges_are_sets(spans: list[tuple[int, int]], one: tuple[int, int]) -> None:
    ranges: Ranges = ()
    for first, last in spans:
        ranges = add(ranges, first, last)
    model, other = numbers(tuple(spans)), numbers((one,))
    assert numbers(ranges) == model
    assert size(ranges) == len(model)
    assert numbers(take(ranges, *one)) == model - other
    assert numbers(without((one,), ranges)) == other - model
    bounds = [bound for each in ranges for bound in each]
    assert bounds == sorted(bounds)
    assert all(after[0] > before[1] + 1 for before, after in pairwise(ranges))


@given(st.lists(st.tuples(st.sampled_from(["seen", "given_up"]), spans)))
def test_a_stream_knows_what_is_new_what_is_owed_and_what_was_lost(
    story: list[tuple[str, tuple[int, int]]],
) -> None:
    stream, seen, dropped = Stream(), set[int](), set[int]()
    for what, span in story:
        told = numbers((span,))
        if what == "seen":
            assert stream.fresh(*span) == len(told - seen)
            stream = stream.seen(*span)
            seen |= told
        else:
            stream = stream.given_up([span])
            dropped |= told
        below = set(range(1, max(seen, default=0) + 1))
        assert stream.upto == max(seen, default=0)
        assert numbers(stream.missing) == below - seen
        assert numbers(stream.dropped) == dropped - seen
        assert stream.lost == len(dropped - seen)
        assert numbers(stream.owed) == below - seen - dropped
        told_back = stream.confirmed()
        assert told_back == Confirmed(stream.upto, stream.owed)


def test_in_order_nothing_is_missing() -> None:
    stream = Stream().seen(1, 3).seen(4, 4).seen(5, 9)
    assert stream.confirmed() == Confirmed(9, ())


def test_a_gap_is_missing_until_it_comes() -> None:
    stream = Stream().seen(1, 3).seen(7, 8)
    assert stream.confirmed() == Confirmed(8, ((4, 6),))
    assert stream.gaps == 3
    stream = stream.seen(5, 6)
    assert stream.confirmed() == Confirmed(8, ((4, 4),))
    assert stream.seen(4, 4).confirmed() == Confirmed(8, ())


def test_what_came_before_us_is_asked_for_and_not_held_against_anybody() -> None:
    stream = Stream().seen(500, 500)
    assert stream.confirmed() == Confirmed(500, ((1, 499),))
    assert stream.gaps == 0
    assert stream.seen(502, 502).gaps == 1


def test_a_dropped_record_that_was_still_under_way_is_new_and_no_longer_lost() -> None:
    stream = Stream().seen(1, 2).given_up([(3, 4)])
    assert (stream.lost, stream.fresh(3, 3)) == (2, 1)
    stream = stream.seen(3, 3).seen(5, 5)
    assert (stream.lost, stream.owed) == (1, ())


def test_a_record_both_stored_and_dropped_was_not_lost() -> None:
    assert Stream().seen(1, 9).given_up([(2, 3)]).lost == 0


def test_more_gaps_than_a_message_holds_are_confirmed_as_far_as_it_does() -> None:
    stream = Stream()
    for seq in range(1, 4 * ledger.MOST_TOLD, 2):
        stream = stream.seen(seq, seq)
    told = stream.confirmed()
    assert len(told.missing) == ledger.MOST_TOLD
    assert told.missing[-1][1] <= told.upto < stream.upto
    unsaid = numbers(stream.owed) - numbers(told.missing)
    assert min(unsaid) > told.upto


def test_too_many_gaps_to_keep_ask_for_more_and_never_for_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "MOST_GAPS", 3)
    stream, seen = Stream(), set[int]()
    for seq in range(1, 21, 2):
        stream = stream.seen(seq, seq)
        seen.add(seq)
        assert len(stream.missing) <= 3
        assert numbers(stream.missing) >= set(range(1, seq)) - seen


def test_it_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    stream = Stream().seen(5, 9).seen(12, 12).given_up([(10, 10), (20, 21)])
    with closing(Ledger.open(tmp_path)) as book:
        name = book.client_id()
        book.commit({KEY: stream}, {DeviceKey(GW, "sig-1"): {"mode": {"off": 0}}})
    with closing(Ledger.open(tmp_path)) as book:
        assert book.stream(KEY) == stream
        assert book.codes == {GW: {"sig-1": {"mode": {"off": 0}}}}
        assert book.confirmed(GW) == {KEY.stream: stream.confirmed()}
        assert book.client_id() == name
        book.commit({}, {DeviceKey(GW, "sig-1"): None})
    with closing(Ledger.open(tmp_path)) as book:
        assert book.codes == {}


def test_of_a_gateways_many_streams_the_last_touched_remain(tmp_path: Path) -> None:
    keys = [StreamKey(GW, f"{n:012x}") for n in range(ledger.MOST_STREAMS + 2)]
    with closing(Ledger.open(tmp_path)) as book:
        for key in keys[:-1]:
            book.commit({keys[0]: Stream().seen(1, 1)}, {})
            book.commit({key: Stream().seen(1, 1)}, {})
        book.commit({keys[-1]: Stream().seen(1, 1)}, {})
        left = set(book.streams[GW])
    with closing(Ledger.open(tmp_path)) as book:
        assert set(book.streams[GW]) == left
    assert len(left) == ledger.MOST_STREAMS
    assert {keys[0].stream, keys[-1].stream} <= left


def test_two_centres_have_two_names(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "a")) as a, closing(Ledger.open(tmp_path / "b")) as b:
        assert a.client_id() != b.client_id()
