"""A fleet without its field, into a real broker: what the recording holds the centre has."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from gateway import recording
from gateway.centre.database import open_history
from gateway.centre.history import HOUR, Count
from gateway.config.site import BrokerOptions, Centre, Site
from gateway.model import Reading
from gateway.mqtt import connect
from gateway.recording import Note, RecordingError
from gateway.wire import Root, decode_card, decode_status, decode_telemetry
from simulators.fast.fleet import MOST, Options, flushes, play
from simulators.town.district import make
from tests.parts.bench_site import load
from tests.parts.broker import Broker
from tests.parts.ingest import centre, ingesting, write_file
from tests.parts.mosquitto import mosquitto
from tests.parts.process import program
from tests.parts.simulated import MAKATI, MORNING

T0 = MORNING // HOUR * HOUR
SECONDS = 40
FLEET = 3


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return load(make(16, folder=tmp_path / "district", now=MORNING, place=MAKATI).site_file)


@pytest.fixture
def recorded(site: Site, tmp_path: Path) -> Path:
    """Some seconds of a district: mostly good values, some silence, some bad ones."""
    file, chance = tmp_path / "street.jsonl.gz", Random(1)
    with recording.record(file) as recorder:
        recorder.write(Note(T0, "restart"))
        for second in range(SECONDS):
            for device in site.devices:
                t = T0 + second * 1000 + chance.randrange(900)
                recorder.write(reading(device.id, device.kind, t, chance))
    return file


def reading(device: str, kind: Any, t: int, chance: Random) -> Reading:
    if chance.random() < 0.05:
        return Reading(device, kind, t, silent="no answer")
    bad = {"tilt": "no value"} if chance.random() < 0.1 else {}
    values = {"power": round(chance.uniform(0, 150), 1), "door_open": chance.random() < 0.5}
    return Reading(device, kind, t, values, bad=bad)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path / "broker", "max_queued_messages 0") as running:
        yield running


def rows_of(site: Site, file: Path) -> list[Reading]:
    kinds = {device.id: device.kind for device in site.devices}
    return [row for row in recording.read(file, kinds) if isinstance(row, Reading)]


def options(site: Site, file: Path, broker: Broker, **how: Any) -> Options:
    usual = Options(FLEET, site, file, BrokerOptions(url=broker.url), run="test", speed=20.0)
    return replace(usual, **how)


def root(site: Site, number: int) -> Root:
    return Root(site.gateway.site, f"{site.gateway.id}-{number}")


async def eventually(condition: Callable[[], object], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.05)


def stored(here: Centre) -> list[Count]:
    with open_history(here) as history:
        return history.count(T0, T0 + HOUR)


async def test_the_centre_has_what_the_recording_holds(
    site: Site, recorded: Path, broker: Broker, tmp_path: Path
) -> None:
    here, rows = centre(tmp_path, broker.url), rows_of(site, recorded)
    held = [row for row in rows if row.values]
    async with ingesting(here) as ended:
        summary = await play(options(site, recorded, broker))
        await eventually(lambda: sum(one.rows for one in stored(here)) >= FLEET * len(held))
        code, audit = await audited(here)
    assert summary.readings == FLEET * len(rows)
    assert summary.messages == FLEET * (SECONDS + len(site.devices))
    assert (ended.summary.missing, ended.summary.lost, ended.summary.rejected) == (0, 0, 0)
    with open_history(here) as history:
        for number in range(1, FLEET + 1):
            for device in site.devices:
                where = (site.gateway.site, root(site, number).gateway, device.id)
                told = history.series(*where, "power", T0, T0 + HOUR)
                assert told == [(r.t, r.values["power"]) for r in held if r.device == device.id]
    assert code == 0
    assert {one["device"] for one in audit["devices"]} >= {device.id for device in site.devices}
    assert sum(one["lost"] for one in audit["devices"]) == 0


async def audited(here: Centre) -> tuple[int, dict[str, Any]]:
    words = ("--from", str(T0), "--to", str(T0 + HOUR), "--json")
    command = [program("wayside"), "audit", str(write_file(here)), *words]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, orjson.loads(done.stdout)


async def test_each_gateway_speaks_as_a_real_one(
    site: Site, recorded: Path, broker: Broker
) -> None:
    """Status and cards retained; telemetry in whole records, numbered from 1 without a hole."""
    seen: dict[str, list[bytes]] = {}
    async with connect(BrokerOptions(url=broker.url), client_id="ear") as ear:
        await ear.subscribe("wayside/v1/#")

        async def listen() -> None:
            async for message in ear.messages():
                seen.setdefault(message.topic, []).append(message.payload)

        listening = asyncio.create_task(listen())
        await play(options(site, recorded, broker))
        last = root(site, FLEET).topic("status")
        await eventually(lambda: len(seen.get(last, ())) == 2)
        listening.cancel()
    expected = [flush.body for flush in flushes(rows_of(site, recorded), site.devices, 1000)]
    streams = set()
    for number in range(1, FLEET + 1):
        here = root(site, number)
        assert [decode_status(one).online for one in seen[here.topic("status")]] == [True, False]
        messages = [decode_telemetry(one) for one in seen[here.topic("telemetry")]]
        assert [one.seq for one in messages] == list(range(1, len(expected) + 1))
        assert {one.n for one in messages} == {1}
        streams |= {one.stream for one in messages}
        told = [one for message in messages for one in message.readings]
        assert told == rows_of(site, recorded)
        for device in site.devices:
            (card,) = seen[here.topic("device", device.id)]
            assert decode_card(card, device.id).card.kind == device.kind
    assert len(streams) == FLEET


async def test_what_a_broker_loses_is_sent_again(
    site: Site, recorded: Path, broker: Broker, tmp_path: Path
) -> None:
    here, rows = centre(tmp_path, broker.url), rows_of(site, recorded)
    held = sum(bool(row.values) for row in rows)
    async with ingesting(here) as ended:
        playing = asyncio.create_task(play(options(site, recorded, broker, speed=8.0)))
        await asyncio.sleep(1.5)
        broker.stop()
        await asyncio.sleep(0.3)
        broker.start()
        summary = await playing
        await eventually(lambda: sum(one.rows for one in stored(here)) >= FLEET * held)
    assert summary.reconnects >= FLEET
    assert sum(one.rows for one in stored(here)) == FLEET * held
    assert (ended.summary.missing, ended.summary.lost) == (0, 0)


async def test_the_reader_waits_for_a_slow_broker(
    site: Site, recorded: Path, broker: Broker
) -> None:
    """At a speed nobody can keep it says by how much it is behind, and nothing piles up."""
    summary = await play(options(site, recorded, broker, gateways=20, speed=100_000.0))
    assert summary.readings == 20 * len(rows_of(site, recorded))
    assert summary.behind > 0


async def test_what_cannot_be_played_is_said(site: Site, broker: Broker, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"t": 1}\n')
    with pytest.raises(RecordingError, match="device"):
        await play(options(site, broken, broker))
    for gateways in (0, MOST + 1):
        with pytest.raises(ValueError, match="1 to 1000 gateways"):
            await play(options(site, broken, broker, gateways=gateways))


async def test_the_command_plays_a_recording_and_says_what_it_played(
    site: Site, recorded: Path, broker: Broker
) -> None:
    words = ("--fleet", "2", "--recording", str(recorded), "--site", str(site.file))
    command = [program("wayside"), "sim", *words, "--broker", broker.url, "--speed", "50", "--json"]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = orjson.loads(done.stdout)
    assert said["gateways"] == 2
    assert said["readings"] == 2 * len(rows_of(site, recorded))


async def test_it_stops_when_asked_with_a_goodbye_and_even_without_a_broker(
    site: Site, recorded: Path, broker: Broker
) -> None:
    stop = asyncio.Event()
    playing = asyncio.create_task(play(options(site, recorded, broker, speed=1.0), stop=stop))
    await asyncio.sleep(1.0)
    stop.set()
    summary = await asyncio.wait_for(playing, 4)
    assert 0 < summary.readings < FLEET * len(rows_of(site, recorded))
    broker.stop()
    stop.clear()
    playing = asyncio.create_task(play(options(site, recorded, broker), stop=stop))
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.wait_for(playing, 8)
