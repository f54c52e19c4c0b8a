"""A server by script: asyncio connections that answer, delay, hang up, reset or flood as told.

``python -m tests.parts.scripted HOST PORT tcp|rtu`` is an honest one, for another machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from tests.parts.modbus import registers


class Do(Enum):
    """What a server may do to a connection instead of saying something."""

    HANG_UP = "hang up"
    RESET = "reset"
    FLOOD = "flood"


Step: TypeAlias = "tuple[float, bytes | Do]"
# What is done with a frame: one thing after the other, each so many seconds after the one before.
Script: TypeAlias = Callable[[bytes], Iterable[Step]]
Split: TypeAlias = Callable[[bytes], Iterator[bytes]]


@dataclass
class Server:
    """A running server: where it is, what it heard, how many connections were made."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    alive: set[_Connection] = field(default_factory=set)
    flooded: int = 0


def tcp_frames(data: bytes) -> Iterator[bytes]:
    """Modbus TCP questions, which may come several at once."""
    while data:
        end = 6 + int.from_bytes(data[4:6], "big")
        yield data[:end]
        data = data[end:]


def as_it_comes(data: bytes) -> Iterator[bytes]:
    """RTU questions: one at a time."""
    yield data


def tcp_truth(frame: bytes, base: int = 0) -> bytes:
    """The answer of a device whose register ``a`` holds ``base + a``, on TCP."""
    address, count = struct.unpack(">HH", frame[8:12])
    words = struct.pack(f">{count}H", *range(base + address, base + address + count))
    head = struct.pack(">HBBB", 3 + len(words), frame[6], frame[7], len(words))
    return frame[:4] + head + words


def rtu_truth(frame: bytes) -> bytes:
    """The same as an RTU frame."""
    return registers(frame, lambda a: a)


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server, script: Script, split: Split, idle: float | None) -> None:
        self.server, self.script, self.split, self.idle = server, script, split, idle
        self.tasks: list[asyncio.Task[None]] = []
        self.gone = asyncio.Event()
        self.hang_up: asyncio.TimerHandle | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.connections += 1
        self.server.alive.add(self)
        self.rest()

    def rest(self) -> None:
        """Begin to wait for the idle close anew."""
        if self.hang_up is not None:
            self.hang_up.cancel()
        if self.idle is not None:
            self.hang_up = asyncio.get_running_loop().call_later(self.idle, self.transport.close)

    def data_received(self, data: bytes) -> None:
        self.rest()
        for frame in self.split(data):
            self.server.heard.append(frame)
            self.tasks.append(asyncio.create_task(self.act(self.script(frame))))

    async def act(self, steps: Iterable[Step]) -> None:
        for after, what in steps:
            if after:
                await asyncio.sleep(after)
            match what:
                case Do.HANG_UP:
                    self.transport.close()
                case Do.RESET:
                    own = self.transport.get_extra_info("socket")
                    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.transport.abort()
                case Do.FLOOD:
                    await self.flood()
                case _:
                    self.transport.write(what)

    async def flood(self) -> None:
        noise = bytes(range(256)) * 256
        while not self.gone.is_set():
            await self.writable.wait()
            self.transport.write(noise)
            self.server.flooded += len(noise)
            await asyncio.sleep(0)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_lost(self, _: Exception | None) -> None:
        self.gone.set()
        self.writable.set()
        if self.hang_up is not None:
            self.hang_up.cancel()

    async def end(self) -> None:
        self.transport.abort()
        await self.gone.wait()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def serving(
    script: Script,
    *,
    split: Split = tcp_frames,
    idle: float | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Server]:
    """A server until the block ends; ``idle``: it closes what rests so long."""
    served = Server()
    listening = await asyncio.get_running_loop().create_server(
        lambda: _Connection(served, script, split, idle), host, port
    )
    served.port = listening.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        listening.close()
        for connection in served.alive:
            await connection.end()


async def _honest(host: str, port: int, wire: str) -> None:
    split, truth = (tcp_frames, tcp_truth) if wire == "tcp" else (as_it_comes, rtu_truth)
    async with serving(lambda frame: [(0, truth(frame))], split=split, host=host, port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_honest(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
