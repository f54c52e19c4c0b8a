"""What one Modbus TCP request of 20 registers costs the gateway's processor.

The server is a process of its own that answers from a table, so the client's processor time is the
driver's alone: the link, the event loop, and the kernel's share of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from typing import Any

import uvloop

from drivers.modbus.tcp import Tcp, open_tcp
from gateway.driver import Link
from tests.bench.report import Table
from tests.parts.modbus import blocks, device, point
from tests.parts.process import end

REQUESTS = 20_000
RUNS = 5
REGISTERS = 20

CASES = [
    # connections, requests under way on each
    (1, 1),
    (50, 1),
    (500, 1),
    (1, 16),
]


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = []
    for connections, depth in CASES:
        with server() as port:
            costs = [request_cost(port, connections, depth) for _ in range(RUNS)]
        rows.append((str(connections), str(depth), f"{statistics.median(costs):.1f}"))
    says = (
        f"Processor time of the client a request of {REGISTERS} holding registers, decoded to "
        f"{REGISTERS} values, on uvloop; median of {RUNS} runs of {REQUESTS} requests."
    )
    head = ("connections", "under way on each", "µs a request")
    return Table("Modbus TCP: the cost of a request", says, head, rows)


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
