"""A real InfluxDB 1.x (the one Debian ships), alone in a folder of the test's own.

``influx1`` yields where it listens. The same folder and port may be given again, to bring the same
database back after it was stopped or killed.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.process import free_port, program, running

_CONFIG = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
auth-enabled = {auth}
log-enabled = false
"""


@dataclass(frozen=True, slots=True)
class Influx1:
    """A running server: its address and the process, for tests that kill it."""

    url: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def influx1(folder: Path, *, port: int | None = None, auth: bool = False) -> Iterator[Influx1]:
    """Run influxd with everything it writes below ``folder``, until the block ends."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "influxdb.conf"
    settings = {"folder": folder, "port": port, "rpc": free_port(), "auth": str(auth).lower()}
    config.write_text(_CONFIG.format(**settings))
    command = [program("influxd", "influxdb"), "-config", str(config)]
    with running(command, log=folder / "influxd.log", port=port) as process:
        yield Influx1(f"http://127.0.0.1:{port}", process)


def rows(url: str, database: str, query: str) -> Iterator[dict[str, Any]]:
    """The rows of an InfluxQL query, each with its columns as keys; times in ms."""
    asked = {"db": database, "q": query, "epoch": "ms", "chunked": "true"}
    ask = f"{url}/query?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(ask, timeout=60) as answer:  # noqa: S310  # loopback
        for line in answer:
            for result in json.loads(line)["results"]:
                missing = result.get("error", "").startswith("database not found")  # not yet
                assert missing or "error" not in result, result
                for series in result.get("series", ()):
                    for row in series["values"]:
                        yield dict(zip(series["columns"], row, strict=True))
