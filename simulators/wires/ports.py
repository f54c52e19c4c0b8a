"""Where a serial line meets the rest of the world: a pty, or the TCP socket of a serial server.

``Pulse`` asks the line what there is to hear and comes back when the line says so. An event loop
wakes up to a millisecond late, a character's length at 9600 baud; on slow lines it therefore wakes
a millisecond early for the last character of an answer and turns in place for the rest.

On a pty (``at_path``) whoever opens the path is the master. A serial server (``behind_tcp``) stands
in front of a line: what its clients send goes to the line at the line's pace, what the line says
goes to all of them; it is transparent, so frames keep their CRC. ``unplugged`` takes the pty away,
or throws the server's clients out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

from simulators.wires.line import Line
from simulators.wires.pty import Wire, pty_at
from simulators.wires.trouble import Bus

_TICK = 0.001
"""s an event loop rounds its timers up by (epoll counts in ms)."""


class Pulse:
    """Plays a line on the running event loop: ``out`` gets what the master receives."""

    def __init__(self, line: Line, out: Callable[[bytes], None]) -> None:
        self._line = line
        self._out = out
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, characters: bytes) -> None:
        """The master says something, now."""
        self._beat()
        self._line.hear(characters, self._loop.time())
        self._beat()

    def _beat(self) -> None:
        now = self._loop.time()
        said = self._line.say(now)
        if said:
            self._out(said)
        self.stop()
        due = self._line.due(now)
        if due is None:
            return
        early = _TICK if due.exact and self._line.slow else 0.0
        if due.moment - early > now:
            self._timer = self._loop.call_at(due.moment - early, self._beat)
        else:
            self._timer = self._loop.call_later(0, self._beat)

    def stop(self) -> None:
        """Play no further."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@contextmanager
def at_path(path: Path, line: Line) -> Iterator[None]:
    """Serve a line on a pty under ``path`` until the block ends."""
    with pty_at(path) as wire:
        pulse = Pulse(line, wire.say)
        with listened_to(wire, line.bus, lambda: pulse.hear(wire.hear())):
            try:
                yield
            finally:
                pulse.stop()


@contextmanager
def listened_to(wire: Wire, bus: Bus, hear: Callable[[], None]) -> Iterator[None]:
    """Call ``hear`` when somebody has spoken, and follow when the adapter is pulled out."""
    loop = asyncio.get_running_loop()

    def listen() -> None:
        if wire.far is not None:
            loop.add_reader(wire.far, hear)

    def leave() -> None:
        if wire.far is not None:
            loop.remove_reader(wire.far)

    def watch(unplugged: bool) -> None:
        leave()
        if unplugged:
            wire.unplug()
        elif wire.far is None:
            wire.plug()
            listen()

    bus.watch = watch
    listen()
    try:
        yield
    finally:
        leave()


class _Client(asyncio.Protocol):
    """One connection to a serial server."""

    def __init__(self, pulse: Pulse, open_ones: set[asyncio.Transport], bus: Bus) -> None:
        self._pulse = pulse
        self._open_ones = open_ones
        self._bus = bus

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open_ones.add(self._transport)
        if "unplugged" in self._bus:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._open_ones.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._pulse.hear(data)


@asynccontextmanager
async def behind_tcp(port: int, line: Line) -> AsyncIterator[None]:
    """Serve a line through a serial server on a loopback port until the block ends.

    Raises:
        OSError: the port is taken.
    """
    loop = asyncio.get_running_loop()
    open_ones: set[asyncio.Transport] = set()

    def out(characters: bytes) -> None:
        for transport in open_ones:
            transport.write(characters)

    def watch(unplugged: bool) -> None:
        for transport in tuple(open_ones) if unplugged else ():
            transport.abort()

    line.bus.watch = watch
    pulse = Pulse(line, out)
    server = await loop.create_server(
        lambda: _Client(pulse, open_ones, line.bus), "127.0.0.1", port
    )
    try:
        yield
    finally:
        server.close()
        pulse.stop()
        for transport in tuple(open_ones):
            transport.abort()
        await server.wait_closed()
