"""Real readings for the benches: what a gateway sees of a simulated district, second by second."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path

from gateway import recording, wire
from gateway.model import Reading
from tests.bench.startup import district
from tests.parts.bench_site import load
from tests.parts.process import end

DEVICES = 50


def bodies(folder: Path, seconds: int) -> list[bytes]:
    """The telemetry record of each of so many seconds: 50 devices polled every second."""
    file = folder / "seen.jsonl"
    with district(folder, DEVICES) as site:
        kinds = {device.id: device.kind for device in load(site).devices}
        command = [sys.executable, "-m", "gateway", "run", str(site), "--record", str(file)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            time.sleep(seconds + 5)
        finally:
            end(process)
    rows = [row for row in recording.read(file, kinds) if isinstance(row, Reading)]
    found = [
        wire.telemetry_body(list(some)) for _, some in groupby(rows, lambda row: row.t // 1000)
    ]
    return found[3 : seconds + 3]  # the first seconds bring everybody's slow points at once
