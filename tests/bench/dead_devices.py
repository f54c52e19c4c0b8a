"""What dead devices cost the living ones on Modbus TCP: how even their polls stay.

A hundred devices are polled each second by the daemon's own pollers in one process, as the daemon
runs them; the server is a process of its own. The same is measured with everybody alive and with
five devices dead in three ways: their endpoint refuses, it accepts and never answers, or they are a
silent unit behind an endpoint that others share. An *interval* is the time between the stamps of
two readings of one device.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

from drivers.modbus import DRIVERS
from drivers.modbus.wire.tcp import Tcp
from gateway.config.site import Bus
from gateway.edge.clock import SYSTEM
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Device, Reading
from tests.bench.modbus_tcp import run
from tests.bench.report import Table
from tests.parts.modbus import device, point
from tests.parts.process import end, free_port
from tests.parts.quiet import wait_for_quiet

PERIOD, SETTLING, SECONDS = 1.0, 10.0, 60.0
REGISTERS = 20
ENDPOINTS, SHARED, UNITS = 80, 2, 10  # endpoints of one device each, and of ten units each
REFUSED, DEAF = (7, 33), (18, 61)  # endpoints by number
SILENT_UNIT = 4  # of the first shared endpoint
BESIDE = f"bus-{ENDPOINTS}-"
PIPELINE = 4
NOBODY = 99  # a unit that is not there
BOUND = 1.01
PATIENCE = 300.0


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = []
    for name, dead, pipeline in (
        ("all alive", False, 1),
        ("5 of 100 dead", True, 1),
        (f"the same, shared endpoints with `pipeline = {PIPELINE}`", True, PIPELINE),
    ):
        wait_for_quiet(PATIENCE)
        gaps: dict[str, list[float]] = run(intervals(dead=dead, pipeline=pipeline))
        rows.append(_row(name, [gap for own in gaps.values() for gap in own], bound=dead))
        if dead:
            beside = [gap for name, own in gaps.items() if name.startswith(BESIDE) for gap in own]
            rows.append(_row(f"… of these, the {UNITS - 1} beside the silent unit", beside))
    says = (
        f"100 devices of {REGISTERS} holding registers, polled each second for {SECONDS:g} s after "
        f"{SETTLING:g} s to settle: {ENDPOINTS} endpoints of one device and {SHARED} of {UNITS} "
        f"units. Dead are {len(REFUSED)} endpoints that refuse, {len(DEAF)} that accept and never "
        "answer, and a silent unit of a shared one, which costs those beside it its timeout of 1 s "
        "each time it is tried (5 % of the time at most) unless the endpoint takes several "
        "questions at once. Intervals of the living devices."
    )
    head = ("devices", "intervals", "median", "p99", "worst", "bound")
    return Table("Dead devices beside living ones", says, head, rows)


def _row(name: str, gaps: Sequence[float], *, bound: bool = False) -> tuple[str, ...]:
    p99 = statistics.quantiles(gaps, n=100)[98]
    kept = "kept" if p99 <= BOUND * PERIOD else "falls short"
    return (
        name,
        str(len(gaps)),
        f"{statistics.median(gaps):.3f} s",
        f"{p99:.3f} s",
        f"{max(gaps):.3f} s",
        f"p99 ≤ {BOUND * PERIOD:g} s: {kept}" if bound else "-",
    )


async def intervals(*, dead: bool, pipeline: int = 1) -> dict[str, list[float]]:
    """Seconds between the readings of every living device, by device, once all have settled."""
    readings: dict[str, list[int]] = defaultdict(list)

    def take(reading: Reading) -> None:
        if reading.values:
            readings[reading.device].append(reading.t)

    slots, pulse = Slots(SYSTEM), Pulse()
    with server() as port, deaf() as deaf_port:
        buses = district(port, deaf_port, free_port(), dead=dead, pipeline=pipeline)
        pollers = [
            Poller(
                bus,
                take,
                clock=SYSTEM,
                slots=slots,
                chance=lambda: 0.5,
                pulse=pulse,
                phase=number % 10 / 10,
            )
            for number, bus in enumerate(buses)
        ]
        tasks = [asyncio.create_task(poller.run()) for poller in pollers]
        await asyncio.sleep(SETTLING)
        begun = SYSTEM.now()
        await asyncio.sleep(SECONDS)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
    assert len(readings) == (95 if dead else 100), "who is alive answers, and nobody else"
    return {
        name: [(b - a) / 1000 for a, b in pairwise(t for t in stamps if t >= begun)]
        for name, stamps in readings.items()
    }


def district(port: int, deaf_port: int, refusing: int, *, dead: bool, pipeline: int) -> list[Bus]:
    """The buses; every endpoint has an address of its own on loopback."""
    points = tuple(point(f"p{a}", table="holding", address=a) for a in range(REGISTERS))

    def bus(number: int, at: int, units: Sequence[int]) -> Bus:
        name = f"bus-{number}"
        devices: list[Device] = [
            replace(device(*points, unit=unit), id=f"{name}-{unit}", bus=name) for unit in units
        ]
        depth = pipeline if len(units) > 1 else 1
        options = Tcp(host=f"127.9.0.{number + 1}", port=at, pipeline=depth)
        driver = DRIVERS["modbus-tcp"]
        return Bus(name=name, driver=driver, options=options, devices=tuple(devices))

    ports = dict.fromkeys(range(ENDPOINTS), port)
    first = list(range(1, UNITS + 1))
    if dead:
        ports |= dict.fromkeys(REFUSED, refusing) | dict.fromkeys(DEAF, deaf_port)
        first[SILENT_UNIT] = NOBODY
    alone = [bus(number, at, (1,)) for number, at in ports.items()]
    return [
        *alone,
        bus(ENDPOINTS, port, first),
        bus(ENDPOINTS + 1, port, range(1, UNITS + 1)),
    ]


@contextlib.contextmanager
def deaf() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("0.0.0.0", 0), backlog=64) as listening:  # 127.9.0.x
        yield listening.getsockname()[1]


@contextlib.contextmanager
def server() -> Iterator[int]:
    """The server of all living devices, in a process of its own; yields its port."""
    command = [sys.executable, "-m", "tests.bench.dead_devices"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        end(process)
        process.stdout.close()


_WORDS = struct.pack(f">{REGISTERS}H", *range(REGISTERS))


class _Served(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        unit = data[6]
        if unit != NOBODY:
            answer = struct.pack(">HBBB", 3 + len(_WORDS), unit, 3, len(_WORDS)) + _WORDS
            self.transport.write(data[:4] + answer)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(_Served, "0.0.0.0", 0)  # 127.9.0.x
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await listening.serve_forever()


if __name__ == "__main__":
    run(_serve())
