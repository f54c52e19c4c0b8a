"""The asyncio side of a serial line: questions go to the line's thread, and answers come back.

Timers of an event loop are a millisecond coarse; the silence between two frames is 1.75 ms above
19200 baud, and whoever waits a millisecond more loses a fifth of a fast line. So a thread owns the
port. Two questions may be handed to it at once, so that the next is ready when the line is, and an
answer is handed back once the next question is on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from drivers.modbus.frame.framing import Framing
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.link import Unit
from drivers.modbus.wire.line import Line, exact_timers
from drivers.modbus.wire.port import Port
from drivers.modbus.wire.turn import BROADCAST
from gateway.driver import BadResponse, LinkDown, NoResponse


@asynccontextmanager
async def serial_wire(options: Port, fd: int, framing: Framing) -> AsyncIterator[SerialWire]:
    """A wire over an open, non-blocking port, until the block ends."""
    wire = SerialWire(options, fd, framing)
    try:
        yield wire
    finally:
        await wire.close()


@dataclass(slots=True, eq=False)
class _Asked:
    """A question on its way to the line's thread, and who waits for its answer.

    ``None`` asks nothing and listens.
    """

    unit: int
    question: Question | None
    patience: float
    answer: asyncio.Future[bytes]


class SerialWire:
    """A ``drivers.modbus.link.Wire`` over an open port."""

    depth = 2

    def __init__(self, options: Port, fd: int, framing: Framing) -> None:
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._line = Line(
            fd,
            character=options.character,
            silence=options.gap,
            framing=framing,
            echo=options.echo,
            meanwhile=self._hand_back,
        )
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._waiting: set[_Asked] = set()
        self._found: tuple[_Asked, bytes | Exception] | None = None  # not handed back yet
        self._down: str | None = None
        self._thread = Thread(target=self._work, name=options.port, daemon=True)
        self._thread.start()

    def ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        return self._hand_over(unit.unit, question, unit.timeout or self._options.timeout)

    async def tell(self, question: Question) -> None:
        """A broadcast, as ``drivers.modbus.link.Wire.tell``."""
        await self._hand_over(BROADCAST, question, self._options.timeout)

    def listen(self, seconds: float) -> Awaitable[bytes]:
        """What comes in so many seconds in which nothing is asked."""
        return self._hand_over(0, None, seconds)

    def owes(self, unit: int) -> bool:
        """Whether a unit may still answer what it was asked."""
        return self._line.owes(unit)

    def twice(self, unit: int) -> bool:
        """Whether a unit was heard again when it owed nothing."""
        return self._line.twice(unit)

    def _hand_over(self, unit: int, question: Question | None, patience: float) -> Awaitable[bytes]:
        if self._down is not None:
            raise LinkDown(f"{self._options.port}: {self._down}")
        asked = _Asked(unit, question, patience, self._loop.create_future())
        self._waiting.add(asked)
        self._asked.put(asked)
        return asked.answer

    async def close(self) -> None:
        """End the thread, wherever it is; questions under way end with LinkDown."""
        self._end("closed")
        self._line.wake()
        await asyncio.to_thread(self._thread.join)
        self._line.close()

    def _work(self) -> None:
        """The thread: one question after the other, until the line is gone or closed."""
        exact_timers()
        down = "the line's thread broke"
        try:
            while (asked := self._next()) is not None:
                if asked.answer.cancelled():
                    continue
                try:
                    found: bytes | Exception = self._turn(asked)
                except (Refused, BadResponse, NoResponse) as wrong:
                    found = wrong
                self._hand_back()
                self._found = asked, found
        except LinkDown as wrong:
            down = str(wrong)
        finally:
            self._hand_back()
            self._loop.call_soon_threadsafe(self._end, down)

    def _next(self) -> _Asked | None:
        """The next question; it is there already if the poller keeps up."""
        if self._asked.empty():
            self._hand_back()
        return self._asked.get()

    def _hand_back(self) -> None:
        """Give the latest answer to the event loop, which then works and takes this thread's turn.

        That must not be in the silence, at whose end every moment counts, but while the line does.
        """
        if self._found is not None:
            self._loop.call_soon_threadsafe(self._answered, *self._found)
            self._found = None

    def _turn(self, asked: _Asked) -> bytes:
        if asked.question is None:
            self._hand_back()
            return self._line.listen(asked.patience)
        if asked.unit == BROADCAST:
            self._line.tell(asked.question)
            return b""
        return self._line.ask(asked.unit, asked.question, asked.patience)

    def _answered(self, asked: _Asked, found: bytes | Exception) -> None:
        self._waiting.discard(asked)
        if asked.answer.done():
            return
        if isinstance(found, bytes):
            asked.answer.set_result(found)
        else:
            asked.answer.set_exception(found)

    def _end(self, reason: str) -> None:
        """No further question is taken; the first reason counts."""
        if self._down is None:
            self._down = reason
            self._asked.put(None)
            for asked in self._waiting:
                if not asked.answer.done():
                    asked.answer.set_exception(LinkDown(f"{self._options.port}: {reason}"))
            self._waiting.clear()
