"""The link between a gateway and its broker: slow, now and then away, and counting what passes.

Everything the gateway's side sends and gets passes here, so ``Radio`` stands where a modem, a radio
and somebody's network would: each direction carries ``rate`` bytes a second at most and has no
room for more than a moment of that, so that a queue builds up at the sender, as it does in front of
a real modem. ``away(silently=True)`` is a dead zone: connections stay open and nothing passes;
otherwise they are closed and nobody answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_MOMENT = 0.02  # s
_FAST = 65_536  # bytes
_SMALL = 4_096  # bytes of the kernel's buffer on a slow link


@dataclass
class Radio:
    """``up`` and ``down`` count the payload bytes of TCP to the broker and back."""

    broker: int
    rate: float | None = None
    port: int = 0
    up: int = 0
    down: int = 0
    connections: int = 0
    _there: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """What a site file says to go this way."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def back(self) -> None:
        """There is a network again."""
        self._there.set()
        if self._server is None:
            with contextlib.closing(socket.socket()) as near:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if self.rate is not None:
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
                near.bind(("127.0.0.1", self.port))
                self.port = near.getsockname()[1]
                self._server = await asyncio.start_server(self._accept, sock=near.dup())

    async def away(self, *, silently: bool = False) -> None:
        """There is none."""
        self._there.clear()
        if silently:
            return
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        ends = [writer]
        ways: set[asyncio.Task[None]] = set()
        try:
            with contextlib.suppress(OSError):
                there, far = await asyncio.open_connection("127.0.0.1", self.broker)
                ends.append(far)
                ways.add(asyncio.create_task(self._pass(reader, far, up=True)))
                ways.add(asyncio.create_task(self._pass(there, writer, up=False)))
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool
    ) -> None:
        most = _FAST if self.rate is None else max(64, int(self.rate * _MOMENT))
        with contextlib.suppress(OSError):
            while data := await source.read(most):
                if self.rate is not None:
                    await asyncio.sleep(len(data) / self.rate)
                await self._there.wait()
                if up:
                    self.up += len(data)
                else:
                    self.down += len(data)
                sink.write(data)
                await sink.drain()


@contextlib.asynccontextmanager
async def radio(broker: int, rate: float | None = None) -> AsyncIterator[Radio]:
    """A link to the broker at that port until the block ends."""
    link = Radio(broker, rate)
    await link.back()
    try:
        yield link
    finally:
        await link.away()
