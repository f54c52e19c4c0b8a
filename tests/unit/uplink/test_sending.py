"""In which order records leave, and when they go again: bookkeeping without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise, zip_longest
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from gateway import ranges, wire
from gateway.edge.flow import LATE, Flow
from gateway.edge.outbox.contract import Depth, Drop, Lane, Record
from gateway.edge.outgoing import Outgoing
from gateway.edge.pace import FIRST_ROOM, MOST_MESSAGES
from gateway.edge.suspects import STRIKES
from gateway.edge.terms import Terms
from gateway.model import Alarm, Severity, State
from gateway.mqtt import WINDOW

EVENTS, TELEMETRY = Lane.EVENTS, Lane.TELEMETRY
CRITICAL, MAJOR, MINOR, WARNING = Severity
T = TypeVar("T")
STREAMS = {EVENTS: "e" * 12, TELEMETRY: "7" * 12}


class Memory:
    """An outbox in memory, as far as the flow needs one."""

    def __init__(self) -> None:
        self.records: dict[Lane, dict[int, Record]] = {lane: {} for lane in Lane}
        self.ends = dict.fromkeys(Lane, 0)
        self.streams = dict(STREAMS)
        self.broken = False

    def stream(self, lane: Lane) -> str:
        return self.streams[lane]

    def append(self, lane: Lane, head: str, body: bytes) -> int:
        self.ends[lane] += 1
        seq = self.ends[lane]
        self.records[lane][seq] = Record(lane, self.streams[lane], seq, head, body)
        return seq

    def flush(self) -> None:
        """Memory is durable enough here."""

    def pending(self, lane: Lane, after: int, limit: int) -> list[Record]:
        if self.broken:
            raise OSError("the disk is gone")
        found = [record for seq, record in sorted(self.records[lane].items()) if seq > after]
        return found[:limit]

    def release(self, lane: Lane, upto: int, keep: Iterable[tuple[int, int]] = ()) -> None:
        for seq in list(self.records[lane]):
            if seq <= upto and not any(first <= seq <= last for first, last in keep):
                del self.records[lane][seq]

    def last(self, lane: Lane) -> int:
        return self.ends[lane]

    def depth(self, lane: Lane) -> Depth:
        return Depth(len(self.records[lane]), 0, min(self.records[lane], default=0))

    def drops(self) -> list[Drop]:
        return []

    def close(self) -> None:
        """Nothing is open."""


async def at_once(work: Callable[..., T], *arguments: object) -> T:
    return work(*arguments)


class Line:
    """A flow, the outbox it empties, and a clock the test moves."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.box = Memory()
        self.now = 1000.0
        terms = terms or Terms(confirm=False, compress=False)
        self.flow = Flow(self.box, wire.Root("s", "g"), terms, at_once)

    def add(self, lane: Lane, count: int = 1, head: str = "telemetry") -> None:
        for _ in range(count):
            self.box.append(lane, head, b'{"t":1}')
        self.flow.notify()

    def begin(self) -> None:
        asyncio.run(self.flow.begin(self.now))

    def next(self) -> Outgoing | None:
        return asyncio.run(self.flow.next(self.now))

    def send(self) -> list[Outgoing]:
        """All that may leave now."""
        sent: list[Outgoing] = []
        while (outgoing := self.next()) is not None:
            sent.append(outgoing)
        return sent

    def send_and_acknowledge(self) -> list[tuple[str, int, int]]:
        """All there is, acknowledged as it leaves: lane, first and last of each message."""
        seen = []
        while (outgoing := self.next()) is not None:
            seen.append((outgoing.progress.lane.value[0], outgoing.first, outgoing.last))
            self.flow.delivered(outgoing, self.now)
        return seen

    def confirmed(self, upto: int, *missing: tuple[int, int]) -> None:
        said = {STREAMS[TELEMETRY]: wire.Confirmed(upto, missing)}
        asyncio.run(self.flow.confirmed(said, self.now))

    def waiting(self, lane: Lane = TELEMETRY) -> list[int]:
        asyncio.run(self.flow.release())
        return sorted(self.box.records[lane])

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.flow.tick(self.now)


class TestTheOrder:
    def test_events_go_before_telemetry(self) -> None:
        line = Line()
        line.begin()
        line.add(TELEMETRY, 2)
        line.add(EVENTS, 2, "event/a")
        assert line.send_and_acknowledge() == [
            ("e", 1, 1), ("e", 2, 2), ("t", 1, 1), ("t", 2, 2),
        ]  # fmt: skip

    def test_live_telemetry_goes_before_a_long_backlog(self) -> None:
        line = Line()
        line.add(TELEMETRY, 200)
        line.begin()
        first = line.send()
        assert [outgoing.first for outgoing in first[:3]] == [1, 2, 3]
        line.add(TELEMETRY)
        assert [outgoing.first for outgoing in line.send()] == [201]

    def test_a_few_waiting_records_are_no_backlog(self) -> None:
        line = Line()
        line.add(TELEMETRY, 5)
        line.begin()
        line.add(TELEMETRY, 5)
        assert [seq for _, seq, _ in line.send_and_acknowledge()] == list(range(1, 11))

    def test_the_backlog_leaves_half_the_window_free(self) -> None:
        line = Line()
        line.add(TELEMETRY, 1000)
        line.begin()
        assert len(line.send()) == MOST_MESSAGES
        line.add(TELEMETRY, 1000)
        assert len(line.send()) == WINDOW - MOST_MESSAGES
        assert line.next() is None

    def test_the_backlog_leaves_the_wire_free(self) -> None:
        line = Line()
        for _ in range(100):
            line.box.append(TELEMETRY, "telemetry", b"x" * 1_000)
        line.begin()
        assert 1_000 * len(line.send()) <= FIRST_ROOM, "what a slow link carries in a moment"

    def test_after_a_turn_of_the_backlog_comes_a_rest_and_live_telemetry_does_not_wait(
        self,
    ) -> None:
        line = Line(Terms(confirm=False, compress=False, backlog_share=0.25))
        line.add(TELEMETRY, 1000)
        line.begin()
        turn = line.send()
        line.now += 1.0
        for outgoing in turn:
            line.flow.delivered(outgoing, line.now)
        assert line.next() is None
        line.add(TELEMETRY)
        assert [outgoing.first for outgoing in line.send()] == [1001]
        assert line.flow.due(line.now) == 3.0, "a quarter of the time was a second"
        line.now += 3.0
        assert line.send()[0].first == turn[-1].last + 1

    def test_many_events_take_turns_in_their_order_behind_live_telemetry(self) -> None:
        line = Line()
        line.add(EVENTS, 200, "event/a")
        line.begin()
        turn = line.send()
        line.add(EVENTS, 1, "event/a")
        line.add(TELEMETRY)
        assert [outgoing.progress.lane for outgoing in line.send()] == [TELEMETRY]
        seen = [outgoing.first for outgoing in turn]
        for outgoing in turn:
            line.flow.delivered(outgoing, line.now)
        seen += [first for lane, first, _ in line.send_and_acknowledge() if lane == "e"]
        assert seen == list(range(1, 202))

    def test_live_telemetry_is_not_piled_up_on_a_link_that_does_not_carry_it(self) -> None:
        line = Line()
        line.begin()
        line.add(TELEMETRY)
        line.send_and_acknowledge()
        line.add(TELEMETRY)
        (slow,) = line.send()
        line.now += LATE + 0.1
        line.add(TELEMETRY, 4)
        assert line.send() == []
        line.flow.delivered(slow, line.now)
        assert [seq for _, seq, _ in line.send_and_acknowledge()] == [6, 3, 4, 5]


class TestGroups:
    terms = Terms(confirm=False, compress=False, group=10, batch=5.0)

    def test_are_cut_at_the_same_seqs_whenever_they_are_cut(self) -> None:
        line = Line(self.terms)
        line.add(TELEMETRY, 137)
        line.begin()
        line.add(TELEMETRY, 3)
        assert sorted(line.send_and_acknowledge()) == [
            ("t", first, first + 9) for first in range(1, 141, 10)
        ]

    def test_wait_until_they_are_complete_or_due(self) -> None:
        line = Line(self.terms)
        line.begin()
        line.add(TELEMETRY, 4)
        assert line.send_and_acknowledge() == []
        assert line.flow.due(line.now) == 5.0
        line.now += 5.0
        assert line.send_and_acknowledge() == [("t", 1, 4)]
        line.add(TELEMETRY, 6)
        assert line.send_and_acknowledge() == [("t", 5, 10)]

    def test_do_not_wait_when_the_gateway_stops(self) -> None:
        line = Line(self.terms)
        line.begin()
        line.add(TELEMETRY, 4)
        line.flow.draining = True
        assert line.send_and_acknowledge() == [("t", 1, 4)]
        assert line.flow.idle

    def test_sent_again_are_cut_as_the_first_time(self) -> None:
        line = Line(self.terms)
        line.begin()
        line.add(TELEMETRY, 4)
        line.now += 5.0
        assert line.next() is None
        line.now += 5.0
        first = line.next()
        assert first is not None
        line.flow.ended(line.now + 99)
        line.add(TELEMETRY, 3)
        line.begin()
        again = line.next()
        assert again is not None
        assert again.publishes == first.publishes

    def test_end_where_a_record_is_missing(self) -> None:
        line = Line(self.terms)
        line.add(TELEMETRY, 10)
        del line.box.records[TELEMETRY][4]
        line.begin()
        assert line.send_and_acknowledge() == [("t", 1, 3), ("t", 5, 10)]


class TestFreeing:
    def test_with_puback_frees_exactly_what_was_acknowledged(self) -> None:
        line = Line()
        line.add(TELEMETRY, 5)
        line.begin()
        one, two, three, *_ = line.send()
        line.flow.delivered(two, line.now)
        line.flow.delivered(three, line.now)
        assert line.waiting() == [1, 4, 5]
        line.flow.delivered(one, line.now)
        assert line.waiting() == [4, 5]

    def test_what_was_under_way_when_the_connection_ended_goes_again(self) -> None:
        line = Line(Terms(confirm=True, compress=False))
        line.add(TELEMETRY, 3)
        line.begin()
        first = line.send()
        line.flow.delivered(first[1], line.now)
        line.flow.ended(line.now)
        line.begin()
        again = line.send()
        assert [outgoing.first for outgoing in again] == [1, 3]
        assert [outgoing.publishes for outgoing in again] == [
            first[0].publishes,
            first[2].publishes,
        ]

    def test_a_confirmation_of_what_was_never_sent_is_not_believed(self) -> None:
        line = Line(Terms(confirm=True))
        line.add(TELEMETRY, 3)
        line.begin()
        line.confirmed(99)
        assert line.waiting() == [1, 2, 3]

    def test_a_new_stream_after_damage_starts_afresh_and_old_pubacks_free_nothing(self) -> None:
        line = Line()
        line.add(TELEMETRY, 2)
        line.begin()
        old = line.send()
        line.box.streams[TELEMETRY] = "8" * 12
        line.box.ends[TELEMETRY] = 0
        line.box.records[TELEMETRY].clear()
        line.add(TELEMETRY, 2)
        assert line.next() is None  # notices
        for outgoing in old:
            line.flow.delivered(outgoing, line.now)
        assert line.waiting() == [1, 2]
        assert line.send_and_acknowledge() == [("t", 1, 1), ("t", 2, 2)]


class TestSendingAgain:
    terms = Terms(confirm=True, compress=False, settle=60, unconfirmed=300, unconfirmed_most=1200)

    def line(self, count: int) -> Line:
        line = Line(self.terms)
        line.add(TELEMETRY, count)
        line.begin()
        line.send_and_acknowledge()
        return line

    def test_a_missing_record_goes_again_once_it_has_had_its_time(self) -> None:
        line = self.line(5)
        line.confirmed(5, (2, 3))
        assert line.send_and_acknowledge() == [], "it may be on its way"
        line.later(60)
        line.confirmed(5, (2, 3))
        assert line.send_and_acknowledge() == [("t", 2, 2), ("t", 3, 3)]
        line.confirmed(5, (2, 3))
        assert line.send_and_acknowledge() == [], "again it has its time"
        line.confirmed(5)
        assert line.waiting() == []

    def test_what_nobody_confirms_goes_again_a_little_and_ever_more_rarely(self) -> None:
        line = self.line(250)
        asked: list[int] = []
        for minute in range(1, 61):
            line.later(60)
            again = line.send_and_acknowledge()
            if again:
                asked.append(minute)
                assert again == [("t", seq, seq) for seq in range(1, 101)]
        assert asked == [5, 15, 35, 55]

    def test_any_news_from_the_centre_starts_the_patience_over(self) -> None:
        line = self.line(5)
        for _ in range(4):
            line.later(60)
        line.confirmed(1)
        for _ in range(4):
            line.later(60)
            assert line.send_and_acknowledge() == []
        line.later(60)
        assert line.send_and_acknowledge() == [("t", seq, seq) for seq in (2, 3, 4, 5)]

    def test_what_was_missing_before_its_time_goes_again_though_the_centre_says_no_more(
        self,
    ) -> None:
        line = self.line(5)
        line.confirmed(5, (2, 3))
        for _ in range(4):
            line.later(60)
            assert line.send_and_acknowledge() == []
        line.later(60)
        assert line.send_and_acknowledge() == [("t", 2, 2), ("t", 3, 3)]

    def test_what_was_lost_behind_the_last_confirmed_goes_again_though_nothing_follows(
        self,
    ) -> None:
        line = self.line(5)
        line.confirmed(4)
        assert line.flow.unconfirmed(line.now + 60) == 60
        for _ in range(5):
            line.later(60)
        assert line.send_and_acknowledge() == [("t", 5, 5)]


class TestWhatHoldsNothingUp:
    def test_a_message_that_ends_the_connection_each_time(self) -> None:
        line = Line()
        line.add(TELEMETRY, 3)
        for strike in range(STRIKES):
            line.begin()
            sent = line.send()
            assert [outgoing.first for outgoing in sent] == ([1, 2, 3] if strike < 2 else [1])
            line.flow.ended(line.now)
        assert line.flow.set_aside == 1
        line.begin()
        assert line.send_and_acknowledge() == [("t", 2, 2), ("t", 3, 3)]
        assert line.waiting() == [1]

    def test_one_that_was_only_unlucky_is_not_suspected_for_ever(self) -> None:
        line = Line()
        line.add(TELEMETRY, 3)
        for _ in range(3):
            line.begin()
            line.send()
            line.flow.ended(line.now)
        line.begin()
        assert line.send_and_acknowledge() == [("t", 1, 1), ("t", 2, 2), ("t", 3, 3)]
        assert line.flow.window == WINDOW

    def test_a_frozen_broker_makes_nobody_suspect(self) -> None:
        line = Line()
        line.add(TELEMETRY)
        for _ in range(2 * STRIKES):
            line.begin()
            assert line.send()
            line.flow.ended(line.now + 30)
        assert line.flow.set_aside == 0

    def test_a_message_nobody_could_take(self) -> None:
        line = Line()
        line.box.append(TELEMETRY, "telemetry", b"x" * (wire.MAX_MESSAGE + 1))
        line.add(TELEMETRY)
        line.begin()
        assert line.send_and_acknowledge() == [("t", 2, 2)]
        assert line.flow.set_aside == 1
        assert line.waiting() == [1]

    def test_a_disk_that_cannot_be_read(self) -> None:
        line = Line()
        line.add(TELEMETRY)
        line.begin()
        line.box.broken = True
        assert line.next() is None
        assert line.flow.due(line.now) <= 1.0
        line.box.broken = False
        line.flow.notify()
        assert line.send_and_acknowledge() == [("t", 1, 1)]


def record_of(device: str, severity: Severity, t: int = 1) -> tuple[str, bytes]:
    """An alarm's record, as the journal makes it."""
    alarm = Alarm(device, "code", t, State.UNACKNOWLEDGED, severity, '"severity":"minor"', t)
    return wire.alarm_head(alarm), wire.alarm_body(alarm)


class TestGraveAlarms:
    """What a critical alarm finds before it in its lane, and goes past."""

    def alarms(self, line: Line, *wanted: tuple[str, Severity]) -> None:
        for device, severity in wanted:
            line.box.append(EVENTS, *record_of(device, severity))
        line.flow.notify()

    def sent(self, line: Line) -> list[int]:
        return [first for lane, first, _ in line.send_and_acknowledge() if lane == "e"]

    def test_a_critical_alarm_goes_first_then_major_ones_then_the_rest_in_order(self) -> None:
        line = Line()
        line.add(EVENTS, 150, "event/a")
        self.alarms(line, ("a", MINOR), ("b", MAJOR), ("c", WARNING), ("d", CRITICAL))
        line.begin()
        rest = [seq for seq in range(1, 155) if seq not in {152, 154}]
        assert self.sent(line) == [154, 152, *rest]

    def test_it_also_passes_those_that_began_to_go(self) -> None:
        line = Line()
        line.add(EVENTS, 300, "event/a")
        line.begin()
        begun = line.send()
        line.flow.delivered(begun.pop(0), line.now)
        self.alarms(line, ("d", CRITICAL))
        assert [outgoing.first for outgoing in line.send()] == [301]

    def test_what_waits_of_the_same_alarm_goes_before_it(self) -> None:
        line = Line()
        line.add(EVENTS, 10, "event/a")
        self.alarms(line, ("d", WARNING), ("a", MINOR), ("d", CRITICAL), ("d", WARNING))
        line.begin()
        assert self.sent(line) == [11, 13, *range(1, 11), 12, 14]

    def test_few_waiting_records_keep_their_order(self) -> None:
        line = Line()
        self.alarms(line, ("a", MINOR), ("d", CRITICAL))
        line.begin()
        assert self.sent(line) == [1, 2]

    def test_a_flood_of_them_leaves_room_for_live_telemetry(self) -> None:
        line = Line()
        line.add(EVENTS, 10, "event/a")
        self.alarms(line, *[(f"lamp-{n}", MAJOR) for n in range(100)])
        line.begin()
        before = [outgoing for outgoing in line.send() if not outgoing.paced]
        assert len(before) == 6
        line.add(TELEMETRY)
        assert [outgoing.progress.lane for outgoing in line.send()] == [TELEMETRY]

    def test_after_a_broken_connection_it_goes_first_again(self) -> None:
        line = Line()
        line.add(EVENTS, 20, "event/a")
        self.alarms(line, ("d", CRITICAL))
        for _ in range(2):
            line.begin()
            outgoing = line.next()
            assert outgoing is not None
            assert outgoing.first == 21
            line.flow.ended(line.now + 10)

    def test_one_that_the_outbox_gave_up_meanwhile_holds_up_nothing(self) -> None:
        line = Line()
        line.add(EVENTS, 200, "event/a")
        self.alarms(line, ("d", CRITICAL), ("e", CRITICAL))
        line.begin()
        first = line.next()
        assert first is not None
        line.box.records[EVENTS].pop(202)
        assert self.sent(line) == list(range(1, 201))

    @given(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(Severity)), max_size=40),
        st.lists(st.integers(0, 4), max_size=40),
    )
    def test_each_record_goes_once_and_each_alarm_in_order(
        self, alarms: list[tuple[str, Severity]], acts: list[int]
    ) -> None:
        line, arrived, flying = Line(), list[int](), list[Outgoing]()
        self.alarms(line, *alarms[::2])
        line.begin()
        for late, act in zip_longest(alarms[1::2], acts):
            if late is not None:
                self.alarms(line, late)
            outgoing = line.next()
            if outgoing is not None:
                arrived.append(outgoing.first)
                flying.append(outgoing)
            if act == 0 and flying:
                line.flow.delivered(flying.pop(), line.now)
                line.waiting(EVENTS)
        for outgoing in flying:
            line.flow.delivered(outgoing, line.now)
        while rest := line.send_and_acknowledge():
            arrived += [first for _, first, _ in rest]
            line.later(60.0)
        assert sorted(arrived) == list(range(1, len(alarms) + 1))
        devices = [device for device, _ in (*alarms[::2], *alarms[1::2])]
        for each in set(devices):
            mine = [seq for seq in arrived if devices[seq - 1] == each]
            assert mine == sorted(mine)


def test_an_older_alarm_sent_again_is_not_retained_over_a_newer_one() -> None:
    line = Line(Terms(confirm=True))
    line.add(EVENTS, 2, "alarm/a/b")
    line.begin()
    first = line.send()
    assert [outgoing.publishes[0].retain for outgoing in first] == [True, True]
    line.flow.ended(line.now)
    line.begin()
    again = line.send()
    assert [outgoing.publishes[0].retain for outgoing in again] == [False, True]
    assert [o.publishes[0].payload for o in again] == [o.publishes[0].payload for o in first]


def test_a_card_without_a_body_empties_the_retained_one() -> None:
    line = Line()
    line.box.append(EVENTS, "device/gone", b"")
    line.begin()
    (outgoing,) = line.send()
    assert [tuple(publish) for publish in outgoing.publishes] == [
        ("wayside/v1/s/g/device/gone", b"", True)
    ]


numbers = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)), max_size=12)


def _set(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


@given(spans=numbers, more=numbers)
def test_ranges_are_sets(spans: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    here: ranges.Ranges = ()
    for first, length in spans:
        here = ranges.add(here, first, first + length)
    there: ranges.Ranges = ()
    for first, length in more:
        there = ranges.add(there, first, first + length)
    assert _set(here) == _set((first, first + length) for first, length in spans)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(here))
    assert _set(ranges.common(here, there)) == _set(here) & _set(there)
    assert _set(ranges.joined(here, there)) == _set(here) | _set(there)
    assert _set(ranges.without(here, there)) == _set(here) - _set(there)
    assert ranges.size(here) == len(_set(here))
    assert all((ranges.around(here, n) is not None) == (n in _set(here)) for n in range(70))
