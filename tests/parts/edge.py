"""A gateway's voice without a gateway: what one would publish, said by hand to a real broker."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.assets import LampFacts
from gateway.config.site import BrokerOptions
from gateway.model import Alarm, Device, Event, Point, Reading, Value
from gateway.mqtt import Connection, connect
from gateway.wire import (
    Root,
    Status,
    alarm_body,
    alarm_head,
    card_body,
    card_head,
    compose_event,
    compose_telemetry,
    event_body,
    event_head,
    status_body,
    telemetry_body,
)
from tests.parts.broker import Broker

ROOT = Root("makati-ayala", "gw-017")
STREAM = "0123456789ab"
_SESSIONS = itertools.count()
LAMP = Device(
    id="lamp-0001",
    kind="lamp",
    bus="feeder-1",
    profile="lamp/generic",
    options=None,
    traits=None,
    points=(Point("power", None, 5.0, "W"), Point("voltage", None, 5.0, "V")),
    facts=LampFacts(rated_power=70.0),
)


def now() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


@dataclass
class Edge:
    """One gateway on an open connection."""

    connection: Connection
    root: Root = ROOT
    seq: int = field(default_factory=lambda: next(_SESSIONS) * 1_000_000)

    async def status(self, *, online: bool = True) -> None:
        """Say that it is online, or play its will."""
        status = Status(online=online, since=now(), version="0.1.0", boot="b")
        await self.connection.publish(self.root.topic("status"), status_body(status), retain=True)

    async def card(self, device: Device) -> None:
        """Introduce a device."""
        await self._record(card_head(device), card_body(device), retain=True)

    async def reading(self, device: Device, **values: Value) -> None:
        """One reading, taken now."""
        await self.readings(Reading(device.id, device.kind, now(), values))

    async def readings(self, *readings: Reading) -> None:
        """A telemetry message."""
        self.seq += 1
        message = compose_telemetry(STREAM, self.seq, [telemetry_body(readings)])
        await self.connection.publish(self.root.topic("telemetry"), message)

    async def alarm(self, alarm: Alarm) -> None:
        """An alarm as it stands now."""
        await self._record(alarm_head(alarm), alarm_body(alarm), retain=True)

    async def no_alarm(self, alarm: Alarm) -> None:
        """Empty an alarm's retained message."""
        await self.connection.publish(self.root.under(alarm_head(alarm)), b"", retain=True)

    async def event(self, event: Event) -> None:
        """Something that happened once."""
        await self._record(event_head(event), event_body(event))

    async def _record(self, head: str, body: bytes, *, retain: bool = False) -> None:
        self.seq += 1
        message = compose_event(STREAM, self.seq, body)
        await self.connection.publish(self.root.under(head), message, retain=retain)


@contextlib.asynccontextmanager
async def edge(broker: Broker, root: Root = ROOT) -> AsyncIterator[Edge]:
    """Connect a gateway's voice."""
    options = BrokerOptions(url=broker.url)
    async with connect(options, client_id=f"edge-{root.gateway}") as connection:
        yield Edge(connection, root)
