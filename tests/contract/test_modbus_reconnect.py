"""Connections that close, break or lead nowhere, through the real poller.

No sample is lost that could be had, no value is made up, and a connection that is good again is
used at once. Register ``a`` of every unit holds ``a``.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from gateway.model import Reading
from tests.parts.bench_site import load, write_site
from tests.parts.commands import eventually
from tests.parts.netns import Machine, machine
from tests.parts.polling import of, polling
from tests.parts.process import free_port, running
from tests.parts.scripted import (
    Do,
    Split,
    Step,
    as_it_comes,
    rtu_truth,
    serving,
    tcp_frames,
    tcp_truth,
)

ROOT = Path(__file__).resolve().parents[2]
VALUES = {"near": 7, "next": 8, "far": 400}
WIRES = ["modbus-tcp", "modbus-rtu-tcp"]
PERIOD, TIMEOUT, CONNECT_TIMEOUT = 0.5, 0.25, 0.6
LONGEST_PAUSE = 0.8 + CONNECT_TIMEOUT  # of an outage this long: back-off, and the attempt under way
SLACK = 0.5  # a machine that has other things to do

pytestmark = pytest.mark.parametrize("wire", WIRES)


def bus(
    wire: str, port: int, host: str = "127.0.0.1", timeout: str = "250ms", more: str = ""
) -> str:
    return (
        f'driver = "{wire}"\nhost = "{host}"\nport = {port}\ntimeout = "{timeout}"\n'
        f'connect_timeout = "600ms"\n{more}'
    )


def frames(wire: str) -> Split:
    return tcp_frames if wire == "modbus-tcp" else as_it_comes


def truth(wire: str, frame: bytes) -> bytes:
    return tcp_truth(frame) if wire == "modbus-tcp" else rtu_truth(frame)


def unit(wire: str, frame: bytes) -> int:
    return frame[6] if wire == "modbus-tcp" else frame[0]


def good(readings: list[Reading]) -> list[Reading]:
    """Those with values; and no reading may hold others than the device's own."""
    assert all(r.silent or (r.values == VALUES and not r.bad) for r in readings), readings
    return [r for r in readings if r.values]


async def test_a_server_that_closes_what_rests_costs_no_sample(wire: str, tmp_path: Path) -> None:
    def script(frame: bytes) -> list[Step]:
        return [(0, truth(wire, frame))]

    async with serving(script, split=frames(wire), idle=0.2) as server:
        site = load(write_site(tmp_path, {"net": (bus(wire, server.port), [1])}, every="300ms"))
        async with polling(site) as (_, readings):
            await eventually("many polls", lambda: len(readings) >= 20)
    assert len(good(readings)) == len(readings)
    assert server.connections >= 18, "it was closed between the polls"


async def test_a_close_that_crosses_the_question_costs_no_sample(wire: str, tmp_path: Path) -> None:
    """The idle time is the period itself: the question meets the close in every possible way."""

    def script(frame: bytes) -> list[Step]:
        return [(0, truth(wire, frame))]

    async with serving(script, split=frames(wire), idle=0.1) as server:
        keys = bus(wire, server.port)
        site = load(write_site(tmp_path, {"net": (keys, [1])}, every="100ms"))
        async with polling(site) as (_, readings):
            await eventually("many polls", lambda: len(readings) >= 50)
    assert len(good(readings)) == len(readings)


async def test_a_reset_in_the_middle_of_an_answer_costs_no_sample(
    wire: str, tmp_path: Path
) -> None:
    asked = count()

    def script(frame: bytes) -> list[Step]:
        whole = truth(wire, frame)
        if next(asked) % 5 == 3:
            return [(0, whole[:6]), (0.01, Do.RESET)]
        return [(0, whole)]

    async with serving(script, split=frames(wire)) as server:
        site = load(write_site(tmp_path, {"net": (bus(wire, server.port), [1])}, every="100ms"))
        async with polling(site) as (_, readings):
            await eventually("many polls", lambda: len(readings) >= 20)
    assert len(good(readings)) == len(readings)
    assert server.connections >= 4


async def test_a_unit_that_makes_its_server_hang_up_is_silent_alone(
    wire: str, tmp_path: Path
) -> None:
    def script(frame: bytes) -> list[Step]:
        return [(0, Do.HANG_UP if unit(wire, frame) == 2 else truth(wire, frame))]

    async with serving(script, split=frames(wire)) as server:
        keys = bus(wire, server.port)
        site = load(write_site(tmp_path, {"net": (keys, [1, 2, 3])}, every="100ms"))
        async with polling(site) as (_, readings):
            await eventually("many polls", lambda: len(of(readings, "net-3")) >= 30)
    assert all(r.silent and "closed by the other side" in r.silent for r in of(readings, "net-2"))
    for device in ("net-1", "net-3"):
        found = of(readings, device)
        assert len(good(found)) == len(found)
    assert 2 <= len(of(readings, "net-2")) <= 15, "it is tried now and then"


async def test_a_server_that_takes_connections_and_never_speaks_is_silence(
    wire: str, tmp_path: Path
) -> None:
    async with serving(lambda _: [], split=frames(wire)) as server:
        site = load(write_site(tmp_path, {"net": (bus(wire, server.port), [1, 2])}, every="200ms"))
        async with polling(site) as (_, readings):
            await eventually("three attempts at each", lambda: len(of(readings, "net-2")) >= 3)
    assert all("no answer in 0.25 s" in str(reading.silent) for reading in readings)
    assert server.connections == 1, "a silent unit is no reason to open another"


async def test_a_server_that_is_killed_and_started_again_is_polled_at_once(
    wire: str, tmp_path: Path
) -> None:
    port = free_port()
    kind = "tcp" if wire == "modbus-tcp" else "rtu"
    program = [sys.executable, "-m", "tests.parts.scripted", "127.0.0.1", str(port), kind]
    log = tmp_path / "server.log"
    site = load(write_site(tmp_path, {"net": (bus(wire, port), [1])}, every="100ms"))
    async with polling(site) as (_, readings):
        with running(program, log=log, port=port, cwd=ROOT) as server:
            await eventually("answers", lambda: len(good(readings)) >= 3)
            server.send_signal(signal.SIGKILL)
            await eventually("silence", lambda: bool(readings[-1].silent))
        assert "refused" in str(readings[-1].silent)
        with running(program, log=log, port=port, cwd=ROOT):
            before = len(good(readings))
            await eventually("answers again", lambda: len(good(readings)) > before + 3)


async def test_a_machine_that_floods_is_cut_off_and_its_neighbours_are_not_hurt(
    wire: str, tmp_path: Path
) -> None:
    def flood(_: bytes) -> list[Step]:
        return [(0, Do.FLOOD)]

    def script(frame: bytes) -> list[Step]:
        return [(0, truth(wire, frame))]

    async with serving(flood, split=frames(wire)) as bad, serving(script, split=frames(wire)) as ok:
        buses = {"mad": (bus(wire, bad.port), [1]), "net": (bus(wire, ok.port), [1])}
        site = load(write_site(tmp_path, buses, every="100ms"))
        tracemalloc.start()
        try:
            async with polling(site) as (_, readings):
                await eventually("many polls", lambda: len(of(readings, "net-1")) >= 15)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(good(of(readings, "net-1"))) == len(of(readings, "net-1"))
    mad = of(readings, "mad-1")
    assert mad
    assert all("bytes that nobody asked for" in str(reading.silent) for reading in mad)
    assert bad.connections <= 12, "cut off, and then left alone for longer and longer"
    assert peak < 20e6, "what it says is not kept"


# ---------------------------------------------------------------- packets that vanish


@pytest.fixture
def there(wire: str, tmp_path: Path) -> Iterator[Machine]:
    """Another machine with an honest server on port 1502."""
    kind = "tcp" if wire == "modbus-tcp" else "rtu"
    with machine() as other:
        program = other.command(
            sys.executable, "-m", "tests.parts.scripted", other.host, "1502", kind
        )
        with running(program, log=tmp_path / "there.log", cwd=ROOT):
            yield other


async def test_a_path_that_swallows_packets_is_silence_and_is_used_again_once_it_is_back(
    wire: str, there: Machine, tmp_path: Path
) -> None:
    keys = bus(wire, 1502, there.host)
    site = load(write_site(tmp_path, {"net": (keys, [1])}, every="500ms"))
    loop = asyncio.get_running_loop()
    async with polling(site) as (_, readings):
        await eventually("answers", lambda: len(good(readings)) >= 3)
        # A short outage and a long one: after that, connecting is tried at growing intervals.
        for outage, patience in ((0.7, PERIOD), (2.5, LONGEST_PAUSE + PERIOD)):
            there.cut()
            began = loop.time()
            await eventually("silence", lambda: bool(readings[-1].silent))
            assert loop.time() - began < PERIOD + TIMEOUT + SLACK
            assert "does not acknowledge" in str(readings[-1].silent)
            await asyncio.sleep(max(0.0, began + outage - loop.time()))
            there.mend()
            back = loop.time()
            await eventually("values", lambda: bool(readings[-1].values))
            assert loop.time() - back < patience + SLACK
            await eventually("a steady pace", lambda: all(r.values for r in readings[-3:]))
