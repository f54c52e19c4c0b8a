"""An hour on a link that is there for eight seconds and away for twenty: nothing lost, in order.

Accelerated: every duration, the gateway's own patience included, is shorter by ``speed``. The link
goes away in turns loudly (connections are closed, nobody answers) and silently (a dead zone:
connections stay open and nothing passes).
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from gateway.edge.outbox.contract import Lane
from gateway.edge.terms import Terms
from gateway.ranges import size
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.parts.mosquitto import mosquitto
from tests.parts.outage import Arrival, Maker, landing, ways
from tests.parts.radio import Radio, radio
from tests.parts.uplink import until

THERE, AWAY, HOUR = 8.0, 20.0, 3600.0
KEEPALIVE = 10.0
BOUND = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of ``cycles`` of it."""

    cycles: int
    sessions: int
    records: int
    events: int
    lost: int
    ordered: bool
    events_ordered: bool
    repeats: int
    used: int
    troubles: int


async def flapping(folder: Path, cycles: int, speed: float, seed: int) -> Outcome:
    """Play it: a record a second and an alarm every twenty, as long as it lasts."""
    maker = Maker(folder, BOUND, seed)
    terms = Terms(
        confirm=True,
        batch=1 / speed,
        first_pause=0.5 / speed,
        longest_pause=10 / speed,
        refused_pause=30 / speed,
        rival_pause=300 / speed,
    )
    with mosquitto(folder / "broker", "max_queued_messages 0") as broker:
        async with landing(maker, broker.url) as here, radio(broker.port) as link:
            await link.away()
            living = asyncio.create_task(maker.live(1 / speed, alarm_every=20))
            try:
                keepalive = max(1.0, KEEPALIVE / speed)
                async with maker.publishing(link.url, terms, seed, keepalive):
                    used = await _flap(link, cycles, speed)
                    living.cancel()
                    await asyncio.wait([living])
                    await until(lambda: not any(here.missing(lane) for lane in Lane), patience=60)
            finally:
                living.cancel()
    stream = maker.outbox.stream
    return Outcome(
        cycles=cycles,
        sessions=here.sessions,
        records=maker.made[Lane.TELEMETRY],
        events=maker.made[Lane.EVENTS],
        lost=sum(size(here.missing(lane)) + here.lost(lane) for lane in Lane),
        ordered=_ordered(here.firsts[stream(Lane.TELEMETRY)], 2),
        events_ordered=_ordered(here.firsts[stream(Lane.EVENTS)], 1),
        repeats=here.repeats,
        used=used,
        troubles=len(maker.troubles),
    )


async def _flap(link: Radio, cycles: int, speed: float) -> int:
    """The link comes and goes, and stays in the end; in how many of its hours it was used."""
    used = 0
    for cycle in range(cycles):
        await link.away(silently=cycle % 2 == 0)
        await asyncio.sleep(AWAY / speed)
        before = link.up
        await link.back()
        await asyncio.sleep(THERE / speed)
        used += link.up > before
        if cycle % 20 == 19:
            progress(f"flapping: {cycle + 1} of {cycles}")
    return used


def _ordered(arrivals: list[Arrival], courses: int) -> bool:
    """Whether each session brought a lane in order: telemetry by two courses, live and backlog."""
    sessions = groupby(arrivals, key=lambda each: each.session)
    return all(ways([each.first for each in group], courses) for _, group in sessions)


def measure(seed: int, share: float) -> Verdict:
    """The hour, twelve times as fast."""
    speed = 12.0
    cycles = round(share * HOUR / (THERE + AWAY))
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(flapping(Path(name), cycles, speed, seed))
    rows = [
        ("times the link was there", f"{found.cycles}", "-"),
        ("of these, used", f"{found.used}", "-"),
        ("sessions", f"{found.sessions}", "-"),
        ("records of telemetry, of events", f"{found.records}, {found.events}", "-"),
        ("lost", f"{found.lost}", "0"),
        ("telemetry in order, live and backlog each", "yes" if found.ordered else "no", "yes"),
        ("events in order", "yes" if found.events_ordered else "no", "yes"),
        ("records that came twice", f"{found.repeats}", "-"),
        ("wrong suspicions (another client, access rules)", f"{found.troubles}", "0"),
    ]
    says = (
        f"A link that is there for {THERE:.0f} s and away for {AWAY:.0f} s, for an hour of the "
        f"gateway's time, {speed:.0f} times as fast; away in turns with closed connections and "
        "with open ones over which nothing passes. Real outbox, publisher and mosquitto, confirmed."
    )
    table = Table("A flapping link", says, ("what", "measured", "bound"), rows)
    return Verdict(table, broken(found))


def broken(found: Outcome) -> list[str]:
    """Which promises were not kept."""
    promises = {
        "nothing is lost": found.lost == 0,
        "telemetry comes in order": found.ordered,
        "events come in order": found.events_ordered,
        "nobody is suspected": found.troubles == 0,
        "the link was used": found.used > found.cycles // 2,
    }
    return [promise for promise, kept in promises.items() if not kept]
