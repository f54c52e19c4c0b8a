"""kill -9 at random, hundreds of times: the daemon under load, and broker and ingest with it.

Two gateways live side by side, one with short flushes and quick devices, one with the default
flush. While their daemons are killed again and again, mosquitto and ingest are killed every few
seconds too. Then all is started once more and left alone until everything has been delivered, and
the referee counts. Once with mosquitto at its defaults, which loses on kill -9 what it has
acknowledged, once with the settings that make it keep that.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.gauntlet.city import AUTOSAVE, City, Plan, city
from tests.gauntlet.lives import Gateway, Moment, draw
from tests.gauntlet.referee import Findings

PLANS = (
    Plan(name="gw-quick", devices=40),
    Plan(name="gw-plain", devices=40, every=0.5, flush=1.0, confirm='"auto"'),
)
LEGS = (("mosquitto at its defaults", 300, ()), ("with autosave_on_changes", 220, AUTOSAVE))
LONGEST_LIFE = 4.0  # seconds
PATIENCE = 420.0
"""Seconds for the last delivery: the publisher asks again after 60 s, and after 300 s."""


@dataclass
class Toll:
    """How often a part was killed."""

    broker: int = 0
    ingest: int = 0


@dataclass(frozen=True)
class Leg:
    """One run and what came of it."""

    name: str
    there: City
    toll: Toll
    found: Findings
    wrong: Sequence[str]
    took: float


async def run(
    there: City,
    seed: int,
    kills: int,
    *,
    quiet: tuple[float, float] = (2.0, 10.0),
    longest: float = LONGEST_LIFE,
) -> Toll:
    """Kill daemons so many times, and the other parts after each ``quiet`` span of seconds.

    No life is left running for more than ``longest`` seconds.
    """
    toll = Toll()
    first = [gateway for gateway in there.gateways if gateway.name.endswith("plain")]
    for gateway in first:  # `auto` promises nothing before the centre has spoken once
        assert await gateway.rest(lambda: _spoken(there), 60.0), "the centre says nothing"
    async with _killing(there, seed, toll, quiet):
        share = -(-kills // len(there.gateways))
        async with asyncio.TaskGroup() as group:
            for number, gateway in enumerate(there.gateways):
                chance = Random(f"{seed} {number}")
                group.create_task(_lives(there, gateway, chance, share, longest))
    return toll


def _spoken(there: City) -> bool:
    """Whether a gateway has noticed that the centre confirms."""
    said = [g.daemon.log.read_text() for g in there.gateways if g.daemon.log.exists()]
    return any("the centre confirms" in text for text in said)


async def _lives(there: City, gateway: Gateway, chance: Random, kills: int, longest: float) -> None:
    while gateway.daemon.kills < kills:
        await gateway.live(draw(chance, gateway.start, longest))
        await asyncio.sleep(chance.choice((0.0, 0.0, 0.3)))
        progress(", ".join(f"{g.name}: {g.daemon.kills} killed" for g in there.gateways))


@contextlib.asynccontextmanager
async def _killing(
    there: City, seed: int, toll: Toll, quiet: tuple[float, float]
) -> AsyncIterator[None]:
    """Kill broker and ingest until the block ends; then both run."""
    tasks = [
        asyncio.create_task(_broker(there, Random(f"{seed} broker"), toll, quiet)),
        asyncio.create_task(_ingest(there, Random(f"{seed} ingest"), toll, quiet)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
    assert not failures, f"a part could not be started again: {failures}"


async def _broker(there: City, chance: Random, toll: Toll, quiet: tuple[float, float]) -> None:
    while True:
        await asyncio.sleep(chance.uniform(*quiet))
        bounce = asyncio.create_task(asyncio.to_thread(_bounce, there, chance.uniform(0.0, 2.0)))
        toll.broker += 1
        try:
            await asyncio.shield(bounce)
        finally:
            await bounce


def _bounce(there: City, pause: float) -> None:
    there.broker.kill()
    time.sleep(pause)
    there.broker.start()


async def _ingest(there: City, chance: Random, toll: Toll, quiet: tuple[float, float]) -> None:
    try:
        while True:
            await asyncio.sleep(chance.uniform(*quiet))
            toll.ingest += await there.ingest.kill()
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            await there.ingest.start()
    finally:
        await there.ingest.kill()
        await there.ingest.start()
        assert await there.ingest.ready()


async def leg(name: str, settings: Sequence[str], seed: int, kills: int, folder: Path) -> Leg:
    """One run from beginning to end."""
    began = time.monotonic()
    async with city(folder, PLANS, *settings) as there:
        toll = await run(there, seed, kills)
        progress("the last delivery")
        found = await there.settle(PATIENCE)
        return Leg(name, there, toll, found, there.wrong(found), time.monotonic() - began)


def measure(seed: int, share: float) -> Verdict:
    """The long form."""
    legs = []
    for name, kills, settings in LEGS:
        with tempfile.TemporaryDirectory() as folder:
            run_of = leg(name, settings, seed, int(kills * share), Path(folder))
            legs.append(asyncio.run(run_of))
    kills = sum(_killed(one) for one in legs)
    broken = [f"{one.name}: {what}" for one in legs for what in one.wrong]
    if share >= 1.0 and kills < 500:
        broken.append(f"only {kills} kills")
    says = (
        f"kill -9 of the daemon at moments drawn with seed {seed}, {kills} times in all, two "
        f"gateways side by side: 40 devices each at 0.2 s with a flush of 0.25 s and `confirm = "
        f'true`, and at 0.5 s with a flush of 1 s and `confirm = "auto"`; three more devices of '
        f"each fall silent every six seconds, so that alarms come and go. mosquitto 2.0, `wayside "
        f"ingest` and InfluxDB 1.6 beside them. Committed is what an independent reader finds in "
        f"the outbox's file after each death; each answer of a device has a number of its own."
    )
    return Verdict(
        Table("kill -9", says, ("", *(one.name for one in legs), "bound"), _table(legs)), broken
    )


def _killed(one: Leg) -> int:
    return sum(gateway.daemon.kills for gateway in one.there.gateways)


def _table(legs: Sequence[Leg]) -> list[Sequence[str]]:
    """A row a figure, a column a leg."""
    rows: list[tuple[str, Callable[[Leg], object], str]] = [
        ("daemons killed", _moments, "≥ 500 together"),
        ("brokers killed · ingests killed", lambda x: f"{x.toll.broker} · {x.toll.ingest}", "-"),
        ("starts · failed starts", _starts, "0 failed"),
        (
            "readings committed (without a value)",
            lambda x: f"{x.found.committed:,} ({x.found.valueless:,})",
            "-",
        ),
        ("alarms and events committed", lambda x: f"{x.found.alarms + x.found.events:,}", "-"),
        ("rows stored", lambda x: f"{x.found.stored:,}", "-"),
        ("committed and not stored", lambda x: len(x.found.lost), "0"),
        ("given up, on record", lambda x: sum(x.found.on_record.values()), "-"),
        ("stored twice, or otherwise", lambda x: len(x.found.twice) + len(x.found.differing), "0"),
        ("stored and never committed", lambda x: len(x.found.from_nowhere), "0"),
        ("polled, not committed, not at a life's end", lambda x: len(x.found.holes), "0"),
        (
            "polled in a life's last moments and lost with it",
            lambda x: f"{x.found.uncommitted:,}",
            "-",
        ),
    ]
    table: list[Sequence[str]] = [
        (what, *(str(of(one)) for one in legs), bound) for what, of, bound in rows
    ]
    for gateway in legs[0].there.gateways:
        bound = f"{gateway.flush + gateway.every:.2f} s and the sync"
        windows = [_window(one.found.windows[gateway.name]) for one in legs]
        table.append((f"loss window of {gateway.name}, median · worst", *windows, bound))
    table.append(("took", *(f"{one.took / 60:.1f} min" for one in legs), "-"))
    return table


def _moments(one: Leg) -> str:
    lives = [life for gateway in one.there.gateways for life in gateway.lives if life.killed]
    counts = Counter(life.moment for life in lives)
    told = ", ".join(f"{counts[moment]} {moment}" for moment in Moment if counts[moment])
    return f"{len(lives)}: {told}"


def _starts(one: Leg) -> str:
    lives = sum(len(gateway.lives) for gateway in one.there.gateways)
    return f"{lives} · {sum(len(gateway.failed) for gateway in one.there.gateways)}"


def _window(ages: Sequence[int]) -> str:
    return f"{statistics.median(ages) / 1000:.2f} s · {max(ages) / 1000:.2f} s" if ages else "-"
