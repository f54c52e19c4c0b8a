"""What is to be done on a bus ahead of its polls: first come, first served.

Whoever has an order brings the work itself, a function of the open link; the bus's poller gives it
the link when its turn comes, and nothing else passes on the wire meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from gateway.driver import BadResponse, Link, LinkDown, NoResponse

T = TypeVar("T")
Work: TypeAlias = Callable[[Link], Awaitable[T]]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One piece of work, and the future of whoever waits for it."""

    work: Work[Any]
    done: asyncio.Future[Any] = field(default_factory=asyncio.Future)

    async def carry_out(self, link: Link) -> None:
        """Do it, and tell how that went; only a lost wire is the caller's affair too."""
        if self.done.done():  # nobody waits any more
            return
        try:
            found = await self.work(link)
        except (NoResponse, BadResponse, ValueError) as error:
            self._fail(error)
        except LinkDown as error:
            self._fail(error)
            raise
        else:
            if not self.done.done():
                self.done.set_result(found)
        finally:
            self._fail(LinkDown("the bus was closed meanwhile"))

    def refuse(self, reason: str) -> None:
        """It will not be done."""
        self._fail(LinkDown(reason))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Orders:
    """The orders that wait for one bus; ``on_new`` is called when one arrives."""

    def __init__(self, on_new: Callable[[], None]) -> None:
        self._on_new = on_new
        self._waiting: deque[Order] = deque()
        self._refused: str | None = None

    async def submit(self, work: Work[T]) -> T:
        """Have work done ahead of the polls; what it returned.

        One whose caller went away before its turn came is not begun; one that was begun is ended.

        Raises:
            NoResponse, BadResponse, LinkDown, ValueError: as the work did.
        """
        if self._refused is not None:
            raise LinkDown(self._refused)
        order = Order(work)
        self._waiting.append(order)
        self._on_new()
        found: T = await order.done
        return found

    def take(self) -> Order | None:
        """The one that waits longest."""
        return self._waiting.popleft() if self._waiting else None

    async def carry_out_all(self, link: Link) -> None:
        """Do whatever waits."""
        while (order := self.take()) is not None:
            await order.carry_out(link)

    def refuse(self, reason: str) -> None:
        """The bus is down: nothing that waits will be done, nor what comes before ``accept``."""
        self._refused = reason
        while (order := self.take()) is not None:
            order.refuse(reason)

    def accept(self) -> None:
        """The bus is open."""
        self._refused = None
