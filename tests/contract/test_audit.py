"""`wayside audit`: what became of everything, from a real broker and a real database."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.centre.database import open_history
from gateway.centre.history import HOUR, EventRow
from gateway.centre.ingest.ledger import Ledger
from gateway.config.site import Centre
from gateway.model import Device, Event, Point, Reading, Value
from gateway.mqtt import Connection, connect
from gateway.wire import (
    Dropped,
    Root,
    card_body,
    compose_event,
    compose_telemetry,
    dropped_event,
    event_body,
    telemetry_body,
)
from tests.parts.influxdb import influx1
from tests.parts.ingest import centre, ingesting, write_file
from tests.parts.mosquitto import mosquitto
from tests.parts.process import program

T0 = 490_000 * HOUR  # the beginning of an hour in 2025
GW = Root("ayala", "gw-1")
STREAM, EVENTS = "0123456789ab", "ba9876543210"
LAMPS = ("lamp-0", "lamp-1", "lamp-2")
Audit = dict[str, Any]


@pytest.fixture(params=["sqlite", "influxdb"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    with mosquitto(tmp_path / "broker", "max_queued_messages 0") as broker:
        if request.param == "sqlite":
            yield centre(tmp_path, broker.url)
        else:
            with influx1(tmp_path / "influx") as server:
                yield centre(tmp_path, broker.url, server.url)


def card(device: str) -> bytes:
    points = (Point("power", None, 1.0), Point("hours", None, 60.0))
    return card_body(Device(device, "lamp", "a", "lamp/generic", None, None, points))


def record(seq: int, silent: Sequence[str] = ()) -> bytes:
    """Second ``seq``: a reading of each lamp; of the last one, its two points in turn."""
    t, slow = T0 + seq * 1000, seq % 2
    found: dict[str, dict[str, Value]] = {
        LAMPS[0]: {"power": seq + 0.5},
        LAMPS[1]: {"power": seq + 0.5, **({"hours": 3} if slow else {})},
        LAMPS[2]: {"hours": 3} if slow else {"power": seq + 0.5},
    }
    return telemetry_body(
        Reading(lamp, "lamp", t, silent="no answer")
        if lamp in silent
        else Reading(lamp, "lamp", t, found[lamp])
        for lamp in LAMPS
    )


async def send(there: Connection, first: int, bodies: Sequence[bytes]) -> None:
    await there.publish(GW.topic("telemetry"), compose_telemetry(STREAM, first, bodies))


async def tell(there: Connection, seq: int, event: Event) -> None:
    await there.publish(
        GW.topic("event", event.device), compose_event(EVENTS, seq, event_body(event))
    )


async def introduce(there: Connection) -> None:
    for n, lamp in enumerate(LAMPS, start=1):
        body = compose_event(EVENTS, n, card(lamp))
        await there.publish(GW.topic("device", lamp), body, retain=True)


async def audit(here: Centre, *arguments: str) -> tuple[int, str]:
    command = [program("wayside"), "audit", str(write_file(here)), *arguments]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout or done.stderr


async def audited(here: Centre, hours: int = 1) -> tuple[int, Audit]:
    code, text = await audit(here, "--from", str(T0), "--to", str(T0 + hours * HOUR), "--json")
    found: Audit = orjson.loads(text)
    return code, found


def of(found: Audit, lamp: str) -> Audit:
    (device,) = (each for each in found["devices"] if each["device"] == lamp)
    return {key: device[key] for key in ("expected", "stored", "lost", "explained")}


async def eventually(condition: Callable[[], bool], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.02)


def rows(here: Centre) -> int:
    """How many are stored, once the ledger has noted them, which comes after."""
    with closing(Ledger.open(here.data_dir)) as ledger:
        noted = sum(
            tally.came - tally.empty
            for hours in ledger.register.tallies(0, 2 * T0).values()
            for tally in hours.values()
        )
    with open_history(here) as history:
        stored = sum(count.rows for count in history.count(0, 2 * T0))
    return min(noted, stored)


async def test_a_district_in_which_all_is_well_and_one_lamp_silent_for_a_while(
    here: Centre,
) -> None:
    async with ingesting(here) as ended, connect(here.mqtt, client_id="gw") as there:
        await introduce(there)
        for first in range(0, 3600, 100):
            silent = ["lamp-1"] if first < 600 else []
            await send(there, first + 1, [record(n, silent) for n in range(first, first + 100)])
        await send(there, 1, [record(n) for n in range(100)])  # again: known, not stored twice
        await send(there, 3601, [record(3600)])
        await eventually(lambda: rows(here) == 3 * 3601 - 600)
        code, found = await audited(here, 2)
    assert ended.summary.duplicates == 100
    assert code == 0
    assert of(found, "lamp-0")["lost"] == 0
    first_hour = {d["device"]: d["hours"][0] for d in found["devices"]}
    assert first_hour["lamp-0"] | {"t": T0} == {
        "t": T0,
        "expected": 3600,
        "stored": 3600,
        "lost": 0,
        "owed": 0,
        "duplicates": 0,
        "explained": {},
    }
    assert (first_hour["lamp-1"]["stored"], first_hour["lamp-1"]["explained"]) == (
        3000,
        {"silent": 600},
    )
    assert first_hour["lamp-2"]["stored"] == 3600
    assert [(s["upto"], s["missing"], s["again"]) for s in found["streams"]] == [
        (3601, 0, 100),
        (3, 0, 0),
    ]


async def test_a_gap_is_lost_until_the_gateway_gives_it_up_and_then_explained(
    here: Centre,
) -> None:
    async with ingesting(here), connect(here.mqtt, client_id="gw") as there:
        await introduce(there)
        await send(there, 1, [record(n) for n in range(1000)])
        await send(there, 1061, [record(n) for n in range(1060, 3600)])
        await eventually(lambda: rows(here) == 3 * 3540)
        code, found = await audited(here)
        assert code == 1
        assert of(found, "lamp-0") == {
            "expected": 3600,
            "stored": 3540,
            "lost": 60,
            "explained": {},
        }
        assert found["total"]["owed"] == found["total"]["lost"] == 180
        loss = Dropped(STREAM, ((1001, 1060),), "the outbox was full")
        await tell(there, 4, dropped_event("gw-1", T0 + 9000, loss))
        await eventually(lambda: bool(events(here)))
        code, found = await audited(here)
    assert code == 0
    assert of(found, "lamp-0")["explained"] == {"dropped": 60}
    assert found["total"]["lost"] == 0
    assert [(e["event"], e["values"]["reason"]) for e in found["events"]] == [
        ("dropped", "the outbox was full")
    ]
    code, text = await audit(here, "--from", "2025-11-24T15:00Z", "--to", "2025-11-24T15:30Z")
    assert (code, "lamp-0" in text) == (0, False)
    code, text = await audit(here, "--from", "2025-11-24T16:10", "--to", "2025-11-25T01:00+08:00")
    assert "180 dropped" in text
    assert "60 records: the outbox was full" in text
    assert text.rstrip().endswith("Nothing is lost.")


def events(here: Centre) -> list[EventRow]:
    with open_history(here) as history:
        return history.events(0, 2 * T0)


async def test_a_stop_of_the_gateway_and_what_it_reports_itself(here: Centre) -> None:
    async with ingesting(here), connect(here.mqtt, client_id="gw") as there:
        await introduce(there)
        await send(there, 1, [record(n) for n in range(600)])
        await send(there, 601, [record(n) for n in range(1800, 3600)])
        gap = {"readings": 900, "from": T0 + 600_000, "to": T0 + 900_000, "reason": "disk hangs"}
        await tell(there, 4, Event("gw-1", "gap", T0 + 900_000, gap))
        await eventually(lambda: rows(here) == 3 * 2400 and bool(events(here)))
        code, found = await audited(here)
    assert code == 0
    explained = of(found, "lamp-2")["explained"]
    assert sum(explained.values()) == 1200
    assert explained["gap"] == pytest.approx(300, abs=2)
    assert explained["off"] == pytest.approx(900, abs=2)


async def test_rows_that_vanish_from_the_database_are_lost(here: Centre) -> None:
    """A retention policy nobody thought of, a file restored from yesterday's copy."""
    async with ingesting(here), connect(here.mqtt, client_id="gw") as there:
        await introduce(there)
        await send(there, 1, [record(n) for n in range(3600)])
        await eventually(lambda: rows(here) == 3 * 3600)
    vanish(here, T0 + 60_000)
    code, found = await audited(here)
    assert code == 1
    assert (found["total"]["lost"], found["total"]["owed"]) == (180, 0)


def vanish(here: Centre, before: int) -> None:
    if here.influx is None:
        with sqlite3.connect(here.data_dir / "history.db") as there:
            there.execute("DELETE FROM reading WHERE t < ?", (before,))
        there.close()
        return
    form = {"q": f"DELETE FROM lamp WHERE time < {before}000000", "db": here.influx.database}
    request = urllib.parse.urlencode(form).encode()
    urllib.request.urlopen(f"{here.influx.url}/query", request, timeout=20).close()  # noqa: S310


async def test_what_cannot_be_audited_is_said(tmp_path: Path) -> None:
    here = centre(tmp_path, "mqtt://127.0.0.1:1")
    code, text = await audit(here, "--from", "2026-01-01", "--to", "2026-01-02")
    assert code == 1
    assert "did ingest ever run" in text
    code, text = await audit(here, "--from", "yesterday", "--to", "2026-01-02")
    assert code == 2
    code, text = await audit(here, "--from", "2026-01-02", "--to", "2026-01-01")
    assert code == 2
