"""What the fault engine costs: processor time a reading, memory a device, and how fast it replays.

Every rule of the catalogue is on, every device has every point its kind can have, and they have
been read for so long that everything is learnt: what a gateway does almost all of its life. The
readings are those of ``tests.bench._city``, made beforehand, by day and by night.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from gateway.config.site import Bus, GatewayOptions, Site
from gateway.driver import Driver
from gateway.faults.engine import Estimates, FaultEngine
from gateway.faults.rules import load_rules
from gateway.field.replay import transitions
from gateway.model import Kind, Millis, Reading
from gateway.recording import encode
from tests.bench._city import DAY, PLACE, START, City
from tests.bench.report import Table

RUNS = 5
HOUR: Millis = 3_600_000


@dataclass(frozen=True, slots=True)
class Course:
    """How a kind is measured: it ``learns`` at a reading every ``slowly`` ms, then one ``every``.

    ``span`` is how long it is read then, ``few`` how many devices memory is compared with.
    """

    learns: Millis
    slowly: Millis
    every: Millis
    span: Millis
    few: int


COURSES: Mapping[Kind, Course] = {
    "lamp": Course(9 * DAY, 600_000, 60_000, DAY, 100),
    "feeder": Course(DAY, 600_000, 60_000, DAY, 1),
    "bin": Course(24 * DAY, 1_800_000, 60_000, DAY, 48),
    "signal": Course(HOUR // 2, 1_000, 1_000, HOUR // 4, 4),
}
"""Nine days teach a lamp its seven days and nights; 24 days fill a bin's twenty cycles. A cabinet's
memory has its size from the start, but for the latest minutes of its detectors."""


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = [_cpu(kind, count) for kind, count in _CROWDS.items()]
    rows += [_memory("lamp", 4), _memory("bin", 4), _memory("signal", 16), _replayed()]
    says = (
        f"{len(load_rules())} rules, notices and estimates, all on; devices of one kind with all "
        "its points, everything learnt; one poll in 200 fails. Processor time of judging and "
        "estimating, mean of a day at a reading a minute (a cabinet: a quarter of an hour at one a "
        "second). A pillar has 25 lamps. Memory is what Python allocates for a device more, the "
        "values of its latest reading included, the device itself not."
    )
    return Table("Faults: the cost of judging", says, ("what", "measured", "bound"), rows)


_CROWDS: Mapping[Kind, int] = {"lamp": 50, "feeder": 2, "bin": 48, "signal": 8}
_MOST = 20.0
"""µs a reading of 20 points."""


def _engine(city: City) -> FaultEngine:
    zone = ZoneInfo("Asia/Manila")
    return FaultEngine((*city.around, *city.devices), load_rules(), *PLACE, zone=zone)


def _learnt(city: City, course: Course) -> FaultEngine:
    """An engine that has read a city for as long as there is something to learn."""
    engine = _engine(city)
    for readings in city.rounds(START, START + course.learns, course.slowly):
        for reading in readings:
            engine.feed(reading)
    return engine


def _cpu(kind: Kind, count: int) -> tuple[str, str, str]:
    course = COURSES[kind]
    city = City(kind, count, course.every / 1000)
    engine = _learnt(city, course)
    spent, judged, begin = 0.0, 0, START + course.learns
    for t in range(begin, begin + course.span, 10 * course.every):
        rounds = [
            (city.round(at, city.around), city.round(at, city.devices))
            for at in range(t, t + 10 * course.every, course.every)
        ]
        for others, own in rounds:
            _judge(engine, others)
            began = time.process_time()
            _judge(engine, own)
            spent += time.process_time() - began
            judged += len(own)
    cost, points = spent / judged * 1e6, len(city.devices[0].points)
    most = _MOST * max(points, 20) / 20
    return (
        f"a reading of a {kind}, {points} points",
        f"{cost:.1f} µs",
        f"≤ {most:.0f} µs: {_kept(cost, most)}",
    )


def _judge(engine: FaultEngine, readings: Sequence[Reading]) -> None:
    for reading in readings:
        engine.feed(reading)
        engine.estimates(reading.device)


def _kept(found: float, most: float) -> str:
    return "kept" if found <= most else "**short**"


def _memory(kind: Kind, most: float) -> tuple[str, str, str]:
    few = COURSES[kind].few
    _allocated(kind, 1)  # what is made once: the rules, the tables of a make
    kilobytes = (_allocated(kind, 2 * few) - _allocated(kind, few)) / few / 1000
    return (
        f"memory of a {kind}",
        f"{kilobytes:.1f} kB",
        f"≤ {most:.0f} kB: {_kept(kilobytes, most)}",
    )


def _allocated(kind: Kind, count: int) -> float:
    """Bytes that an engine of so many devices holds once it has learnt, without them."""
    course = COURSES[kind]
    city = City(kind, count, course.every / 1000)
    gc.collect()
    tracemalloc.start()
    engine = _learnt(city, course)
    told: dict[str, Estimates | None] = {d.id: engine.estimates(d.id) for d in city.devices}
    city.forget()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del engine, told
    return held


def _replayed() -> tuple[str, str, str]:
    city = City("lamp", 100, 10.0)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "day.jsonl"
        noon = START + DAY // 2
        rounds = city.rounds(noon, noon + HOUR // 2, 10_000)
        rows = sorted((row for some in rounds for row in some), key=lambda row: row.t)
        file.write_bytes(b"".join(encode(row) + b"\n" for row in rows))
        place = GatewayOptions(
            id="gw", site="s", latitude=PLACE[0], longitude=PLACE[1], data_dir=Path(name)
        )
        devices = (*city.around, *city.devices)
        bus = Bus(name="b", driver=cast("Driver", None), options=None, devices=devices)
        site = Site(file=Path(name) / "site.toml", gateway=place, buses={"b": bus})
        values, rates = sum(len(row.values) for row in rows), []
        for _ in range(RUNS):
            began = time.process_time()
            list(transitions(site, file))
            rates.append(values / (time.process_time() - began))
    rate = statistics.median(rates)
    least = 500_000
    word = "kept" if rate >= least else "**short**"
    return "replay of lamps' readings", f"{rate:,.0f} values/s", f"≥ {least:,}: {word}"
