"""Polling and one-shot reads with the real drivers, against servers that are not ours."""

from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.edge.commanding import order
from gateway.field.read import as_json, as_text, poll_once
from tests.parts.bench_site import load, rtu, tcp, write_site
from tests.parts.commands import eventually
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_serial, pymodbus_tcp, serial_cable
from tests.parts.polling import of, polling
from tests.parts.process import free_port


def values(unit: int) -> dict[str, int]:
    return {"near": held(unit, 7), "next": held(unit, 8), "far": held(unit, 400)}


async def test_read_asks_every_device_once_and_says_who_stays_silent(tmp_path: Path) -> None:
    port = free_port()
    with serial_cable(tmp_path) as (here, there):
        async with pymodbus_tcp(port), pymodbus_serial(there, 115200):
            site = load(
                write_site(
                    tmp_path,
                    {
                        "net": (tcp(port), [1, 2]),
                        "nobody": (tcp(free_port()), [1]),
                        "line": (rtu(here), [3, 9, 1]),
                    },
                )
            )
            readings = await poll_once(site)
            some = await poll_once(site, ["line-1", "net-2"])
    assert [reading.device for reading in readings] == [device.id for device in site.devices]
    found = {reading.device: reading for reading in readings}
    for name, unit in (("net-1", 1), ("net-2", 2), ("line-3", 3), ("line-1", 1)):
        assert found[name].values == values(unit)
        assert found[name].silent is None
    assert "no answer" in str(found["line-9"].silent)
    assert found["nobody-1"].silent
    assert [reading.device for reading in some] == ["net-2", "line-1"]

    told = as_json(found["line-9"])
    assert told.keys() == {"device", "t", "values", "uncertain", "bad", "silent"}
    assert "silent" not in as_json(found["net-1"])
    text = as_text(site, readings)
    assert "near  1007" in text
    assert "silent: nothing comes back (no answer in" in text


@pytest.mark.alone
async def test_devices_keep_their_period_beside_a_dead_unit_and_a_dead_bus(tmp_path: Path) -> None:
    port = free_port()
    with serial_cable(tmp_path) as (here, there):
        async with pymodbus_tcp(port), pymodbus_serial(there, 115200):
            site = load(
                write_site(
                    tmp_path,
                    {
                        "net": (tcp(port), [1, 2, 3]),
                        "nobody": (tcp(free_port()), [1]),
                        "line": (rtu(here), [1, 9, 2]),
                    },
                )
            )
            async with polling(site) as (pollers, readings):
                await asyncio.sleep(5.0)
    for name in ("net-1", "net-3", "line-1", "line-2"):
        good = of(readings, name)
        assert len(good) >= 17, "four polls a second for five seconds, on a busy machine"
        assert all(reading.values == values(int(name[-1])) for reading in good)
        assert all(b.t > a.t for a, b in pairwise(good))
    dead = of(readings, "line-9")
    assert 2 <= len(dead) <= 8
    assert all(reading.silent for reading in [*dead, *of(readings, "nobody-1")])
    assert pollers["line"].figures.silent == len(dead)


async def test_a_server_that_goes_and_comes_back_is_polled_again(tmp_path: Path) -> None:
    port = free_port()
    site = load(write_site(tmp_path, {"net": (tcp(port), [1])}))
    async with polling(site) as (_, readings):
        async with pymodbus_tcp(port):
            await eventually("answers", lambda: len(readings) > 4)
        count = len(readings)
        await eventually("silence", lambda: any(r.silent for r in readings[count:]))
        count = len(readings)
        async with pymodbus_tcp(port):
            await eventually("answers again", lambda: any(r.values for r in readings[count:]))


async def test_a_command_is_written_and_read_back_by_the_next_poll(tmp_path: Path) -> None:
    port = free_port()
    async with pymodbus_tcp(port):
        site = load(write_site(tmp_path, {"net": (tcp(port), [1])}))
        (device,) = site.devices
        async with polling(site) as (pollers, readings):
            await eventually("a first reading", lambda: bool(readings))
            control = device.controls["set"]
            outcome = await order(pollers["net"].orders, site.buses["net"], device, control, 4711)
            assert (outcome.result, outcome.reason) == ("done", None)
            count = len(readings)
            await eventually("the next reading", lambda: len(readings) > count)
    assert readings[-1].values["near"] == 4711


@pytest.mark.parametrize("depth", [1, 4])
async def test_pollers_end_at_once_when_cancelled(tmp_path: Path, depth: int) -> None:
    """Also in the middle of a timeout: a server that takes connections and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        bus = tcp(deaf.getsockname()[1], pipeline=depth, timeout="30s")
        site = load(write_site(tmp_path, {"net": (bus, [1, 2])}))
        loop = asyncio.get_running_loop()
        async with polling(site):
            await asyncio.sleep(0.3)
            began = loop.time()
        assert loop.time() - began < 0.5
