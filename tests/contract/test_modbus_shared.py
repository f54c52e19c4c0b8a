"""Two devices with one number, on a real pty and through TCP: noticed, and never believed.

Device A answers at once, B later: before or after the master's silence, while a neighbour is asked,
or at the same moment, when their bytes are damaged. Register ``a`` of A holds ``a``, of B 500 more,
so that a value tells whose it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.wire.rtu import Serial
from drivers.modbus.wire.rtu_tcp import RtuTcp
from gateway.driver import BadResponse, Block, Link, NoResponse, Symptom
from tests.parts.modbus import Slave, blocks, device, point, registers, sealed, slave
from tests.parts.process import free_port

PAIR = point("pair", table="holding", address=6, type="uint32")
A, B = [6 << 16 | 7], [506 << 16 | 507]
(SHARED,) = blocks(device(PAIR, unit=5))
(NEIGHBOUR,) = blocks(device(PAIR, unit=6))
LATE = 0.05


def of_a(frame: bytes) -> bytes:
    return registers(frame, lambda a: a)


def of_b(frame: bytes) -> bytes:
    return registers(frame, lambda a: 500 + a)


class Line:
    """What the devices of a line do: A and B are unit 5, and unit 6 is alone."""

    def __init__(self) -> None:
        self.b: float | None = LATE
        self.a = True
        self.damaged = False

    def __call__(self, frame: bytes) -> Iterable[tuple[float, bytes]]:
        if frame[0] == 6:
            return [(0.0, of_a(frame))]
        if self.damaged:
            return [(0.0, bytes(x & y for x, y in zip(of_a(frame), of_b(frame), strict=True)))]
        said = [(0.0, of_a(frame))] if self.a else []
        return said + ([] if self.b is None else [(self.b, of_b(frame))])


@contextlib.asynccontextmanager
async def serial(line: Line) -> AsyncIterator[tuple[Link, Slave]]:
    with slave(line) as far:
        options = Serial(port=far.port, baudrate=115200, timeout=0.3)
        async with DRIVERS["modbus-rtu"].open(options) as link:
            yield link, far


async def answer(link: Link, block: Block) -> list[Any] | Symptom:
    try:
        return list(await link.read(block))
    except (BadResponse, NoResponse) as error:
        return error.symptom


async def answers(link: Link, *asked: Block, pause: float = 2 * LATE) -> list[Any]:
    """The answers to these questions, with time between them for whoever is late."""
    heard = []
    for block in asked:
        heard.append(await answer(link, block))
        await asyncio.sleep(pause)
    return heard


async def test_a_second_answer_between_two_polls_makes_the_next_one_bad() -> None:
    async with serial(Line()) as (link, _):
        first, *rest = await answers(link, *[SHARED] * 4)
        assert first == A, "nobody can know yet"
        assert rest == [Symptom.SHARED] * 3


async def test_it_says_what_was_seen() -> None:
    line = Line()
    async with serial(line) as (link, _):
        await answers(link, SHARED)
        with pytest.raises(BadResponse, match=r"^unit 5 answered twice$"):
            await link.read(SHARED)
        line.b = None
        with pytest.raises(BadResponse, match=r"^unit 5 answered twice a moment ago$"):
            await link.read(SHARED)


async def test_an_exchange_without_a_second_answer_settles_it() -> None:
    line = Line()
    async with serial(line) as (link, _):
        await answers(link, SHARED, SHARED)
        line.b = None
        assert await answers(link, SHARED, SHARED, SHARED) == [Symptom.SHARED, A, A]


async def test_the_one_that_stays_is_believed_whoever_it_is() -> None:
    line = Line()
    async with serial(line) as (link, _):
        await answers(link, SHARED, SHARED)
        line.a = False
        assert await answers(link, SHARED, SHARED) == [Symptom.SHARED, B]


async def test_an_answer_without_its_second_but_damaged_settles_nothing() -> None:
    line = Line()
    async with serial(line) as (link, _):
        await answers(link, SHARED, SHARED)
        line.damaged = True
        assert await answers(link, SHARED, SHARED) == [Symptom.GARBLED] * 2
        line.damaged, line.b = False, None
        # Two questions are unanswered: a harmless one of another shape goes first.
        assert await answers(link, SHARED, SHARED) == [Symptom.SHARED, A]


async def test_neighbours_are_read_all_the_same_and_the_late_answer_is_not_held_against_them() -> (
    None
):
    async with serial(Line()) as (link, _):
        heard = await answers(link, *[SHARED, NEIGHBOUR] * 4, pause=0.0)
        assert heard[1::2] == [A] * 4
        assert heard[2::2] == [Symptom.SHARED] * 3


async def test_a_second_answer_in_the_neighbours_turn_is_the_first_ones_affair() -> None:
    """B speaks while unit 6 is asked, which stays silent: that is all there is to say of unit 6."""

    class Deaf(Line):
        def __call__(self, frame: bytes) -> Iterable[tuple[float, bytes]]:
            return [] if frame[0] == 6 else super().__call__(frame)

    async with serial(Deaf()) as (link, _):
        heard = await answers(link, SHARED, NEIGHBOUR, SHARED, pause=0.0)
        assert heard == [A, Symptom.SILENT, Symptom.SHARED]


@pytest.mark.parametrize(
    "behind",
    [of_b, lambda frame: of_b(frame)[:-1] + b"\x55", lambda _: sealed(5, 0x83, 2)],
    ids=["whole", "with a bad CRC", "an exception"],
)
async def test_a_second_answer_right_behind_the_first_counts(behind: Any) -> None:
    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.0, of_a(frame) + behind(frame))]

    with slave(script) as far:
        options = Serial(port=far.port, baudrate=115200, timeout=0.2)
        async with DRIVERS["modbus-rtu"].open(options) as link:
            (last,) = (await answers(link, *[SHARED] * 3))[-1:]
            assert last is Symptom.SHARED


async def test_a_second_answer_of_another_shape_is_not_taken_for_the_next_one() -> None:
    """B's answer to the first question comes in the second's turn, and A's after it."""
    subject = device(PAIR, point("one", table="holding", address=40), unit=5)
    first, second = blocks(subject)
    async with serial(Line()) as (link, _):
        assert await answers(link, first, second, first, pause=0.0) == [
            A,
            Symptom.SHARED,
            Symptom.SHARED,
        ]


async def test_a_second_answer_of_the_same_shape_is_never_taken_for_the_next_one() -> None:
    """B's answer to the first question would fit the second as well."""
    subject = device(PAIR, point("far", table="holding", address=40, type="uint32"), unit=5)
    async with serial(Line()) as (link, _):
        heard = await answers(link, *[*blocks(subject)] * 4, pause=0.0)
        assert heard == [A, *[Symptom.SHARED] * 7]


async def test_who_is_known_to_be_alone_is_asked_without_pause() -> None:
    subject = device(*(point(f"p{a}", table="holding", address=10 * a) for a in range(40)), unit=6)
    async with serial(Line()) as (link, _):
        clock = asyncio.get_running_loop().time
        await answers(link, *blocks(subject)[:2], pause=0.0)
        began = clock()
        assert await answers(link, *blocks(subject), pause=0.0) == [[10 * a] for a in range(40)]
        assert clock() - began < 40 * 0.3, "not one timeout a question"


async def test_a_device_that_answers_shorter_than_it_is_asked_is_not_two() -> None:
    """As long as its last good answer: the very shape a second answer to that would have."""

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.0, of_a(frame[:5] + b"\x01"))]

    one = point("one", table="holding", address=40)
    first, second = blocks(device(one, PAIR, unit=5))
    assert (first.points, second.points) == ((PAIR,), (one,))
    with slave(script) as far:
        options = Serial(port=far.port, baudrate=115200, timeout=0.1)
        async with DRIVERS["modbus-rtu"].open(options) as link:
            for _ in range(2):
                assert await link.read(second) == [40]
                with pytest.raises(BadResponse, match="4 bytes answered instead of 6"):
                    await link.read(first)


async def test_noise_behind_an_answer_is_no_second_device() -> None:
    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [(0.0, of_a(frame) + b"\0\xff\x05"), (0.02, b"\xff\0")]

    with slave(script) as far:
        options = Serial(port=far.port, baudrate=115200, timeout=0.2)
        async with DRIVERS["modbus-rtu"].open(options) as link:
            assert await answers(link, *[SHARED] * 5) == [A] * 5


async def test_a_slow_device_is_not_two() -> None:
    """Its answers come after the question was given up: that is late, and no second one."""
    line = Line()
    line.a, line.b = False, 0.35
    async with serial(line) as (link, _):
        heard = await answers(link, *[SHARED] * 3, NEIGHBOUR, pause=0.3)
        assert Symptom.SHARED not in heard
        line.a, line.b = True, None
        assert (await answers(link, *[SHARED] * 3))[1:] == [A, A]


async def test_through_a_serial_server_too() -> None:
    line, port, gone = Line(), free_port(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while frame := await reader.read(8):
            for after, said in line(frame):
                await asyncio.sleep(after)
                writer.write(said)
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        options = RtuTcp(host="127.0.0.1", port=port, timeout=0.3)
        async with DRIVERS["modbus-rtu-tcp"].open(options) as link:
            assert await answers(link, *[SHARED] * 3) == [A, Symptom.SHARED, Symptom.SHARED]
            assert await answers(link, NEIGHBOUR) == [A]
            line.b = None
            assert await answers(link, SHARED, SHARED, SHARED) == [Symptom.SHARED, A, A]
        await gone.wait()
