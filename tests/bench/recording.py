"""A month of two hundred lamps without wires: how long a labelled recording takes.

``wayside sim`` runs as users run it and writes a plain recording: every device read every five
minutes for thirty days, every fault of the catalogue befalling every device that can have it once a
year on average, labels beside it. Made twice, and held against each other byte by byte.
"""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import orjson

from tests.bench.report import Table
from tests.parts.quiet import wait_for_quiet

ROOT = Path(__file__).resolve().parents[2]
BOUND = 60
SCENARIO = """\
schema = 1
description = "a month of two hundred lamps that break by chance"
start = 2026-03-02T00:00:00
duration = "30d"
district = {{ lamps = 200, feeders = 3, cabinets = {cabinets}, bins = {bins} }}
[[random]]
fault = "any"
rate = 1.0
for = "6h"
"""


class Made(NamedTuple):
    """One recording: what is in it, what it took, and what its bytes and its labels' amount to."""

    readings: int
    labels: int
    size: int
    seconds: float
    processor: float
    digest: str


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        lamps = [made(Path(name)) for _ in range(2)]
        whole = made(Path(name), cabinets=2, bins=4)
    lamps.sort(key=lambda run: run.seconds)
    rows = [
        row("200 lamps, 3 pillars", lamps[0], BOUND),
        row("the same again", lamps[1], BOUND),
        row("and 2 signal cabinets, 4 bins", whole, None),
    ]
    same = lamps[0].digest == lamps[1].digest
    says = (
        "`wayside sim month.toml --record month.jsonl --labels month.labels`: everybody read every "
        "five minutes for 30 days, each fault of the catalogue at a rate of one per device and "
        "year; one process. The recordings and labels of the first two runs, byte by byte: "
        f"{'identical' if same else 'NOT identical, which falls short'}. "
        f"The machine's load was {os.getloadavg()[0]:.1f} at the end; ours is 1."
    )
    head = ("district", "readings", "faults", "size", "seconds", "processor", "a reading", "bound")
    return Table("A month of 200 lamps, recorded", says, head, rows)


def row(title: str, run: Made, bound: int | None) -> tuple[str, ...]:
    """One line of the table."""
    kept = "-"
    if bound is not None:
        kept = f"≤ {bound} s: {'kept' if run.seconds <= bound else 'falls short'}"
    return (
        title,
        f"{run.readings:,}",
        f"{run.labels}",
        f"{run.size / 1e6:.0f} MB",
        f"{run.seconds:.1f}",
        f"{run.processor:.1f} s",
        f"{run.processor / run.readings * 1e6:.1f} µs",
        kept,
    )


def made(folder: Path, cabinets: int = 0, bins: int = 0) -> Made:
    """One run of the program, in a folder of its own."""
    here = Path(tempfile.mkdtemp(dir=folder))
    scenario, recording, labels = here / "month.toml", here / "month.jsonl", here / "month.labels"
    scenario.write_text(SCENARIO.format(cabinets=cabinets, bins=bins))
    command = [sys.executable, "-m", "gateway", "sim", str(scenario), "--record", str(recording)]
    command += ["--labels", str(labels), "--dir", str(here / "district"), "--json"]
    wait_for_quiet(15)
    before, began = used(), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    seconds, processor = time.perf_counter() - began, used() - before
    told = orjson.loads(done.stdout)
    digest = hashlib.sha256(recording.read_bytes() + labels.read_bytes()).hexdigest()
    size = recording.stat().st_size
    recording.unlink()
    return Made(told["readings"], told["labels"], size, seconds, processor, digest)


def used() -> float:
    """Processor seconds of the programs started and ended so far."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
