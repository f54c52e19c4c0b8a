"""What an outbox writes to the card: bytes a day at the standard load, on ext4.

Each case has a loop device of its own with a fresh ext4 on it, on which a process flushes one
record of 50 real readings a second, in real time, and releases what is a few seconds old, as with
a connected broker. Nothing is scaled but the length: the file system's own writes (a journal commit
every 5 s or so, write-back after 30 s) come as they do in life. The figure is the sectors written,
as the kernel counts them for the loop device, after a first stretch that is left out.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from tests.bench._readings import bodies
from tests.bench.report import Table
from tests.parts.netns import as_root
from tests.parts.process import program

LEFT_OUT, MEASURED = 10, 130  # seconds
DAY = 86_400
IMAGE = 128 << 20
BOUND = 512_000_000


class Plain:
    """What one would do without the ring: a table in SQLite (WAL, FULL), rows deleted when sent."""

    def __init__(self, path: Path, _: int) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB)")
        self._database.execute("BEGIN")

    def put(self, body: bytes) -> None:
        """Add a record, forget one of a few seconds ago, commit."""
        seq = self._database.execute("INSERT INTO record (body) VALUES (?)", [body]).lastrowid or 0
        self._database.execute("DELETE FROM record WHERE seq = ?", [seq - 3])
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class InRing:
    """The ring, fed and freed as a gateway with a connected broker does."""

    def __init__(self, path: Path, bound: int) -> None:
        self._box = RingOutbox.open(path, bound)

    def put(self, body: bytes) -> None:
        """A second."""
        seq = self._box.append(Lane.TELEMETRY, "telemetry", body)
        if seq % 20 == 0:
            self._box.append(Lane.EVENTS, "event/lamp-1", b'{"t":1,"event":"x","values":{}}')
        self._box.flush()
        for lane in Lane:
            self._box.release(lane, self._box.last(lane) - 3)

    def close(self) -> None:
        """Let go of the file."""
        self._box.close()


@dataclass(frozen=True, slots=True)
class Case:
    """An outbox on an ext4 mounted so; ``bound`` in GB a day."""

    name: str
    options: str
    open: Callable[[Path, int], InRing | Plain]
    bound: str = "-"


CASES = [
    Case("ring", "defaults", InRing, "≤ 0.6"),
    Case("ring", "noatime,commit=30", InRing, "≤ 0.4"),
    Case("ring", "noatime,lazytime,commit=30", InRing, "≤ 0.4"),
    Case("SQLite, WAL, FULL", "defaults", Plain),
]


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        records = bodies(Path(name), 20)
        figures = run(CASES, records)
    rows = [
        (case.name, case.options, f"{size / 1e9 * DAY / MEASURED:.2f}", case.bound)
        for case, size in zip(CASES, figures, strict=True)
    ]
    size = sum(map(len, records)) // len(records)
    says = (
        f"50 simulated devices polled every second, one record of {size} bytes (JSON) flushed a "
        f"second for {MEASURED} s in real time, events now and then, everything released soon "
        "after; sectors written to an ext4 loop device, file system included."
    )
    return Table("Wear of the card", says, ("outbox", "mount", "GB a day", "bound"), rows)


def run(cases: Sequence[Case], records: Sequence[bytes]) -> list[int]:
    """Bytes each case wrote in the measured time; all at once, for they mostly sleep."""
    figures = [0] * len(cases)

    def one(index: int, case: Case) -> None:
        with tempfile.TemporaryDirectory() as name, loop(Path(name), case.options) as (disk, stat):
            box = case.open(disk / "outbox", BOUND)
            live(box, records, LEFT_OUT)
            before = written(stat)
            live(box, records, MEASURED)
            figures[index] = written(stat) - before
            box.close()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(cases)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures


def live(box: InRing | Plain, records: Sequence[bytes], seconds: int) -> None:
    """So many seconds."""
    due = time.monotonic()
    for second in range(seconds):
        box.put(records[second % len(records)])
        due += 1.0
        time.sleep(max(0.0, due - time.monotonic()))


@contextlib.contextmanager
def loop(folder: Path, options: str) -> Iterator[tuple[Path, Path]]:
    """An ext4 on a loop device; its mount point and the kernel's account of the device."""
    image, disk = folder / "image", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        os.ftruncate(file.fileno(), IMAGE)
    losetup = [*as_root(), program("losetup"), "--find", "--show", str(image)]
    device = subprocess.run(losetup, check=True, capture_output=True, text=True).stdout.strip()
    try:
        # Without the lazy initialisation, which would write for minutes after the first mount.
        features = "lazy_itable_init=0,lazy_journal_init=0"
        mkfs = [*as_root(), program("mkfs.ext4", "e2fsprogs"), "-q", "-E", features, device]
        subprocess.run(mkfs, check=True)
        mount = [*as_root(), program("mount"), "-o", options, device, str(disk)]
        subprocess.run(mount, check=True)
        try:
            yield disk, Path("/sys/block") / Path(device).name / "stat"
        finally:
            subprocess.run([*as_root(), program("umount"), str(disk)], check=True)
    finally:
        subprocess.run([*as_root(), program("losetup"), "--detach", device], check=True)


def written(stat: Path) -> int:
    """Bytes written to a device so far."""
    return int(stat.read_text().split()[6]) * 512
