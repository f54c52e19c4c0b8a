"""Commands as people write them in a profile, carried out on servers that are not ours."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from drivers.modbus.frame.pdu import server_text
from drivers.modbus.link import ModbusLink
from gateway.config.site import Site
from gateway.edge.clock import SYSTEM
from gateway.edge.commanding import Outcome, command, order
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.field.read import poll_once
from gateway.model import Reading, Value
from tests.parts.bench_site import load, rtu, tcp, write_site
from tests.parts.commands import eventually
from tests.parts.modbus import Script, registers, sealed, slave
from tests.parts.modbus_servers import pymodbus_serial, pymodbus_tcp, serial_cable
from tests.parts.process import free_port

PROFILE = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "Many commands"
driver = "modbus"
every = "200ms"
points = [
  { name = "relay",    table = "coil", address = 2 },
  { name = "lamp",     table = "coil", address = 5 },
  { name = "level",    table = "holding", address = 10, scale = 0.1 },
  { name = "whole",    table = "holding", address = 11 },
  { name = "setpoint", table = "holding", address = 20, type = "float32", order = "CDAB" },
  { name = "label",    table = "holding", address = 30, type = "string", length = 4 },
  { name = "flag",     table = "holding", address = 40, bit = 3 },
  { name = "rest",     table = "holding", address = 40, mask = 0xFFF7 },
  { name = "high",     table = "holding", address = 41, type = "uint8h" },
  { name = "low",      table = "holding", address = 41, type = "uint8l" },
  { name = "total",    table = "holding", address = 50, type = "uint32" },
  { name = "mode",     table = "holding", address = 60, enum = { 0 = "off", 1 = "auto" } },
]
[commands.relay]
table = "coil"
address = 2
read_back = "relay"
[commands.relays]
table = "coil"
address = 2
write = "multiple"
read_back = "relay"
[commands.blink]
table = "coil"
address = 5
pulse = "300ms"
read_back = "lamp"
[commands.level]
table = "holding"
address = 10
scale = 0.1
min = 0
max = 100
read_back = "level"
[commands.whole]
table = "holding"
address = 11
write = "multiple"
read_back = "whole"
[commands.setpoint]
table = "holding"
address = 20
type = "float32"
order = "CDAB"
read_back = "setpoint"
[commands.label]
table = "holding"
address = 30
type = "string"
length = 4
read_back = "label"
[commands.flag]
table = "holding"
address = 40
bit = 3
read_back = "flag"
[commands.high]
table = "holding"
address = 41
type = "uint8h"
read_back = "high"
[commands.total]
table = "holding"
address = 50
type = "uint32"
write = "exchange"
read_back = "total"
[commands.mode]
table = "holding"
address = 60
read_back = "mode"
[commands.absent]
table = "holding"
address = 250
"""


def site_of(folder: Path, bus: str) -> Site:
    file = write_site(folder, {"b": (bus, [1])})
    (folder / "numbers.toml").write_text(PROFILE)
    return load(file)


@pytest.fixture(params=["tcp", "rtu"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """One unit of a pymodbus server, on TCP and on a serial cable."""
    if request.param == "tcp":
        port = free_port()
        async with pymodbus_tcp(port):
            yield site_of(tmp_path, tcp(port))
        return
    with serial_cable(tmp_path) as (here, there):
        async with pymodbus_serial(there, 115200):
            yield site_of(tmp_path, rtu(here, timeout="1s"))


async def test_every_way_of_writing_reaches_the_device(site: Site) -> None:
    """What each command did, and what it left alone."""
    wishes: list[tuple[str, Value, Value]] = [
        ("relay", True, True),
        ("relay", False, False),
        ("relays", True, True),
        ("level", 42.3, 42.3),
        ("whole", 65535, 65535),
        ("setpoint", 21.55, 21.55),
        ("label", "Ostende", "Ostende"),
        ("flag", False, False),
        ("flag", True, True),
        ("high", 7, 7),
        ("total", 3_000_000_000, 3_000_000_000),
        ("mode", "auto", "auto"),
    ]
    before = await shown(site)
    bus, (device,) = site.buses["b"], site.devices
    async with bus.driver.open(bus.options) as link:
        for name, value, back in wishes:
            outcome = await command(link, bus, device, device.controls[name], value)
            assert outcome.result == "done", (name, outcome)
            expected = pytest.approx(back) if isinstance(back, float) else back
            assert outcome.read_back == expected, name
        refused = await command(link, bus, device, device.controls["absent"], 1)
        assert refused == Outcome("refused", None, "refused: illegal address")
        pulsed = await command(link, bus, device, device.controls["blink"], True)
        assert pulsed == Outcome("done", True)
    after = await shown(site)
    assert (after["relay"], after["lamp"], after["mode"]) == (True, False, "auto")
    assert after["low"] == before["low"], "the other byte of the register"
    assert after["rest"] == before["rest"], "the other bits of the register"
    assert after["total"] == 3_000_000_000


async def shown(site: Site) -> dict[str, Value]:
    (reading,) = await poll_once(site)
    assert not reading.silent
    return dict(reading.values)


async def test_a_device_says_what_it_is_by_either_function(site: Site) -> None:
    bus, (device,) = site.buses["b"], site.devices
    async with bus.driver.open(bus.options) as link:
        assert isinstance(link, ModbusLink)
        said = await link.server_id(device.options)
        objects = await link.identification(device.options)
    assert said
    assert "ymodbus" in server_text(said)
    assert set(objects) <= {0, 1, 2}


# ---------------------------------------------------------------- a scripted serial line


@contextlib.asynccontextmanager
async def polled(site: Site) -> AsyncIterator[tuple[Poller, list[Reading]]]:
    readings: list[Reading] = []
    poller = Poller(
        site.buses["b"],
        readings.append,
        clock=SYSTEM,
        slots=Slots(SYSTEM),
        chance=lambda: 0.5,
        pulse=Pulse(),
    )
    task = asyncio.create_task(poller.run())
    try:
        yield poller, readings
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


ONE_POINT = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "One register"
driver = "modbus"
every = "50ms"
points = [{ name = "level", table = "holding", address = 7 }]
[commands.dim]
table = "holding"
address = 7
[commands.blink]
table = "holding"
address = 7
pulse = "400ms"
[commands.all_off]
table = "holding"
address = 7
broadcast = true
"""


@contextlib.contextmanager
def line(folder: Path, script: Script, devices: str) -> Iterator[tuple[Site, list[bytes]]]:
    """A bus of scripted slaves; ``devices`` gives their own keys, a table each."""
    with slave(script) as port:
        file = write_site(folder, {"b": (rtu(port.port), [])}, more=devices)
        (folder / "one.toml").write_text(ONE_POINT)
        yield load(file), port.heard


def unit(number: int, **keys: object) -> str:
    more = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    return (
        f'[[device]]\nid = "u{number}"\nprofile = "one.toml"\nbus = "b"\nunit = {number}\n{more}\n'
    )


def refusal(frame: bytes, code: int) -> bytes:
    return sealed(frame[0], frame[1] | 0x80, code)


def values_of(readings: list[Reading], device: str) -> list[Reading]:
    return [reading for reading in readings if reading.device == device]


async def test_a_busy_unit_is_asked_again_while_its_neighbour_is_polled(tmp_path: Path) -> None:
    """Unit 2 is busy every other time it is asked, and unit 3 cannot be reached at all."""
    asked: list[int] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        asked.append(frame[0])
        if frame[0] == 3:
            return [(0.0, refusal(frame, 11))]
        if frame[0] == 2 and asked.count(2) % 2:
            return [(0.0, refusal(frame, 6))]
        return [(0.0, registers(frame, lambda a: a))]

    with line(tmp_path, script, unit(1) + unit(2) + unit(3)) as (site, _):
        async with polled(site) as (_, readings):
            await eventually("polls", lambda: len(values_of(readings, "u2")) >= 10)
    for name in ("u1", "u2"):
        for reading in values_of(readings, name):
            assert dict(reading.values) == {"level": 7}, reading
    assert all("gateway" in str(reading.silent) for reading in values_of(readings, "u3"))
    again = [i for i, number in enumerate(asked) if number == 2]
    for busy, then in zip(again[::2], again[1::2], strict=False):
        assert asked[busy:then].count(1) >= 1, "a tenth of a second, two polls of unit 1"


async def test_a_pulse_does_not_hold_the_line(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    held = {1: 0, 2: 0}

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        heard.append((frame[0], frame[1]))
        if frame[1] == 6:
            held[frame[0]] = int.from_bytes(frame[4:6], "big")
            return [(0.0, frame)]
        return [(0.0, registers(frame, lambda _: held[frame[0]]))]

    with line(tmp_path, script, unit(1) + unit(2)) as (site, _):
        async with polled(site) as (poller, readings):
            await eventually("polls", lambda: len(readings) > 4)
            device = site.devices[1]
            control = device.controls["blink"]
            outcome = await order(poller.orders, site.buses["b"], device, control, 5)
            assert outcome == Outcome("done")
    on, off = (i for i, (_, function) in enumerate(heard) if function == 6)
    assert heard[on:off].count((1, 3)) >= 3, "the neighbour is polled meanwhile"
    assert any(reading.values == {"level": 5} for reading in values_of(readings, "u2"))
    assert held == {1: 0, 2: 0}


async def test_a_broadcast_reaches_everybody_and_the_line_is_silent_after_it(
    tmp_path: Path,
) -> None:
    heard: list[tuple[float, bytes]] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        heard.append((time.monotonic(), frame))
        return [(0.0, registers(frame, lambda a: a))] if frame[0] else []

    with line(tmp_path, script, unit(1) + unit(2)) as (site, _):
        async with polled(site) as (poller, readings):
            await eventually("polls", lambda: len(readings) > 4)
            device = site.devices[0]
            control = device.controls["all_off"]
            outcome = await order(poller.orders, site.buses["b"], device, control, 0)
            count = len(readings)
            await eventually("polls again", lambda: len(readings) > count + 2)
    assert outcome == Outcome("done")
    (told,) = [i for i, (_, frame) in enumerate(heard) if frame[0] == 0]
    assert heard[told][1] == sealed(0, 6, 0, 7, 0, 0)
    assert heard[told + 1][0] - heard[told][0] >= 0.1, "the turnaround delay"
    assert not any(reading.silent for reading in readings)


async def test_a_device_that_needs_time_gets_it_and_its_neighbours_use_it(tmp_path: Path) -> None:
    """``delay`` is counted from a device's last frame, ``timeout`` is its own."""
    heard: list[tuple[float, int]] = []
    answered: list[float] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        heard.append((time.monotonic(), frame[0]))
        if frame[0] == 2:
            answered.append(time.monotonic())
        return [] if frame[0] == 3 else [(0.0, registers(frame, lambda a: a))]

    devices = unit(1) + unit(2, delay="150ms") + unit(3, timeout="30ms")
    with line(tmp_path, script, devices) as (site, _):
        async with polled(site) as (_, readings):
            await eventually("polls", lambda: len(values_of(readings, "u2")) >= 6)
    asked = [i for i, (_, number) in enumerate(heard) if number == 2]
    for before, i in zip(answered, asked[1:], strict=False):
        assert heard[i][0] - before >= 0.149
    between = [heard[a:b] for a, b in itertools.pairwise(asked)]
    assert all(1 in [number for _, number in run] for run in between)
    silent = values_of(readings, "u3")
    assert silent
    assert all("no answer in 0.03 s" in str(reading.silent) for reading in silent)
