"""The console between a real broker and a real HTTP client: what arrives, and what is sent."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.centre.console import CannotListen, run
from gateway.centre.console.board import AlarmKey, Board
from gateway.centre.console.live import Live
from gateway.config.site import BrokerOptions, Centre, ConsoleOptions
from gateway.model import Alarm, Event, Millis, Severity, State
from gateway.wire import decode_action
from tests.parts.broker import Broker
from tests.parts.edge import LAMP, ROOT, edge
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.process import free_port

T: Millis = time.time_ns() // 1_000_000


@dataclass
class Page:
    """A client of the console's addresses."""

    address: str

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self._ask, path, None)

    async def post(self, path: str, body: object) -> Any:
        return await asyncio.to_thread(self._ask, path, json.dumps(body).encode())

    async def until(self, path: str, holds: Callable[[Any], object]) -> Any:
        """What an address says once ``holds`` agrees with it."""
        found = None
        for _ in range(200):
            found = await self.get(path)
            if holds(found):
                return found
            await asyncio.sleep(0.05)
        pytest.fail(f"{path} still says {found}")

    def _ask(self, path: str, body: bytes | None) -> Any:
        """The JSON of a good answer; None for any other."""
        method = "GET" if body is None else "POST"
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=5)) as line:
            line.request(method, path, body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            return json.load(answer) if answer.status < 300 else None


def failure(state: State = State.UNACKNOWLEDGED) -> Alarm:
    return Alarm("lamp-0001", "lamp_failure", T, state, Severity.MINOR, "0.4 W of 70 W", T)


def centre(folder: Path, url: str) -> Centre:
    return Centre(file=folder / "centre.toml", data_dir=folder, mqtt=BrokerOptions(url=url))


@contextlib.asynccontextmanager
async def console(folder: Path, url: str) -> AsyncIterator[Page]:
    ready: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    serving = asyncio.create_task(
        run(centre(folder, url), port=0, ready=ready.put_nowait, stop=stop)
    )
    try:
        address = await asyncio.wait_for(ready.get(), 10)
        yield Page(address.removeprefix("http://").rstrip("/"))
    finally:
        stop.set()
        await asyncio.wait_for(serving, 5)


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    with mosquitto(folder) if request.param == "mosquitto" else nats(folder) as running:
        yield running


async def test_what_a_gateway_says_is_on_the_board(broker: Broker, tmp_path: Path) -> None:
    async with console(tmp_path, broker.url) as page, edge(broker) as gateway:
        await page.until("/healthz", lambda health: health and health["broker"])
        await gateway.status()
        await gateway.card(LAMP)
        await gateway.alarm(failure())
        await gateway.reading(LAMP, power=68.25)
        [device] = await page.until("/api/devices", lambda seen: seen and seen[0]["points"])
        assert device["key"] == "makati-ayala/gw-017/lamp-0001"
        assert device["points"]["power"] == {"v": 68.25}
        assert device["card"]["points"]["power"]["unit"] == "W"
        assert device["card"]["ratings"]["rated_power"] == 70.0
        [alarm] = await page.until("/api/alarms", bool)
        assert (alarm["code"], alarm["state"]) == ("lamp_failure", "unacknowledged")
        await gateway.alarm(failure(State.NORMAL))
        await page.until("/api/alarms", lambda alarms: alarms == [])


async def test_what_the_broker_keeps_is_there_after_a_restart_of_the_console(
    broker: Broker, tmp_path: Path
) -> None:
    async with edge(broker) as gateway:
        await gateway.card(LAMP)
        await gateway.alarm(failure())
    async with console(tmp_path, broker.url) as page:
        await page.until("/api/alarms", bool)
        await page.until("/api/devices", bool)


async def test_an_acknowledgement_reaches_the_gateway(broker: Broker, tmp_path: Path) -> None:
    async with console(tmp_path, broker.url) as page, edge(broker) as gateway:
        await gateway.connection.subscribe(ROOT.filter("alarm-action", "#"))
        await gateway.alarm(failure())
        await page.until("/api/alarms", bool)
        path = "/api/alarms/makati-ayala/gw-017/lamp-0001/lamp_failure/action"
        answer = await page.post(path, {"action": "acknowledge"})
        message = await asyncio.wait_for(anext(gateway.connection.messages()), 10)
        assert message.topic == ROOT.topic("alarm-action", "lamp-0001", "lamp_failure")
        action = decode_action(message.payload, "lamp-0001", "lamp_failure", T)
        assert (action.id, action.action, action.by) == (answer["id"], "acknowledge", "console")


async def test_an_older_state_sent_again_brings_no_ghost(broker: Broker, tmp_path: Path) -> None:
    """As a gateway does whose centre confirms nothing, or lost it."""
    async with console(tmp_path, broker.url) as page, edge(broker) as gateway:
        await page.until("/healthz", lambda health: health and health["broker"])
        begun = gateway.seq
        await gateway.alarm(failure())
        await gateway.alarm(failure(State.NORMAL))
        await gateway.no_alarm(failure())
        gateway.seq = begun
        await gateway.alarm(failure())
        await gateway.alarm(replace(failure(), device="lamp-0002"))
        found = await page.until("/api/alarms", bool)
        assert [alarm["device"] for alarm in found] == ["lamp-0002"]


async def test_an_unreadable_message_is_passed_over(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with console(tmp_path, broker.url) as page, edge(broker) as gateway:
            await page.until("/healthz", lambda health: health and health["broker"])
            for topic in ("telemetry", "status", "alarm/a/b", "device/a", "event/a", "x/y/z"):
                await gateway.connection.publish(ROOT.under(topic), b"\x78not what it seems")
            await gateway.event(Event("bin-07", "collected", T, {"to": 4}))
            await gateway.reading(LAMP, power=68.25)
            await page.until("/api/devices", bool)


async def test_the_broker_may_go_and_come_back(tmp_path: Path) -> None:
    with mosquitto(
        tmp_path / "broker", "autosave_on_changes true", "autosave_interval 1"
    ) as broker:
        async with console(tmp_path, broker.url) as page:
            async with edge(broker) as gateway:
                await gateway.alarm(failure())
                await page.until("/api/alarms", bool)
            broker.kill()
            await page.until("/healthz", lambda health: health is None)
            path = "/api/alarms/makati-ayala/gw-017/lamp-0001/lamp_failure/action"
            assert await page.post(path, {"action": "acknowledge"}) is None
            assert await page.get("/api/alarms"), "a lost broker clears no alarm"
            broker.start()
            await page.until("/healthz", lambda health: health and health["broker"])
            async with edge(broker) as gateway:
                await gateway.reading(LAMP, power=68.25)
            await page.until("/api/devices", bool)


async def test_what_ended_while_nobody_listened_is_forgotten(
    broker: Broker, tmp_path: Path
) -> None:
    board = Board()

    @contextlib.asynccontextmanager
    async def listening() -> AsyncIterator[None]:
        live = Live(
            BrokerOptions(url=broker.url), board, client_id="c", clock=lambda: T, settle=0.5
        )
        task = asyncio.create_task(live.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(holds: Callable[[], object]) -> None:
        for _ in range(500):
            if holds():
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"the board still holds {board.alarms}")

    ended = failure()
    stays = Alarm("lamp-0002", "day_burner", T, State.ACKNOWLEDGED, Severity.WARNING, "lit", T)
    async with edge(broker) as gateway:
        await gateway.status()
        await gateway.alarm(ended)
        await gateway.alarm(stays)
        async with listening():
            await until(lambda: len(board.alarms) == 2)
        await gateway.no_alarm(ended)
        async with listening():
            await until(lambda: len(board.alarms) == 1)
        assert set(board.alarms) == {AlarmKey(ROOT.site, ROOT.gateway, "lamp-0002", "day_burner")}


async def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port}: Address already in use"):
            await run(centre(tmp_path, "mqtt://127.0.0.1:1"), port=port)


async def test_beyond_loopback_it_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_to_all = Centre(
        file=tmp_path / "centre.toml",
        data_dir=tmp_path,
        mqtt=BrokerOptions(url="mqtt://127.0.0.1:1"),
        console=ConsoleOptions(listen=f"0.0.0.0:{free_port()}"),
    )
    stop = asyncio.Event()
    await asyncio.wait_for(run(open_to_all, ready=lambda _: stop.set(), stop=stop), 10)
    assert "no sign-in" in capsys.readouterr().err


async def test_it_stops_at_once_with_a_page_open(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with console(tmp_path, broker.url) as page:
            host, port = page.address.split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"event: snapshot")
            before = time.monotonic()
        assert time.monotonic() - before < 2
        writer.close()


def test_the_command_ends_cleanly(tmp_path: Path) -> None:
    """``wayside console`` as systemd runs it: up, SIGTERM, exit 0."""
    port = free_port()
    file = tmp_path / "centre.toml"
    file.write_text(
        f'schema = 1\n[centre]\ndata_dir = "data"\n[mqtt]\nurl = "mqtt://127.0.0.1:{free_port()}"\n'
        f'[console]\nlisten = "127.0.0.1:{port}"\n'
    )
    command = [sys.executable, "-m", "gateway", "console", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if b'"url"' in line)
        assert json.loads(line)["url"] == f"http://127.0.0.1:{port}/"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
