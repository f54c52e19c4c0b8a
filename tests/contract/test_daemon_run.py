"""``wayside run`` as a process: what it leaves on the disk, and how it begins and ends.

The broker is not part of these tests: there is nobody at its address.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from tests.parts.bench_site import tcp, write_site
from tests.parts.commands import Part, eventually, wayside
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.process import free_port

QUICK_LOSS = '[rules.comm_loss]\non_delay = "500ms"\npolls = 2\n'


@asynccontextmanager
async def polled_site(folder: Path, more: str = "") -> AsyncIterator[Path]:
    """Two units that answer, and a bus with nobody."""
    port = free_port()
    async with pymodbus_tcp(port):
        buses = {"net": (tcp(port), [1, 2]), "nobody": (tcp(free_port()), [1])}
        yield write_site(folder, buses, more=more)


def run(folder: Path, site: Path, *words: str) -> Any:
    return wayside(folder, "run", str(site), "--json", *words)


def logged(part: Part) -> list[dict[str, Any]]:
    return [json.loads(line) for line in part.log.read_text().splitlines()]


def events(part: Part) -> list[str]:
    return [row["event"] for row in logged(part)]


async def running(part: Part) -> None:
    await eventually("the daemon runs", lambda: part.log.exists() and "running" in events(part))


def outbox(folder: Path, lane: Lane) -> list[tuple[int, str, bytes]]:
    """Everything the outbox of a daemon that is gone holds."""
    box = RingOutbox.open(folder / "data" / "outbox.ring", 512_000_000)
    records = [(r.seq, r.head, r.body) for r in box.pending(lane, 0, 100_000)]
    box.close()
    return records


def readings(folder: Path) -> list[dict[str, Any]]:
    records = outbox(folder, Lane.TELEMETRY)
    assert [seq for seq, *_ in records] == list(range(1, len(records) + 1))
    return [item for _, _, body in records for item in orjson.loads(b"[%s]" % body)]


async def test_what_was_seen_is_on_the_disk_and_the_summary_counts_it(tmp_path: Path) -> None:
    async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
        await running(part)
        await asyncio.sleep(2.5)
        code, took, summary = await part.stopped()
    assert code == 0
    assert took < 3.0
    found = readings(tmp_path)
    good = [item for item in found if item["v"]]
    silent = [item for item in found if "s" in item]
    assert summary["readings"] == len(good)
    assert summary["silent"] == len(silent)
    assert summary["polls"] == sum(item["k"] != "gateway" for item in found)
    assert {item["d"] for item in good} == {"net-1", "net-2", "gw-test"}
    for name in ("net-1", "net-2"):
        stamps = [item["t"] for item in good if item["d"] == name]
        assert len(stamps) >= 8
        assert all(b > a for a, b in pairwise(stamps))
    assert {item["d"] for item in silent} == {"nobody-1"}
    cards = [head for _, head, _ in outbox(tmp_path, Lane.EVENTS) if head.startswith("device/")]
    assert cards == [f"device/{name}" for name in ("net-1", "net-2", "nobody-1", "gw-test")]


async def test_a_second_daemon_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    async with polled_site(tmp_path) as site, run(tmp_path, site) as first:
        await running(first)
        (tmp_path / "second").mkdir()
        async with run(tmp_path / "second", site) as second:
            await asyncio.wait_for(second.process.wait(), 10)
        assert second.process.returncode == 1
        said = second.log.read_text()
        assert f"another wayside (process {first.process.pid})" in said
        assert "Traceback" not in said


async def test_kill_and_restart_loses_nothing_committed_and_forgets_no_alarm(
    tmp_path: Path,
) -> None:
    async with polled_site(tmp_path, QUICK_LOSS) as site:
        async with run(tmp_path, site) as part:
            lost = "alarm raised"
            await eventually(lost, lambda: any("comm_loss" in str(row) for row in logged(part)))
            await asyncio.sleep(1.0)
            part.process.kill()
            await part.process.wait()
        before = readings(tmp_path)
        assert len([item for item in before if item["d"] == "net-1"]) >= 4
        async with run(tmp_path, site) as part:
            await eventually("the second run", lambda: events(part).count("running") == 2)
            await asyncio.sleep(2.5)
            _, _, summary = await part.stopped()
    after = readings(tmp_path)
    assert after[: len(before)] == before
    assert summary["alarms"] == {}, "it stands already"
    told = [row[1:] for row in outbox(tmp_path, Lane.EVENTS) if row[1].startswith("alarm/")]
    assert [head for head, _ in told] == ["alarm/nobody-1/comm_loss"] * 2, "again at the start"
    assert told[0] == told[1], "one alarm, as it stands; the broker may have lost what it retained"


async def test_a_damaged_state_is_set_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.db").write_bytes(b"SQLite format 3\0 not really" * 100)
    async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
        await running(part)
        await part.stopped()
    told = [orjson.loads(b) for _, head, b in outbox(tmp_path, Lane.EVENTS) if "event/" in head]
    assert [event["event"] for event in told] == ["state_lost"]
    assert (tmp_path / "data" / "state.db.damaged-1").exists()


async def test_a_disk_that_refuses_stops_neither_polling_nor_the_end(tmp_path: Path) -> None:
    """No file may grow, as on a full disk; later it may again."""
    async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
        await running(part)
        await asyncio.sleep(1.0)
        pid = part.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        await eventually("told", lambda: any("disk refuses" in event for event in events(part)))
        await asyncio.sleep(2.0)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        await eventually("over", lambda: any("takes readings again" in e for e in events(part)))
        code, took, _ = await part.stopped()
    assert code == 0
    assert took < 3.0
    assert sum("disk refuses" in event for event in events(part)) == 1
    stamps = [item["t"] for item in readings(tmp_path) if item["d"] == "net-1"]
    assert max(b - a for a, b in pairwise(stamps)) < 1000, "polled all the time, and nothing lost"


async def test_a_disk_that_refuses_for_good_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
        await running(part)
        resource.prlimit(part.process.pid, resource.RLIMIT_FSIZE, (0, 0))
        await asyncio.sleep(1.0)
        code, took, _ = await part.stopped()
    assert code == 0
    assert took < 3.0


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
async def test_a_recording_holds_what_the_engine_saw(tmp_path: Path, name: str) -> None:
    async with polled_site(tmp_path) as site:
        async with run(tmp_path, site, "--record", name) as part:
            await running(part)
            await asyncio.sleep(1.5)
            _, _, summary = await part.stopped()
        async with wayside(tmp_path, "replay", str(site), name, "--json") as replay:
            out, _ = await replay.process.communicate()
    assert replay.process.returncode == 0, replay.log.read_text()
    assert summary["readings"] > 8
    assert b"comm_loss" not in out, "too short for its thirty seconds"


async def test_systemd_hears_ready_alive_and_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        heard: list[str] = []

        def listen() -> list[str]:
            while True:
                try:
                    heard.append(manager.recv(200).decode())
                except BlockingIOError:
                    return heard

        async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
            await eventually("ready", lambda: "READY=1" in listen())
            await asyncio.sleep(1.0)
            await part.stopped()
        listen()
    assert heard.index("READY=1") < heard.index("STOPPING=1")
    assert 3 <= heard.count("WATCHDOG=1") <= 10
    assert "STATUS=polling 3 devices" in heard


async def test_ctrl_c_ends_it_as_cleanly_with_code_130(tmp_path: Path) -> None:
    async with polled_site(tmp_path) as site, run(tmp_path, site) as part:
        await running(part)
        part.process.send_signal(2)
        out, _ = await asyncio.wait_for(part.process.communicate(), 5)
    assert part.process.returncode == 130
    assert json.loads(out)["polls"] > 0
    with sqlite3.connect(tmp_path / "data" / "state.db") as state:
        assert state.execute("PRAGMA quick_check").fetchone() == ("ok",)
    state.close()
