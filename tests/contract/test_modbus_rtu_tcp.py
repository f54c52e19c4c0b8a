"""RTU frames over TCP: against pymodbus with RTU framing, and serial servers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymodbus.framer import FramerType

from drivers.modbus import DRIVERS
from drivers.modbus.wire.rtu_tcp import RtuTcp
from gateway.driver import Bad, BadResponse, LinkDown, NoResponse
from tests.parts.modbus import Script, blocks, control, device, point, registers, sealed
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.process import free_port

open_link = DRIVERS["modbus-rtu-tcp"].open
PAIR = point("pair", table="holding", address=6, type="uint32")


def options(port: int, **keys: Any) -> RtuTcp:
    return RtuTcp(host="127.0.0.1", port=port, **{"timeout": 0.15, **keys})


def truth(frame: bytes) -> bytes:
    return registers(frame, lambda a: a)


class SerialServer(asyncio.Protocol):
    """One connection of a serial server with one slave behind it, which answers in order."""

    def __init__(self, script: Script, alive: set[SerialServer]) -> None:
        self.script, self.alive = script, alive
        self.line: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.slave = asyncio.create_task(self.serve())
        self.alive.add(self)

    def data_received(self, data: bytes) -> None:
        self.line.put_nowait(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()

    async def serve(self) -> None:
        while True:
            frame = await self.line.get()
            for after, data in self.script(frame):
                await asyncio.sleep(after)
                if data:
                    self.transport.write(data)
                else:
                    self.transport.close()

    async def end(self) -> None:
        self.transport.abort()
        self.slave.cancel()
        await self.gone.wait()
        await asyncio.gather(self.slave, return_exceptions=True)


@contextlib.asynccontextmanager
async def serial_server(script: Script) -> AsyncIterator[int]:
    """A serial server; the slave's script is as ``tests.parts.modbus.slave``'s, b"" hangs up."""
    alive: set[SerialServer] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SerialServer(script, alive), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in alive:
            await connection.end()


async def test_pymodbus_is_read_and_written() -> None:
    port = free_port()
    points = [
        *(point(f"d{a}", table="discrete", address=a) for a in range(20)),
        point("h", table="holding", address=10),
        *(point(f"i{a}", table="input", address=a) for a in range(195, 205)),
    ]
    subject = device(*points, unit=2)
    async with pymodbus_tcp(port, FramerType.RTU), open_link(options(port, timeout=1.0)) as link:
        for _ in range(2):
            bits, holding, inputs = [await link.read(block) for block in blocks(subject)]
            assert bits == [a % 3 == 0 for a in range(20)]
            assert holding == [held(2, 10)]
            assert inputs == [
                held(2, a) if a < 200 else Bad("illegal address") for a in range(195, 205)
            ]
        await link.write(subject, control("set", table="holding", address=10), 5)
        assert await link.read(blocks(subject)[1]) == [5]
        (absent,) = blocks(device(PAIR, unit=9, timeout=0.1))
        with pytest.raises(NoResponse, match=r"no answer in 0\.1 s"):
            await link.read(absent)
        assert await link.read(blocks(subject)[1]) == [5]


async def test_a_late_answer_is_never_another_registers_value() -> None:
    def script(frame: bytes) -> list[tuple[float, bytes]]:
        return [(0.25 if frame[2:4] == b"\x04\x56" else 0.0, truth(frame))]

    late = point("late", table="holding", address=1110, type="uint32")
    prompt, slow = blocks(device(PAIR, late))
    async with serial_server(script) as port, open_link(options(port)) as link:
        with pytest.raises(NoResponse):
            await link.read(slow)
        for _ in range(3):
            assert await link.read(prompt) == [6 << 16 | 7]


async def test_a_late_answer_from_behind_a_new_connection_is_none_either() -> None:
    """The serial server keeps the slave's answer while the connection is made again."""
    asked: list[bytes] = []

    def script(frame: bytes) -> list[tuple[float, bytes]]:
        asked.append(frame)
        if len(asked) == 1:
            return [(0.2, b"")]
        first = [(0.0, truth(asked[0]))] if len(asked) == 2 else []
        return [*first, (0.0, truth(frame))]

    late = point("late", table="holding", address=1110, type="uint32")
    prompt, slow = blocks(device(PAIR, late))
    async with serial_server(script) as port, open_link(options(port)) as link:
        with pytest.raises(NoResponse):
            await link.read(slow)
        await asyncio.sleep(0.15)
        assert await link.read(prompt) == [6 << 16 | 7]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (lambda f: [(0, truth(f)[:-1] + b"\x55")], "bad CRC"),
        (lambda f: [(0, truth(f)[:6])], "the answer broke off"),
        (lambda f: [(0, truth(bytes((5,)) + f[1:]))], "unit 5 answered for 1"),
        (lambda _: [(0, sealed(1, 3, 2, 0, 9))], "4 bytes answered instead of 6"),
        (lambda _: [(0, b"\xff" * 7)], "7 bytes came that are no answer"),
    ],
)
async def test_an_answer_that_does_not_fit_is_no_value(script: Script, says: str) -> None:
    healthy = False
    (block,) = blocks(device(PAIR))

    def either(frame: bytes) -> Any:
        return [(0.0, truth(frame))] if healthy else script(frame)

    async with serial_server(either) as port, open_link(options(port)) as link:
        with pytest.raises(BadResponse, match=says):
            await link.read(block)
        healthy = True
        assert await link.read(block) == [6 << 16 | 7]


@pytest.mark.parametrize(
    "script",
    [
        lambda f: [(0, b"\0\xff" + truth(f))],
        lambda f: [(0, truth(f) + truth(f))],
        lambda f: [(0.002, bytes((b,))) for b in truth(f)],
        lambda f: [(0, truth(bytes((5,)) + f[1:])), (0.01, truth(f))],
    ],
    ids=["garbage before", "doubled", "byte by byte", "a foreign one before"],
)
async def test_quirks_that_cost_nothing(script: Script) -> None:
    other = point("other", table="holding", address=40, type="uint32")
    even, odd = blocks(device(PAIR, other))
    async with serial_server(script) as port, open_link(options(port, timeout=0.5)) as link:
        for _ in range(4):
            assert await link.read(even) == [6 << 16 | 7]
            assert await link.read(odd) == [40 << 16 | 41]


async def test_a_connection_closed_while_idle_is_made_again() -> None:
    def script(frame: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, truth(frame)), (0.01, b"")]

    (block,) = blocks(device(PAIR))
    async with serial_server(script) as port, open_link(options(port)) as link:
        for _ in range(3):
            assert await link.read(block) == [6 << 16 | 7]
            await asyncio.sleep(0.05)


async def test_a_connection_lost_under_way_is_a_link_that_is_down() -> None:
    (block,) = blocks(device(PAIR))
    async with serial_server(lambda _: [(0.0, b"")]) as port, open_link(options(port)) as link:
        with pytest.raises(LinkDown, match="closed by the other side"):
            await link.read(block)


async def test_nobody_there_is_a_link_that_is_down() -> None:
    with pytest.raises(LinkDown, match="Connection refused"):
        async with open_link(options(free_port())):
            pass


async def test_a_cancelled_read_leaves_the_link_as_it_was() -> None:
    (block,) = blocks(device(PAIR))
    async with (
        serial_server(lambda f: [(0.05, truth(f))]) as port,
        open_link(options(port, timeout=1.0)) as link,
    ):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.read(block), 0.02)
            assert await link.read(block) == [6 << 16 | 7]
