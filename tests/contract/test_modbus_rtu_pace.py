"""No question comes before the silence is over, seen from the far end of a line that keeps time."""

from __future__ import annotations

import asyncio

import pytest

from drivers.modbus.wire.rtu import Serial, open_rtu
from tests.parts.modbus import blocks, device, point
from tests.parts.paced import BITS, TOLERANCE, Figures, paced

pytestmark = pytest.mark.alone

ROUNDS = 40


async def polled(baudrate: int, silence: float, ours: float | None) -> Figures:
    """What slaves that expect ``silence`` see of a master that keeps ``ours``."""
    points = [point(f"p{a}", table="holding", address=a) for a in range(10)]
    reads = [blocks(device(*points, unit=unit))[0] for unit in (1, 2)]
    with paced(baudrate, silence) as bus:
        options = Serial(port=bus.port, baudrate=baudrate, parity="E", silence=ours)
        async with open_rtu(options) as link:
            for _ in range(ROUNDS):
                found = await asyncio.gather(*(link.read(block) for block in reads))
                assert list(found) == [list(range(10))] * 2
    return bus.figures


@pytest.mark.parametrize(
    ("baudrate", "silence", "ours"),
    [
        (19200, 3.5 * BITS / 19200, None),
        (19200, 0.00175, 0.00175),
        (115200, 0.00175, None),
        (115200, 3.5 * BITS / 115200, 3.5 * BITS / 115200),
    ],
)
async def test_no_question_comes_before_the_silence_is_over(
    baudrate: int, silence: float, ours: float | None
) -> None:
    figures = await polled(baudrate, silence, ours)
    assert figures.answers == 2 * ROUNDS
    assert figures.gaps > 0
    assert figures.violations == 0
    assert min(figures.delays) > -TOLERANCE


async def test_the_slave_sees_a_question_that_comes_too_early() -> None:
    """What the test above relies on."""
    figures = await polled(19200, 0.005, 0.002)
    assert figures.violations > 0
