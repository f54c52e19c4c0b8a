"""Both ends of the uplink for tests: a gateway's outbox with its publisher, and who listens.

``Centre`` subscribes to everything, keeps every message in order, comes back after the broker
died, and confirms what it has if asked to: a small stand-in for ingest, where a test is about the
gateway and not about the database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.outbox.contract import Lane, Outbox
from gateway.edge.outbox.ring import RingOutbox
from gateway.edge.publisher import Calls, Publisher, Terms
from gateway.edge.trouble import Trouble
from gateway.model import Reading
from gateway.mqtt import BrokerDown, Message, connect
from gateway.ranges import Ranges, add, without

ROOT = wire.Root("city", "gw-1")
QUICK = Terms(first_pause=0.05, longest_pause=0.4, refused_pause=0.4, settle=0.5, unconfirmed=1.0)
"""The publisher's terms at a pace for tests."""

T = TypeVar("T")


async def until(condition: Callable[[], object], patience: float = 15.0) -> None:
    """Wait for something to become true; the failure names nothing, the caller's line does."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


@dataclass
class Gateway:
    """An outbox and its publisher; ``calls`` keeps what reached the daemon."""

    outbox: Outbox
    publisher: Publisher
    task: asyncio.Task[Any]
    pool: ThreadPoolExecutor
    heard: list[tuple[tuple[str, ...], bytes]]
    told: list[str]
    troubles: list[Trouble]

    async def on_disk(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *arguments)

    async def say(self, lane: Lane, head: str, *bodies: bytes) -> None:
        """Append, flush, notify."""

        def write() -> None:
            for body in bodies:
                self.outbox.append(lane, head, body)
            self.outbox.flush()

        await self.on_disk(write)
        self.publisher.notify()

    async def readings(self, count: int) -> None:
        """So many telemetry records of one reading each, one flush each."""
        for _ in range(count):
            number = self.outbox.last(Lane.TELEMETRY) + 1
            reading = Reading("lamp-1", "lamp", 1_700_000_000_000 + number, {"power": number})
            await self.say(Lane.TELEMETRY, wire.TELEMETRY, wire.telemetry_body([reading]))

    def waiting(self, lane: Lane = Lane.TELEMETRY) -> list[int]:
        """The seqs still in the outbox; only while the publisher rests."""
        return [record.seq for record in self.outbox.pending(lane, 0, 1_000_000)]


@contextlib.asynccontextmanager
async def gateway(
    folder: Path,
    options: BrokerOptions,
    terms: Terms = QUICK,
    is_current: Callable[[tuple[str, ...]], bool] | None = None,
    root: wire.Root = ROOT,
) -> AsyncIterator[Gateway]:
    """A gateway until the block ends; the same folder brings the same outbox back."""
    with ThreadPoolExecutor(1) as pool:
        outbox = RingOutbox.open(folder / "outbox.ring", 50_000_000)
        heard: list[tuple[tuple[str, ...], bytes]] = []
        told: list[str] = []
        troubles: list[Trouble] = []

        async def on_disk(work: Callable[..., T], *arguments: Any) -> T:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)

        calls = Calls(
            on_disk=on_disk,
            on_message=lambda parts, payload: heard.append((parts, payload)),
            on_confirmed=lambda: told.append("confirmed"),
            is_current=is_current,
            on_trouble=troubles.append,
        )
        publisher = Publisher(outbox, root, options, terms, calls, chance=Random(1))
        task = asyncio.create_task(publisher.run())
        try:
            yield Gateway(outbox, publisher, task, pool, heard, told, troubles)
        finally:
            task.cancel()
            await asyncio.wait([task])
            outbox.close()


@dataclass
class Centre:
    """What arrived, in order; ``confirming`` makes it confirm what it has."""

    messages: list[Message] = field(default_factory=list)
    confirming: bool = False
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _have: dict[str, Ranges] = field(default_factory=dict)

    def of(self, *parts: str) -> list[Message]:
        """Messages below the gateway's root that begin with these parts."""
        return [message for message in self.messages if parts == self._parts(message, parts)]

    @staticmethod
    def _parts(message: Message, parts: tuple[str, ...]) -> tuple[str, ...]:
        parsed = wire.parse_topic(message.topic)
        return parsed.parts[: len(parts)] if parsed else ()

    @property
    def telemetry(self) -> list[wire.Telemetry]:
        return [wire.decode_telemetry(message.payload) for message in self.of(wire.TELEMETRY)]

    @property
    def seqs(self) -> list[int]:
        """The telemetry records in the order they came, repeats included."""
        return [seq for each in self.telemetry for seq in range(each.seq, each.seq + each.n)]

    def take(self, message: Message) -> wire.Confirmed | None:
        """Keep a message; what to confirm of its stream."""
        self.messages.append(message)
        if not self.of(wire.TELEMETRY) or message is not self.of(wire.TELEMETRY)[-1]:
            return None
        said = wire.decode_telemetry(message.payload)
        have = add(self._have.get(said.stream, ()), said.seq, said.seq + said.n - 1)
        self._have[said.stream] = have
        return wire.Confirmed(have[-1][1], without(((1, have[-1][1]),), have))


@contextlib.asynccontextmanager
async def centre(options: BrokerOptions, *, confirming: bool = False) -> AsyncIterator[Centre]:
    """A centre until the block ends; it is connected when the block begins."""
    here = Centre(confirming=confirming)
    task = asyncio.create_task(_listen(here, options))
    await here.connected.wait()
    try:
        yield here
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _listen(here: Centre, options: BrokerOptions) -> None:
    while True:
        with contextlib.suppress(BrokerDown):
            async with connect(options, client_id="centre", clean=False) as connection:
                await connection.subscribe(*wire.UPLINK)
                here.connected.set()
                async for message in connection.messages():
                    confirmed = here.take(message)
                    if here.confirming and confirmed is not None:
                        stream = here.telemetry[-1].stream
                        body = wire.confirmed_body({stream: confirmed})
                        await connection.publish(ROOT.topic(wire.CONFIRMED), body, retain=True)
        here.connected.clear()
        await asyncio.sleep(0.05)
