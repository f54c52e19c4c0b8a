"""Shared wake-ups."""

from __future__ import annotations

import asyncio

import pytest

from gateway.edge.slots import Slots
from tests.parts.virtual import run_virtual, virtual_clock


def test_sleepers_of_one_slot_are_woken_together_never_early_at_most_a_slot_late() -> None:
    async def main() -> list[tuple[float, float]]:
        clock = virtual_clock()
        slots = Slots(clock, width=0.010)
        woken: list[tuple[float, float]] = []

        async def sleep(when: float) -> None:
            await slots.until(when)
            woken.append((when, clock.monotonic()))

        await asyncio.gather(*(sleep(1000 + i / 1000) for i in range(40)))
        return woken

    woken = run_virtual(main())
    assert len({at for _, at in woken}) == 5, "the first and four slots"
    for when, at in woken:
        assert when - 1e-9 <= at <= when + 0.010


def test_a_moment_that_has_passed_is_now() -> None:
    async def main() -> float:
        clock = virtual_clock()
        await Slots(clock).until(900.0)
        return clock.monotonic()

    assert run_virtual(main()) == 1000.0


def test_a_sleeper_that_was_cancelled_does_not_take_the_others_with_it() -> None:
    async def main() -> float:
        clock = virtual_clock()
        slots = Slots(clock)
        gone, stays = (asyncio.ensure_future(slots.until(1001.0)) for _ in range(2))
        await asyncio.sleep(0.1)
        gone.cancel()
        await stays
        with pytest.raises(asyncio.CancelledError):
            await gone
        return clock.monotonic()

    assert run_virtual(main()) == pytest.approx(1001.0)


def test_nobody_is_woken_at_infinity() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1e6):
                await Slots(virtual_clock()).until(float("inf"))

    run_virtual(main())
