"""Modbus RTU on real ptys: against a server that is not ours, and slaves that misbehave."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.wire.line import exact_timers
from drivers.modbus.wire.rtu import Serial
from gateway.driver import Bad, BadResponse, Link, LinkDown, NoResponse
from tests.parts.modbus import Script, blocks, control, device, point, registers, sealed, slave
from tests.parts.modbus_image import held
from tests.parts.modbus_servers import pymodbus_serial, serial_cable

open_link = DRIVERS["modbus-rtu"].open
PAIR = point("pair", table="holding", address=6, type="uint32")
FAST = 115200


def options(port: str, **keys: Any) -> Serial:
    return Serial(port=port, **{"baudrate": FAST, "timeout": 0.15, **keys})


def address_of(frame: bytes) -> int:
    return int.from_bytes(frame[2:4], "big")


def truth(frame: bytes, base: int = 0) -> bytes:
    """The answer of a slave whose register ``a`` holds ``base + a``."""
    return registers(frame, lambda a: base + a)


def honest(frame: bytes) -> Iterable[tuple[float, bytes]]:
    return [(0.0, truth(frame))]


# ---------------------------------------------------------------- a server that is not ours


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[Link]:
    with serial_cable(tmp_path) as (ours, theirs):
        async with (
            pymodbus_serial(theirs, 19200),
            open_link(Serial(port=ours, baudrate=19200, timeout=0.5)) as opened,
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
    await link.write(subject, control("one", table="holding", address=11), 5)
    assert await link.read(blocks(subject)[1]) == [123456 - 123456 % 65536 + 5]


async def test_a_unit_that_is_not_there_is_silent_and_its_neighbours_answer(link: Link) -> None:
    (absent,) = blocks(device(PAIR, unit=9, timeout=0.1))
    (present,) = blocks(device(PAIR, unit=3))
    for _ in range(3):
        with pytest.raises(NoResponse, match=r"no answer in 0\.1 s"):
            await link.read(absent)
        assert await link.read(present) == [held(3, 6) << 16 | held(3, 7)]


async def test_an_illegal_register_does_not_cost_its_neighbours(link: Link) -> None:
    subject = device(*(point(f"p{a}", table="input", address=a) for a in range(195, 205)))
    (block,) = blocks(subject)
    expected = [held(1, a) if a < 200 else Bad("illegal address") for a in range(195, 205)]
    assert await link.read(block) == expected
    assert await link.read(block) == expected


# ---------------------------------------------------------------- slaves by script


async def test_a_late_answer_is_never_another_registers_value() -> None:
    """The case that misled a common master: 0.6 s of patience, an answer after 1.0 s."""

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(1.0 if address_of(frame) == 1110 else 0.0, truth(frame))]

    late = point("late", table="holding", address=1110, type="uint32")
    prompt, slow = blocks(device(PAIR, late))
    with slave(script) as line:
        async with open_link(options(line.port, timeout=0.6)) as link:
            with pytest.raises(NoResponse, match=r"no answer in 0\.6 s"):
                await link.read(slow)
            for _ in range(3):
                assert await link.read(prompt) == [6 << 16 | 7]


async def test_a_slave_that_is_always_late_never_gives_a_wrong_value() -> None:
    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.08, truth(frame))]

    points = [point(f"p{a}", table="holding", address=a) for a in range(0, 100, 10)]
    subject = device(*points)
    with slave(script) as line:
        async with open_link(options(line.port, timeout=0.05)) as link:
            for block in [*blocks(subject), *blocks(subject)]:
                with pytest.raises(NoResponse):
                    await link.read(block)
        async with open_link(options(line.port, timeout=0.3)) as link:
            await asyncio.sleep(0.5)
            for block in blocks(subject):
                assert await link.read(block) == [block.request.start]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (lambda f: [(0, truth(f)[:-1] + b"\x55")], "bad CRC"),
        (lambda f: [(0, truth(f)[:6])], "the answer broke off"),
        (lambda f: [(0, truth(bytes((5,)) + f[1:]))], "unit 5 answered for 1"),
        (lambda _: [(0, sealed(1, 4, 4, 0, 0, 0, 1))], "function 4 answered for 3"),
        (lambda _: [(0, sealed(1, 3, 2, 0, 9))], "4 bytes answered instead of 6"),
        (lambda _: [(0, sealed(1, 3, 0))], "2 bytes answered instead of 6"),
        (lambda _: [(0, b"\xff" * 7)], "7 bytes came that are no answer"),
        (lambda _: [], r"no answer in 0\.15 s"),
    ],
)
async def test_an_answer_that_does_not_fit_is_no_value(script: Script, says: str) -> None:
    healthy = False
    (block,) = blocks(device(PAIR))
    with slave(lambda frame: honest(frame) if healthy else script(frame)) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises((BadResponse, NoResponse), match=says):
                await link.read(block)
            healthy = True
            assert await link.read(block) == [6 << 16 | 7]


async def test_a_broken_answer_is_not_waited_out() -> None:
    (block,) = blocks(device(PAIR, timeout=5.0))
    with slave(lambda f: [(0, truth(f)[:6])]) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises(BadResponse, match="broke off"):
                await asyncio.wait_for(link.read(block), 1.0)


@pytest.mark.parametrize(
    "script",
    [
        lambda f: [(0, b"\0\xff" + truth(f))],
        lambda f: [(0, truth(f) + truth(f))],
        lambda f: [(0, truth(f) + b"\0\xfe")],
        lambda f: [(0, truth(f)[:4]), (0.01, truth(f)[4:])],
        lambda f: [(0, truth(bytes((5,)) + f[1:])), (0.01, truth(f))],
    ],
    ids=["garbage before", "doubled", "garbage behind", "in two pieces", "a foreign one before"],
)
async def test_quirks_that_cost_nothing(script: Script) -> None:
    even, odd = blocks(device(PAIR, point("other", table="holding", address=40, type="uint32")))
    with slave(script) as line:
        async with open_link(options(line.port, timeout=0.5)) as link:
            for _ in range(4):
                assert await link.read(even) == [6 << 16 | 7]
                assert await link.read(odd) == [40 << 16 | 41]


async def test_local_echo_is_stripped_and_a_collision_noticed() -> None:
    clear = True

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0, frame if clear else b"\x55" + frame[1:]), (0.002, truth(frame))]

    (block,) = blocks(device(PAIR))
    with slave(script) as line:
        async with open_link(options(line.port, echo=True)) as link:
            assert await link.read(block) == [6 << 16 | 7]
            clear = False
            with pytest.raises(BadResponse, match="collision"):
                await link.read(block)
            clear = True
            assert await link.read(block) == [6 << 16 | 7]


async def test_an_echo_behind_a_late_answer_is_found() -> None:
    """The late answer is still under way when the next question begins: it comes first."""
    asked: list[bytes] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        asked.append(frame)
        if len(asked) == 1:
            return [(0.0, frame)]
        late = truth(asked[0]) if len(asked) == 2 else b""
        return [(0.0, late + frame + truth(frame))]

    late = point("late", table="holding", address=1110, type="uint32")
    prompt, slow = blocks(device(PAIR, late))
    with slave(script) as line:
        async with open_link(options(line.port, echo=True)) as link:
            with pytest.raises(NoResponse):
                await link.read(slow)
            assert await link.read(prompt) == [6 << 16 | 7]


async def test_a_dead_unit_costs_its_timeout_and_not_the_time_of_an_answer() -> None:
    """At 300 baud an answer of 125 registers would take 8.5 s."""
    (block,) = blocks(device(*(point(f"p{a}", table="holding", address=a) for a in range(125))))
    with slave(lambda _: []) as line:
        async with open_link(options(line.port, baudrate=300, timeout=0.1)) as link:
            with pytest.raises(NoResponse):
                await asyncio.wait_for(link.read(block), 2.0)


async def test_a_line_that_babbles_keeps_back_no_answer() -> None:
    """An answer is handed over once the next question is out; on such a line it never is."""
    first, second = blocks(device(PAIR, unit=1)), blocks(device(PAIR, unit=2))

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        yield 0.0, truth(frame)
        for n in range(700):
            yield 0.002 * n, b"\xaa"

    with slave(script) as line:
        async with open_link(options(line.port, silence=0.2)) as link:
            reads = [asyncio.ensure_future(link.read(block)) for block in (*first, *second)]
            done, _ = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
            assert done == {reads[0]}
            assert reads[0].result() == [6 << 16 | 7]
            with pytest.raises(BadResponse, match="never falls silent"):
                await reads[1]


async def test_closing_does_not_wait_for_a_slow_lines_characters() -> None:
    """A question of 125 registers at 50 baud is waited for for a minute."""
    (block,) = blocks(device(*(point(f"p{a}", table="holding", address=a) for a in range(125))))
    loop = asyncio.get_running_loop()
    with slave(lambda _: []) as line:
        async with open_link(options(line.port, baudrate=50, timeout=60.0)) as link:
            waiting = asyncio.ensure_future(link.read(block))
            await asyncio.sleep(0.1)
            began = loop.time()
        assert loop.time() - began < 5.0
    with pytest.raises(LinkDown, match="closed"):
        await waiting


def test_the_lines_thread_wakes_on_time() -> None:
    """Linux lets a thread sleep up to 50 µs longer than it asked, unless it says otherwise."""
    slack: list[str] = []

    def work() -> None:
        exact_timers()
        place = Path(f"/proc/{threading.get_native_id()}/timerslack_ns")
        slack.append(place.read_text().strip())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert slack == ["1"]


async def test_a_line_that_never_falls_silent_says_so() -> None:
    (block,) = blocks(device(PAIR))
    with slave(honest) as line:
        async with open_link(options(line.port, silence=0.2)) as link:
            stop = threading.Event()

            def babble() -> None:
                while not stop.wait(0.0005):
                    line.say(b"\xaa")

            thread = threading.Thread(target=babble)
            thread.start()
            try:
                with pytest.raises(BadResponse, match="never falls silent"):
                    await link.read(block)
            finally:
                stop.set()
                thread.join()
            assert await link.read(block) == [6 << 16 | 7]


async def test_a_vanished_adapter_is_a_link_that_is_down_and_another_opens() -> None:
    (block,) = blocks(device(PAIR))
    with slave(honest) as line:
        async with open_link(options(line.port)) as link:
            assert await link.read(block) == [6 << 16 | 7]
            line.unplug()
            for _ in range(2):
                with pytest.raises(LinkDown, match="/dev/pts/"):
                    await link.read(block)
    with slave(honest) as line:
        async with open_link(options(line.port)) as link:
            assert await link.read(block) == [6 << 16 | 7]


async def test_an_adapter_that_vanishes_while_it_is_waited_for() -> None:
    (block,) = blocks(device(PAIR, timeout=5.0))
    with slave(lambda _: []) as line:
        async with open_link(options(line.port)) as link:
            waiting = asyncio.ensure_future(link.read(block))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(line.unplug)
            with pytest.raises(LinkDown):
                await asyncio.wait_for(waiting, 2.0)


async def test_a_port_that_is_not_there_is_a_link_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(LinkDown, match="no-such-port: No such file or directory"):
        async with open_link(options(str(tmp_path / "no-such-port"))):
            pass


async def test_a_port_is_nobody_elses_while_it_is_open() -> None:
    with slave(honest) as line:
        async with open_link(options(line.port)):
            with pytest.raises(LinkDown, match=line.port):
                async with open_link(options(line.port)):
                    pass


async def test_closing_ends_what_is_waited_for() -> None:
    (block,) = blocks(device(PAIR, timeout=30.0))
    with slave(lambda _: []) as line:
        async with open_link(options(line.port)) as link:
            waiting = [asyncio.ensure_future(link.read(block)) for _ in range(2)]
            await asyncio.sleep(0.05)
        for each in waiting:
            with pytest.raises(LinkDown, match="closed"):
                await asyncio.wait_for(each, 1.0)


async def test_a_cancelled_read_leaves_the_line_as_it_was() -> None:
    (block,) = blocks(device(PAIR, timeout=1.0))
    with slave(lambda f: [(0.05, truth(f))]) as line:
        async with open_link(options(line.port)) as link:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.read(block), 0.01)
            assert await link.read(block) == [6 << 16 | 7]


async def test_two_questions_may_be_handed_over_at_once() -> None:
    first, second = blocks(device(PAIR, unit=1)), blocks(device(PAIR, unit=2))
    with slave(lambda f: [(0, truth(f, 100 * f[0]))]) as line:
        async with open_link(options(line.port)) as link:
            assert link.depth == 2
            for _ in range(5):
                found = await asyncio.gather(link.read(first[0]), link.read(second[0]))
                assert list(found) == [[(106 << 16) + 107], [(206 << 16) + 207]]


@pytest.mark.parametrize(
    ("baudrate", "parity", "silence"),
    [(9600, "N", 3.5 * 10 / 9600), (9600, "E", 3.5 * 11 / 9600), (38400, "N", 0.00175)],
)
async def test_frames_are_kept_apart_by_the_specifications_silence(
    baudrate: int, parity: Any, silence: float
) -> None:
    """Measured at the far end: from an answer's last byte to the next question's first."""
    said: list[float] = []
    asked: list[float] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        asked.append(time.monotonic() - 0.005)  # the slave sees a frame's end after 5 ms
        answer = truth(frame)
        said.append(time.monotonic())
        yield 0.0, answer

    assert Serial(port="x", baudrate=baudrate, parity=parity).gap == pytest.approx(silence)
    first, second = blocks(device(PAIR, unit=1)), blocks(device(PAIR, unit=2))
    with slave(script) as line:
        async with open_link(options(line.port, baudrate=baudrate, parity=parity)) as link:
            for _ in range(10):
                await asyncio.gather(link.read(first[0]), link.read(second[0]))
    gaps = [begin - end for end, begin in zip(said, asked[1:], strict=False)]
    assert len(gaps) == 19
    assert min(gaps) >= silence


async def test_a_unit_that_needs_time_between_frames_gets_it_and_others_go_on() -> None:
    asked: list[tuple[int, float]] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        asked.append((frame[0], time.monotonic()))
        return honest(frame)

    (slow,) = blocks(device(PAIR, unit=1, delay=0.15))
    (quick,) = blocks(device(PAIR, unit=2))
    with slave(script) as line:
        async with open_link(options(line.port)) as link:

            async def twice() -> None:
                await link.read(slow)
                await link.read(slow)

            patient = asyncio.ensure_future(twice())
            while not patient.done():
                await link.read(quick)
            await patient
    moments = [at for unit, at in asked if unit == 1]
    assert all(b - a >= 0.15 for a, b in pairwise(moments))
    assert sum(unit == 2 for unit, _ in asked) >= 3


def test_the_test_slave_keeps_frames_whole() -> None:
    """What the tests above rely on: the slave answers each frame once."""
    with slave(lambda frame: [(0, frame)]) as line:
        fd = os.open(line.port, os.O_RDWR | os.O_NOCTTY)
        try:
            for frame in (b"\1\3\0", b"\2" * 200):
                os.write(fd, frame)
                heard = b""
                while len(heard) < len(frame) and select.select([fd], [], [], 2.0)[0]:
                    heard += os.read(fd, 4096)
                assert heard == frame
        finally:
            os.close(fd)
        assert line.heard == [b"\1\3\0", b"\2" * 200]
