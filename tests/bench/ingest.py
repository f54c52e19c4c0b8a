"""How many point values a second one ingest worker takes in: broker to database, all of it.

The messages are real readings of a simulated district, 50 to 500 in each, compressed as a gateway
sends them. They wait in the broker's session; then ``wayside ingest`` is started as a program, and
the clock runs from its first subscription until its ledger has the last record: decoded, turned
into line protocol, taken by the database, noted, acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from gateway.centre.ingest.ledger import Ledger
from gateway.config.site import BrokerOptions, Centre, InfluxOptions
from gateway.mqtt import connect
from gateway.wire import Root, compose_telemetry
from tests.bench._readings import bodies
from tests.bench.report import Table
from tests.parts.influxdb import influx1
from tests.parts.ingest import ingest_program, ingesting
from tests.parts.mosquitto import mosquitto
from tests.parts.quiet import wait_for_quiet
from tests.parts.victoriametrics import victoria_metrics

GW, STREAM = Root("district", "gw-1"), "0123456789ab"
SECONDS, RUNS = 1500, 3
BOUND = 250_000
TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """Messages in order, and what is in them."""

    messages: Sequence[bytes]
    records: int
    readings: int
    values: int


class Run(NamedTuple):
    """Point values a second, and the worker's processor time for each, in µs."""

    speed: float
    cpu: float


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = prepared(bodies(folder, 20))
        runs = {
            title: [taken_in(folder / f"{api}-{run}", api, load) for run in range(RUNS)]
            for title, api in (
                ("victoria-metrics, `/api/v2/write`", "v2"),
                ("influxdb 1.6.7, `/write`", "v1"),
                ("the embedded store", ""),
            )
        }
    rows = [
        (
            title,
            f"{statistics.median(run.speed for run in of):,.0f}",
            f"{statistics.median(run.cpu for run in of):.2f} µs",
            f"≥ {BOUND:,}" if "victoria" in title else "as it takes",
        )
        for title, of in runs.items()
    ]
    says = (
        f"{len(load.messages)} telemetry messages of 50 to 500 readings, "
        f"{load.values / load.readings:.0f} points in each, compressed, through mosquitto into one "
        f"`wayside ingest`; median of {RUNS} runs. Broker, worker and database share the machine."
    )
    return Table(
        "Ingest: point values a second by one worker",
        says,
        ("into", "values/s", "worker's CPU a value", "bound"),
        rows,
    )


def prepared(seconds: Sequence[bytes]) -> Load:
    """Some time of one gateway, its records gathered by one to ten in turn."""
    kinds = [orjson.loads(b"[" + body + b"]") for body in seconds]
    messages, seq, readings, values = list[bytes](), 1, 0, 0
    while seq <= SECONDS:
        count = 1 + len(messages) % 10
        records = []
        for second in range(seq - 1, seq - 1 + count):
            rounds, place = divmod(second, len(kinds))
            shifted = [
                {**item, "t": item["t"] + rounds * len(kinds) * 1000} for item in kinds[place]
            ]
            records.append(orjson.dumps(shifted)[1:-1])
            readings += len(shifted)
            values += sum(len(item["v"]) for item in shifted)
        messages.append(compose_telemetry(STREAM, seq, records))
        seq += count
    return Load(messages, seq - 1, readings, values)


def taken_in(folder: Path, api: str, load: Load) -> Run:
    """One run, in a folder of its own."""
    settings = ("max_queued_messages 0", "max_queued_bytes 0", "log_type none")
    with mosquitto(folder / "broker", *settings) as broker, database(folder, api) as influx:
        centre = Centre(
            file=folder / "centre.toml",
            data_dir=folder / "centre",
            mqtt=BrokerOptions(url=broker.url),
            influx=influx,
        )
        asyncio.run(queued(centre, load))
        wait_for_quiet(15)
        return _timed(centre, load)


def _timed(centre: Centre, load: Load) -> Run:
    with ingest_program(centre) as process:
        log = centre.file.with_suffix(".log")
        while "ingest ready" not in log.read_text():
            time.sleep(0.005)
        began, before = time.perf_counter(), used(process.pid)
        while not _done(centre, load.records):
            time.sleep(0.05)
        seconds, cpu = time.perf_counter() - began, used(process.pid) - before
    return Run(load.values / seconds, cpu / load.values * 1e6)


async def queued(centre: Centre, load: Load) -> None:
    """The messages wait in the session of an ingest that has ended."""
    async with ingesting(centre):
        pass
    async with connect(centre.mqtt, client_id="gateway") as there:
        for message in load.messages:
            await there.publish(GW.topic("telemetry"), message)


@contextmanager
def database(folder: Path, api: str) -> Iterator[InfluxOptions | None]:
    """A fresh server; none for the embedded store."""
    if api == "v1":
        with influx1(folder / "influx") as server:
            yield InfluxOptions(url=server.url, api="v1", database="city")
    elif api == "v2":
        with victoria_metrics(folder / "victoria") as url:
            yield InfluxOptions(url=url, api="v2", org="o", bucket="b")
    else:
        yield None


def _done(centre: Centre, records: int) -> bool:
    with closing(Ledger.open(centre.data_dir)) as ledger:
        stream = ledger.streams.get(GW, {}).get(STREAM)
        return stream is not None and stream.upto == records and not stream.missing


def used(pid: int) -> float:
    """Processor seconds of a process, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
