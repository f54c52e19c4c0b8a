"""Retained cards and alarms of devices that are gone: found once after the start, and emptied.

The broker hands over what it retains as soon as we subscribe; when nothing more has come for a
moment, that was all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway import wire
from gateway.mqtt import Connection, Message

QUIET, LONGEST = 1.0, 10.0
"""Seconds without a retained message, or in all, after which we stop listening."""

_KINDS = (("device", "+"), ("alarm", "+", "+"))


class Sweep:
    """``is_current(parts)`` says whether a retained topic below our root is still ours to keep."""

    def __init__(self, root: wire.Root, is_current: Callable[[tuple[str, ...]], bool]) -> None:
        self._filters = [root.filter(*kind) for kind in _KINDS]
        self._is_current = is_current
        self._found: dict[str, tuple[str, ...]] = {}
        self._more = asyncio.Event()
        self.done = False

    def notice(self, message: Message, parts: tuple[str, ...]) -> None:
        """Something arrived on the connection."""
        if message.retain and parts[0] in {"device", "alarm"}:
            self._found[message.topic] = parts
            self._more.set()

    async def run(self, connection: Connection) -> None:
        """Find and empty; BrokerDown if the connection ends, and then it is to be done again."""
        await connection.subscribe(*self._filters)
        await self._all_told()
        await connection.unsubscribe(*self._filters)
        for topic, parts in self._found.items():
            if not self._is_current(parts):
                await connection.publish(topic, b"", retain=True)
        self.done = True

    async def _all_told(self) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                while True:
                    self._more.clear()
                    async with asyncio.timeout(QUIET):
                        await self._more.wait()
        except TimeoutError:
            return
