"""Where a serial line meets the rest of the world: a pty, or the TCP socket of a serial server.

``Pulse`` asks the line what there is to hear and comes back when the line says so. An event loop
wakes up to a millisecond late, a character's length at 9600 baud; on slow lines it therefore wakes
a millisecond early for the last character of an answer and turns in place for the rest.

On a pty (``at_path``) whoever opens the path is the master. A serial server (``behind_tcp``) stands
in front of a line: what its clients send goes to the line at the line's pace, what the line says
goes to all of them; it is transparent, so frames keep their CRC.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

from simulators.wires.line import Line
from simulators.wires.pty import pty_at

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
    loop = asyncio.get_running_loop()
    with pty_at(path) as wire:
        pulse = Pulse(line, wire.say)
        loop.add_reader(wire.far, lambda: pulse.hear(wire.hear()))
        try:
            yield
        finally:
            loop.remove_reader(wire.far)
            pulse.stop()


class _Client(asyncio.Protocol):
    """One connection to a serial server."""

    def __init__(self, pulse: Pulse, open_ones: set[asyncio.Transport]) -> None:
        self._pulse = pulse
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open_ones.add(self._transport)

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

    pulse = Pulse(line, out)
    server = await loop.create_server(lambda: _Client(pulse, open_ones), "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        pulse.stop()
        for transport in tuple(open_ones):
            transport.abort()
        await server.wait_closed()
