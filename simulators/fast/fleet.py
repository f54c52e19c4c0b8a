"""A fleet of gateways without their field: recordings as MQTT output, for load on the centre.

Each of N gateways says what a real one would have published of a recording: its status with its
will, the identity cards of its devices, and telemetry in records of one flush each, numbered
without holes in a stream of its own. The bytes are made by the code that makes a gateway's
(``gateway.wire``; report by exception by ``gateway.edge.news``); only polling, judging and the disk
are left out. All gateways play the same devices, under their own names in the topics.

The recording is read once, a flush at a time, and the flush handed to everybody when it is due;
moments are the recording's, played at ``speed``. Each gateway keeps at most ``WINDOW`` messages
under way and ``AHEAD`` flushes waiting, and the reader waits for the slowest: a broker that takes
its time slows the fleet down, and memory stays what it is. A gateway that loses its connection
comes back and sends again what was not acknowledged, byte for byte.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from random import Random

from gateway import recording, wire
from gateway.config.site import BrokerOptions, Site
from gateway.edge.news import news, watches
from gateway.model import Device, Millis, Reading
from gateway.mqtt import BrokerDown, Connection, Will, connect

WINDOW = 20
"""Messages one gateway has under way; the publisher's own limit is for one gateway a process."""
AHEAD = 4
"""Flushes that may wait for a gateway before the reader waits for it."""
_FAREWELL = 1.0
"""s the last status message may take."""
_PATIENCE = 5.0
"""s for what is under way when it is asked to stop."""
_PAUSE = 1.0
"""s before a lost connection is tried again."""
MOST = 1000
"""Gateways one process plays."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to play: ``gateways`` of ``site``, each with all its devices, from ``recording``.

    ``speed`` times as fast as it was recorded, in records of ``flush`` ms. ``run`` tells this play
    from another: with the same name the same streams are sent again, which a centre knows already.
    """

    gateways: int
    site: Site
    recording: Path
    broker: BrokerOptions
    run: str
    speed: float = 1.0
    flush: Millis = 1_000
    version: str = "fleet"


@dataclass(slots=True)
class Summary:
    """What was played: by all gateways together; ``behind`` is the latest a flush was, in s."""

    gateways: int = 0
    messages: int = 0
    readings: int = 0
    reconnects: int = 0
    behind: float = 0.0
    seconds: float = 0.0

    def as_text(self) -> str:
        """For people."""
        return (
            f"{self.gateways} gateways, {self.messages} messages, {self.readings} readings in "
            f"{self.seconds:.1f} s; {self.behind:.1f} s behind at the worst, "
            f"{self.reconnects} reconnects"
        )


@dataclass(frozen=True, slots=True)
class Flush:
    """The readings of one flush: when it happened in the recording, as a record's body."""

    t: Millis
    body: bytes
    readings: int


def flushes(
    rows: Iterable[recording.Row], devices: Sequence[Device], every: Millis
) -> Iterator[Flush]:
    """The records a gateway with these devices makes of a recording, in order.

    Readings of devices it does not have, and notes, are left out.
    """
    ours = {device.id for device in devices}
    seen = watches(devices)

    def reported(reading: Reading) -> Reading | None:
        watch = seen.get(reading.device)
        return reading if watch is None else news(watch, reading)

    readings = (row for row in rows if isinstance(row, Reading) and row.device in ours)
    for place, some in groupby(readings, lambda reading: reading.t // every):
        told = [said for reading in some if (said := reported(reading)) is not None]
        if told:
            yield Flush(place * every, wire.telemetry_body(told), len(told))


@dataclass(slots=True, eq=False)
class Gateway:
    """One of the fleet: its names, and what of it the broker has not acknowledged yet."""

    root: wire.Root
    options: Options
    summary: Summary
    waiting: asyncio.Queue[Flush | None] = field(default_factory=lambda: asyncio.Queue(AHEAD))
    unsent: deque[tuple[str, bytes, bool]] = field(default_factory=deque)
    seq: int = 0
    over: bool = False

    def stream(self, lane: str) -> str:
        """The id of one of its streams, as an outbox would have it."""
        name = f"{self.options.run}/{self.root.gateway}/{lane}"
        return sha256(name.encode()).hexdigest()[:12]

    def introduce(self, devices: Sequence[Device]) -> None:
        """Have the identity cards wait, as at a start."""
        stream = self.stream("events")
        for seq, device in enumerate(devices, 1):
            message = wire.compose_event(stream, seq, wire.card_body(device))
            self.unsent.append((self.root.under(wire.card_head(device)), message, True))

    async def play(self) -> None:
        """Publish all there is, over as many connections as it takes."""
        chance = Random(self.root.gateway)  # spreads reconnects
        while not (self.over and not self.unsent):
            try:
                await self._connect()
            except BrokerDown:
                self.summary.reconnects += 1
                await asyncio.sleep(_PAUSE * chance.uniform(0.5, 1.0))

    async def _connect(self) -> None:
        topic = self.root.topic(wire.STATUS)
        name = f"wayside-{self.root.site}-{self.root.gateway}"
        will = Will(topic, self._status(online=False))
        async with connect(self.options.broker, client_id=name, will=will) as connection:
            await connection.publish(topic, self._status(online=True), retain=True)
            try:
                while not (self.over and not self.unsent):
                    await self._some(connection)
            except asyncio.CancelledError:
                await self._goodbye(connection, topic)
                raise
            await self._goodbye(connection, topic)

    async def _goodbye(self, connection: Connection, topic: str) -> None:
        with suppress(BrokerDown, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await connection.publish(topic, self._status(online=False), retain=True)

    def _status(self, *, online: bool) -> bytes:
        now = time.time_ns() // 1_000_000
        return wire.status_body(wire.Status(online, now, self.options.version, self.options.run))

    async def _some(self, connection: Connection) -> None:
        """Send what waits, in its order; what is acknowledged is forgotten."""
        if not self.unsent:
            self._take(await self.waiting.get())
        while len(self.unsent) < WINDOW and not self.waiting.empty():
            self._take(self.waiting.get_nowait())
        batch = [self.unsent[place] for place in range(min(WINDOW, len(self.unsent)))]
        await asyncio.gather(
            *(connection.publish(topic, body, retain=kept) for topic, body, kept in batch)
        )
        self.summary.messages += len(batch)
        for _ in batch:
            self.unsent.popleft()

    def _take(self, flush: Flush | None) -> None:
        if flush is None:
            self.over = True
            return
        self.seq += 1
        self.summary.readings += flush.readings
        message = wire.compose_telemetry(
            self.stream("telemetry"), self.seq, [flush.body], compress=self.options.broker.compress
        )
        self.unsent.append((self.root.topic(wire.TELEMETRY), message, False))


async def play(options: Options, *, stop: asyncio.Event | None = None) -> Summary:
    """Play a recording by a whole fleet, to its end or until ``stop`` is set.

    What was read by then is still delivered, and everybody says goodbye.

    Raises:
        ValueError: no gateways, or too many for one process.
        RecordingError: the recording cannot be read.
        OSError: it cannot be opened.
    """
    if not 1 <= options.gateways <= MOST:
        raise ValueError(f"a fleet has 1 to {MOST} gateways, not {options.gateways}")
    summary = Summary(options.gateways)
    here = options.site.gateway
    fleet = [
        Gateway(wire.Root(here.site, f"{here.id}-{number}"), options, summary)
        for number in range(1, options.gateways + 1)
    ]
    for gateway in fleet:
        gateway.introduce(options.site.devices)
    stop = stop or asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(gateway.play()) for gateway in fleet]
            tasks.append(group.create_task(_hand_out(options, fleet, summary, stop)))
            ending = group.create_task(_end(stop, tasks))
            await asyncio.wait(tasks)
            ending.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return summary


async def _end(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Once asked to stop, leave a little time for what is under way: the broker may be gone."""
    await stop.wait()
    await asyncio.sleep(_PATIENCE)
    for task in tasks:
        task.cancel()


async def _hand_out(
    options: Options, fleet: Sequence[Gateway], summary: Summary, stop: asyncio.Event
) -> None:
    """Give every flush to everybody when it is due; gateways beat side by side, not as one."""
    kinds = {device.id: device.kind for device in options.site.devices}
    rows = recording.read(options.recording, kinds)
    began, first = time.monotonic(), None
    beat = options.flush / 1000 / options.speed / len(fleet)
    for flush in flushes(rows, options.site.devices, options.flush):
        first = flush.t if first is None else first
        due = began + (flush.t - first) / 1000 / options.speed
        for gateway in fleet:
            early = due - time.monotonic()
            if early > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), early)
            summary.behind = max(summary.behind, -early)
            await gateway.waiting.put(flush)
            due += beat
        summary.seconds = time.monotonic() - began
        if stop.is_set():
            break
    for gateway in fleet:
        await gateway.waiting.put(None)
