"""What one Modbus TCP request of 20 registers costs the gateway's processor, beside libmodbus.

The server is a process of its own that answers from a table, so the client's processor time is the
driver's alone: the link, the event loop, and the kernel's share of it. libmodbus, a client in C
(``libmodbus_client.c``, compiled here), asks the same server in the same rounds.

With one connection and one question under way, every request wakes the client and the server once,
and what that costs depends on where the scheduler puts them. Both clients share one core with the
server there, which costs least and varies least; the ratio is the one that is hardest on us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import uvloop

from drivers.modbus.wire.tcp import Tcp, open_tcp
from gateway.driver import Link
from tests.bench.report import Table
from tests.parts.modbus import blocks, device, point
from tests.parts.process import end
from tests.parts.quiet import wait_for_quiet

REQUESTS = 20_000
ROUNDS = 9
PATIENCE = 60.0
REGISTERS = 20
SOURCE = Path(__file__).with_name("libmodbus_client.c")

CASES = [
    # connections, questions under way on each
    (1, 1),
    (50, 1),
    (500, 1),
    (1, 16),
]
RATIO_BOUND = 1.5  # of libmodbus, one connection
COST_BOUND = 20.0  # µs, 500 connections


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    ours: dict[tuple[int, int], list[float]] = {case: [] for case in CASES}
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        libmodbus = compiled(Path(folder))
        with one_core(), server() as port:
            wait_for_quiet(PATIENCE)
            for _ in range(ROUNDS):
                theirs.append(libmodbus_cost(libmodbus, port))
                ours[1, 1].append(request_cost(port))
        with server() as port:
            wait_for_quiet(PATIENCE)
            for _ in range(ROUNDS):
                for connections, depth in CASES[1:]:
                    ours[connections, depth].append(request_cost(port, connections, depth))
    floor = statistics.median(theirs)
    ratio = statistics.median(a / b for a, b in zip(ours[1, 1], theirs, strict=True))
    rows = [("libmodbus (C)", "1", "1", f"{floor:.1f}", "1.00", "-")]
    for (connections, depth), costs in ours.items():
        cost = statistics.median(costs)
        share, bound = cost / floor, "-"
        if (connections, depth) == (1, 1):
            share, bound = ratio, f"≤ {RATIO_BOUND} of libmodbus: {_kept(ratio <= RATIO_BOUND)}"
        elif connections == 500:
            bound = f"≤ {COST_BOUND:g} µs: {_kept(cost <= COST_BOUND)}"
        names = "Wayside", str(connections), str(depth)
        rows.append((*names, f"{cost:.1f}", f"{share:.2f}", bound))
    says = (
        f"Processor time (user and system) of the client a request of {REGISTERS} holding "
        f"registers, decoded to {REGISTERS} values, on uvloop; median of {ROUNDS} rounds of "
        f"{REQUESTS} requests. With one connection, client and server share a core, for both "
        "clients alike; libmodbus asks the same server in between, and the ratio is the median "
        "of the rounds' own."
    )
    head = ("client", "connections", "under way on each", "µs a request", "of libmodbus", "bound")
    return Table("Modbus TCP: the cost of a request", says, head, rows)


def _kept(kept: bool) -> str:
    return "kept" if kept else "falls short"


def compiled(folder: Path) -> Path:
    """The libmodbus client; ends the bench with what to do where it cannot be compiled."""
    program = folder / "libmodbus_client"
    if shutil.which("gcc") and shutil.which("pkg-config"):
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "libmodbus"],
            check=False,
            capture_output=True,
            text=True,
        )
        command = ["gcc", "-O2", "-o", str(program), str(SOURCE), *shlex.split(flags.stdout)]
        if flags.returncode == 0 and subprocess.run(command, check=False).returncode == 0:
            return program
    raise SystemExit("the libmodbus client cannot be compiled: run `make bench`, which installs it")


def libmodbus_cost(program: Path, port: int) -> float:
    """Processor µs a request of 20 registers, by libmodbus."""
    command = [str(program), str(port), str(REQUESTS), str(REGISTERS)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process, and what it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def request_cost(port: int, connections: int = 1, depth: int = 1) -> float:
    """Processor µs a request of 20 registers."""
    cost: float = run(_cost(port, connections, depth))
    return cost


async def _cost(port: int, connections: int, depth: int) -> float:
    points = [point(f"p{a}", table="holding", address=a) for a in range(REGISTERS)]
    (block,) = blocks(device(*points))
    options = Tcp(host="127.0.0.1", port=port, pipeline=depth, timeout=30.0)
    each = REQUESTS // (connections * depth)

    async def ask(link: Link) -> None:
        for _ in range(each):
            await link.read(block)

    async with contextlib.AsyncExitStack() as stack:
        links = [await stack.enter_async_context(open_tcp(options)) for _ in range(connections)]
        assert await links[0].read(block) == list(range(REGISTERS))
        began = time.process_time()
        await asyncio.gather(*(ask(link) for link in links for _ in range(depth)))
        return (time.process_time() - began) / (each * connections * depth) * 1e6


@contextlib.contextmanager
def server() -> Iterator[int]:
    """A server in a process of its own; yields its port."""
    command = [sys.executable, "-m", "tests.bench.modbus_tcp"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        end(process)
        process.stdout.close()


class _Served(asyncio.Protocol):
    answer = bytes((1, 3, 2 * REGISTERS)) + struct.pack(f">{REGISTERS}H", *range(REGISTERS))
    length = struct.pack(">HH", 0, len(answer))

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        tail = self.length + self.answer
        self.transport.write(b"".join(data[i : i + 2] + tail for i in range(0, len(data), 12)))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(_Served, "127.0.0.1", 0)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await listening.serve_forever()


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run on uvloop, as the daemon does where there is one."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


if __name__ == "__main__":
    run(_serve())
