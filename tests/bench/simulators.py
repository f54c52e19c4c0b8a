"""What the simulators cost: one process that serves 2 000 devices, all asked each second.

``wayside sim`` runs as users run it. A client in another process asks each Modbus TCP device for
all its points by the requests the gateway itself would plan, one at a time on each connection, the
connections spread over the second. What the client costs is not counted; it checks every answer's
header and length. The serial devices of the district stand by.

An RTU line at 9600 baud is the other half: what the line computes is exact by its tests, so the
bench asks what a master meets, and how much of that is the simulators' own lateness.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
import tty
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import NamedTuple

from drivers.modbus.plan import plan
from drivers.modbus.wire.tcp import Tcp
from simulators.town.plan import Pace
from simulators.wires.line import silence_of
from simulators.wires.modbus import TURNAROUND
from tests.bench.report import Table
from tests.bench.startup import processor_seconds, simulating
from tests.parts.bench_site import load
from tests.parts.modbus import sealed
from tests.parts.process import running
from tests.parts.quiet import wait_for_quiet

ROOT = Path(__file__).resolve().parents[2]
DEVICES = (500, 1000, 2000)
SECONDS = 10
QUESTIONS = 100
NIGHT = "schema = 1\nstart = 2026-03-02T23:00:00\n"
"""Every lamp burns, those of switched feeders too."""
WORDS = 17


class Polled(NamedTuple):
    """What some seconds of polling cost the simulators, and how late the slowest round was."""

    devices: int
    requests: int
    processor: float
    late: float


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = [_row(crowd(number)) for number in DEVICES]
    rows += [_line_row(baudrate) for baudrate in (9_600, 19_200, 57_600)]
    says = (
        f"`wayside sim` in one process, at night; every Modbus TCP device of the district is asked "
        f"once a second for all its points (about 20, in the requests a gateway plans), for "
        f"{SECONDS} s, by a client in another process. Lines: {QUESTIONS} questions for {WORDS} "
        "registers, one after the other, against the time their characters, the silence after the "
        "question and the unit's 2 ms take: median and mean; the bound is for the mean at 9600 "
        "baud. What the line computes is exact; what is above it here is how late simulator and "
        f"master are scheduled on this machine (load {os.getloadavg()[0]:.0f} on "
        f"{os.cpu_count()} cores while measured)."
    )
    return Table(
        "Simulators: a crowd of devices, and the pace of a line",
        says,
        ("what", "processor of the simulators", "a request", "worst delay", "bound"),
        rows,
    )


def _row(polled: Polled) -> Sequence[str]:
    share = 100 * polled.processor / SECONDS
    kept = "kept" if share <= 100 and polled.late < 1 else "**missed**"
    return (
        f"{polled.devices} devices at 1 Hz, {polled.requests / SECONDS:.0f} requests/s",
        f"{share:.0f} % of a core",
        f"{1e6 * polled.processor / polled.requests:.0f} µs",
        f"{polled.late:.2f} s",
        f"2000 on one core: {kept}" if polled.devices >= 1900 else "-",
    )


# --- a crowd on TCP


def crowd(devices: int) -> Polled:
    """Poll a district of so many devices for some seconds."""
    with tempfile.TemporaryDirectory() as name:
        night = Path(name) / "night.toml"
        night.write_text(NIGHT)
        with simulating(Path(name), devices, str(night)) as (site, pid):
            wait_for_quiet(10.0)
            return asyncio.run(polled(asked_of(site), pid))


def asked_of(site: Path) -> dict[int, list[list[bytes]]]:
    """By port, for each Modbus TCP device there the requests that read all its points."""
    loaded = load(site)
    ports = {
        bus.name: bus.options.port for bus in loaded.buses.values() if isinstance(bus.options, Tcp)
    }
    found: dict[int, list[list[bytes]]] = {}
    for device in loaded.devices:
        if device.bus in ports:
            blocks = plan(device, device.points)
            unit = bytes((device.options.unit,))
            asks = [unit + block.request.question.pdu for block in blocks]
            found.setdefault(ports[device.bus], []).append(asks)
    return found


async def polled(buses: dict[int, list[list[bytes]]], pid: int) -> Polled:
    """Ask everybody once a second, after two seconds to settle."""
    masters = []
    for place, (port, devices) in enumerate(buses.items()):
        asks = [ask for device in devices for ask in device]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        masters.append(Master(reader, writer, asks, place / len(buses)))
    await asyncio.gather(*(master.survey() for master in masters))
    began = time.monotonic() + 0.5
    rounds = asyncio.gather(*(master.run(began, SECONDS + 2) for master in masters))
    await asyncio.sleep(began + 2 - time.monotonic())
    before, asked = processor_seconds(pid), sum(master.asked for master in masters)
    await asyncio.sleep(began + 2 + SECONDS - time.monotonic())
    spent = processor_seconds(pid) - before
    requests = sum(master.asked for master in masters) - asked
    await rounds
    count = sum(master.units for master in masters)
    return Polled(count, requests, spent, max(master.late for master in masters))


class Master:
    """One connection, and the questions it asks each second, one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asks: list[bytes],
        offset: float,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._frames = [pack(">HHH", n, 0, len(ask)) + ask for n, ask in enumerate(asks)]
        self._offset = offset
        self.asked = 0
        self.late = 0.0
        """s the worst round was still under way when the next was due."""

    @property
    def units(self) -> int:
        """How many devices it asks."""
        return len({frame[6] for frame in self._frames})

    async def survey(self) -> None:
        """Leave out who does not answer."""
        answering = []
        for frame in self._frames:
            self._writer.write(frame)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    head = await self._reader.readexactly(7)
                    await self._reader.readexactly(head[5] - 1)
                    answering.append(frame)
        self._frames = answering

    async def run(self, began: float, seconds: int) -> None:
        """So many rounds."""
        for second in range(seconds):
            due = began + second + self._offset
            await asyncio.sleep(due - time.monotonic())
            for frame in self._frames:
                self._writer.write(frame)
                head = await self._reader.readexactly(7)
                answer = await self._reader.readexactly(head[5] - 1)
                if head[:2] != frame[:2] or answer[:2] != bytes((frame[7], 2 * frame[11])):
                    bits = bytes((frame[7], (frame[11] + 7) // 8))
                    if frame[7] > 2 or answer[:2] != bits:
                        raise SystemExit(f"asked {frame.hex()}, answered {(head + answer).hex()}")
                self.asked += 1
            self.late = max(self.late, time.monotonic() - due - 1)
        self._writer.close()


# --- a line


def _line_row(baudrate: int) -> Sequence[str]:
    pace = Pace(baudrate)
    characters = 8 + 5 + 2 * WORDS
    theory = characters * pace.character + silence_of(pace) + TURNAROUND
    with tempfile.TemporaryDirectory() as name:
        line = Path(name) / "tty"
        command = [sys.executable, "-m", "tests.bench._line", str(baudrate), str(line)]
        with running(command, log=Path(name) / "log", cwd=ROOT) as process:
            while not line.exists():
                time.sleep(0.01)
            wait_for_quiet(10.0)
            before = processor_seconds(process.pid)
            taken = asked(line)
            spent = processor_seconds(process.pid) - before
    middle = statistics.median(taken)
    over, mean = (100 * (found / theory - 1) for found in (middle, statistics.fmean(taken)))
    met = f"met in {1000 * middle:.1f} ms ({over:+.1f} %, mean {mean:+.1f} %)"
    verdict = "kept" if mean <= 2 else "**missed**"
    return (
        f"{baudrate} baud: {1000 * theory:.1f} ms a question, {met}",
        f"{100 * spent / sum(taken):.1f} % of a core",
        f"{1e6 * spent / len(taken):.0f} µs",
        f"{1000 * (max(taken) - theory):.1f} ms",
        f"within 2 %: {verdict}" if baudrate == 9_600 else "-",
    )


def asked(line: Path) -> list[float]:
    """Seconds from writing each question to having its whole answer."""
    question, size = sealed(1, 4, 0, 0, 0, WORDS), 5 + 2 * WORDS
    fd = os.open(line, os.O_RDWR | os.O_NOCTTY)
    taken = []
    try:
        tty.setraw(fd)
        for _ in range(QUESTIONS):
            began, heard = time.perf_counter(), b""
            os.write(fd, question)
            while len(heard) < size:
                heard += os.read(fd, size)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(fd)
    return taken
