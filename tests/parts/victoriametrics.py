"""A real VictoriaMetrics, for the v2 write wire: it accepts what influxdb-client sends.

It answers 204 to anything, malformed lines included, so it proves that values arrive, not that
errors are told apart. It speaks no InfluxQL; ``exported`` reads back through its own interface.
"""

from __future__ import annotations

import contextlib
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.parts.process import free_port, program, running


@contextlib.contextmanager
def victoria_metrics(folder: Path) -> Iterator[str]:
    """Run it with its data below ``folder``; yields its address."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        program("victoria-metrics"),
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-memory.allowedBytes=128MB",
    ]
    with running(command, log=folder / "victoria-metrics.log", port=port):
        yield f"http://127.0.0.1:{port}"


def exported(url: str, match: str) -> dict[str, dict[int, float]]:
    """Every sample of the series ``match`` selects: metric name → time → value."""
    _get(f"{url}/internal/force_flush")
    rows = _get(f"{url}/api/v1/export?{urllib.parse.urlencode({'match[]': match})}").splitlines()
    found: dict[str, dict[int, float]] = {}
    for row in map(orjson.loads, rows):
        samples: dict[str, Any] = dict(zip(row["timestamps"], row["values"], strict=True))
        found.setdefault(row["metric"]["__name__"], {}).update(
            {int(t): float(value) for t, value in samples.items()}
        )
    return found


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own loopback server
        body: bytes = answer.read()
        return body
