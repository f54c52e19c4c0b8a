"""Commands on their way to a bus: first come, first written, all ahead of the polls."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.driver import BadResponse, Control, Device, Link, LinkDown, NoResponse, Value


@dataclass(frozen=True, slots=True)
class Order:
    """One command, and the future of whoever waits for it."""

    device: Device
    control: Control
    value: Value
    done: asyncio.Future[None] = field(default_factory=asyncio.Future)

    async def write(self, link: Link) -> None:
        """Write it, and tell how that went; only a lost wire is the caller's affair too."""
        if self.done.done():  # nobody waits any more
            return
        try:
            await link.write(self.device, self.control, self.value)
        except (NoResponse, BadResponse) as error:
            self._fail(error)
        except LinkDown as error:
            self._fail(error)
            raise
        else:
            if not self.done.done():
                self.done.set_result(None)
        finally:
            self._fail(LinkDown("the bus was closed meanwhile"))

    def refuse(self, reason: str) -> None:
        """It will not be written."""
        self._fail(LinkDown(reason))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Orders:
    """The commands that wait for one bus; ``on_new`` is called when one arrives."""

    def __init__(self, on_new: Callable[[], None]) -> None:
        self._on_new = on_new
        self._waiting: deque[Order] = deque()
        self._refused: str | None = None

    async def submit(self, device: Device, control: Control, value: Value) -> None:
        """Write a command ahead of the polls; returns when the device took it.

        Raises:
            NoResponse, BadResponse, LinkDown: as the device or the wire had it.
        """
        if self._refused is not None:
            raise LinkDown(self._refused)
        order = Order(device, control, value)
        self._waiting.append(order)
        self._on_new()
        await order.done

    def take(self) -> Order | None:
        """The one that waits longest."""
        return self._waiting.popleft() if self._waiting else None

    async def write_all(self, link: Link) -> None:
        """Write whatever waits."""
        while (order := self.take()) is not None:
            await order.write(link)

    def refuse(self, reason: str) -> None:
        """The bus is down: nothing that waits will be written, nor what comes before ``accept``."""
        self._refused = reason
        while (order := self.take()) is not None:
            order.refuse(reason)

    def accept(self) -> None:
        """The bus is open."""
        self._refused = None
