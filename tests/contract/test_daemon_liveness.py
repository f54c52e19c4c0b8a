"""Who is stuck, the watchdog hears of; who only fails, begins again; nobody takes others along.

The daemon is a process of its own under a service manager's socket. Its patience is cut from a
minute to a second, and its watchdog from thirty seconds to less than one.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.edge.outbox.contract import Lane
from gateway.edge.pulse import STUCK
from gateway.edge.supervise import LONGEST_PAUSE
from simulators.process import end
from tests.contract.test_daemon_run import events, outbox, readings
from tests.parts import stubborn
from tests.parts.bench_site import tcp, write_site
from tests.parts.commands import Part, eventually
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port

ALIVE = "WATCHDOG=1"
ROOT = Path(__file__).resolve().parents[2]


class Manager:
    """What systemd would have heard."""

    def __init__(self, heard: socket.socket) -> None:
        self._socket = heard
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """Everything so far."""
        while True:
            try:
                self._heard.append(self._socket.recv(1000).decode())
            except BlockingIOError:
                return self._heard

    def statuses(self) -> list[str]:
        """The status lines so far."""
        return [told[7:] for told in self.heard() if told.startswith("STATUS=")]

    async def is_fed(self, times: int = 3) -> None:
        """Wait until it was fed so many times more."""
        before = self.heard().count(ALIVE)
        await eventually("the watchdog is fed", lambda: self.heard().count(ALIVE) >= before + times)

    async def is_starved(self, looks: int = 4) -> None:
        """Wait for that many intervals, in which it is not fed at all."""
        before = self.heard().count(ALIVE)
        await asyncio.sleep(looks * 0.3)
        assert self.heard().count(ALIVE) == before


@contextmanager
def service_manager(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(folder / "notify"))
        heard.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "600000")
        yield Manager(heard)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    stubborn.install(tmp_path, monkeypatch)
    with service_manager(tmp_path, monkeypatch) as made:
        yield made


@asynccontextmanager
async def daemon(folder: Path, *, broker: str = "mqtt://127.0.0.1:1") -> AsyncIterator[Part]:
    """A bus of a foreign server, one that is stubborn, and the daemon on both."""
    port = free_port()
    async with pymodbus_tcp(port):
        buses = {"good": (tcp(port), [1])}
        site = write_site(folder, buses, broker=broker, more=stubborn.bus("odd", folder))
        site.write_text(site.read_text().replace("[mqtt]", '[mqtt]\nkeepalive = "1s"'))
        log = folder / "wayside-run.log"
        with log.open("ab") as sink:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.parts.stubborn", str(site), "1.0"),
                cwd=folder,
                stdout=PIPE,
                stderr=sink,
            )
        part = Part(process, log)
        try:
            await eventually("it runs", lambda: "running" in events(part))
            yield part
        finally:
            await end(process)


@contextmanager
def misbehaving(folder: Path, how: str) -> Iterator[None]:
    (folder / how).touch()
    try:
        yield
    finally:
        (folder / how).unlink(missing_ok=True)


def now() -> int:
    return time.time_ns() // 1_000_000


def polled(folder: Path, device: str) -> list[int]:
    return [item["t"] for item in readings(folder) if item["d"] == device and item["v"]]


@pytest.mark.parametrize(
    ("how", "who"),
    [
        (stubborn.HANGS, "bus odd"),
        (stubborn.DISK, "flush"),
    ],
)
async def test_a_part_that_is_stuck_starves_the_watchdog_until_it_moves_on(
    tmp_path: Path, manager: Manager, how: str, who: str
) -> None:
    async with daemon(tmp_path) as part:
        await manager.is_fed()
        with misbehaving(tmp_path, how):
            await eventually("told", lambda: any(who in told for told in manager.statuses()))
            began = now()
            await manager.is_starved()
            over = now()
        await manager.is_fed()
        assert part.process.returncode is None
        await part.stopped()
    assert manager.statuses()[0] == "polling 2 devices"
    assert manager.statuses()[-1] == "polling 2 devices"
    assert events(part).count("a task is stuck; the watchdog is not fed") >= 1
    assert [t for t in polled(tmp_path, "good-1") if began < t < over], "others are polled"
    seqs = [seq for seq, *_ in outbox(tmp_path, Lane.TELEMETRY)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_a_bus_that_does_not_open_is_stuck(tmp_path: Path, manager: Manager) -> None:
    with misbehaving(tmp_path, stubborn.DOES_NOT_OPEN):
        async with daemon(tmp_path) as part:
            stuck = "stuck: bus odd"
            await eventually("told", lambda: stuck in manager.statuses())
            await manager.is_starved()
            await part.stopped()
    assert len(polled(tmp_path, "good-1")) > 4


async def test_a_publisher_that_is_stuck_starves_it(tmp_path: Path, manager: Manager) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with daemon(tmp_path, broker=broker.url) as part:
            await eventually("up", lambda: "uplink up" in events(part))
            with misbehaving(tmp_path, stubborn.UPLINK):
                await eventually("told", lambda: "stuck: uplink" in manager.statuses())
                await manager.is_starved()
            await manager.is_fed()
            await part.stopped()


@pytest.mark.parametrize("how", [stubborn.BLOCKS, stubborn.RULES])
async def test_who_blocks_everybody_starves_it_and_leaves_a_trace(
    tmp_path: Path, manager: Manager, how: str
) -> None:
    async with daemon(tmp_path) as part:
        await manager.is_fed()
        with misbehaving(tmp_path, how):
            await asyncio.sleep(0.6)
            await manager.is_starved()
        await manager.is_fed()
        await part.stopped()


async def test_a_frozen_broker_is_no_failure_of_ours(tmp_path: Path, manager: Manager) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with daemon(tmp_path, broker=broker.url) as part:
            await eventually("up", lambda: "uplink up" in events(part))
            broker.freeze()
            try:
                await eventually("noticed", lambda: "uplink down" in events(part))
                await manager.is_fed(8)
            finally:
                broker.thaw()
            await eventually("up again", lambda: events(part).count("uplink up") == 2)
            await part.stopped()
    assert not [told for told in manager.statuses() if "stuck" in told]


async def test_a_bug_in_one_task_takes_no_other_along(tmp_path: Path, manager: Manager) -> None:
    failed = "a task failed, which is a bug; it begins again"
    async with daemon(tmp_path) as part:
        await manager.is_fed()
        began = now()
        with misbehaving(tmp_path, stubborn.RAISES):
            await eventually("again and again", lambda: events(part).count(failed) >= 2)
            await manager.is_fed()
        over = now()
        await manager.is_fed(12)
        await part.stopped()
    assert not [told for told in manager.statuses() if "stuck" in told]
    log = part.log.read_text()
    assert "a bug in a driver" in log
    assert set(re.findall(r'"task":"([^"]+)"', log)) == {"bus odd"}
    assert len([t for t in polled(tmp_path, "good-1") if began < t < over]) > 4
    assert [t for t in polled(tmp_path, "odd-1") if t > over], "it is polled again"


async def test_what_systemd_aborts_leaves_its_stacks_in_the_log(
    tmp_path: Path, manager: Manager
) -> None:
    site = write_site(tmp_path, {}, more=stubborn.bus("odd", tmp_path))
    log = tmp_path / "abort.log"
    with log.open("wb") as sink, misbehaving(tmp_path, stubborn.BLOCKS):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "run", str(site)), cwd=tmp_path, stderr=sink
        )
        await eventually("it runs", lambda: '"running"' in log.read_text())
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGABRT)
        assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGABRT
    assert "_block_while" in log.read_text()


def test_how_long_it_takes_is_what_the_page_says() -> None:
    """Stuck for a minute, then not fed for half a minute; a blocked loop only the latter."""
    unit = (ROOT / "deploy/systemd/wayside.service").read_text()
    [watchdog] = re.findall(r"^WatchdogSec=(\d+)$", unit, re.MULTILINE)
    page = " ".join((ROOT / "docs/operations.md").read_text().split())
    assert f"within {int(watchdog)} s" in page
    assert f"within {round(STUCK) + int(watchdog)} s" in page
    assert LONGEST_PAUSE < STUCK, "who begins again is not stuck"
