"""Stretches of a stream, by number and by time."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.centre.ingest.spans import HOLE, MOST_SPANS, Span, Spans, add, spans_of

S = 1000


def record(seq: int, begins: int | None = None) -> Span:
    """A record of one second; record n of second n unless it says otherwise."""
    t = (seq if begins is None else begins) * S
    return Span(seq, seq, t, t + 900)


def all_of(*records: Span) -> Spans:
    spans: Spans = ()
    for each in records:
        spans = add(spans, each)
    return spans


@given(st.sets(st.integers(1, 60)), st.randoms(use_true_random=False))
def test_records_come_in_any_order_and_any_number_of_times(seqs: set[int], chance: Random) -> None:
    told = sorted(seqs) * 2
    chance.shuffle(told)
    spans = all_of(*map(record, told))
    assert {n for span in spans for n in range(span.first, span.last + 1)} == seqs
    assert all(a.last + 1 < b.first for a, b in pairwise(spans))
    assert all(span.begins == span.first * S for span in spans)
    assert all(span.ends == span.last * S + 900 for span in spans)


def test_numbers_without_a_hole_and_times_with_one_are_two_spans() -> None:
    assert all_of(record(1), record(2), record(3, begins=500)) == (
        Span(1, 2, 1000, 2900),
        Span(3, 3, 500_000, 500_900),
    )


def test_a_message_that_reaches_over_a_restart_is_two_spans() -> None:
    times = [1000, 2000, 3000, 4000, 900_000, 901_000]
    assert spans_of(11, 16, times) == (Span(11, 14, 1000, 4000), Span(15, 16, 900_000, 901_000))


def test_more_holes_than_records() -> None:
    assert spans_of(7, 7, [0, 2 * HOLE, 4 * HOLE]) == (Span(7, 7, 0, 4 * HOLE),)


def test_no_readings_no_span() -> None:
    assert spans_of(1, 5, []) == ()


@given(
    st.lists(st.integers(0, 10 * HOLE), min_size=1, max_size=20),
    st.integers(1, 50),
    st.integers(0, 30),
)
def test_a_messages_spans_hold_all_its_numbers_once_and_all_its_times(
    times: list[int], first: int, more: int
) -> None:
    spans = spans_of(first, first + more, times)
    held = [n for span in spans for n in range(span.first, span.last + 1)]
    assert held == list(range(first, first + more + 1))
    assert all(any(span.begins <= t <= span.ends for span in spans) for t in times)


def test_a_message_that_overlaps_an_earlier_one_across_a_restart() -> None:
    known = all_of(record(5), record(6), record(7))
    spans = known
    for each in spans_of(5, 12, [5000, 6000, 7000, 900_000, 901_000]):
        spans = add(spans, each)
    held = [n for span in spans for n in range(span.first, span.last + 1)]
    assert held == list(range(5, 13))
    assert [(span.begins, span.ends) for span in spans] == [(5000, 7900), (900_000, 901_000)]


@pytest.mark.parametrize("backwards", [False, True])
def test_only_so_many_are_kept(backwards: bool) -> None:
    seqs = range(1, 2 * MOST_SPANS + 10, 2)
    spans = all_of(*(record(n) for n in (reversed(seqs) if backwards else seqs)))
    assert len(spans) == MOST_SPANS
    assert spans[-1].last == seqs[-1]
