"""The stamps of readings while the clock leaps, is set, or is corrected: in order, and true."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise

from gateway.edge.clock import Clock
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Event, Reading
from tests.parts.fieldbus import Wire, scripted_device
from tests.parts.virtual import run_virtual, virtual_clock

DAY = 86_400_000


class Story:
    """A device polled every 100 ms by a clock that is off by ``error`` ms."""

    def __init__(self) -> None:
        self.error = 0
        self.readings: list[tuple[int, Reading]] = []
        self.events: list[Event] = []

    def begin(self) -> asyncio.Task[None]:
        true = virtual_clock()
        clock = Clock(now=lambda: true.now() + self.error, monotonic=true.monotonic)
        self.true, self.wire = true.now, Wire()
        self.poller = Poller(
            self.wire.bus(scripted_device("x", ("p", 0.1, "a"))),
            lambda reading: self.readings.append((true.now(), reading)),
            clock=clock,
            slots=Slots(clock),
            chance=lambda: 1.0,
            pulse=Pulse(),
            tell=self.events.append,
        )
        return asyncio.create_task(self.poller.run())

    def set(self, by: int) -> None:
        self.error += by
        self.poller.shift(by)

    @property
    def stamps(self) -> list[int]:
        return [reading.t for _, reading in self.readings]


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_over_a_leap_second_stamps_go_on_and_are_never_more_than_it_off() -> None:
    story = Story()

    async def main() -> None:
        task = story.begin()
        await asyncio.sleep(5.0)
        story.error = -1000
        await asyncio.sleep(5.0)
        await end(task)

    run_virtual(main())
    assert all(b > a for a, b in pairwise(story.stamps))
    assert all(-1000 <= reading.t - true <= 0 for true, reading in story.readings)
    assert [reading.t - true for true, reading in story.readings[-30:]] == [-1000] * 30


def test_over_a_step_back_by_a_day_stamps_are_at_once_those_of_the_new_time() -> None:
    story = Story()

    async def main() -> None:
        task = story.begin()
        await asyncio.sleep(5.0)
        story.set(-DAY)
        await asyncio.sleep(5.0)
        await end(task)

    run_virtual(main())
    off = [reading.t - true for true, reading in story.readings]
    assert set(off) == {0, -DAY}
    assert off == sorted(off, reverse=True)
    assert sum(b <= a for a, b in pairwise(story.stamps)) == 1, "the step, and nothing else"


def test_what_ails_a_device_has_lasted_as_long_as_it_has_whatever_the_clock_did() -> None:
    story = Story()

    async def main() -> None:
        task = story.begin()
        story.wire.silent = {"x": [(2.0, 7.0)]}
        await asyncio.sleep(6.0)
        story.set(56 * 365 * DAY)
        await asyncio.sleep(60.0)
        await end(task)

    run_virtual(main())
    first, *_, last = story.events
    assert "until" in last.values
    assert last.values["since"] - first.values["since"] == 56 * 365 * DAY
    assert 4000 <= last.values["until"] - last.values["since"] <= 30_000
