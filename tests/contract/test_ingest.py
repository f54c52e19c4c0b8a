"""Ingest between a real broker and a real database: each record arrives, once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.centre.database import open_history
from gateway.centre.history import AlarmRow, Count
from gateway.centre.ingest import CannotStart, run
from gateway.centre.ingest.ledger import Ledger
from gateway.config.site import BrokerOptions, Centre, InfluxOptions
from gateway.model import Alarm, Reading, Severity, State, Value
from gateway.mqtt import Connection, connect
from gateway.wire import (
    Confirmed,
    Root,
    alarm_body,
    compose_event,
    compose_telemetry,
    decode_confirmed,
    telemetry_body,
)
from tests.parts.broker import Broker
from tests.parts.influxdb import influx1
from tests.parts.ingest import centre, ingest_program, ingesting
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.process import free_port

T0 = 1_763_800_000_000
GW = Root("ayala", "gw-1")
STREAM, EVENTS = "0123456789ab", "ba9876543210"
TELEMETRY = GW.topic("telemetry")
DEVICES = 5


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    start = mosquitto if request.param == "mosquitto" else nats
    with start(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def moss(tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path / "broker", "max_queued_messages 0") as running:
        yield running


@pytest.fixture(params=["sqlite", "influxdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path, broker: Broker) -> Iterator[Centre]:
    if request.param == "sqlite":
        yield centre(tmp_path, broker.url)
    else:
        with influx1(tmp_path / "influx") as server:
            yield centre(tmp_path, broker.url, server.url)


def values(seq: int) -> dict[str, Value]:
    return {"power": seq + 0.125, "door_open": seq % 2 == 0, "mode": f"m{seq % 3}", "hours": seq}


def record(seq: int) -> list[Reading]:
    """One flush record: a reading of each device."""
    return [Reading(f"lamp-{n}", "lamp", T0 + seq * 1000, values(seq)) for n in range(DEVICES)]


async def send(there: Connection, *seqs: int) -> None:
    for seq in seqs:
        body = compose_telemetry(STREAM, seq, [telemetry_body(record(seq))], compress=seq % 2 == 0)
        await there.publish(TELEMETRY, body)


async def eventually(condition: Callable[[], object], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.02)


def counts(centre: Centre) -> list[Count]:
    with open_history(centre) as history:
        return history.count(0, 2 * T0)


def stores(centre: Centre, rows: int) -> bool:
    return sum(count.rows for count in counts(centre)) >= rows


def all_of(last: int) -> list[Count]:
    return [Count("ayala", "gw-1", f"lamp-{n}", last, 0) for n in range(DEVICES)]


def confirmed(centre: Centre) -> dict[str, Confirmed]:
    with closing(Ledger.open(centre.data_dir)) as ledger:
        return ledger.confirmed(GW)


async def test_what_is_published_is_read_back_equal(place: Centre) -> None:
    told: list[dict[str, Confirmed]] = []
    started = Alarm("lamp-1", "day_burner", T0, State.UNACKNOWLEDGED, Severity.MINOR, "burns", T0)
    async with ingesting(place) as ended, connect(place.mqtt, client_id="gw") as there:
        await there.subscribe(GW.topic("confirmed"))
        topic = GW.topic("alarm", "lamp-1", "day_burner")
        await there.publish(topic, compose_event(EVENTS, 1, alarm_body(started)), retain=True)
        await send(there, 1, 2, 3)
        await send(there, 2)
        async with asyncio.timeout(20):
            async for message in there.messages():
                told.append(decode_confirmed(message.payload))
                if told[-1] == {STREAM: Confirmed(3), EVENTS: Confirmed(1)}:
                    break
        with open_history(place) as history:
            for point in values(1):
                found = history.series("ayala", "gw-1", "lamp-3", point, T0, T0 + 9000)
                assert found == [(T0 + seq * 1000, values(seq)[point]) for seq in (1, 2, 3)]
            assert history.alarms(0, 2 * T0) == [
                AlarmRow(
                    "ayala",
                    "gw-1",
                    "lamp-1",
                    "day_burner",
                    T0,
                    State.UNACKNOWLEDGED,
                    Severity.MINOR,
                    "burns",
                )
            ]
    await asyncio.sleep(0)
    assert counts(place) == all_of(3)
    assert ended.summary.readings == ended.summary.stored == 3 * DEVICES
    assert (ended.summary.missing, ended.summary.lost, ended.summary.rejected) == (0, 0, 0)


async def test_what_was_published_while_ingest_was_away_arrives_when_it_is_back(
    place: Centre,
) -> None:
    async with ingesting(place), connect(place.mqtt, client_id="gw") as there:
        await send(there, 1)
        await eventually(lambda: counts(place) == all_of(1))
    async with connect(place.mqtt, client_id="gw") as there:
        await send(there, *range(2, 40))
    async with ingesting(place):
        await eventually(lambda: counts(place) == all_of(39))
    assert confirmed(place) == {STREAM: Confirmed(39)}


@pytest.mark.parametrize("back_end", ["sqlite", "influxdb"])
async def test_killed_again_and_again_it_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path, moss: Broker, back_end: str
) -> None:
    last, kills = 400, 5
    with influx1(tmp_path / "influx") as server:
        here = centre(tmp_path, moss.url, server.url if back_end == "influxdb" else None)
        async with ingesting(here):
            pass  # the session exists from here on
        async with connect(here.mqtt, client_id="gw") as there:
            for kill in range(kills):
                with ingest_program(here) as process:
                    first = kill * last // kills + 1
                    sending = asyncio.create_task(send(there, *range(first, first + last // kills)))
                    enough = (first + 10) * DEVICES
                    await eventually(partial(stores, here, enough))
                    process.kill()
                    process.wait()
                    await sending
        async with ingesting(here) as ended:
            await eventually(lambda: counts(here) == all_of(last))
            await eventually(lambda: confirmed(here) == {STREAM: Confirmed(last)})
        assert ended.summary.missing == 0
        assert counts(here) == all_of(last)
        with open_history(here) as history:
            found = history.series("ayala", "gw-1", "lamp-0", "power", 0, 2 * T0, last)
        assert [value for _, value in found] == [seq + 0.125 for seq in range(1, last + 1)]


async def test_a_database_that_is_away_for_a_while_costs_nothing(
    tmp_path: Path, moss: Broker
) -> None:
    port = free_port()
    here = centre(tmp_path, moss.url, f"http://127.0.0.1:{port}")
    async with ingesting(here) as ended, connect(here.mqtt, client_id="gw") as there:
        await send(there, *range(1, 60))
        assert confirmed(here) == {}
        with influx1(tmp_path / "influx", port=port) as server:
            await eventually(lambda: counts(here) == all_of(59))
            await send(there, *range(60, 70))
            await eventually(lambda: confirmed(here) == {STREAM: Confirmed(69)})
            assert counts(here) == all_of(69)
            server.process.kill()
            server.process.wait()
            await send(there, *range(70, 80))
        assert confirmed(here)[STREAM].upto == 69
        with influx1(tmp_path / "influx", port=port):
            await eventually(lambda: counts(here) == all_of(79))
            await eventually(lambda: confirmed(here) == {STREAM: Confirmed(79)})
    assert ended.summary.rejected == 0


async def test_hours_without_a_database_wait_at_the_broker_and_not_in_memory(
    tmp_path: Path, moss: Broker
) -> None:
    """A backlog many times what ingest may hold; then the database returns, and all of it lands."""
    port, last, each = free_port(), 1500, 40
    here = centre(tmp_path, moss.url, f"http://127.0.0.1:{port}")
    note = "x" * 400  # so that the backlog is tens of megabytes
    with influx1(tmp_path / "influx", port=port) as server, ingest_program(here) as process:
        async with connect(here.mqtt, client_id="gw") as there:
            await eventually(lambda: "ingest ready" in log_of(here))
            await send(there, 1)
            await eventually(lambda: counts(here) == all_of(1))
            server.process.kill()
            server.process.wait()
            before = memory(process.pid)
            for seq in range(2, last + 1):
                rows = [
                    Reading(f"lamp-{n}", "lamp", T0 + seq * 1000 + k, {"power": 1.0, "note": note})
                    for n in range(DEVICES)
                    for k in range(each // DEVICES)
                ]
                body = compose_telemetry(STREAM, seq, [telemetry_body(rows)], compress=False)
                await there.publish(TELEMETRY, body)
            assert "the database is away" in log_of(here)
            assert memory(process.pid) - before < 20
        with influx1(tmp_path / "influx", port=port):
            await eventually(lambda: confirmed(here) == {STREAM: Confirmed(last)}, 60)
            assert sum(count.rows for count in counts(here)) == (last - 1) * each + DEVICES
            assert memory(process.pid) - before < 60


def memory(pid: int) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


async def test_a_record_that_does_not_come_is_missing_until_it_does(
    tmp_path: Path, moss: Broker
) -> None:
    here = centre(tmp_path, moss.url)
    async with ingesting(here), connect(here.mqtt, client_id="gw") as there:
        await send(there, 1, 4)
        await eventually(lambda: confirmed(here) == {STREAM: Confirmed(4, ((2, 3),))})
    async with ingesting(here) as ended, connect(here.mqtt, client_id="gw") as there:
        await send(there, 3, 2)
        await eventually(lambda: confirmed(here) == {STREAM: Confirmed(4)})
    assert ended.summary.missing == 0


async def test_the_broker_may_die_and_return(tmp_path: Path, moss: Broker) -> None:
    here = centre(tmp_path, moss.url)
    async with ingesting(here):
        async with connect(here.mqtt, client_id="gw") as there:
            await send(there, 1, 2)
            await eventually(lambda: counts(here) == all_of(2))
        moss.stop()
        moss.start()
        async with connect(here.mqtt, client_id="gw") as there:
            await send(there, 3)
        await eventually(lambda: counts(here) == all_of(3))


async def test_a_malformed_message_is_set_aside_and_blocks_nobody(
    tmp_path: Path, moss: Broker
) -> None:
    here = centre(tmp_path, moss.url)
    async with ingesting(here) as ended, connect(here.mqtt, client_id="gw") as there:
        await there.publish(TELEMETRY, b'{"stream": "what"}')
        await send(there, 1)
        await eventually(lambda: counts(here) == all_of(1))
    assert ended.summary.unreadable == 1
    assert (here.data_dir / "dead-letters.jsonl").exists()
    async with ingesting(here) as again:
        pass
    assert again.summary.unreadable == 0


# --- as a program


def log_of(centre: Centre) -> str:
    return centre.file.with_suffix(".log").read_text()


@pytest.mark.parametrize("database", ["well", "away", "frozen"])
async def test_sigterm_ends_it_cleanly_within_three_seconds(
    tmp_path: Path, moss: Broker, database: str
) -> None:
    with influx1(tmp_path / "influx") as server:
        url = f"http://127.0.0.1:{free_port()}" if database == "away" else server.url
        here = centre(tmp_path, moss.url, url)
        with ingest_program(here) as process:
            async with connect(here.mqtt, client_id="gw") as there:
                await eventually(lambda: "ingest ready" in log_of(here))
                await send(there, *range(1, 30))
                if database == "well":
                    await eventually(lambda: counts(here))
                if database == "frozen":
                    server.process.send_signal(signal.SIGSTOP)
                    await send(there, 30, 31)
                if database == "away":
                    await eventually(lambda: "away" in log_of(here))
            began = time.monotonic()
            process.terminate()
            await asyncio.to_thread(process.wait, 10)
            took = time.monotonic() - began
            assert took < 3.0
            assert process.returncode == 0, log_of(here)


async def test_two_on_one_folder_would_steal_each_others_session(
    tmp_path: Path, moss: Broker
) -> None:
    here = centre(tmp_path, moss.url)
    async with ingesting(here):
        with pytest.raises(CannotStart, match="another ingest"):
            await run(here)


async def test_a_secret_that_is_not_there_is_said(tmp_path: Path, moss: Broker) -> None:
    influx = InfluxOptions(url="http://127.0.0.1:1", api="v2", token_file=tmp_path / "token")
    here = replace(centre(tmp_path, moss.url), influx=influx)
    with pytest.raises(CannotStart, match="token"):
        await run(here)
    password = BrokerOptions(url=moss.url, username="u", password_file=tmp_path / "password")
    with pytest.raises(CannotStart, match="password"):
        await run(replace(centre(tmp_path, moss.url), mqtt=password))
