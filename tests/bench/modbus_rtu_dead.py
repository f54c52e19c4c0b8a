"""What dead slaves cost the living ones of a serial bus.

A baud-paced bus of 32 slaves (tests/parts/paced.py) is polled by the daemon's own poller, as fast
as the bus allows: every device is due again at once. A *cycle* is the time in which every living
device was read once. The first cycle after the start is not counted: until they have been asked,
nobody knows who is dead.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

from drivers.modbus import DRIVERS
from drivers.modbus.wire.rtu import Serial
from gateway.config.site import Bus
from gateway.edge.clock import SYSTEM
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Reading
from tests.bench.modbus_rtu import PATIENCE, REGISTERS, UNITS
from tests.bench.modbus_tcp import run
from tests.bench.report import Table
from tests.parts.modbus import device, point
from tests.parts.paced import BITS, paced
from tests.parts.quiet import wait_for_quiet

BAUDRATE = 19200
TIMEOUT = 0.3
DEAD = (5, 16, 27)
SECONDS = 40.0
AT_ONCE = 0.001  # s: the period of a device that is always due


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    wait_for_quiet(PATIENCE)
    healthy, sick = (run(cycles(dead, SECONDS)) for dead in ((), DEAD))
    usual = statistics.median(healthy)
    median, worst = statistics.median(sick), max(sick)
    rows = [
        ("all alive", f"{usual:.3f} s", f"{max(healthy):.3f} s", "-", "-"),
        (
            f"{len(DEAD)} dead",
            f"{median:.3f} s",
            f"{worst:.3f} s",
            f"median ≤ {usual:.3f} s: {_kept(median <= usual)}",
            f"worst ≤ {usual + TIMEOUT:.3f} s: {_kept(worst <= usual + TIMEOUT)}",
        ),
    ]
    says = (
        f"{len(UNITS)} slaves with {REGISTERS} holding registers each at {BAUDRATE} baud, parity "
        f"E, timeout {TIMEOUT * 1000:g} ms, polled for {SECONDS:g} s by the daemon's poller, as "
        "fast as the bus allows. A cycle is the time in which every living device was read once, "
        "from the second one on; the bounds are the healthy cycle, and that plus one timeout."
    )
    head = ("slaves", "median cycle", "worst cycle", "bound of the median", "bound of the worst")
    return Table("Modbus RTU: what dead slaves cost", says, head, rows)


def _kept(kept: bool) -> str:
    return "kept" if kept else "**missed**"


async def cycles(dead: Sequence[int], seconds: float) -> list[float]:
    """How long each cycle but the first one took, in seconds."""
    points = [
        replace(point(f"p{a}", table="holding", address=a), every=AT_ONCE) for a in range(REGISTERS)
    ]
    devices = tuple(replace(device(*points, unit=unit), id=f"unit-{unit}") for unit in UNITS)
    alive = {f"unit-{unit}" for unit in UNITS} - {f"unit-{unit}" for unit in dead}
    missing, ends = set(alive), [time.monotonic()]

    def take(reading: Reading) -> None:
        if reading.silent is None:
            assert len(reading.values) == REGISTERS
            missing.discard(reading.device)
        if not missing:
            missing.update(alive)
            ends.append(time.monotonic())

    with paced(BAUDRATE, 3.5 * BITS / BAUDRATE, tuple(dead)) as bus:
        options = Serial(port=bus.port, baudrate=BAUDRATE, parity="E", timeout=TIMEOUT)
        await _poll(
            Bus(name="b", driver=DRIVERS["modbus-rtu"], options=options, devices=devices),
            take,
            seconds,
        )
    assert bus.figures.violations == 0
    return [end - begin for begin, end in pairwise(ends[1:])]


async def _poll(bus: Bus, take: Callable[[Reading], None], seconds: float) -> None:
    poller = Poller(
        bus,
        take,
        clock=SYSTEM,
        slots=Slots(SYSTEM),
        chance=lambda: 0.5,
        pulse=Pulse(),
    )
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
