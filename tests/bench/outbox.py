"""What a reading costs the processor on its way through the outbox, and how a long backlog opens.

One process does what the daemon's disk thread does: append a second's record, flush, ask for what
is new as the publisher does, release it. User and system time both count, so the write and the
sync do too; turning readings into JSON and composing messages do not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.edge.outbox.ring.files import BlockFile, System
from tests.bench._readings import DEVICES, bodies
from tests.bench.report import Table

FLUSHES, RUNS = 400, 5
BACKLOG = 512_000_000


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        records = bodies(Path(name), 20)
        costs = [through(Path(name) / f"{run}.ring", records) for run in range(RUNS)]
        fill(Path(name) / "long.ring")
        command = [sys.executable, "-m", "tests.bench.outbox", str(Path(name) / "long.ring")]
        opened = [
            subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            for _ in range(3)
        ]
    seconds, memory, part = (
        statistics.median(map(float, each)) for each in zip(*opened, strict=True)
    )
    rows = [
        (
            "a reading: append, flush, pending, release",
            f"{statistics.median(costs):.1f} µs",
            "≤ 10 µs",
        ),
        ("opening 512 MB of backlog, every block checked", f"{seconds:.1f} s", "-"),
        ("memory for it", f"{memory:.0f} MB", "-"),
        ("a portion of 8 records out of its middle", f"{part:.1f} ms", "-"),
    ]
    says = (
        f"Processor time, user and system; {DEVICES} real readings a flush, of "
        f"{points(records):.0f} points on average; median of {RUNS} runs of {FLUSHES} flushes. "
        f"The backlog is {BACKLOG // 10**6} MB of one flush a block, 36 hours at a flush a second, "
        "in the page cache."
    )
    return Table("Outbox: the cost of a reading", says, ("what", "measured", "bound"), rows)


def points(records: Sequence[bytes]) -> float:
    """How many points a reading has."""
    counts = [len(item["v"]) for body in records for item in orjson.loads(b"[%s]" % body)]
    return statistics.mean(counts)


def through(path: Path, records: Sequence[bytes]) -> float:
    """Processor µs a reading."""
    box = RingOutbox.open(path, BACKLOG)
    began = time.process_time()
    for flush in range(FLUSHES):
        box.append(Lane.TELEMETRY, "telemetry", records[flush % len(records)])
        box.flush()
        (record,) = box.pending(Lane.TELEMETRY, flush, 8)
        box.release(Lane.TELEMETRY, record.seq)
    cost = (time.process_time() - began) / (FLUSHES * DEVICES) * 1e6
    box.close()
    return cost


class Unsynced(System):
    """Filling half a gigabyte need not wait for the disk."""

    def create(self, path: Path) -> BlockFile:
        class File(BlockFile):
            def sync(self) -> None:
                pass

        return File(path, os.O_RDWR | os.O_CREAT)


def fill(path: Path) -> None:
    """A ring full to its bound, one block a flush."""
    box = RingOutbox.open(path, BACKLOG, Unsynced())
    body = os.urandom(3000)
    for _ in range(BACKLOG // 4096):
        box.append(Lane.TELEMETRY, "telemetry", body)
        box.flush()
    box.close()


def opening(path: Path) -> tuple[float, float, float]:
    """Seconds to open a ring, MB it took, and ms to read a portion of it."""
    before, began = resident(), time.process_time()
    box = RingOutbox.open(path, BACKLOG)
    seconds, memory = time.process_time() - began, resident() - before
    began = time.process_time()
    box.pending(Lane.TELEMETRY, box.last(Lane.TELEMETRY) // 2, 8)
    return seconds, memory, (time.process_time() - began) * 1e3


def resident() -> float:
    """The resident set, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, opening(Path(sys.argv[1])))))
