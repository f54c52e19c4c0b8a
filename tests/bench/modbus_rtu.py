"""How near Modbus RTU comes to the wire's own limit, and what a transaction costs the processor.

The bus is a baud-paced pty in a process of its own (tests/parts/paced.py says how it keeps the
wire's clock); 32 slaves are asked one after the other for ten holding registers each, through the
public link, by as many workers as it has depth. A transaction is 8 characters of question, 25 of
answer and two silences, of 11 bits a character (parity E): nothing can be faster.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import time
from dataclasses import dataclass

from drivers.modbus.wire.rtu import Serial, open_rtu
from gateway.driver import Block, Link
from tests.bench.modbus_tcp import run
from tests.bench.report import Table
from tests.parts.modbus import blocks, device, point
from tests.parts.paced import BITS, QUESTION, Figures, paced
from tests.parts.quiet import wait_for_quiet

UNITS = range(1, 33)
REGISTERS = 10
ANSWER = 5 + 2 * REGISTERS
RUNS = 5
SECONDS = 3.0
PATIENCE = 10.0  # s to wait for a quiet machine before a run
FIXED = 0.00175

CASES = [
    # baud rate, fixed silence or None for 3.5 characters, bound in %
    (9600, None, 98),
    (19200, None, 98),
    (19200, FIXED, 98),
    (115200, None, 95),
    (115200, FIXED, 95),
]


@dataclass(frozen=True)
class Run:
    """One run: transactions in so many seconds, of which the processor had some."""

    limit: float  # s a transaction
    transactions: int
    elapsed: float
    processor: float
    slave: Figures

    @property
    def share(self) -> float:
        """Percent of the limit, by the clock on the wall."""
        return 100 * self.limit * self.transactions / self.elapsed

    @property
    def exact(self) -> float:
        """The same without the slave's own lateness."""
        late = self.slave.lateness / self.slave.answers
        return 100 * self.limit / (self.elapsed / self.transactions - late)


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows, quiet = [], 0
    for baudrate, fixed, bound in CASES:
        silence = fixed or 3.5 * BITS / baudrate
        runs = []
        for _ in range(RUNS):
            quiet += wait_for_quiet(PATIENCE)
            runs.append(run(_measured(baudrate, silence)))
        rows.append(_row(baudrate, "1.75 ms" if fixed else "3.5 characters", bound, runs))
    says = (
        f"{len(UNITS)} slaves, {REGISTERS} holding registers each, parity E, on a pty at the pace "
        f"of the baud rate; the limit is {QUESTION} + {ANSWER} characters and two silences. The "
        "slave keeps the clock: a question begins when it is seen, everything else is computed "
        "from there, and each character is handed over once it has ended. Median of "
        f"{RUNS} runs of {SECONDS:g} s on uvloop, {quiet} of all {RUNS * len(CASES)} begun on a "
        "quiet machine. “Less the slave's lateness” takes off what the simulated slave itself was "
        "late; “late” is by how much the median question came after the end of the silence. A "
        "violation is a gap more than 20 µs shorter than the silence; gaps of which the slave "
        "cannot tell, because it was not running, are unjudged."
    )
    head = (
        "baud rate",
        "silence",
        "transactions/s",
        "of the limit",
        "less the slave's lateness",
        "bound",
        "late",
        "gap violations",
        "unjudged",
        "processor µs a transaction",
    )
    return Table("Modbus RTU: how near the wire's limit", says, head, rows)


def _row(baudrate: int, silence: str, bound: int, runs: list[Run]) -> tuple[str, ...]:
    def median(values: list[float]) -> float:
        return statistics.median(values)

    share = median([r.share for r in runs])
    return (
        str(baudrate),
        silence,
        f"{median([r.transactions / r.elapsed for r in runs]):.1f} of {1 / runs[0].limit:.1f}",
        f"{share:.1f} %",
        f"{median([r.exact for r in runs]):.1f} %",
        f"≥ {bound} %: {'kept' if share >= bound else '**missed**'}",
        f"{median([statistics.median(r.slave.delays) for r in runs]) * 1e6:.0f} µs",
        f"{sum(r.slave.violations for r in runs)} of {sum(r.slave.gaps for r in runs)}",
        str(sum(r.slave.unjudged for r in runs)),
        f"{median([r.processor / r.transactions * 1e6 for r in runs]):.0f}",
    )


async def _settled(link: Link, reads: list[Block]) -> None:
    """Everybody was heard once, and long enough ago that nobody else can answer as they do."""
    for read in reads:
        await link.read(read)
    await asyncio.sleep(Serial(port="").timeout)
    gc.freeze()  # the tests' parts import pytest, which is no part of the daemon


async def _measured(baudrate: int, silence: float, seconds: float = SECONDS) -> Run:
    points = [point(f"p{a}", table="holding", address=a) for a in range(REGISTERS)]
    reads = itertools.cycle([blocks(device(*points, unit=unit))[0] for unit in UNITS])
    limit = (QUESTION + ANSWER) * BITS / baudrate + 2 * silence
    with paced(baudrate, silence) as bus:
        options = Serial(port=bus.port, baudrate=baudrate, parity="E", silence=silence)
        async with open_rtu(options) as link:
            done = 0

            async def ask(until: float) -> None:
                nonlocal done
                while time.monotonic() < until:
                    assert await link.read(next(reads)) == list(range(REGISTERS))
                    done += 1

            await _settled(link, [next(reads) for _ in UNITS])
            worked, began = time.process_time(), time.monotonic()
            await asyncio.gather(*(ask(began + seconds) for _ in range(link.depth)))
            elapsed, worked = time.monotonic() - began, time.process_time() - worked
    return Run(limit, done, elapsed, worked, bus.figures)
