"""Modbus TCP against servers that are not ours, and against one that does everything wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.frame.framing import mbap_frame
from drivers.modbus.link import ModbusLink
from drivers.modbus.map.rows import NetworkUnit
from drivers.modbus.wire.tcp import Tcp, TcpWire
from gateway.driver import Bad, BadResponse, Busy, Link, LinkDown, NoResponse
from tests.parts.modbus import blocks, control, device, point
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_tcp, umodbus_tcp
from tests.parts.process import free_port

open_link = DRIVERS["modbus-tcp"].open
POWER = point("power", table="holding", address=6)
PAIR = point("pair", table="holding", address=0, type="uint32")


@contextlib.asynccontextmanager
async def each_server(kind: str) -> AsyncIterator[int]:
    port = free_port()
    if kind == "pymodbus":
        async with pymodbus_tcp(port):
            yield port
    else:
        async with umodbus_tcp(port):
            yield port


@pytest.fixture(params=["pymodbus", "umodbus"])
async def link(request: pytest.FixtureRequest) -> AsyncIterator[Link]:
    async with (
        each_server(request.param) as port,
        open_link(Tcp(host="127.0.0.1", port=port, timeout=2.0)) as opened,
    ):
        yield opened


class TestServersThatAreNotOurs:
    async def test_all_four_tables_are_read(self, link: Link) -> None:
        points = [
            point("h", table="holding", address=10),
            point("i", table="input", address=150, type="uint32"),
            *(point(f"c{a}", table="coil", address=a) for a in range(5)),
            *(point(f"d{a}", table="discrete", address=90 + a) for a in range(10)),
        ]
        subject = device(*points, unit=2)
        found: dict[str, Any] = {}
        for block in blocks(subject):
            raws = await link.read(block)
            found.update(zip([p.name for p in block.points], raws, strict=True))
        assert found["h"] == held(2, 10)
        assert found["i"] == held(2, 150) << 16 | held(2, 151)
        assert [found[f"c{a}"] for a in range(5)] == [True, False, False, True, False]
        assert [found[f"d{a}"] for a in range(10)] == [a % 3 == 0 for a in range(90, 100)]

    async def test_the_longest_block_there_is(self, link: Link) -> None:
        points = [point(f"p{a}", table="input", address=300 + a) for a in range(125)]
        (block,) = blocks(device(*points))
        assert await link.read(block) == [held(1, 300 + a) for a in range(125)]

    async def test_one_connection_serves_every_unit(self, link: Link) -> None:
        for unit in (1, 2, 3, 1):
            (block,) = blocks(device(POWER, unit=unit))
            assert await link.read(block) == [held(unit, 6)]

    async def test_an_illegal_register_does_not_cost_its_neighbours(self, link: Link) -> None:
        addresses = [197, 198, 199, 250, 300, 301]
        points = [point(f"p{a}", table="holding", address=a, alone=False) for a in addresses]
        subject = device(*points)
        for _ in range(2):
            found = [raw for block in blocks(subject) for raw in await link.read(block)]
            expected = [held(1, a) if a != 250 else Bad("illegal address") for a in addresses]
            assert found == expected

    async def test_commands_are_written_with_every_function(self, link: Link) -> None:
        subject = device(point("a", table="holding", address=40))
        (block,) = blocks(subject)
        settings: list[tuple[dict[str, Any], float, int]] = [
            ({}, 77, 77),
            ({"write": "multiple"}, 78, 78),
            ({"scale": 0.1}, 7.9, 79),
        ]
        for keys, value, expected in settings:
            await link.write(subject, control("set", table="holding", address=40, **keys), value)
            assert await link.read(block) == [expected]
        await link.write(subject, control("on", table="coil", address=40), True)
        await link.write(subject, control("on", table="coil", address=40, write="multiple"), True)

    async def test_a_refused_command_says_why(self, link: Link) -> None:
        with pytest.raises(BadResponse, match="refused: illegal address"):
            await link.write(device(), control("set", table="holding", address=250), 1)


# ---------------------------------------------------------------- a server by script

Heard = tuple[int, int, bytes]
Answer = Callable[[int, int, bytes], list[tuple[float, bytes] | None]]


class Scripted(asyncio.Protocol):
    """One connection of a server that does what ``answer(transaction, unit, pdu)`` says."""

    def __init__(self, answer: Answer, heard: list[Heard], alive: set[Scripted]) -> None:
        self.answer, self.heard, self.alive = answer, heard, alive
        self.tasks: list[asyncio.Task[None]] = []
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.alive.add(self)

    def data_received(self, data: bytes) -> None:
        while data:
            transaction, _, length, unit = struct.unpack(">HHHB", data[:7])
            question, data = (transaction, unit, data[7 : 6 + length]), data[6 + length :]
            self.heard.append(question)
            self.tasks.append(asyncio.create_task(self.say(self.answer(*question))))

    async def say(self, what: list[tuple[float, bytes] | None]) -> None:
        for step in what:
            if step is None:
                self.transport.close()
            else:
                await asyncio.sleep(step[0])
                self.transport.write(step[1])

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()

    async def end(self) -> None:
        self.transport.abort()
        await self.gone.wait()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def scripted(answer: Answer) -> AsyncIterator[tuple[int, list[Heard]]]:
    """A server by script: each answer is bytes after so many seconds, or ``None`` to hang up."""
    heard: list[Heard] = []
    alive: set[Scripted] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Scripted(answer, heard, alive), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        for connection in alive:
            await connection.end()


def options(port: int, **keys: Any) -> Tcp:
    return Tcp(host="127.0.0.1", port=port, **{"timeout": 0.15, **keys})


def values(pdu: bytes, base: int = 0) -> bytes:
    """The true answer of a device whose register ``a`` holds ``base + a``."""
    function, address, count = struct.unpack(">BHH", pdu)
    words = struct.pack(f">{count}H", *(base + a for a in range(address, address + count)))
    return bytes((function, 2 * count)) + words


def truth(transaction: int, unit: int, pdu: bytes, base: int = 0) -> bytes:
    return mbap_frame(transaction, unit, values(pdu, base))


async def test_a_late_answer_is_never_another_registers_value() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        late = struct.unpack(">H", pdu[1:3])[0] == 1110
        return [(0.3 if late else 0.1, truth(t, unit, pdu))]

    late = point("late", table="holding", address=1110, type="uint32")
    subject = device(late, point("next", table="holding", address=6, type="uint32"))
    slow, prompt = reversed(blocks(subject))
    async with scripted(answer) as (port, _), open_link(options(port, timeout=0.2)) as link:
        with pytest.raises(NoResponse, match=r"no answer in 0\.2 s"):
            await link.read(slow)
        for _ in range(4):
            assert await link.read(prompt) == [6 << 16 | 7]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda t, u, p: mbap_frame(t, u + 4, values(p)), "unit 5 answered for 1"),
        (lambda t, u, p: mbap_frame(t, u, b"\x04" + values(p)[1:]), "function 4 answered for 3"),
        (lambda t, u, _: mbap_frame(t, u, b"\x03\x02\x00\x09"), "4 bytes answered instead of 6"),
        (lambda t, u, _: mbap_frame(t, u, b"\x03\x00"), "2 bytes answered instead of 6"),
        (lambda t, u, p: mbap_frame(t, u, values(p) + b"\0\0"), "8 bytes answered instead"),
        (
            lambda t, u, p: mbap_frame(t, u, b"\x03\x06" + values(p)[2:]),
            "byte count 6 instead of 4",
        ),
        (lambda t, u, p: truth(t + 9, u, p), "transaction 10 answered for 1"),
        (lambda t, u, p: truth(t, u, p)[:-1], "the answer broke off"),
        (lambda *_: b"HTTP/1.1 400 Bad Request\r\n\r\n", "bytes came that are no Modbus TCP"),
    ],
)
async def test_an_answer_that_does_not_fit_is_no_value(
    wrong: Callable[[int, int, bytes], bytes], says: str
) -> None:
    healthy = False

    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0, truth(t, unit, pdu) if healthy else wrong(t, unit, pdu))]

    (block,) = blocks(device(PAIR))
    async with scripted(answer) as (port, _), open_link(options(port)) as link:
        with pytest.raises(BadResponse, match=says):
            await link.read(block)
        healthy = True
        assert await link.read(block) == [1]


@pytest.mark.parametrize(
    "quirk",
    [
        lambda t, u, p: [(0, b"\xff\0" + truth(t, u, p))],
        lambda t, u, p: [(0, truth(t, u, p)), (0, truth(t, u, p))],
        lambda t, u, p: [(0, truth(t - 1, u, p, 500)), (0, truth(t, u, p))],
        lambda t, u, p: [(0.001, bytes((b,))) for b in truth(t, u, p)],
    ],
    ids=["garbage before", "doubled", "stale before", "byte by byte"],
)
async def test_quirks_that_cost_nothing(quirk: Any) -> None:
    (block,) = blocks(device(PAIR))
    async with scripted(quirk) as (port, _), open_link(options(port, timeout=0.5)) as link:
        for _ in range(5):
            assert await link.read(block) == [1]


async def test_a_silent_unit_costs_its_neighbour_nothing_on_the_same_connection() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [] if unit == 9 else [(0, truth(t, unit, pdu))]

    (dead,), (alive,) = blocks(device(PAIR, unit=9)), blocks(device(PAIR, unit=1))
    async with scripted(answer) as (port, heard), open_link(options(port, pipeline=2)) as link:
        for _ in range(6):
            silence = asyncio.create_task(asyncio.wait_for(link.read(dead), 5))
            assert await link.read(alive) == [1]
            with pytest.raises(NoResponse):
                await silence
    assert len(heard) == 12


@pytest.mark.parametrize(("code", "says"), [(10, "gateway has no path"), (11, "got no answer")])
async def test_a_gateways_exceptions_are_silence(code: int, says: str) -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0, mbap_frame(t, unit, bytes((pdu[0] | 0x80, code))))]

    subject = device(PAIR)
    (block,) = blocks(subject)
    async with scripted(answer) as (port, _), open_link(options(port)) as link:
        with pytest.raises(NoResponse, match=says):
            await link.read(block)
        with pytest.raises(NoResponse, match=says):
            await link.write(subject, control("set", table="holding", address=0), 1)


@pytest.mark.parametrize(("code", "reason"), [(5, "still working"), (6, "busy")])
async def test_a_device_that_cannot_now_says_so_and_is_asked_again_in_full(
    code: int, reason: str
) -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        busy = len(heard) == 1
        return [(0, mbap_frame(t, unit, bytes((0x83, code))) if busy else truth(t, unit, pdu))]

    (block,) = blocks(device(PAIR, POWER, traits=None))[:1]
    async with scripted(answer) as (port, heard), open_link(options(port)) as link:
        with pytest.raises(Busy, match=reason):
            await link.read(block)
        assert await link.read(block) == [1]
        assert len(heard) == 2


async def test_questions_overlap_on_one_connection_and_may_be_answered_in_any_order() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0.1 - 0.01 * unit, truth(t, unit, pdu, 100 * unit))]

    reads = [blocks(device(POWER, unit=unit))[0] for unit in range(1, 9)]
    async with scripted(answer) as (port, _), open_link(options(port, pipeline=8)) as link:
        assert link.depth == 8
        found = await asyncio.gather(*map(link.read, reads))
    assert found == [[100 * unit + 6] for unit in range(1, 9)]


async def test_a_cancelled_read_leaves_the_link_as_it_was() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0.05, truth(t, unit, pdu))]

    (block,) = blocks(device(PAIR))
    async with scripted(answer) as (port, _), open_link(options(port, timeout=1.0)) as link:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.read(block), 0.02)
            assert await link.read(block) == [1]


async def test_a_connection_closed_while_idle_costs_no_sample() -> None:
    """Many devices close after some seconds of silence, some after every answer."""

    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0, truth(t, unit, pdu)), (0.01, b""), None]

    (block,) = blocks(device(PAIR))
    async with scripted(answer) as (port, heard), open_link(options(port, timeout=1.0)) as link:
        for pause in (0.05, 0.05, 0.0, 0.0, 0.011, 0.01, 0.009):
            assert await link.read(block) == [1]
            await asyncio.sleep(pause)
    assert len(heard) >= 7


async def test_a_connection_reset_by_every_question_is_a_link_that_is_down() -> None:
    (block,) = blocks(device(PAIR))
    async with scripted(lambda *_: [None]) as (port, heard), open_link(options(port)) as link:
        with pytest.raises(LinkDown, match="closed by the other side"):
            await link.read(block)
    assert len(heard) == 1


async def test_a_write_is_never_repeated() -> None:
    """The device may have done it before the connection went."""

    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0, truth(t, unit, pdu))] if pdu[0] == 3 else [None]

    subject = device(PAIR)
    async with scripted(answer) as (port, heard), open_link(options(port)) as link:
        await link.read(blocks(subject)[0])
        with pytest.raises(LinkDown):
            await link.write(subject, control("set", table="holding", address=0), 1)
        assert len(heard) == 2


async def test_nobody_there_is_a_link_that_is_down() -> None:
    port = free_port()
    with pytest.raises(LinkDown, match=f"127.0.0.1:{port}: Connection refused"):
        async with open_link(options(port)):
            pass


async def test_questions_under_way_end_with_the_connection() -> None:
    (block,) = blocks(device(PAIR))
    async with scripted(lambda *_: []) as (port, _), open_link(options(port, timeout=5.0)) as link:
        waiting = asyncio.ensure_future(link.read(block))
        await asyncio.sleep(0.05)
    with pytest.raises(LinkDown, match="closed"):
        await waiting


async def test_a_unit_that_needs_time_between_frames_gets_it() -> None:
    moments = []

    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        moments.append(asyncio.get_running_loop().time())
        return [(0, truth(t, unit, pdu))]

    (block,) = blocks(device(PAIR, delay=0.1))
    async with scripted(answer) as (port, _), open_link(options(port, pipeline=2)) as link:
        await asyncio.gather(link.read(block), link.read(block), link.read(block))
    assert all(b - a >= 0.099 for a, b in pairwise(moments))


async def test_a_machine_that_is_gone_is_told_from_a_silent_unit() -> None:
    """The kernel ends a connection whose bytes are not even acknowledged for so long."""
    async with scripted(lambda *_: []) as (port, _):
        wire = TcpWire(options(port, connect_timeout=2.5))
        await wire.connect()
        assert wire._stream._transport is not None
        own = wire._stream._transport.get_extra_info("socket")
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2500
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        wire.close()


async def test_a_device_says_what_it_is_in_as_many_answers_as_it_takes() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        if unit == 2:
            return [(0, mbap_frame(t, unit, b"\xab\x01"))]
        last = pdu[3] == 1
        texts = b"\x01\x02M1" if last else b"\x00\x04ACME"
        head = bytes((43, 14, 1, 1, 0 if last else 255, 0 if last else 1, 1))
        return [(0, mbap_frame(t, unit, head + texts))]

    async with scripted(answer) as (port, _), open_link(options(port)) as link:
        assert isinstance(link, ModbusLink)
        assert await link.identification(NetworkUnit(unit=1)) == {0: b"ACME", 1: b"M1"}
        assert await link.identification(NetworkUnit(unit=2)) == {}


async def test_a_devices_own_patience_counts() -> None:
    def answer(t: int, unit: int, pdu: bytes) -> list[tuple[float, bytes] | None]:
        return [(0.2, truth(t, unit, pdu))]

    (patient,) = blocks(device(PAIR, timeout=1.0))
    (hasty,) = blocks(device(PAIR))
    async with scripted(answer) as (port, _), open_link(options(port)) as link:
        assert await link.read(patient) == [1]
        with pytest.raises(NoResponse, match=r"no answer in 0\.15 s"):
            await link.read(hasty)
