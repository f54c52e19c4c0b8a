"""A gateway's records through an outage, and the place where they must arrive.

``Maker`` has the gateway's own journal, outbox and publisher, and readings that it makes up: by an
injected clock as fast as the disk takes them, or by the real one. ``Landing`` listens at the broker
as ingest does, confirms what it has, and remembers in which order things came first.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import orjson

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.clock import SYSTEM, Clock
from gateway.edge.flush import Flusher
from gateway.edge.journal import Journal
from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.edge.publisher import Calls, Publisher, Terms
from gateway.edge.pulse import Pulse
from gateway.edge.state import State
from gateway.edge.trouble import Trouble
from gateway.model import Alarm, Millis, Reading, Severity
from gateway.model import State as Stand
from gateway.mqtt import BrokerDown, Connection, Message, connect
from gateway.ranges import Ranges, add, around, joined, size, without
from tests.parts.uplink import ROOT

LAMPS = 5
CONFIRM = 0.2  # s between two confirmations of a landing


@dataclass
class Moment:
    """A moment in ms, to be moved, and a clock that shows it."""

    t: Millis

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.t, monotonic=lambda: self.t / 1000)


class Maker:
    """Five lamps, their records, and the way to the broker."""

    def __init__(self, folder: Path, max_bytes: int, seed: int) -> None:
        self.outbox = RingOutbox.open(folder / "outbox.ring", max_bytes)
        state = State(folder / "state.db")
        self.journal = Journal(ROOT.gateway, self.outbox, state, dict)
        self._chance = Random(seed)
        self._powers = [70.0] * LAMPS
        self.troubles: list[Trouble] = []
        self.made = {lane: self.outbox.last(lane) for lane in Lane}
        self.at: dict[int, float] = {}
        self._publisher: Publisher | None = None

    async def second(self, clock: Clock, *, alarm: bool = False) -> None:
        """One flush: a reading of each lamp, and maybe an alarm; then it is durable."""
        t = clock.now()
        for number in range(LAMPS):
            self._powers[number] += self._chance.gauss(0, 0.4)
            power = round(self._powers[number], 1)
            values = {
                "power": power,
                "voltage": round(230 + 3 * math.sin(t / 7e6 + number), 1),
                "current": round(power / 230, 3),
                "energy": round(t / 3.6e6 * 0.07, 2),
                "lamp_failure_flag": False,
            }
            self.journal.reading(Reading(f"lamp-{number}", "lamp", t, values))
        if alarm:
            said = Alarm(
                "lamp-1", "power_deviation", t, Stand.UNACKNOWLEDGED, Severity.MINOR, "high", t
            )
            self.journal.outcomes([said])
        flusher = Flusher(
            self.journal,
            gateway=ROOT.gateway,
            period=1.0,
            clock=clock,
            pulse=Pulse(),
            durable=lambda: None,
            tell=lambda event: self.journal.outcomes([event]),
        )
        await flusher.flush(telemetry=True)
        self.made = {lane: self.outbox.last(lane) for lane in Lane}
        self.at[self.made[Lane.TELEMETRY]] = time.monotonic()
        if self._publisher is not None:
            self._publisher.notify()

    @contextlib.asynccontextmanager
    async def publishing(
        self, url: str, terms: Terms, seed: int, keepalive: float = 30.0
    ) -> AsyncIterator[Publisher]:
        """With the real publisher, until the block ends."""
        calls = Calls(on_disk=self.journal.on_disk, on_trouble=self.troubles.append)
        options = BrokerOptions(url=url, keepalive=keepalive)
        publisher = Publisher(self.outbox, ROOT, options, terms, calls, chance=Random(seed))
        task = asyncio.create_task(publisher.run())
        self._publisher = publisher
        try:
            yield publisher
        finally:
            self._publisher = None
            task.cancel()
            await asyncio.wait([task])

    async def waiting(self) -> int:
        """Records in the outbox."""
        depths = await self.journal.on_disk(lambda: [self.outbox.depth(lane) for lane in Lane])
        return sum(depth.records for depth in depths)

    async def live(self, period: float, alarm_every: int = 0) -> None:
        """Records by the real clock, one a period, until cancelled."""
        due = time.monotonic()
        number = 0
        while True:
            number += 1
            await self.second(SYSTEM, alarm=bool(alarm_every) and number % alarm_every == 0)
            due += period
            await asyncio.sleep(due - time.monotonic())


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that brought something new: the session it came in, and when."""

    session: int
    first: int
    last: int
    at: float
    newest: int


@dataclass
class Landing:
    """What arrived of a maker's records."""

    maker: Maker
    have: dict[str, Ranges] = field(default_factory=dict)
    firsts: dict[str, list[Arrival]] = field(default_factory=dict)
    dropped: dict[str, Ranges] = field(default_factory=dict)
    sessions: int = 0
    records: int = 0
    drops: int = 0

    def take(self, message: Message) -> None:
        """A message of the gateway's."""
        parsed = wire.parse_topic(message.topic)
        if parsed is None or not message.payload:
            return
        if parsed.parts == (wire.STATUS,):
            self.sessions += wire.decode_status(message.payload).online
        elif parsed.parts == (wire.TELEMETRY,):
            told = wire.decode_telemetry(message.payload)
            self._came(told.stream, told.seq, told.n, Lane.TELEMETRY)
        elif parsed.parts[0] in {"alarm", "event", "device"}:
            data = orjson.loads(message.payload)
            self._came(data["stream"], data["seq"], 1, Lane.EVENTS)
            if parsed.parts[0] == "event":
                self._event(wire.decode_event(message.payload, parsed.parts[1]))

    def _event(self, message: wire.EventMessage) -> None:
        loss = wire.decode_dropped(message.event)
        if loss is not None:
            self.drops += 1
            self.dropped[loss.stream] = joined(self.dropped.get(loss.stream, ()), loss.ranges)

    def _came(self, stream: str, first: int, count: int, lane: Lane) -> None:
        self.records += count
        have, last = self.have.get(stream, ()), first + count - 1
        if around(have, first) is None:
            arrival = Arrival(self.sessions, first, last, time.monotonic(), self.maker.made[lane])
            self.firsts.setdefault(stream, []).append(arrival)
        self.have[stream] = add(have, first, last)

    def said(self) -> dict[str, wire.Confirmed]:
        """What to confirm; what is on record as lost is no more asked for."""
        found = {}
        for stream, have in self.have.items():
            upto = have[-1][1]
            gone = joined(have, self.dropped.get(stream, ()))
            found[stream] = wire.Confirmed(upto, without(((1, upto),), gone))
        return found

    def missing(self, lane: Lane) -> Ranges:
        """What was made and neither arrived nor is on record as lost."""
        stream = self.maker.outbox.stream(lane)
        there = joined(self.have.get(stream, ()), self.dropped.get(stream, ()))
        return without(((1, self.maker.made[lane]),), there)

    def lost(self, lane: Lane) -> int:
        """Records that are on record as lost, and did not come after all."""
        stream = self.maker.outbox.stream(lane)
        return size(without(self.dropped.get(stream, ()), self.have.get(stream, ())))

    @property
    def repeats(self) -> int:
        """Records that came once more."""
        return self.records - sum(size(have) for have in self.have.values())


@contextlib.asynccontextmanager
async def landing(maker: Maker, url: str) -> AsyncIterator[Landing]:
    """Listening and confirming until the block ends; comes back when the broker does."""
    here = Landing(maker)
    there = asyncio.Event()
    task = asyncio.create_task(_listen(here, BrokerOptions(url=url), there))
    await there.wait()
    try:
        yield here
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _listen(here: Landing, options: BrokerOptions, there: asyncio.Event) -> None:
    while True:
        try:
            async with connect(options, client_id="landing", clean=False) as connection:
                await connection.subscribe(*wire.UPLINK)
                there.set()
                async with asyncio.TaskGroup() as group:
                    group.create_task(_confirm(here, connection))
                    async for message in connection.messages():
                        here.take(message)
        except* BrokerDown:
            await asyncio.sleep(0.05)


async def _confirm(here: Landing, connection: Connection) -> None:
    while True:
        await asyncio.sleep(CONFIRM)
        if here.have:
            body = wire.confirmed_body(here.said())
            await connection.publish(ROOT.topic(wire.CONFIRMED), body, retain=True)


def ways(seqs: list[int], most: int) -> bool:
    """Whether a sequence is at most so many increasing ones, interleaved: courses of a lane."""
    tops: list[int] = []
    for seq in seqs:
        place = next((n for n, top in enumerate(tops) if top < seq), len(tops))
        tops[place : place + 1] = [seq]
    return len(tops) <= most
