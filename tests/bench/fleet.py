"""What a fleet costs and a centre bears: gateways by the hundred, from a recording.

Twenty simulated devices, each read every second, are recorded without wires; then ``wayside sim
--fleet`` plays so many gateways of them through mosquitto into ``wayside ingest`` with its embedded
store, all on this machine. Behind is how late the latest flush was handed out; lost is what holds
values in the recording and is not in the store.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from gateway import recording
from gateway.centre.database import open_history
from gateway.config.site import BrokerOptions, Centre
from gateway.model import Reading
from simulators.fast import Options, record
from simulators.scenario import load
from tests.bench.report import Table
from tests.bench.startup import processor_seconds, resident_mb
from tests.parts.ingest import ingest_program
from tests.parts.mosquitto import mosquitto

FLEETS = (10, 100)
DEVICES = 20
SECONDS = 20


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = [_row(gateways) for gateways in FLEETS]
    says = (
        f"`wayside sim --fleet` at speed 1, {DEVICES} devices a gateway, each read every second "
        f"for {SECONDS} s; mosquitto, `wayside ingest` with the embedded store and the fleet "
        "share the machine."
    )
    head = ("gateways", "readings/s", "fleet", "its memory", "ingest", "behind", "lost")
    return Table("A fleet of gateways", says, head, rows)


def _row(gateways: int) -> Sequence[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = Options(
            file=folder / "street.jsonl",
            folder=folder / "district",
            devices=DEVICES,
            days=SECONDS / 86_400,
            every=1000,
        )
        made = record(load("quiet"), options, lambda _: None)
        with mosquitto(folder / "broker", "max_queued_messages 0", "log_type none") as broker:
            centre = Centre(
                file=folder / "centre.toml",
                data_dir=folder / "centre",
                mqtt=BrokerOptions(url=broker.url),
            )
            with ingest_program(centre) as ingest:
                log = centre.file.with_suffix(".log")
                while "ingest ready" not in log.read_text():
                    time.sleep(0.05)
                before = processor_seconds(ingest.pid)
                played, cpu, memory = _play(gateways, made.site, options.file, broker.url)
                expected = gateways * _with_values(options.file)
                stored = _stored(centre, expected)
                work = processor_seconds(ingest.pid) - before
    seconds = played["seconds"]
    return (
        str(gateways),
        f"{played['readings'] / seconds:.0f}",
        f"{100 * cpu / seconds:.0f} % of a core",
        f"{memory:.0f} MB",
        f"{100 * work / seconds:.0f} % of a core",
        f"{played['behind']:.2f} s",
        f"{expected - stored} of {expected}",
    )


def _with_values(file: Path) -> int:
    """The readings that leave a row in a store."""
    return sum(isinstance(row, Reading) and bool(row.values) for row in recording.read(file))


def _play(gateways: int, site: Path, file: Path, url: str) -> tuple[dict[str, float], float, float]:
    words = ("--fleet", str(gateways), "--recording", str(file), "--site", str(site))
    command = [sys.executable, "-m", "gateway", "sim", *words, "--broker", url, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        cpu = memory = 0.0
        while process.poll() is None:
            try:
                cpu = processor_seconds(process.pid)
                memory = max(memory, resident_mb(process.pid))
            except (OSError, ValueError):
                break  # it has just ended
            time.sleep(0.1)
        assert process.stdout is not None
        return orjson.loads(process.stdout.read()), cpu, memory


def _stored(centre: Centre, expected: int) -> int:
    deadline, rows = time.monotonic() + 20, 0
    while rows < expected and time.monotonic() < deadline:
        time.sleep(0.2)
        with open_history(centre) as history:
            rows = sum(one.rows for one in history.count(0, 1 << 53))
    return rows
