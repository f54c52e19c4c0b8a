"""Other lines than RTU on a pty: ASCII, and RTU behind a serial server; read by two masters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.framer import FramerRTU, FramerType

from gateway.assets import LampFacts
from gateway.config import load_site
from gateway.field.read import poll_once
from gateway.model import Reading
from simulators.devices.lamp import Lamp
from simulators.town import sitefile
from simulators.town.district import make
from simulators.town.plan import Pace
from simulators.town.sitefile import Style, profile_file
from simulators.wires.line import Framing, Line
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path, behind_tcp
from simulators.wires.registers import Image
from simulators.wires.servers import serve
from simulators.world import SteppedClock, World
from tests.parts.bench_site import load
from tests.parts.process import free_port
from tests.parts.simulated import MAKATI, MORNING

ASCII = Pace(19_200, "E", bytesize=7)
RTU = Pace(9_600)
SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.b]
{bus}
[[device]]
id = "lamp-1"
profile = "lamp/generic"
bus = "b"
unit = 1
[[device]]
id = "lamp-2"
profile = "lamp/generic"
bus = "b"
unit = 2
"""


def lamps(pace: Pace, framing: Framing = "rtu") -> tuple[Line, dict[int, Unit]]:
    clock = SteppedClock(MORNING)
    world = World(14.5547, 121.0244, clock=clock)
    plan = read_map(profile_file("lamp/generic"))
    facts = LampFacts(rated_power=100, tunnel=True)
    units = [Unit(n, Lamp(f"lamp-{n}", facts, world), Image(plan)) for n in (1, 2)]
    return Line(Units(units, clock), pace, framing), {one.number: one for one in units}


async def readings(folder: Path, bus: str) -> list[Reading]:
    """What the gateway's own driver reads."""
    file = folder / "site.toml"
    file.write_text(SITE.format(bus=bus))
    return list(await poll_once(load_site(file, {})))


def assert_served(found: list[Reading], units: dict[int, Unit]) -> None:
    assert [one.device for one in found] == ["lamp-1", "lamp-2"]
    for reading, unit in zip(found, units.values(), strict=True):
        shown = unit.served[-1][1]
        assert reading.values == pytest.approx({k: v for k, v in shown.items() if v is not None})


async def test_an_ascii_line_is_read_by_the_gateway_and_by_pymodbus(tmp_path: Path) -> None:
    line, units = lamps(ASCII, "ascii")
    port = tmp_path / "tty"
    with at_path(port, line):
        master = AsyncModbusSerialClient(  # with 8 bits, for a pty knows no others
            str(port), framer=FramerType.ASCII, baudrate=19_200, retries=0
        )
        await master.connect()
        answer = await master.read_input_registers(0, count=4, device_id=2)
        master.close()
        bus = f'driver = "modbus-ascii"\nport = "{port}"\nbaudrate = 19200\ntimeout = "1s"'
        found = await readings(tmp_path, bus)
    shown = units[2].served[-1][1]
    assert answer.registers[0] * 0.1 == pytest.approx(shown["voltage"])
    assert_served(found, units)
    last = line.exchanges[-1]
    assert last.ends - last.begins == pytest.approx(last.answer * 10 / 19_200)


@asynccontextmanager
async def serial_server() -> AsyncIterator[tuple[int, Line, dict[int, Unit]]]:
    line, units = lamps(RTU)
    port = free_port()
    async with behind_tcp(port, line):
        yield port, line, units


async def test_a_line_behind_a_serial_server_is_read_by_the_gateway_and_by_pymodbus(
    tmp_path: Path,
) -> None:
    async with serial_server() as (port, _, units):
        master = AsyncModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, retries=0)
        await master.connect()
        answer = await master.read_input_registers(0, count=4, device_id=1)
        master.close()
        bus = f'driver = "modbus-rtu-tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout = "1s"'
        found = await readings(tmp_path, bus)
    shown = units[1].served[-1][1]
    assert answer.registers[0] * 0.1 == pytest.approx(shown["voltage"])
    assert_served(found, units)


async def test_a_serial_server_keeps_the_pace_of_its_line() -> None:
    question = FramerRTU(None).encode(bytes((4, 0, 0, 0, 17)), 1, 0)  # type: ignore[arg-type]
    async with serial_server() as (port, line, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()
        writer.write(question)
        await reader.readexactly(39)
        taken = time.monotonic() - began
        writer.close()
    last = line.exchanges[-1]
    theory = (8 + 39 + 3.5) * 10 / 9_600 + 0.002
    assert last.ends - last.asked == pytest.approx(theory)
    assert taken >= theory


async def test_all_clients_of_a_serial_server_hear_the_line() -> None:
    question = FramerRTU(None).encode(bytes((4, 0, 0, 0, 1)), 1, 0)  # type: ignore[arg-type]
    async with serial_server() as (port, _, _units):
        ends = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in ends[:1]:  # once it has an answer, the server knows it
            writer.write(question)
            await reader.readexactly(7)
        ends[1][1].write(question)
        heard = await asyncio.gather(*(reader.readexactly(7) for reader, _ in ends))
        for _, writer in ends:
            writer.close()
    assert heard[0] == heard[1]


async def test_a_district_may_have_such_lines(tmp_path: Path) -> None:
    """Its site file says how they are read, and each device on them is."""
    drawn = make(20, folder=tmp_path, now=MORNING, place=MAKATI)
    lines: dict[str, dict[str, Any]] = {
        "lamps-a": {"driver": "modbus-ascii", "pace": ASCII},
        "lamps-b": {"driver": "modbus-rtu-tcp", "path": None, "port": free_port()},
    }
    endpoints = (replace(one, **lines.get(one.name, {})) for one in drawn.endpoints)
    district = replace(drawn, endpoints=tuple(endpoints))
    sitefile.write(district, "mqtt://127.0.0.1:1883", Style())
    site = load(district.site_file)
    site = replace(site, buses={name: site.buses[name] for name in lines})
    async with serve(district, clock=SteppedClock(MORNING)) as city:
        found = {one.device: one for one in await poll_once(site)}
        on_them = [asset.id for asset in district.assets if asset.bus in lines]
        assert len(on_them) > 2
        for device in on_them:
            assert found[device].silent is None
            assert found[device].values["power"] == pytest.approx(
                city.served(device)[-1][1]["power"]
            )
