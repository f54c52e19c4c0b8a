"""``wayside run`` and a real broker: what arrives, and what becomes of it when either fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.model import AlarmAction, Reading, State
from gateway.mqtt import BrokerDown, Connection, Message, connect
from tests.parts.bench_site import tcp, write_site
from tests.parts.broker import Broker
from tests.parts.commands import eventually, wayside
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port

ROOT = wire.Root("bench", "gw-test")
QUICK_LOSS = '[rules.comm_loss]\non_delay = "500ms"\npolls = 2\n'


@dataclass
class Listener:
    """What a subscriber of the gateway's whole root got, across broker restarts."""

    messages: list[Message] = field(default_factory=list)
    connection: Connection | None = None

    def of(self, *parts: str) -> list[Message]:
        """The messages of a topic, or of all below it."""
        topic = ROOT.topic(*parts)
        return [m for m in self.messages if m.topic == topic or m.topic.startswith(f"{topic}/")]

    def telemetry(self) -> dict[int, wire.Telemetry]:
        """By seq; a resend must be the same message."""
        found: dict[int, wire.Telemetry] = {}
        for message in self.of("telemetry"):
            told = wire.decode_telemetry(message.payload)
            assert found.setdefault(told.seq, told) == told
        return found

    def seqs(self) -> list[int]:
        """Every seq of the telemetry stream that arrived."""
        return sorted({s for t in self.telemetry().values() for s in range(t.seq, t.seq + t.n)})

    def readings(self, device: str) -> list[Reading]:
        told = self.telemetry().values()
        return sorted(
            (reading for t in told for reading in t.readings if reading.device == device),
            key=lambda reading: reading.t,
        )

    def online(self) -> list[bool]:
        return [wire.decode_status(message.payload).online for message in self.of("status")]


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Listener]:
    """Listen to everything the gateway says, as ingest does: a session that the broker keeps."""
    listener = Listener()

    async def listen() -> None:
        options = BrokerOptions(url=broker.url)
        while True:
            with suppress(BrokerDown):
                async with connect(options, client_id="listener", clean=False) as connection:
                    await connection.subscribe(ROOT.filter("#"))
                    listener.connection = connection
                    async for message in connection.messages():
                        listener.messages.append(message)
            listener.connection = None
            await asyncio.sleep(0.1)

    task = asyncio.create_task(listen())
    await eventually("the listener listens", lambda: listener.connection)
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def site_of(folder: Path, broker: str, more: str = "") -> AsyncIterator[Path]:
    """Two units that answer, and a bus with nobody."""
    port = free_port()
    async with pymodbus_tcp(port):
        buses = {"net": (tcp(port), [1, 2]), "nobody": (tcp(free_port()), [1])}
        yield write_site(folder, buses, broker=broker, more=more)


def more_than(heard: Listener, count: int) -> bool:
    return len(heard.telemetry()) > count


def gapless(seqs: list[int]) -> bool:
    return seqs == list(range(1, len(seqs) + 1))


async def test_what_is_polled_arrives_and_the_end_is_said(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with (
            site_of(tmp_path, broker.url) as site,
            listening(broker) as heard,
            wayside(tmp_path, "run", str(site), "--json") as part,
        ):
            await eventually("twenty readings", lambda: len(heard.readings("net-2")) >= 20)
            code, took, summary = await part.stopped()
            await eventually("offline", lambda: heard.online() == [True, False])
            readings = heard.readings("net-2")
            await asyncio.sleep(0.3)
    assert code == 0
    assert took < 3.0
    for reading in readings:
        assert reading.values == {"near": held(2, 7), "next": held(2, 8), "far": held(2, 400)}
        assert reading.kind == "other"
    assert all(b.t > a.t for a, b in pairwise(readings))
    assert gapless(heard.seqs())
    arrived = [r for t in heard.telemetry().values() for r in t.readings if r.values]
    assert summary["readings"] == len(arrived), "the last second, too"
    assert summary["published"] >= len(heard.telemetry())
    cards = {message.topic for message in heard.of("device")}
    assert cards == {
        ROOT.topic("device", name) for name in ("net-1", "net-2", "nobody-1", "gw-test")
    }
    health = heard.readings("gw-test")[0]
    assert health.kind == "gateway"
    assert {"uptime", "polls", "queue_records", "queue_age", "rss", "connected"} <= set(
        health.values
    )


async def test_an_alarm_arrives_at_once_and_can_be_acknowledged(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with (
            site_of(tmp_path, broker.url, QUICK_LOSS) as site,
            listening(broker) as heard,
            wayside(tmp_path, "run", str(site), "--json") as part,
        ):

            def states() -> list[State]:
                found = heard.of("alarm", "nobody-1", "comm_loss")
                told = [wire.decode_alarm(m.payload, "nobody-1", "comm_loss") for m in found]
                return [message.alarm.state for message in told]

            await eventually("the alarm", lambda: states() == [State.UNACKNOWLEDGED])
            action = AlarmAction("1", "nobody-1", "comm_loss", 0, "acknowledge", "Maria")
            assert heard.connection is not None
            topic = ROOT.topic("alarm-action", "nobody-1", "comm_loss")
            await heard.connection.publish(topic, wire.action_body(action))
            await eventually("acknowledged", lambda: states()[-1] is State.ACKNOWLEDGED)
            await heard.connection.publish(topic, b"{}")
            await eventually("refused", lambda: "an unreadable action" in part.log.read_text())

            def reasons() -> list[object]:
                found = heard.of("event", "nobody-1")
                told = [wire.decode_event(m.payload, "nobody-1").event for m in found]
                return [one.values["reason"] for one in told if one.values.get("done") is False]

            await eventually("on record", lambda: reasons() == ["action: should be a text"])
            await part.stopped()


@pytest.mark.parametrize("state", ["frozen", "frozen from the start", "killed"])
async def test_the_end_does_not_wait_for_a_broker_that_is_gone(tmp_path: Path, state: str) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        if state == "frozen from the start":
            broker.freeze()
        async with (
            site_of(tmp_path, broker.url) as site,
            wayside(tmp_path, "run", str(site), "--json") as part,
        ):
            if state == "frozen from the start":
                await eventually("it runs", lambda: "running" in part.log.read_text())
            else:
                await eventually("connected", lambda: "uplink up" in part.log.read_text())
            await asyncio.sleep(0.5)
            if state == "killed":
                broker.kill()
            if state == "frozen":
                broker.freeze()
            await asyncio.sleep(0.5)
            code, took, summary = await part.stopped()
        broker.thaw()
    assert code == 0
    assert took < 3.0
    assert summary["readings"] > 0
    assert "Traceback" not in part.log.read_text()


async def test_a_broker_that_is_away_stops_no_poll_and_loses_nothing(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker", "autosave_interval 1") as broker:
        async with (
            site_of(tmp_path, broker.url) as site,
            listening(broker) as heard,
            wayside(tmp_path, "run", str(site), "--json") as part,
        ):
            await eventually("readings", lambda: len(heard.readings("net-1")) > 4)
            broker.stop()
            await asyncio.sleep(3.0)
            broker.start()
            before = len(heard.readings("net-1"))
            await eventually("the backlog", lambda: len(heard.readings("net-1")) > before + 12)
            await part.stopped()
            await eventually("offline", lambda: not heard.online()[-1])
            await eventually("no hole", lambda: gapless(heard.seqs()))
    stamps = [reading.t for reading in heard.readings("net-1")]
    assert max(b - a for a, b in pairwise(stamps)) < 1000, "polled all the time"


async def test_kill_9_again_and_again_loses_nothing_committed(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with site_of(tmp_path, broker.url) as site, listening(broker) as heard:
            for runs in range(1, 5):
                async with wayside(tmp_path, "run", str(site), "--json") as part:
                    enough = 6 * runs
                    await eventually("it publishes", partial(more_than, heard, enough))
                    if runs < 4:
                        part.process.kill()
                        await part.process.wait()
                    else:
                        await part.stopped()
            await eventually("offline", lambda: not heard.online()[-1])
    assert gapless(heard.seqs())
    streams = {told.stream for told in heard.telemetry().values()}
    assert len(streams) == 1
    seen = [(r.device, r.t) for t in heard.telemetry().values() for r in t.readings]
    assert len(seen) == len(set(seen)), "nothing twice"


async def test_a_device_that_left_the_site_loses_its_card_and_its_alarms(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path / "broker") as broker:
        async with pymodbus_tcp(port), listening(broker) as heard:
            buses = {"net": (tcp(port), [1]), "nobody": (tcp(free_port()), [1])}
            site = write_site(tmp_path, buses, broker=broker.url, more=QUICK_LOSS)
            async with wayside(tmp_path, "run", str(site), "--json") as part:
                await eventually("the alarm", lambda: heard.of("alarm", "nobody-1"))
                await part.stopped()
            write_site(tmp_path, {"net": (tcp(port), [1])}, broker=broker.url, more=QUICK_LOSS)
            async with wayside(tmp_path, "run", str(site), "--json") as part:
                last = (("device", "nobody-1"), ("alarm", "nobody-1", "comm_loss"))
                await eventually(
                    "emptied", lambda: all(heard.of(*parts)[-1].payload == b"" for parts in last)
                )
                await part.stopped()
            alarms = [m.payload for m in heard.of("alarm", "nobody-1") if m.payload]
    told = wire.decode_alarm(alarms[-1], "nobody-1", "comm_loss")
    assert told.alarm.state is State.NORMAL
