"""Ingest's one thread, with a database and a broker that do as the test says."""

from __future__ import annotations

import re
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from gateway.centre.embedded import SqliteHistory
from gateway.centre.history import Bundle, Count, Rejected, StoreBusy, StoreRefused, Written
from gateway.centre.ingest import deadletters
from gateway.centre.ingest.batch import Summary
from gateway.centre.ingest.deadletters import DeadLetters
from gateway.centre.ingest.inbox import Inbox
from gateway.centre.ingest.ledger import Ledger
from gateway.centre.ingest.worker import Books, Pace, Worker
from gateway.model import Alarm, Device, Event, Point, Reading, Severity, State
from gateway.mqtt import Delivery
from gateway.wire import (
    Confirmed,
    Dropped,
    Root,
    Status,
    alarm_body,
    card_body,
    compose_event,
    compose_telemetry,
    decode_alarm,
    decode_confirmed,
    dropped_event,
    event_body,
    status_body,
    telemetry_body,
)

GW = Root("ayala", "gw-1")
STREAM, EVENTS = "0123456789ab", "ba9876543210"
NOW = 1_763_800_000_000
QUICK = Pace(longest=0.05, quiet=0.005, confirm=0.0, first_pause=0.001, longest_pause=0.002)


@dataclass
class ScriptedStore:
    """A database that remembers what it was given, fails as told, and can be held."""

    bundles: list[Bundle] = field(default_factory=list)
    failures: deque[Exception] = field(default_factory=deque)
    rejected: tuple[Rejected, ...] = ()
    writes: int = 0
    forgotten: list[int] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def write(self, bundles: Sequence[Bundle]) -> Written:
        self.asked.set()
        self.open.wait()
        if self.failures:
            raise self.failures.popleft()
        self.writes += 1
        self.bundles += [replace(bundle, codes=dict(bundle.codes)) for bundle in bundles]
        return Written(sum(len(bundle.readings) for bundle in bundles), self.rejected)

    def rewrite(self, rows: Sequence[str]) -> tuple[Rejected, ...]:
        raise NotImplementedError

    def forget(self, before: int) -> int:
        self.forgotten.append(before)
        return 5000 if len(self.forgotten) < 3 else 0

    def close(self) -> None:
        pass

    @property
    def readings(self) -> list[Reading]:
        return [reading for bundle in self.bundles for reading in bundle.readings]


@dataclass
class Bench:
    """A worker at work, and everything around it."""

    folder: Path
    store: ScriptedStore
    inbox: Inbox = field(default_factory=Inbox)
    acknowledged: list[bytes] = field(default_factory=list)
    told: list[dict[str, Confirmed]] = field(default_factory=list)
    connected: bool = True
    alarms: list[bytes] = field(default_factory=list)

    def publish(self, topic: str, body: bytes) -> bool:
        if self.connected and topic == GW.topic("alarm", "gw-1", "gateway_offline"):
            self.alarms.append(body)
        elif self.connected:
            assert topic == GW.topic("confirmed")
            self.told.append(decode_confirmed(body))
        return self.connected

    def put(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        def ack() -> None:
            self.acknowledged.append(payload)

        self.inbox.put(Delivery(topic, payload, retain, ack))

    def letters(self) -> list[dict[str, Any]]:
        file = self.folder / deadletters.FILE
        return [orjson.loads(line) for line in file.read_bytes().splitlines()]

    @contextmanager
    def working(self, pace: Pace = QUICK, keep: float | None = None) -> Iterator[Worker]:
        """A worker in its thread, on the same folder; stopped, and ended, with the block."""
        self.inbox = Inbox()
        with closing(Ledger.open(self.folder)) as ledger:
            books = Books(self.store, DeadLetters(self.folder), ledger)
            worker = Worker(
                self.inbox,
                books,
                self.publish,
                now=lambda: NOW,
                pace=pace,
                chance=Random(1),
                keep=keep,
            )
            thread = threading.Thread(target=worker.run)
            thread.start()
            try:
                yield worker
            finally:
                worker.stop(5.0)
                thread.join()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, ScriptedStore())


def reading(n: int, **more: object) -> Reading:
    return Reading("lamp-1", "lamp", NOW + n, {"power": float(n)}, **more)  # type: ignore[arg-type]


def telemetry(first: int, *records: Sequence[Reading]) -> bytes:
    return compose_telemetry(STREAM, first, [telemetry_body(record) for record in records])


def eventually(condition: Callable[[], object]) -> None:
    """Wait for another thread; the test's own time-out is the bound."""
    while not condition():
        time.sleep(0.001)


TELEMETRY = GW.topic("telemetry")


def test_it_acknowledges_only_once_the_database_has_it(bench: Bench) -> None:
    bench.store.open.clear()
    with bench.working():
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.store.asked.wait()
        assert bench.acknowledged == []
        assert bench.told == []
        bench.store.open.set()
        eventually(lambda: bench.told)
        assert len(bench.acknowledged) == 1
    assert bench.told[-1] == {STREAM: Confirmed(1)}


@pytest.mark.parametrize(
    "failure",
    [StoreBusy("away"), StoreBusy("slow down", 0.001), StoreRefused("401"), OSError("disk full")],
)
def test_while_the_database_is_away_nothing_is_acknowledged_and_nothing_lost(
    bench: Bench, failure: Exception
) -> None:
    bench.store.failures.extend([failure] * 5)
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)], [reading(2)]))
        eventually(lambda: bench.acknowledged)
        assert not bench.store.failures
    assert bench.store.readings == [reading(1), reading(2)]
    assert worker.summary == Summary(messages=1, readings=2, stored=2)


def test_it_asks_again_when_the_database_said_and_not_before(bench: Bench) -> None:
    bench.store.failures.append(StoreBusy("429", 0.2))
    with bench.working():
        asked = time.monotonic()
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: bench.acknowledged)
        assert time.monotonic() - asked >= 0.2


def test_told_to_stop_it_does_not_wait_for_a_database_that_is_away(bench: Bench) -> None:
    bench.store.failures.extend([StoreBusy("away", 300.0)] * 9)
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: len(bench.store.failures) == 8)
        began = time.monotonic()
        worker.stop(1.0)
    assert time.monotonic() - began < 1.0
    assert bench.acknowledged == []


def test_told_to_stop_it_writes_what_is_here(bench: Bench) -> None:
    bench.store.open.clear()
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.store.asked.wait()
        for n in range(2, 6):
            bench.put(TELEMETRY, telemetry(n, [reading(n)]))
        worker.stop(5.0)
        bench.store.open.set()
    assert len(bench.acknowledged) == 5
    assert bench.told[-1] == {STREAM: Confirmed(5)}


def test_messages_that_come_together_are_written_together(bench: Bench) -> None:
    bench.store.open.clear()
    with bench.working():
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.store.asked.wait()
        for n in range(2, 12):
            bench.put(TELEMETRY, telemetry(n, [reading(n)]))
        bench.store.open.set()
        eventually(lambda: len(bench.acknowledged) == 11)
    assert bench.store.writes == 2


def test_a_batch_closes_when_it_is_large_enough(bench: Bench) -> None:
    with bench.working(Pace(rows=10, longest=60, quiet=60)):
        bench.put(TELEMETRY, telemetry(1, [reading(n) for n in range(6)]))
        bench.put(TELEMETRY, telemetry(2, [reading(n) for n in range(6, 12)]))
        eventually(lambda: len(bench.acknowledged) == 2)


def test_a_record_that_comes_again_is_counted_acknowledged_and_not_written(bench: Bench) -> None:
    message = telemetry(1, [reading(1)], [reading(2)])
    with bench.working():
        bench.put(TELEMETRY, message)
        bench.put(TELEMETRY, message)
        eventually(lambda: len(bench.acknowledged) == 2)
    with bench.working() as worker:  # and after a restart
        bench.put(TELEMETRY, message)
        eventually(lambda: len(bench.acknowledged) == 3)
    assert bench.store.readings == [reading(1), reading(2)]
    assert worker.summary == Summary(messages=1, duplicates=2)


class PowerCut(Exception):
    """The end of a worker, wherever it is."""


@pytest.mark.parametrize("moment", ["before the write", "before the ledger", "before the ack"])
def test_a_crash_at_any_moment_neither_loses_nor_doubles(tmp_path: Path, moment: str) -> None:
    """What was not acknowledged comes again, to the next worker on the same folder."""
    payload = telemetry(1, [reading(1)], [reading(2)])

    def work(ack: Callable[[], None], crash: str | None) -> Summary:
        inbox = Inbox()
        with (
            closing(Ledger.open(tmp_path)) as ledger,
            closing(SqliteHistory.open(tmp_path)) as store,
        ):
            books = Books(store, DeadLetters(tmp_path), ledger)
            if crash == "before the write":
                books.store = Cut()
            if crash == "before the ledger":
                books.letters = Cut()  # type: ignore[assignment]  # the step between the two
            worker = Worker(
                inbox, books, lambda *_: True, now=lambda: NOW, pace=QUICK, chance=Random(1)
            )
            inbox.put(Delivery(TELEMETRY, payload, False, ack))
            worker.stop(5.0)
            worker.run()
            return worker.summary

    acknowledged: list[bool] = []
    cut = Cut().write if moment == "before the ack" else lambda: acknowledged.append(True)
    with pytest.raises(PowerCut):
        work(cut, moment)
    assert acknowledged == []
    summary = work(lambda: acknowledged.append(True), None)
    assert acknowledged == [True]
    assert summary.duplicates == (2 if moment == "before the ack" else 0)
    with closing(SqliteHistory.open(tmp_path)) as history:
        assert history.count(0, 2 * NOW) == [Count("ayala", "gw-1", "lamp-1", 2, 0)]
        assert history.series("ayala", "gw-1", "lamp-1", "power", 0, 2 * NOW) == [
            (NOW + 1, 1.0),
            (NOW + 2, 2.0),
        ]
    with closing(Ledger.open(tmp_path)) as ledger:
        assert ledger.confirmed(GW) == {STREAM: Confirmed(2)}


class Cut:
    """A step at which the power goes."""

    def write(self, *_: object) -> Any:
        raise PowerCut

    add = rewrite = forget = write

    def close(self) -> None:
        pass


def test_a_message_with_one_new_record_is_written_whole(bench: Bench) -> None:
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.put(TELEMETRY, telemetry(1, [reading(1)], [reading(2)]))
        eventually(lambda: len(bench.acknowledged) == 2)
    assert reading(2) in bench.store.readings
    assert worker.summary.duplicates == 1


def test_a_gap_is_told_until_it_comes_also_across_a_restart(bench: Bench) -> None:
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.put(TELEMETRY, telemetry(5, [reading(5)]))
        eventually(lambda: bench.told and bench.told[-1] == {STREAM: Confirmed(5, ((2, 4),))})
        assert worker.summary.missing == 3
    bench.told.clear()
    with bench.working() as worker:
        eventually(lambda: bench.told == [{STREAM: Confirmed(5, ((2, 4),))}])
        bench.put(TELEMETRY, telemetry(2, [reading(2)], [reading(3)], [reading(4)]))
        eventually(lambda: bench.told[-1] == {STREAM: Confirmed(5)})
        assert worker.summary.missing == 0


def test_a_loss_on_record_is_lost_and_no_longer_asked_for(bench: Bench) -> None:
    loss = dropped_event("gw-1", NOW, Dropped(STREAM, ((2, 4),), "the outbox was full"))
    with bench.working() as worker:
        bench.put(GW.topic("event", "gw-1"), compose_event(EVENTS, 1, event_body(loss)))
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        bench.put(TELEMETRY, telemetry(5, [reading(5)]))
        eventually(lambda: len(bench.acknowledged) == 3)
    assert bench.told[-1] == {STREAM: Confirmed(5), EVENTS: Confirmed(1)}
    assert (worker.summary.lost, worker.summary.missing) == (3, 0)


def test_confirmations_wait_for_a_connection(bench: Bench) -> None:
    bench.connected = False
    with bench.working(Pace(longest=0.01, quiet=0.001, confirm=0.01)):
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: bench.acknowledged)
        assert bench.told == []
        bench.connected = True
        eventually(lambda: bench.told == [{STREAM: Confirmed(1)}])


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TELEMETRY, b"{", "not JSON"),
        (TELEMETRY, b"", "not a JSON object"),
        (TELEMETRY, b"\x78\x9c garbage", "cannot be inflated"),
        (GW.topic("alarm", "lamp-1", "day_burner"), b"{}", "stream"),
        (GW.topic("weather"), b"{}", "not a topic"),
        ("elsewhere/v1/a/b/telemetry", b"{}", "not a topic"),
    ],
)
def test_what_nobody_can_read_is_set_aside_and_acknowledged(
    bench: Bench, topic: str, payload: bytes, reason: str
) -> None:
    with bench.working() as worker:
        bench.put(topic, payload)
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: len(bench.acknowledged) == 2)
    (letter,) = bench.letters()
    assert (letter["at"], letter["topic"], b64decode(letter["payload"])) == (NOW, topic, payload)
    assert reason in letter["reason"]
    assert worker.summary == Summary(messages=2, readings=1, stored=1, unreadable=1)


def test_a_row_the_database_refuses_is_set_aside_before_it_is_acknowledged(bench: Bench) -> None:
    bench.store.rejected = (Rejected("lamp power=1 1", "field type conflict"),)
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: bench.acknowledged)
        assert bench.letters() == [
            {
                "at": NOW,
                "cause": "type conflict",
                "reason": "field type conflict",
                "row": "lamp power=1 1",
            }
        ]
    assert worker.summary.rejected == 1


def test_the_dead_letter_file_is_bounded(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, most_bytes=1000)
    for n in range(100):
        letters.add(NOW, [Rejected(f"row {n} " + "x" * 90, "no")])
    sizes = [(tmp_path / name).stat().st_size for name in (deadletters.FILE, deadletters.OLDER)]
    assert max(sizes) <= 1200
    assert b"row 99 " in (tmp_path / deadletters.FILE).read_bytes()


def test_its_figures_are_prometheus_text(bench: Bench) -> None:
    bench.store.rejected = (Rejected("lamp power=1 1", "field type conflict"),)
    with bench.working() as worker:
        for first in (1, 1, 5):
            bench.put(TELEMETRY, telemetry(first, [reading(first)]))
        eventually(lambda: len(bench.acknowledged) == 3)
    rows = [row for row in worker.figures.splitlines() if not row.startswith("#")]
    gateway = '{site="ayala",gateway="gw-1"}'
    assert {row.rpartition(" ")[0]: int(row.rpartition(" ")[2]) for row in rows} == {
        "wayside_ingest_database_up": 1,
        "wayside_ingest_messages_total": 3,
        "wayside_ingest_readings_total": 2,
        "wayside_ingest_stored_total": 2,
        'wayside_ingest_dead_letters_total{cause="type conflict"}': bench.store.writes,
        f"wayside_ingest_records_missing{gateway}": 3,
        f"wayside_ingest_records_lost{gateway}": 0,
        f"wayside_ingest_records_again_total{gateway}": 1,
    }
    for row in worker.figures.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? \d+', row), row


def test_nothing_is_deleted_unasked(bench: Bench) -> None:
    with bench.working():
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: bench.acknowledged)
    assert bench.store.forgotten == []


def test_what_is_older_than_asked_for_goes_slice_by_slice_between_the_batches(
    bench: Bench,
) -> None:
    with bench.working(keep=90 * 86_400):
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: len(bench.store.forgotten) == 3 and bench.acknowledged)
        bench.put(TELEMETRY, telemetry(2, [reading(2)]))
        eventually(lambda: len(bench.acknowledged) == 2)
    assert bench.store.forgotten == [NOW - 90 * 86_400_000] * 3


def test_events_are_stored(bench: Bench) -> None:
    happened = Event("bin-1", "collected", NOW, {"from": 80.0, "to": 5.0})
    with bench.working():
        bench.put(GW.topic("event", "bin-1"), compose_event(EVENTS, 1, event_body(happened)))
        eventually(lambda: bench.acknowledged)
    assert [event for bundle in bench.store.bundles for event in bundle.events] == [happened]


def test_silent_readings_count_and_store_nothing(bench: Bench) -> None:
    silent = Reading("lamp-1", "lamp", NOW, silent="no response")
    with bench.working() as worker:
        bench.put(TELEMETRY, telemetry(1, [silent, reading(1)]))
        eventually(lambda: bench.acknowledged)
    assert worker.summary.readings == 2
    assert worker.summary.silent == 1


def alarm(state: State) -> Alarm:
    return Alarm("lamp-1", "day_burner", NOW, state, Severity.MINOR, "burns by day", NOW)


ALARM = GW.topic("alarm", "lamp-1", "day_burner")


def test_alarms_are_stored_and_an_emptied_one_is_only_acknowledged(bench: Bench) -> None:
    with bench.working() as worker:
        normal = compose_event(EVENTS, 1, alarm_body(alarm(State.NORMAL)))
        bench.put(ALARM, normal)
        bench.put(ALARM, b"")
        eventually(lambda: len(bench.acknowledged) == 2)
    assert [bundle.alarms for bundle in bench.store.bundles] == [(alarm(State.NORMAL),)]
    assert worker.summary == Summary(messages=2)
    assert bench.told[-1] == {EVENTS: Confirmed(1)}


def test_what_the_broker_had_kept_is_stored_but_says_nothing_of_the_stream(bench: Bench) -> None:
    kept = compose_event(EVENTS, 17, alarm_body(alarm(State.UNACKNOWLEDGED)))
    with bench.working() as worker:
        bench.put(ALARM, kept, retain=True)
        bench.put(ALARM, kept, retain=True)
        eventually(lambda: len(bench.acknowledged) == 2)
    assert len(bench.store.bundles) == 2
    assert worker.summary == Summary(messages=2)
    assert bench.told == []


def card(device: str) -> bytes:
    modes = Point("mode", None, 1.0, type="string", codes={"off": 0, "auto": 1})
    plain = Point("power", None, 1.0)
    body = card_body(Device(device, "lamp", "bus", "lamp/generic", None, None, (modes, plain)))
    return compose_event(EVENTS, 1, body)


def test_codes_are_known_from_the_card_on_and_after_a_restart(bench: Bench) -> None:
    codes = {"lamp-1": {"mode": {"off": 0, "auto": 1}}}
    with bench.working():
        bench.put(TELEMETRY, telemetry(1, [reading(1)]))
        eventually(lambda: len(bench.acknowledged) == 1)
        bench.put(GW.topic("device", "lamp-1"), card("lamp-1"), retain=True)
        bench.put(TELEMETRY, telemetry(2, [reading(2)]))
        eventually(lambda: len(bench.acknowledged) == 3)
    with bench.working():
        bench.put(TELEMETRY, telemetry(3, [reading(3)]))
        eventually(lambda: len(bench.acknowledged) == 4)
        bench.put(GW.topic("device", "lamp-1"), b"")
        bench.put(TELEMETRY, telemetry(4, [reading(4)]))
        eventually(lambda: len(bench.acknowledged) == 6)
    assert [bundle.codes for bundle in bench.store.bundles] == [{}, codes, codes, {}]


def test_a_gateways_status_is_taken_in(bench: Bench) -> None:
    with bench.working() as worker:
        bench.put(GW.topic("status"), status_body(Status(True, NOW, "1", "b")), retain=True)
        bench.put(GW.topic("status"), b"")
        eventually(lambda: len(bench.acknowledged) == 2)
    assert worker.summary == Summary(messages=2)


def test_an_event_is_noted_in_its_stream(bench: Bench) -> None:
    happened = event_body(Event("bin-7", "collected", NOW, {"fill_level": 3}))
    with bench.working():
        bench.put(GW.topic("event", "bin-7"), compose_event(EVENTS, 1, happened))
        eventually(lambda: bench.told == [{EVENTS: Confirmed(1)}])


def test_the_inbox_holds_back_whoever_puts_when_it_is_full() -> None:
    inbox = Inbox(most_bytes=10)
    put: list[int] = []

    def producer() -> None:
        for n in range(4):
            inbox.put(Delivery("t", b"12345678", False, lambda: None))
            put.append(n)

    thread = threading.Thread(target=producer)
    thread.start()
    eventually(lambda: len(put) == 2)
    thread.join(0.05)
    assert len(put) == 2
    assert inbox.take(1.0) is not None
    eventually(lambda: len(put) == 3)
    inbox.close()
    thread.join()
    taken = 0
    while inbox.take(1.0) is not None:
        taken += 1
    assert taken == 2


class TestAGatewayThatIsGone:
    """The alarm nobody at the edge can raise; here at once, by default after 90 s."""

    PACE = replace(QUICK, offline=0.0)
    TOPIC = GW.topic("alarm", "gw-1", "gateway_offline")

    def status(self, bench: Bench, *, online: bool) -> None:
        bench.put(GW.topic("status"), status_body(Status(online, NOW, "1", "b")), retain=True)

    def test_is_an_alarm_stored_and_published_until_it_is_back(self, bench: Bench) -> None:
        with bench.working(self.PACE):
            self.status(bench, online=False)
            eventually(lambda: bench.alarms)
            bench.put(self.TOPIC, bench.alarms[0])  # the broker's echo, as any subscriber has it
            self.status(bench, online=True)
            eventually(lambda: len(bench.alarms) == 3)
        gone, back, emptied = bench.alarms
        assert decode_alarm(gone, "gw-1", "gateway_offline").alarm.severity is Severity.MAJOR
        assert decode_alarm(back, "gw-1", "gateway_offline").alarm.state is State.NORMAL
        assert emptied == b""
        stored = [alarm for bundle in bench.store.bundles for alarm in bundle.alarms]
        assert [alarm.state for alarm in stored] == [State.UNACKNOWLEDGED, State.NORMAL]

    def test_is_told_once_there_is_a_connection_and_a_database(self, bench: Bench) -> None:
        bench.connected = False
        bench.store.failures.append(StoreBusy("away"))
        with bench.working(self.PACE):
            self.status(bench, online=False)
            eventually(lambda: bench.store.bundles)
            assert not bench.alarms
            bench.connected = True
            eventually(lambda: bench.alarms)

    def test_is_taken_up_from_the_broker_after_a_restart(self, bench: Bench) -> None:
        with bench.working(self.PACE):
            self.status(bench, online=False)
            eventually(lambda: bench.alarms)
        with bench.working(self.PACE):
            bench.put(self.TOPIC, bench.alarms[0], retain=True)
            self.status(bench, online=True)
            eventually(lambda: len(bench.alarms) == 3)
