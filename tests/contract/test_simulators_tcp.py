"""The simulators on Modbus TCP, read by masters that are not ours."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from pymodbus.client import AsyncModbusTcpClient

from simulators.town.city import City
from simulators.wires.maps import Row, read_map
from simulators.wires.modbus import Unit
from tests.parts.mbpoll import mbpoll
from tests.parts.simulated import port, simulated, step


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with simulated(tmp_path) as served:
        yield served


@asynccontextmanager
async def client(city: City, bus: str) -> AsyncIterator[AsyncModbusTcpClient]:
    master = AsyncModbusTcpClient("127.0.0.1", port=port(city, bus), timeout=0.5, retries=0)
    await master.connect()
    try:
        yield master
    finally:
        master.close()


def at(city: City, device: str) -> Unit:
    station = city.stations[device]
    assert isinstance(station, Unit)
    return station


async def test_mbpoll_reads_the_pillar_s_floats(city: City) -> None:
    where = port(city, "pillars")
    said = await mbpoll(where, "-t", "3:float", "-B", "-r", "0", "-c", "12", unit=1)
    shown = city.served("pillar-f1")[-1][1]
    rows = at(city, "pillar-f1").image.map.points
    points = {row.address: row.name for row in rows if row.table == "input"}
    assert set(said.values) == set(range(0, 24, 2))
    for address, value in said.values.items():
        assert value == pytest.approx(shown[points[address]], rel=1e-5), points[address]


async def test_mbpoll_reads_a_cabinet_s_groups_and_bits(city: City) -> None:
    where = port(city, "cabinet-1")
    groups = await mbpoll(where, "-t", "3", "-r", "0", "-c", "4", unit=1)
    bits = await mbpoll(where, "-t", "1", "-r", "40", "-c", "7", unit=1)
    shown = city.served("cabinet-1")[-1][1]
    codes = {1: "red", 3: "green", 5: "yellow"}
    assert [codes[int(v)] for v in groups.values.values()] == [
        shown[f"group_{n}"] for n in range(1, 5)
    ]
    assert list(bits.values.values()) == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("device", ["lamp-0003", "pillar-f2", "cabinet-2", "bin-1"])
async def test_pymodbus_reads_every_register_of_every_kind(city: City, device: str) -> None:
    asset = next(asset for asset in city.district.assets if asset.id == device)
    async with client(city, asset.bus) as master:
        for row in read_map(city.district.folder / asset.profile).points:
            found = await read_by_hand(master, row, asset.unit or 0)
            shown = city.served(device)[-1][1][row.name]
            assert found == (pytest.approx(shown) if type(shown) is float else shown), row.name


async def read_by_hand(master: AsyncModbusTcpClient, row: Row, unit: int) -> object:
    """One point, as somebody with the profile on paper would read it."""
    if row.table == "discrete":
        return (await master.read_discrete_inputs(row.address, device_id=unit)).bits[0]
    tables = {"input": master.read_input_registers, "holding": master.read_holding_registers}
    answer = await tables[row.table](row.address, count=row.words, device_id=unit)
    assert not answer.isError(), row
    if row.bit is not None:
        return bool(answer.registers[0] >> row.bit & 1)
    raw = master.convert_from_registers(list(answer.registers), master.DATATYPE[row.type.upper()])
    if raw == row.nothing:
        return None
    if row.labels:
        return next(label for label, code in row.labels.items() if code == raw)
    assert isinstance(raw, int | float)
    return raw * row.scale


async def test_values_move_with_the_world_and_stand_still_with_it(city: City) -> None:
    async with client(city, "bins") as master:
        first = (await master.read_input_registers(0, count=6, device_id=1)).registers
        again = (await master.read_input_registers(0, count=6, device_id=1)).registers
        step(city, 30)
        later = (await master.read_input_registers(0, count=6, device_id=1)).registers
    assert first == again
    assert first != later


async def test_commands_change_the_device(city: City) -> None:
    unit = at(city, "lamp-0003").number
    async with client(city, "lamps-1") as master:
        assert not (await master.write_register(101, 50, device_id=unit)).isError()
        step(city, 5)
        half = city.value("lamp-0003", "power")
        assert not (await master.write_registers(100, [0, 80], device_id=unit)).isError()
        step(city, 5)
        off = city.value("lamp-0003", "power")
        mask = await master.mask_write_register(
            address=100, and_mask=0xFFFE, or_mask=1, device_id=unit
        )
        assert not mask.isError()
        step(city, 5)
        state = await master.read_holding_registers(100, count=2, device_id=unit)
    assert half == pytest.approx(150 * 0.5, rel=0.06)
    assert off == pytest.approx(1, rel=0.05)
    assert state.registers == [1, 80]


async def test_mbpoll_opens_a_pillar_s_contactor(city: City) -> None:
    said = await mbpoll(port(city, "pillars"), "-t", "4", "-r", "100", "=0", unit=1)
    assert "Written 1 references" in said.output
    step(city, 1)
    assert city.value("pillar-f1", "contactor_state") is False
    assert city.value("lamp-0001", "voltage") == 0


@pytest.mark.parametrize(
    ("request_pdu", "reply_pdu"),
    [
        (b"\x04\x03\xe8\x00\x01", b"\x84\x02"),
        (b"\x04\x00\x00\x00\x7e", b"\x84\x03"),
        (b"\x06\x00\x65\x00\x65", b"\x86\x03"),
        (b"\x06\x00\x00\x00\x01", b"\x86\x02"),
        (b"\x2b\x0e\x01\x00", b"\xab\x01"),
        (b"\x06\x00\x65\x00\x32", b"\x06\x00\x65\x00\x32"),
    ],
    ids=["no such register", "126 at once", "dim 101", "read only", "no such function", "obeyed"],
)
async def test_it_refuses_as_a_device_does(
    city: City, request_pdu: bytes, reply_pdu: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(city, "lamps-1"))
    writer.write(struct.pack(">HHHB", 9, 0, len(request_pdu) + 1, 1) + request_pdu)
    reply = await asyncio.wait_for(reader.readexactly(7 + len(reply_pdu)), 1)
    assert reply == struct.pack(">HHHB", 9, 0, len(reply_pdu) + 1, 1) + reply_pdu
    writer.close()
    await writer.wait_closed()


async def test_requests_that_arrive_together_are_all_answered_in_order(city: City) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(city, "lamps-1"))
    asks = b"".join(struct.pack(">HHHBBHH", n, 0, 6, 1, 3, 0, 1) for n in range(1, 17))
    writer.write(asks[:101])
    await writer.drain()
    await asyncio.sleep(0)
    writer.write(asks[101:])
    said = await asyncio.wait_for(reader.readexactly(16 * 11), 1)
    assert [struct.unpack_from(">H", said, 11 * n)[0] for n in range(16)] == list(range(1, 17))
    assert {said[11 * n + 9 : 11 * n + 11] for n in range(16)} == {b"\x57\x53"}
    writer.close()
    await writer.wait_closed()


async def test_a_stream_that_is_not_modbus_is_closed(city: City) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(city, "lamps-1"))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 1) == b""
    writer.close()
    await writer.wait_closed()


async def test_a_mute_device_is_silent_and_its_neighbour_is_not(city: City) -> None:
    city.inject("bin-1", "silent")
    where = port(city, "bins")
    mute, neighbour, absent = await asyncio.gather(
        mbpoll(where, "-t", "3", "-r", "0", unit=1),
        mbpoll(where, "-t", "3", "-r", "0", unit=2),
        mbpoll(where, "-t", "3", "-r", "0", unit=9),
    )
    assert "timed out" in mute.output
    assert neighbour.values
    assert "Target device failed to respond" in absent.output
    city.repair("bin-1", "silent")
    assert (await mbpoll(where, "-t", "3", "-r", "0", unit=1)).values


async def test_a_thousand_devices_are_served_by_one_loop(tmp_path: Path) -> None:
    async with simulated(tmp_path / "big", devices=1000) as big:
        buses: dict[str, list[int]] = {}
        for asset in big.district.assets:
            asleep = asset.kind == "lamp" and asset.facts.supply == "switched"  # it is day
            if asset.unit is not None and asset.bus not in {"lamps-a", "lamps-b"} and not asleep:
                buses.setdefault(asset.bus, []).append(asset.unit)

        async def poll(bus: str, units: list[int]) -> int:
            async with client(big, bus) as master:
                answers = [
                    await master.read_input_registers(0, count=6, device_id=unit) for unit in units
                ]
            return sum(not answer.isError() for answer in answers)

        done = await asyncio.gather(*(poll(bus, units) for bus, units in buses.items()))
    assert sum(done) == sum(map(len, buses.values())) > 600
