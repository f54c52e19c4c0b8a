"""Counters and reports by exception: from a device's registers to the outbox, over restarts.

A recording is handed to the system after what it shows is on the disk, so that a value seen in the
recording is one that survives a kill.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.model import Value
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.registers import Image
from simulators.wires.tcp import listening
from simulators.world import RealClock
from tests.parts.bench_site import tcp, write_site
from tests.parts.commands import eventually, wayside
from tests.parts.fixed import Fixed
from tests.parts.process import free_port

PROFILE = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "Counting"
driver = "modbus"
every = "100ms"
points = [
  { name = "energy", table = "input", address = 0, scale = 0.1, rollover = true, on_change = true },
  { name = "starts", table = "input", address = 1, rollover = 1000, on_change = true },
  { name = "voltage", table = "input", address = 2, scale = 0.1, deadband = 5 },
]
"""


@asynccontextmanager
async def counting(folder: Path, shows: Mapping[str, Value]) -> AsyncIterator[Path]:
    """A site with one device that shows what ``shows`` holds at the moment."""
    port = free_port()
    site = write_site(folder, {"net": (tcp(port), [1])})
    (folder / "numbers.toml").write_text(PROFILE)
    image = Image(read_map(folder / "numbers.toml"))
    async with listening(port, Units([Unit(1, Fixed("other", shows), image)], RealClock())):
        yield site


def stored(folder: Path) -> list[dict[str, Any]]:
    """The device's readings in the outbox of a daemon that is gone."""
    box = RingOutbox.open(folder / "data" / "outbox.ring", 512_000_000)
    bodies = [record.body for record in box.pending(Lane.TELEMETRY, 0, 100_000)]
    box.close()
    return [
        item for body in bodies for item in orjson.loads(b"[%s]" % body) if item["d"] == "net-1"
    ]


def published(folder: Path, point: str) -> list[Any]:
    return [item["v"][point] for item in stored(folder) if point in item["v"]]


def recorded(folder: Path, run: str) -> list[dict[str, Any]]:
    """What a run saw of the device so far: the values of each reading."""
    file = folder / f"{run}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return [row["values"] for row in rows if row.get("device") == "net-1"]


async def seen(folder: Path, run: str, **values: Value) -> None:
    """Wait until a run has made readings with these values durable, more than one."""

    def there() -> bool:
        found = [one for one in recorded(folder, run) if values.items() <= one.items()]
        return len(found) > 1

    await eventually(f"{values} in {run}", there)


def running(folder: Path, site: Path, run: str) -> Any:
    """``wayside run``, recorded under that name."""
    return wayside(folder, "run", str(site), "--json", "--record", f"{run}.jsonl")


async def test_a_counter_goes_on_over_wraps_stops_and_kills(tmp_path: Path) -> None:
    shows: dict[str, Value] = {"energy": 6553.0, "starts": 998, "voltage": 230.0}
    async with counting(tmp_path, shows) as site:
        async with running(tmp_path, site, "first") as part:
            await seen(tmp_path, "first", starts=998)
            shows["starts"] = 1001  # 1 in its register
            await seen(tmp_path, "first", starts=1001)
            await part.stopped()
        assert published(tmp_path, "starts") == [998, 1001]

        shows["energy"] = 6554.1  # past 65535 in its register while nobody looked
        async with running(tmp_path, site, "second") as part:
            await seen(tmp_path, "second", energy=6554.1, starts=1001)
            part.process.kill()
            await part.process.wait()
        assert published(tmp_path, "energy") == [6553.0, 6554.1]

        shows |= {"energy": 6555.0, "starts": 1003}
        async with running(tmp_path, site, "third") as part:
            await seen(tmp_path, "third", energy=6555.0, starts=1003)
            await part.stopped()

        (tmp_path / "data" / "state.db").unlink()
        async with running(tmp_path, site, "fourth") as part:
            await seen(tmp_path, "fourth", energy=1.4, starts=3)  # what the device says
            await part.stopped()
    assert published(tmp_path, "energy") == [6553.0, 6554.1, 6555.0, 1.4]
    assert not any("u" in item for item in stored(tmp_path))


async def test_what_does_not_change_is_recorded_and_judged_and_not_sent(tmp_path: Path) -> None:
    shows: dict[str, Value] = {"energy": 10.0, "starts": 1, "voltage": 230.0}
    async with counting(tmp_path, shows) as site, running(tmp_path, site, "only") as part:
        for voltage in (230.0, 234.9, 235.0):
            shows["voltage"] = voltage
            await seen(tmp_path, "only", voltage=voltage)
        _, _, summary = await part.stopped()
    sent = [item["v"] for item in stored(tmp_path)]
    assert sent == [{"energy": 10.0, "starts": 1, "voltage": 230.0}, {"voltage": 235.0}]
    assert summary["polls"] == len(recorded(tmp_path, "only"))
    own = (tmp_path / "only.jsonl").read_text().count('"gw-test"')
    assert summary["readings"] == len(sent) + own, "what a history will hold"
