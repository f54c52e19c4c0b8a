"""Three days without a broker, and the hour after: what was kept, what came first, how old it was.

Through the gateway's real journal, outbox and publisher, on an injected clock while the broker is
away (a disk that holds less than the three days, so that the oldest telemetry goes, on record), and
then by the real clock, over a link of a limited rate, to a real mosquitto.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.edge.outbox.contract import Lane
from gateway.edge.publisher import Terms
from gateway.ranges import size
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.parts.mosquitto import mosquitto
from tests.parts.outage import Landing, Maker, Moment, landing, ways
from tests.parts.radio import radio
from tests.parts.uplink import until

START = 1_763_812_800_000
HOURS = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``every`` is the seconds between two flushes of the outage, ``period`` between two after it.

    ``rate`` is the link's, in bytes a second; ``max_bytes`` the outbox's.
    """

    hours: float = HOURS
    every: float = 1.0
    period: float = 1.0
    alarm_every: int = 600
    max_bytes: int
    rate: float
    share: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it; ages in periods (records made meanwhile) and in seconds."""

    records: int
    alarms: int
    most_bytes: int
    lost: int
    missing: int
    alarms_missing: int
    drops: int
    ordered: bool
    alarms_ordered: bool
    repeats: int
    live: int
    oldest_live: int
    oldest_live_seconds: float
    backfill_seconds: float
    alarm_seconds: float
    troubles: int


async def outage(folder: Path, scene: Scene, seed: int) -> Outcome:
    """Play it."""
    maker = Maker(folder, scene.max_bytes, seed)
    clock = Moment(START)
    steps = round(scene.hours * 3600 / scene.every)
    most = 0
    for step in range(1, steps + 1):
        clock.t += round(scene.every * 1000)
        await maker.second(clock.clock, alarm=step % scene.alarm_every == 0)
        if step % 100 == 0 or step == steps:
            most = max(most, (folder / "outbox.ring").stat().st_size)
        if step % 10_000 == 0:
            progress(f"outage: {step} of {steps} flushes")
    before = dict(maker.made)
    maker.at.clear()
    terms = Terms(confirm=True, backlog_share=scene.share, batch=scene.period)
    with mosquitto(folder / "broker", "max_queued_messages 0") as broker:
        async with landing(maker, broker.url) as here, radio(broker.port, scene.rate) as link:
            began = time.monotonic()
            living = asyncio.create_task(maker.live(scene.period, alarm_every=10))
            try:
                async with maker.publishing(link.url, terms, seed):
                    await until(lambda: _arrived(here, before), patience=3600)
                    took = time.monotonic() - began
                    living.cancel()
                    await asyncio.wait([living])
                    await until(lambda: not any(here.missing(lane) for lane in Lane), patience=60)
            finally:
                living.cancel()
    return _judge(here, before, most, took)


def _arrived(here: Landing, before: dict[Lane, int]) -> bool:
    """Whether all of the outage is there, or on record as lost."""
    return all(
        not gaps or gaps[0][0] > before[lane] for lane in Lane for gaps in [here.missing(lane)]
    )


def _judge(here: Landing, before: dict[Lane, int], most: int, took: float) -> Outcome:
    maker = here.maker
    telemetry = here.firsts[maker.outbox.stream(Lane.TELEMETRY)]
    events = here.firsts[maker.outbox.stream(Lane.EVENTS)]
    backlog = [each.first for each in telemetry if each.last <= before[Lane.TELEMETRY]]
    live = [each for each in telemetry if each.last > before[Lane.TELEMETRY] + 1]
    late = [each.at - maker.at[each.last] for each in live if each.last in maker.at]
    old = [each for each in events if each.last <= before[Lane.EVENTS]]
    return Outcome(
        records=before[Lane.TELEMETRY],
        alarms=before[Lane.EVENTS],
        most_bytes=most,
        lost=here.lost(Lane.TELEMETRY),
        missing=size(here.missing(Lane.TELEMETRY)),
        alarms_missing=size(here.missing(Lane.EVENTS)) + here.lost(Lane.EVENTS),
        drops=here.drops,
        ordered=ways(backlog, 1) and ways([each.first for each in live], 1),
        alarms_ordered=ways([each.first for each in events], 1),
        repeats=here.repeats,
        live=len(live),
        oldest_live=max((each.newest - each.last for each in live), default=0),
        oldest_live_seconds=max(late, default=0.0),
        backfill_seconds=took,
        alarm_seconds=max((each.at for each in old), default=0.0) - telemetry[0].at,
        troubles=len(maker.troubles),
    )


def measure(seed: int, share: float) -> Verdict:
    """72 h at a record a second, the usual bound, a link of 2 Mbit/s."""
    scene = Scene(hours=HOURS * share, max_bytes=512_000_000, rate=250_000)
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(outage(Path(name), scene, seed))
    rows = [
        ("records of telemetry made in the outage", f"{found.records}", "-"),
        ("most bytes on disk", f"{found.most_bytes}", f"≤ {scene.max_bytes}"),
        ("records given up at the bound, oldest first, on record", f"{found.lost}", "-"),
        ("`dropped` events that say so", f"{found.drops}", "-"),
        ("records of telemetry that neither came nor are on record", f"{found.missing}", "0"),
        ("alarms and events made in the outage", f"{found.alarms}", "-"),
        ("of these, missing", f"{found.alarms_missing}", "0"),
        ("each lane in order: backlog, live, alarms", _yes(found), "yes"),
        ("records that came twice", f"{found.repeats}", "-"),
        ("backfill, seconds", f"{found.backfill_seconds:.0f}", "-"),
        ("live records meanwhile", f"{found.live}", "-"),
        ("oldest live record on arrival: newer ones made by then", f"{found.oldest_live}", "≤ 1"),
        ("the same in seconds, a record a second", f"{found.oldest_live_seconds:.2f}", "≤ 2.00"),
    ]
    says = (
        f"{scene.hours:.0f} h without a broker, five lamps a second and an alarm every "
        f"{scene.alarm_every} s, through the real journal on an injected clock; then mosquitto "
        f"over a link of {scene.rate * 8 / 1e6:.0f} Mbit/s, `backlog_share` {scene.share}, "
        "confirmed by a centre. The live figures hold for the whole of the backfill."
    )
    return Verdict(
        Table("72 h of outage", says, ("what", "measured", "bound"), rows), broken(found, scene)
    )


def _yes(found: Outcome) -> str:
    return "yes" if found.ordered and found.alarms_ordered else "no"


def broken(found: Outcome, scene: Scene) -> list[str]:
    """Which promises were not kept."""
    promises = {
        "the disk stays within the bound": found.most_bytes <= scene.max_bytes,
        "no telemetry is missing without a record": found.missing == 0,
        "no alarm is missing": found.alarms_missing == 0,
        "the backlog and what is live come in order": found.ordered,
        "alarms come in order": found.alarms_ordered,
        "live age is two periods at most": found.oldest_live <= 1,
        "there was something to see": found.live > 3 and found.records > 0,
    }
    return [promise for promise, kept in promises.items() if not kept]
