"""Several questions under way on one connection, with servers that bear it and with others.

Whatever they do, a value is the one that was asked for, and what a device cannot bear is noticed,
said, and given up.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.wire.tcp import Tcp
from gateway.driver import BadResponse, Link, LinkDown, NoResponse
from tests.parts.bench_site import load, tcp, write_site
from tests.parts.commands import eventually
from tests.parts.foreign_servers import served
from tests.parts.modbus import blocks, device, point
from tests.parts.modbus_image import held
from tests.parts.polling import of, polling
from tests.parts.scripted import Step, serving, tcp_truth

DEPTH = 8
BLOCKS = [
    blocks(device(point("a", table="holding", address=a, type="uint32"), unit=unit))[0]
    for unit in (1, 2)
    for a in range(0, 180, 5)
]


def opened(port: int, **keys: Any) -> Any:
    keys = {"timeout": 0.3, "pipeline": DEPTH, **keys}
    return DRIVERS["modbus-tcp"].open(Tcp(host="127.0.0.1", port=port, **keys))


def value(unit: int, address: int, base: int) -> int:
    return (base * unit + address) << 16 | base * unit + address + 1


async def ask_all(link: Link, rounds: int, base: int = 1000) -> dict[str, int]:
    """Eight askers on one link; every answer is right, or no value. What came of the questions."""
    came = {"value": 0, "NoResponse": 0, "BadResponse": 0}
    waiting = iter([block for _ in range(rounds) for block in BLOCKS])

    async def asker() -> None:
        for block in waiting:
            address = block.points[0].source.place[1]
            try:
                (raw,) = await link.read(block)
            except (NoResponse, BadResponse) as error:
                came[type(error).__name__] += 1
            else:
                assert raw == value(block.device.options.unit, address, base)
                came["value"] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(DEPTH):
            group.create_task(asker())
    return came


class Careless:
    """A server that is not careful with what it is asked, in every way at once."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.before: list[bytes] = []

    def __call__(self, frame: bytes) -> Iterable[Step]:
        answer = tcp_truth(frame, 1000 * frame[6])
        self.before.append(answer)
        stale = self.before[max(0, len(self.before) - 50 - self.chance.randrange(50))]
        if len(self.before) < 50:
            stale = b""  # nothing is old enough yet: under a number that is still awaited
        foreign = (int.from_bytes(frame[:2], "big") + 40000 & 0xFFFF).to_bytes(2, "big")
        delay = self.chance.choice([0.0, 0.0, 0.001, 0.02, 0.1])
        return {
            0: [],
            1: [(0.45, answer)],
            2: [(delay, answer), (0.0, answer)],
            3: [(0.0, stale), (delay, answer)],
            4: [(0.0, foreign + answer[2:]), (delay, answer)],
            5: [(0.0, stale and stale[:2] + answer[2:-1] + b"\x55"), (delay, answer)],
        }.get(self.chance.randrange(20), [(delay, answer)])


@pytest.mark.parametrize("seed", range(2))
async def test_no_carelessness_makes_a_value_of_another_question(seed: int) -> None:
    """Late, lost, doubled, stale, out of order, under foreign numbers, all while others wait."""
    async with serving(Careless(seed)) as server, opened(server.port) as link:
        came = await ask_all(link, 2)
    assert sum(came.values()) == 2 * len(BLOCKS)
    assert came["value"] >= 0.7 * sum(came.values())
    assert came["NoResponse"] > 0
    assert server.connections == 1


@pytest.mark.parametrize("library", ["jsmodbus", "umodbus", "modbus_serial"])
async def test_real_servers_that_bear_it(library: str, tmp_path: Path) -> None:
    """One of them, jsmodbus, answers what came together in the reverse order."""
    with served(library, "tcp", tmp_path) as server:
        one_memory = library == "jsmodbus"
        async with opened(int(server.here), timeout=5.0) as link:
            for _ in range(3):
                found = await asyncio.gather(*(link.read(block) for block in BLOCKS))
                for block, (raw,) in zip(BLOCKS, found, strict=True):
                    unit = 1 if one_memory else block.device.options.unit
                    address = block.points[0].source.place[1]
                    assert raw == held(unit, address) << 16 | held(unit, address + 1)
            assert link.depth == DEPTH


class LosesTheSecond:
    """Takes one question from what comes together: what comes while it works is lost."""

    def __init__(self, works: float = 0.02) -> None:
        self.works = works
        self.free = 0.0

    def __call__(self, frame: bytes) -> Iterable[Step]:
        now = asyncio.get_running_loop().time()
        if now < self.free:
            return []
        self.free = now + self.works
        return [(self.works, tcp_truth(frame))]


async def test_a_device_that_loses_what_comes_together_is_asked_one_at_a_time_from_then_on() -> (
    None
):
    first, second = BLOCKS[0], BLOCKS[1]
    told: list[str] = []
    found: Sequence[object] = ()
    async with serving(LosesTheSecond()) as server, opened(server.port, pipeline=2) as link:
        for _ in range(10):
            found = await asyncio.gather(
                link.read(first), link.read(second), return_exceptions=True
            )
            told += [str(answer) for answer in found if isinstance(answer, NoResponse)]
        assert link.depth == 1
        assert list(found) == [[1], [5 << 16 | 6]]
    assert ["from now on one question is asked at a time" in text for text in told] == [
        False, False, True
    ]  # fmt: skip
    assert "so it is asked alone next" in told[0]


async def test_a_unit_that_is_not_there_is_no_reason_to_ask_one_at_a_time() -> None:
    def script(frame: bytes) -> list[Step]:
        return [] if frame[6] == 2 else [(0.005, tcp_truth(frame))]

    alive, dead = BLOCKS[0], BLOCKS[-1]
    async with serving(script) as server, opened(server.port, timeout=0.1) as link:
        for _ in range(8):
            found = await asyncio.gather(
                link.read(alive), link.read(dead), link.read(alive), return_exceptions=True
            )
            assert found[0] == found[2] == [1]
            assert isinstance(found[1], NoResponse)
        assert link.depth == DEPTH
        assert "asked alone" not in str(found[1]), "it was, once"


async def test_a_real_server_that_loses_questions_is_polled_without_loss_in_the_end(
    tmp_path: Path,
) -> None:
    """The server of pymodbus answers the first of what comes together, and drops the rest."""
    with served("pymodbus", "tcp", tmp_path) as server:
        keys = tcp(int(server.here), pipeline=4, timeout="300ms")
        site = load(write_site(tmp_path, {"net": (keys, [1, 2, 3])}, every="250ms"))
        async with polling(site) as (_, readings):
            await eventually("many polls", lambda: len(of(readings, "net-3")) >= 20)
    for device_id, unit in (("net-1", 1), ("net-2", 2), ("net-3", 3)):
        found = of(readings, device_id)
        expected = {"near": held(unit, 7), "next": held(unit, 8), "far": held(unit, 400)}
        assert all(r.silent or r.values == expected or r.bad for r in found)
        assert all(r.values == expected for r in found[-8:])


@pytest.mark.parametrize("depth", [1, 4])
async def test_thirty_units_of_an_endpoint_share_one_connection(depth: int, tmp_path: Path) -> None:
    async with serving(lambda frame: [(0.002, tcp_truth(frame))]) as server:
        keys = tcp(server.port, pipeline=depth)
        site = load(write_site(tmp_path, {"net": (keys, range(1, 31))}, every="500ms"))
        async with polling(site) as (_, readings):
            await eventually("polls of all", lambda: len(of(readings, "net-30")) >= 4)
    assert server.connections == 1
    assert {reading.device for reading in readings} == {f"net-{n}" for n in range(1, 31)}
    assert all(r.values == {"near": 7, "next": 8, "far": 400} for r in readings)


async def test_a_connection_that_breaks_under_many_questions_ends_all_of_them() -> None:
    async with serving(lambda _: []) as server, opened(server.port, timeout=5.0) as link:
        asking = [asyncio.ensure_future(link.read(block)) for block in BLOCKS[:DEPTH]]
        await asyncio.sleep(0.1)
        for connection in server.alive:
            connection.transport.abort()
        found = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(answer, LinkDown) for answer in found)
