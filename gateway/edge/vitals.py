"""Takes the gateway's pulse: a snapshot of all its parts, and every ten seconds a reading of it.

Most figures are counters in memory, looked at when somebody asks. Those of the disk and of the
machine are looked at once a reading, in the disk's thread; until then, and while the disk hangs,
the latest ones stand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gateway import __version__, wire
from gateway.config.site import Site
from gateway.edge import machine
from gateway.edge.channel import Channel
from gateway.edge.clock import Clock
from gateway.edge.flush import Flusher
from gateway.edge.health import EVERY, BusHealth, LaneHealth, Snapshot, reading_of
from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.outbox.contract import Depth, Lane, Outbox
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.supervise import Supervisor
from gateway.model import Reading, Value

FIRST = 1.0
"""Seconds until the first reading: when everything has begun."""
_LOOK_AHEAD = 32  # records, for one that says a time: cards do not


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a running gateway that are looked at.

    ``standing()`` counts alarms, ``clock()`` gives the clock's figures; ``starts`` is how often the
    daemon was started.
    """

    pollers: Mapping[str, Poller]
    intake: Intake
    journal: Journal
    outbox: Outbox
    channel: Channel
    flusher: Flusher
    supervisor: Supervisor
    standing: Callable[[], int]
    clock: Callable[[], Mapping[str, Value]]
    starts: int


class Vitals:
    """Looks at the ``parts`` of ``site``'s gateway; ``take`` gets its readings."""

    def __init__(
        self,
        site: Site,
        parts: Parts,
        take: Callable[[Reading], None],
        *,
        clock: Clock,
        pulse: Pulse,
    ) -> None:
        self._site = site
        self._parts = parts
        self._take = take
        self._clock = clock
        self._pulse = pulse
        self._began = clock.monotonic()
        self._machine: Mapping[str, Value] = {}
        self._lanes: Sequence[LaneHealth] = ()

    async def run(self) -> NoReturn:
        """A reading every ``EVERY`` seconds."""
        name = self._site.gateway.id
        before: Snapshot | None = None
        self._promise(FIRST)
        await asyncio.sleep(FIRST)
        while True:
            self._promise(0.0)
            await self._look()
            now = self.snapshot()
            values = reading_of(now, before)
            self._take(Reading(name, "gateway", self._clock.now(), values))
            before = now
            self._promise(EVERY)
            await asyncio.sleep(EVERY)

    def _promise(self, seconds: float) -> None:
        self._pulse.promise("health", self._clock.monotonic() + seconds)

    def snapshot(self) -> Snapshot:
        """All that is known now."""
        parts = self._parts
        now = self._clock.monotonic()
        return Snapshot(
            at=now,
            figures=self._figures(now),
            buses=[
                BusHealth(
                    name=bus.name,
                    devices=len(bus.devices),
                    polls=poller.figures.polls,
                    silent=poller.figures.silent,
                    bad=poller.figures.bad,
                    failures=dict(poller.figures.failures),
                    suspects=poller.suspects,
                    slip=poller.slip,
                    links_lost=poller.figures.links_lost,
                    busy=round(poller.figures.busy(now), 6),
                    down=poller.down,
                )
                for bus in self._site.buses.values()
                if (poller := parts.pollers.get(bus.name)) is not None
            ],
            lanes=self._lanes,
            restarts=dict(parts.supervisor.failures),
            max_bytes=self._site.outbox.max_bytes,
        )

    def _figures(self, now: float) -> dict[str, Value]:
        parts, gateway = self._parts, self._site.gateway
        return {
            "gateway": gateway.id,
            "site": gateway.site,
            "version": __version__,
            "uptime": round(now - self._began),
            "starts": parts.starts,
            "devices": len(self._site.devices),
            "readings": parts.intake.readings,
            "alarms": parts.standing(),
            "connected": parts.channel.connected,
            "published": parts.channel.published,
            "set_aside": parts.channel.set_aside,
            "unconfirmed": round(parts.channel.unconfirmed),
            "rival": parts.channel.rival,
            "cpu": round(time.process_time(), 2),
            **parts.clock(),
            **self._machine,
        }

    # What the disk and the machine say

    async def _look(self) -> None:
        on_disk, lost = self._parts.journal.on_disk, self._parts.flusher.lost
        self._machine = await on_disk(machine.look, self._site.gateway.data_dir)
        lanes = []
        for lane in Lane:
            depth = await on_disk(self._depth, lane)
            if depth is not None:
                first, sent = self._parts.channel.unsent(lane, depth.oldest)
                unsent = max(0, depth.records - sent)
                lanes.append(
                    LaneHealth(
                        lane=lane,
                        records=depth.records,
                        bytes=depth.bytes,
                        unsent=unsent,
                        age=await on_disk(self._age, lane, depth.oldest, depth.records),
                        unsent_age=await on_disk(self._age, lane, first, unsent),
                        lost=lost[lane],
                    )
                )
        self._lanes = lanes

    def _depth(self, lane: Lane) -> Depth | None:
        """How much waits; nothing is known of a disk that cannot be read."""
        try:
            return self._parts.outbox.depth(lane)
        except OSError:
            return None

    def _age(self, lane: Lane, seq: int, records: int) -> float | None:
        """Seconds since the record of that seq, the oldest of so many, or the next one that says.

        0 if there are none; None if nobody knows.
        """
        if not records:
            return 0.0
        ahead = 1 if lane is Lane.TELEMETRY else _LOOK_AHEAD
        try:
            found = self._parts.outbox.pending(lane, seq - 1, ahead)
        except OSError:
            return None
        told = next((t for one in found if (t := wire.told_at(one.body)) is not None), None)
        return None if told is None else max(0.0, (self._clock.now() - told) / 1000)
