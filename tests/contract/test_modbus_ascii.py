"""Modbus ASCII on real ptys: against a server that is not ours, and slaves that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from pymodbus.framer import FramerType

from drivers.modbus import DRIVERS
from drivers.modbus.frame.ascii_framing import ascii_frame
from drivers.modbus.wire.ascii import SerialAscii
from gateway.driver import Bad, BadResponse, Link, NoResponse
from tests.parts.modbus import Script, blocks, control, device, point, registers, slave
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_serial, serial_cable

open_link = DRIVERS["modbus-ascii"].open
PAIR = point("pair", table="holding", address=6, type="uint32")
FAST = 115200


def options(port: str, **keys: Any) -> SerialAscii:
    return SerialAscii(port=port, **{"baudrate": FAST, "timeout": 0.3, **keys})


def body(frame: bytes) -> bytes:
    """Unit and PDU of a question."""
    assert frame[:1] == b":"
    assert frame[-2:] == b"\r\n"
    return bytes.fromhex(frame[1:-4].decode())


def truth(frame: bytes, unit: int | None = None) -> bytes:
    """The answer of a slave whose register ``a`` holds ``a``."""
    answer = registers(body(frame), lambda a: a)
    return ascii_frame(answer[0] if unit is None else unit, answer[1:-2])


def address_of(frame: bytes) -> int:
    return int.from_bytes(body(frame)[2:4], "big")


def test_the_specifications_characters_are_the_default() -> None:
    """7 data bits, even parity, 1 stop bit (MODBUS over Serial Line v1.02, §2.5.2)."""
    standard = SerialAscii(port="x")
    assert (standard.bytesize, standard.parity, standard.stopbits) == (7, "E", 1)
    assert standard.character == 10 / 9600
    assert standard.gap == 0.0


# ---------------------------------------------------------------- a server that is not ours


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[Link]:
    with serial_cable(tmp_path) as (ours, theirs):
        async with (
            pymodbus_serial(theirs, 19200, FramerType.ASCII),
            open_link(options(ours, baudrate=19200, timeout=0.5)) as opened,
        ):
            yield opened


async def test_pymodbus_is_read_and_written(link: Link) -> None:
    points = [
        point("h", table="holding", address=10, type="uint32"),
        *(point(f"i{a}", table="input", address=300 + a) for a in range(125)),
        *(point(f"d{a}", table="discrete", address=a) for a in range(20)),
    ]
    subject = device(*points, unit=2)
    bits, holding, inputs = [await link.read(block) for block in blocks(subject)]
    assert bits == [a % 3 == 0 for a in range(20)]
    assert holding == [held(2, 10) << 16 | held(2, 11)]
    assert inputs == [held(2, 300 + a) for a in range(125)]
    await link.write(subject, control("set", table="holding", address=10, type="uint32"), 123456)
    assert await link.read(blocks(subject)[1]) == [123456]


async def test_a_unit_that_is_not_there_is_silent_and_its_neighbours_answer(link: Link) -> None:
    (absent,) = blocks(device(PAIR, unit=9, timeout=0.1))
    (present,) = blocks(device(PAIR, unit=3))
    for _ in range(2):
        with pytest.raises(NoResponse, match=r"no answer in 0\.1 s"):
            await link.read(absent)
        assert await link.read(present) == [held(3, 6) << 16 | held(3, 7)]


async def test_an_illegal_register_does_not_cost_its_neighbours(link: Link) -> None:
    subject = device(*(point(f"p{a}", table="input", address=a) for a in range(195, 205)))
    (block,) = blocks(subject)
    expected = [held(1, a) if a < 200 else Bad("illegal address") for a in range(195, 205)]
    assert await link.read(block) == expected


# ---------------------------------------------------------------- slaves by script


async def test_a_late_answer_is_never_another_registers_value() -> None:
    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.5 if address_of(frame) == 1110 else 0.0, truth(frame))]

    late = point("late", table="holding", address=1110, type="uint32")
    prompt, slow = blocks(device(PAIR, late))
    with slave(script) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises(NoResponse, match=r"no answer in 0\.3 s"):
                await link.read(slow)
            for _ in range(3):
                assert await link.read(prompt) == [6 << 16 | 7]


@pytest.mark.parametrize(
    "script",
    [
        lambda f: [(0, b"\0\xff:01\r\n" + truth(f))],
        lambda f: [(0, truth(f) + truth(f))],
        lambda f: [(0, truth(f) + b":0103")],
        lambda f: [(0, truth(f)[:7]), (0.6, truth(f)[7:])],
        lambda f: [(0, truth(f, unit=5)), (0.01, truth(f))],
        lambda f: [(0, truth(f).lower())],
    ],
    ids=["garbage before", "doubled", "begun behind", "a pause inside", "foreign", "small letters"],
)
async def test_quirks_that_cost_nothing(script: Script) -> None:
    even, odd = blocks(device(PAIR, point("other", table="holding", address=40, type="uint32")))
    with slave(script) as line:
        async with open_link(options(line.port)) as link:
            for _ in range(2):
                assert await link.read(even) == [6 << 16 | 7]
                assert await link.read(odd) == [40 << 16 | 41]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (lambda f: [(0, truth(f)[:-4] + b"00\r\n")], "bad LRC"),
        (lambda f: [(0, truth(f)[:9])], "the answer broke off"),
        (lambda f: [(0, truth(f, unit=5))], "unit 5 answered for 1"),
        (lambda _: [(0, ascii_frame(1, b"\3\2\0\7"))], "4 bytes answered instead of 6"),
        (lambda _: [(0, b"\xff" * 7)], "7 bytes came that are no answer"),
        (lambda _: [], r"no answer in 0\.3 s"),
    ],
)
async def test_an_answer_that_does_not_fit_is_no_value(script: Script, says: str) -> None:
    healthy = False
    (block,) = blocks(device(PAIR))
    with slave(lambda f: [(0, truth(f))] if healthy else script(f)) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises((BadResponse, NoResponse), match=says):
                await link.read(block)
            healthy = True
            assert await link.read(block) == [6 << 16 | 7]


async def test_local_echo_is_stripped() -> None:
    (block,) = blocks(device(PAIR))
    with slave(lambda f: [(0, f), (0.002, truth(f))]) as line:
        async with open_link(options(line.port, echo=True)) as link:
            found = await asyncio.gather(link.read(block), link.read(block))
            assert list(found) == [[6 << 16 | 7]] * 2


async def test_a_wrong_sum_is_not_waited_out() -> None:
    (block,) = blocks(device(PAIR, timeout=5.0))
    with slave(lambda f: [(0, truth(f)[:-4] + b"00\r\n")]) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises(BadResponse, match="bad LRC"):
                await asyncio.wait_for(link.read(block), 0.8)
