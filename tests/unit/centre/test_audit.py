"""What an audit makes of its evidence: each missing reading is put down to one cause."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.centre.audit import CAUSES, Evidence, Figures, Hole, audit, figures, holes
from gateway.centre.history import HOUR, HourCount
from gateway.centre.ingest.ledger import Stream
from gateway.centre.ingest.register import Asset, DeviceKey, StreamKey, Tally
from gateway.centre.ingest.spans import Span
from gateway.wire import Root

GW = Root("ayala", "gw-1")
LAMP, STREAM = DeviceKey(GW, "lamp-1"), StreamKey(GW, "0123456789ab")
AT = 490_000  # an hour of 2025
T0 = AT * HOUR
S, MIN = 1000, 60_000


def stored(rows: int, hour: int = AT) -> dict[tuple[DeviceKey, int], HourCount]:
    return {(LAMP, hour): HourCount("ayala", "gw-1", "lamp-1", hour, rows, 0)}


#: One lamp, promised every second, an hour in which all is well.
WELL = Evidence(
    assets={LAMP: Asset(1, "lamp", T0, 1.0)},
    plans={1: [(0, 1.0)]},
    tallies={1: {AT: Tally(3600)}},
    spans={STREAM: (Span(1, 3600, T0, T0 + HOUR),)},
    streams={STREAM: Stream(1, 3600)},
    stored=stored(3600),
)


def judged(evidence: Evidence, now: int = T0 + HOUR) -> Figures:
    (device,) = audit(evidence, range(AT, AT + 1), now)
    assert device.key == LAMP
    assert list(device.hours) == [AT]
    assert device.total == device.hours[AT]
    return device.total


def told(found: Figures) -> tuple[int, int, int, dict[str, int]]:
    explained = {cause: count for cause, count in found.explained.items() if count}
    return found.expected, found.stored, found.lost, explained


def with_hole(begins: int, ends: int, stream: Stream, rows: int) -> Evidence:
    """The lamp's hour with a stretch of records missing; a record is a second."""
    first, last = (begins - T0) // S, (ends - T0) // S
    missing = stream.missing or stream.dropped
    after = (missing[-1][1] if missing else first) + 1
    return replace(
        WELL,
        tallies={1: {AT: Tally(rows)}},
        stored=stored(rows),
        streams={STREAM: stream},
        spans={
            STREAM: (Span(1, first, T0, begins), Span(after, after + 3600 - last, ends, T0 + HOUR))
        },
    )


def test_an_hour_in_which_all_is_well() -> None:
    assert told(judged(WELL)) == (3600, 3600, 0, {})


def test_rows_the_history_took_and_does_not_have_are_lost() -> None:
    assert told(judged(replace(WELL, stored=stored(3590)))) == (3600, 3590, 10, {})


def test_rows_set_aside_are_explained() -> None:
    evidence = replace(WELL, stored=stored(3590), rejected={(LAMP, AT): 10})
    assert told(judged(evidence)) == (3600, 3590, 0, {"rejected": 10})


def test_silence_is_explained() -> None:
    evidence = replace(WELL, stored=stored(3000), tallies={1: {AT: Tally(3600, 600)}})
    assert told(judged(evidence)) == (3600, 3000, 0, {"silent": 600})


def test_records_missing_between_others_are_lost_until_they_come() -> None:
    stream = Stream(1, 3600, missing=((601, 719),))
    found = judged(with_hole(T0 + 600 * S, T0 + 720 * S, stream, 3480))
    assert told(found) == (3600, 3480, 120, {})
    assert found.owed == 120


def test_records_given_up_are_explained() -> None:
    stream = Stream(1, 3600, missing=((601, 719),), dropped=((601, 719),))
    found = judged(with_hole(T0 + 600 * S, T0 + 720 * S, stream, 3480))
    assert told(found) == (3600, 3480, 0, {"dropped": 120})


def test_numbers_that_go_on_say_that_nothing_was_recorded() -> None:
    evidence = with_hole(T0 + 10 * MIN, T0 + 40 * MIN, Stream(1, 1800), 1800)
    assert told(judged(evidence)) == (3600, 1800, 0, {"off": 1800})
    reported = replace(evidence, gaps={GW: [(T0 + 20 * MIN, T0 + 30 * MIN)]})
    assert told(judged(reported)) == (3600, 1800, 0, {"gap": 600, "off": 1200})


def test_a_few_records_missing_around_a_long_stop_are_not_the_whole_of_it() -> None:
    stream = Stream(1, 1806, missing=((601, 605),), dropped=((601, 605),))
    found = judged(with_hole(T0 + 10 * MIN, T0 + 40 * MIN, stream, 1800))
    assert told(found) == (3600, 1800, 0, {"dropped": 7, "off": 1793})


def test_time_since_the_gateway_was_heard_is_late() -> None:
    evidence = replace(
        WELL,
        tallies={1: {AT: Tally(600)}},
        stored=stored(600),
        spans={STREAM: (Span(1, 600, T0, T0 + 600 * S),)},
    )
    assert told(judged(evidence)) == (3600, 600, 0, {"late": 3000})
    assert told(judged(evidence, now=T0 + 660 * S)) == (660, 600, 0, {"late": 60})


def test_with_every_record_here_what_is_missing_was_never_read() -> None:
    evidence = replace(WELL, tallies={1: {AT: Tally(3000)}}, stored=stored(3000))
    assert told(judged(evidence)) == (3600, 3000, 0, {"unread": 600})


def test_a_device_is_expected_from_its_first_reading_on_and_until_it_is_gone() -> None:
    evidence = replace(
        WELL,
        assets={LAMP: Asset(1, "lamp", T0 + 10 * MIN, None)},
        plans={1: [(0, 1.0), (T0 + 20 * MIN, 2.0), (T0 + 30 * MIN, None)]},
        tallies={1: {AT: Tally(900)}},
        stored=stored(900),
    )
    assert told(judged(evidence)) == (900, 900, 0, {})


def test_without_a_card_what_came_is_expected() -> None:
    evidence = replace(WELL, plans={}, stored=stored(3599))
    assert told(judged(evidence)) == (3600, 3599, 1, {})


def test_a_device_that_was_quiet_for_a_whole_hour_is_not_forgotten() -> None:
    evidence = replace(WELL, spans={STREAM: (Span(1, 7200, T0, T0 + 2 * HOUR),)})
    (device,) = audit(evidence, range(AT, AT + 2), T0 + 2 * HOUR)
    assert told(device.hours[AT + 1]) == (3600, 0, 0, {"unread": 3600})


def test_hours_before_a_device_was_known_are_left_out() -> None:
    (device,) = audit(WELL, range(AT - 5, AT + 1), T0 + HOUR)
    assert list(device.hours) == [AT]


def test_a_new_stream_after_an_outbox_was_set_aside() -> None:
    old, new = Stream(1, 10), Stream(1, 10)
    spans = {"a": (Span(1, 10, 0, 10 * S),), "b": (Span(1, 10, 60 * S, 70 * S),)}
    late = Hole(70 * S, 2**62, "late")
    assert holes({"a": old, "b": new}, spans, []) == [Hole(10 * S, 60 * S, "off"), late]
    given_up = replace(old, dropped=((11, 60),))
    found = holes({"a": given_up, "b": new}, spans, [])
    assert found == [Hole(10 * S, 60 * S, "dropped"), late]


def test_live_telemetry_ahead_of_a_backlog() -> None:
    """What is between is owed, and then comes."""
    spans = {"a": (Span(1, 10, 0, 10 * S), Span(110, 120, 110 * S, 120 * S))}
    late = Hole(120 * S, 2**62, "late")
    assert holes({"a": Stream(1, 120, ((11, 109),))}, spans, []) == [
        Hole(10 * S, 110 * S, "owed"),
        late,
    ]


counts = st.integers(0, 50)


@given(
    counts,
    counts,
    counts,
    counts,
    counts,
    st.dictionaries(st.sampled_from(["owed", *CAUSES]), counts),
)
def test_every_missing_reading_has_exactly_one_cause(
    promised: int, came: int, empty: int, rows: int, rejected: int, missing: dict[str, int]
) -> None:
    tally = Tally(came, min(came, empty))
    found = figures(promised, tally, stored(rows)[LAMP, AT], rejected, missing)
    explained = sum(found.explained.values())
    assert found.expected == max(promised, came)
    assert found.lost + explained == max(0, found.expected - rows)
    assert 0 <= found.owed <= found.lost


@pytest.mark.parametrize("rows", [0, 7])
def test_an_hour_nobody_knows_of_is_only_counted(rows: int) -> None:
    found = figures(0, Tally(), stored(rows)[LAMP, AT], 0, {})
    assert (found.expected, found.stored, found.lost) == (0, rows, 0)
