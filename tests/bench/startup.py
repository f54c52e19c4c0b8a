"""From the command to the first reading, and the memory it takes: ``wayside run``, 100 devices.

The district, the broker and the daemon are separate processes on one machine. Wall time is from
starting the interpreter to the daemon's own word of its first reading, each start on a machine that
was idle before it; memory is the resident set after twenty seconds of polling every device each
second.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Table
from tests.parts.mosquitto import mosquitto
from tests.parts.process import end, running
from tests.parts.quiet import wait_for_quiet

DEVICES = 100
RUNS = 7
SETTLED = 20.0


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mosquitto(folder / "broker") as broker, district(folder) as site:
            site.write_text(site.read_text().replace("mqtt://127.0.0.1:1883", broker.url))
            first_reading(site)  # once, to write the byte code
            starts, works = zip(*(quiet_start(site) for _ in range(RUNS)), strict=True)
            resident, cpu = settled(site)
    rows = [
        ("start to first reading, median", f"{statistics.median(starts):.2f} s", "≤ 0.8 s"),
        ("start to first reading, worst", f"{max(starts):.2f} s", "-"),
        ("processor time of that, least", f"{min(works):.2f} s", "-"),
        (f"resident memory after {SETTLED:.0f} s", f"{resident:.1f} MB", "≤ 60 MB"),
        ("processor, polling 100 devices each second", f"{cpu:.1f} %", "-"),
    ]
    says = (
        f"`wayside run` with {DEVICES} simulated devices (lamps on two RTU lines and Modbus TCP, "
        f"pillars, cabinets, bins), mosquitto as broker; {RUNS} starts after one to warm up."
    )
    return Table("Start and memory of the daemon", says, ("what", "measured", "bound"), rows)


@contextlib.contextmanager
def district(folder: Path, devices: int = DEVICES) -> Iterator[Path]:
    """The simulators, in a process of their own; yields the site file once all is served."""
    with simulating(folder, devices) as (site, _):
        yield site


@contextlib.contextmanager
def simulating(folder: Path, devices: int, scenario: str = "quiet") -> Iterator[tuple[Path, int]]:
    """The same in any scenario, and the number of the process."""
    place, log = folder / "district", folder / "sim.log"
    words = ("-m", "gateway", "sim", scenario, "--devices", str(devices), "--dir", str(place))
    with running([sys.executable, *words], log=log) as process:
        deadline = time.monotonic() + 30
        while "site file" not in log.read_text():
            if time.monotonic() > deadline:
                raise SystemExit(f"the simulators do not serve:\n{log.read_text()}")
            time.sleep(0.05)
        yield place / "site.toml", process.pid


@contextlib.contextmanager
def daemon(site: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``wayside run`` with its log on a pipe."""
    command = [sys.executable, "-m", "gateway", "run", str(site)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process)
        if process.stderr is not None:
            process.stderr.close()


def await_first_reading(process: subprocess.Popen[bytes]) -> None:
    """Read the daemon's log until it tells of its first reading."""
    assert process.stderr is not None
    for line in process.stderr:
        if b"first reading" in line:
            return
    raise SystemExit("the daemon ended without a reading")


def first_reading(site: Path) -> tuple[float, float]:
    """Seconds from starting the interpreter to the first reading, and of the processor's."""
    began = time.perf_counter()
    with daemon(site) as process:
        await_first_reading(process)
        return time.perf_counter() - began, processor_seconds(process.pid)


def quiet_start(site: Path) -> tuple[float, float]:
    """The same, once nobody else works here; the simulators idle until they are polled."""
    wait_for_quiet(60.0)
    return first_reading(site)


def settled(site: Path) -> tuple[float, float]:
    """Resident memory (MB) and processor share (%) once the daemon runs evenly."""
    with daemon(site) as process:
        await_first_reading(process)
        time.sleep(SETTLED / 2)
        before = processor_seconds(process.pid)
        time.sleep(SETTLED / 2)
        spent = processor_seconds(process.pid) - before
        return resident_mb(process.pid), 100 * spent / (SETTLED / 2)


def resident_mb(pid: int) -> float:
    """The resident set of a process, in MB of 10⁶ bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) * 1024 / 1e6


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
