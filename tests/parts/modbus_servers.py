"""Modbus servers that are not ours, for tests: pymodbus on TCP and serial ports, umodbus on TCP.

All of them hold the image of ``tests.parts.modbus_image`` (umodbus the numbered part of it).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from umodbus.server.tcp import RequestHandler, get_server

from tests.parts.modbus_image import UNITS, absent, bit_runs, held, register_runs
from tests.parts.process import program, running


def _registers(unit: int) -> list[SimData]:
    return [
        SimData(start, values=values, datatype=DataType.REGISTERS)
        for start, values in register_runs(unit)
    ]


def _bits() -> list[SimData]:
    return [
        SimData(start, values=[v == 1 for v in values], datatype=DataType.BITS)
        for start, values in bit_runs()
    ]


def pymodbus_devices() -> list[SimDevice]:
    """The units 1 to 3."""
    return [
        SimDevice(unit, (_bits(), _bits(), _registers(unit), _registers(unit))) for unit in UNITS
    ]


def _silent_for_others(sending: bool, packet: bytes) -> bytes:
    """A real serial bus stays silent for a unit it does not have; pymodbus would refuse."""
    unit = int(packet[1:3], 16) if packet[:1] == b":" else packet[0]
    return b"" if sending and unit not in UNITS else packet


@contextlib.asynccontextmanager
async def pymodbus_tcp(port: int, framer: FramerType = FramerType.SOCKET) -> AsyncIterator[None]:
    """A pymodbus server on TCP, with either framing."""
    server: Any = ModbusTcpServer(
        pymodbus_devices(),
        address=("127.0.0.1", port),
        framer=framer,
        trace_packet=_silent_for_others if framer == FramerType.RTU else None,
    )
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


@contextlib.asynccontextmanager
async def pymodbus_serial(
    port: str, baudrate: int, framer: FramerType = FramerType.RTU
) -> AsyncIterator[None]:
    """A pymodbus server on a serial port; units it does not have stay silent."""
    server: Any = ModbusSerialServer(
        pymodbus_devices(),
        framer=framer,
        port=port,
        baudrate=baudrate,
        trace_packet=_silent_for_others,
    )
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


@contextlib.contextmanager
def serial_cable(folder: Path) -> Iterator[tuple[str, str]]:
    """Two serial ports with a cable between them."""
    ends = [folder / "here", folder / "there"]
    command = [program("socat"), *(f"pty,raw,echo=0,link={end}" for end in ends)]
    with running(command, log=folder / "socat.log") as process:
        while not all(end.exists() for end in ends):
            assert process.poll() is None, (folder / "socat.log").read_text()
        yield str(ends[0]), str(ends[1])


@contextlib.asynccontextmanager
async def umodbus_tcp(port: int) -> AsyncIterator[dict[tuple[int, int], int]]:
    """A umodbus server on TCP; what was written, by unit and address."""
    written: dict[tuple[int, int], int] = {}
    TCPServer.allow_reuse_address = True
    server: Any = get_server(TCPServer, ("127.0.0.1", port), RequestHandler)
    registers = [a for a in range(500) if not absent(a)]

    def read_register(slave_id: int, function_code: int, address: int) -> int:
        return written.get((slave_id, address), held(slave_id, address))

    def read_bit(slave_id: int, function_code: int, address: int) -> int:
        return int(address % 3 == 0)

    def write(slave_id: int, function_code: int, address: int, value: int) -> None:
        written[slave_id, address] = value

    for functions, addresses, serve in (
        ([3, 4], registers, read_register),
        ([1, 2], list(range(100)), read_bit),
        ([5, 6, 15, 16], registers, write),
    ):
        server.route(slave_ids=UNITS, function_codes=functions, addresses=addresses)(serve)

    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield written
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
