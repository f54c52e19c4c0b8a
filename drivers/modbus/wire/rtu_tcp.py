"""Modbus RTU frames over a TCP connection, as transparent serial servers carry them.

The serial line behind the server keeps its own silence; here only the rules of ``turn`` hold, one
question at a time. A connection lost while nothing was asked is opened again for the next question.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Annotated

from drivers.modbus.frame.framing import rtu_frame
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.link import Unit
from drivers.modbus.wire.alone import Alone
from drivers.modbus.wire.stream import FLOOD, Stream, linked
from drivers.modbus.wire.turn import BROADCAST, TURNAROUND, Owed, Turn, listened_out, overheard
from gateway.driver import BadResponse, Link, LinkDown, NoResponse
from gateway.units import Between, Duration

_QUIET = 0.1
"""Seconds without a byte after which a broken answer is not waited for any longer: more than a
network and a serial server put between two pieces of one frame."""


_UNASKED = 4096  # bytes kept of what comes while nobody asks


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuTcp:
    """``[bus.*]`` of a serial server: there is no usual port, so it has to be named."""

    host: str
    port: Annotated[int, Between(1, 65535)]
    timeout: Annotated[Duration, Between(0.01, 60)] = 1.0
    connect_timeout: Annotated[Duration, Between(0.01, 60)] = 3.0


def open_rtu_tcp(options: RtuTcp) -> AbstractAsyncContextManager[Link]:
    """A link over one connection; LinkDown if it cannot be made."""
    return linked(RtuTcpWire(options))


@dataclass(slots=True, eq=False)
class _Waiting:
    """A turn under way."""

    turn: Turn
    answer: asyncio.Future[bytes]
    patience: float
    deadline: float
    timer: asyncio.TimerHandle


class RtuTcpWire:
    """Questions and answers over one connection at a time."""

    depth = 1

    def __init__(self, options: RtuTcp) -> None:
        self._timeout = options.timeout
        self._loop = asyncio.get_running_loop()
        place = options.host, options.port
        self._stream = Stream(place, options.connect_timeout, self._heard, self._lost)
        self._one = asyncio.Lock()
        self._owed = Owed()  # outlives a connection: the serial server may still hold an answer
        self._alone = Alone()
        self._unasked = b""
        self._came = 0  # bytes since the latest question
        self._waiting: _Waiting | None = None

    async def connect(self) -> None:
        """Open the connection; LinkDown if it cannot be made."""
        await self._stream.connect()

    def close(self) -> None:
        """Close it; a question under way ends with LinkDown."""
        self._stream.close()
        self._lost(LinkDown("closed"))

    async def ask(self, unit: Unit, question: Question) -> bytes:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        patience = unit.timeout or self._timeout
        async with self._one:
            if not self._stream.up:
                await self.connect()
            left = self._alone.wait(unit.unit, question, self._loop.time(), patience)
            if left:
                await asyncio.sleep(left)
            overheard(self._unasked, self._owed)
            self._unasked = b""
            while (first := self._owed.before(unit.unit, question)) is not None:
                with suppress(Refused):
                    await self._ask(unit.unit, first, patience, proof=True)
            try:
                data = await self._ask(unit.unit, question, patience)
            except Refused:
                await self._check_alone(unit.unit, patience)
                raise
            await self._check_alone(unit.unit, patience)
            self._alone.heard(unit.unit, question, self._loop.time())
            return data

    async def tell(self, question: Question) -> None:
        """A broadcast, as ``drivers.modbus.link.Wire.tell``."""
        async with self._one:
            if not self._stream.up:
                await self.connect()
            self._stream.send(rtu_frame(BROADCAST, question.pdu))
            await asyncio.sleep(TURNAROUND)

    async def _check_alone(self, unit: int, patience: float) -> None:
        """Listen for another answer of a unit that was heard twice: none of it can be believed."""
        if unit not in self._owed.twice:
            return
        until, heard = self._loop.time() + patience, -1
        while self._loop.time() < until and (not self._unasked or heard != len(self._unasked)):
            heard = len(self._unasked)
            await asyncio.sleep(min(_QUIET, until - self._loop.time()))
        unasked, self._unasked = self._unasked, b""
        raise listened_out(unit, unasked, self._owed)

    def owes(self, unit: int) -> bool:
        """Whether a unit may still answer what it was asked."""
        return self._owed.owes(unit)

    def twice(self, unit: int) -> bool:
        """Whether a unit was heard again when it owed nothing."""
        return unit in self._owed.twice

    async def listen(self, seconds: float) -> bytes:
        """What comes in so many seconds in which nothing is asked."""
        await asyncio.sleep(seconds)
        return self._unasked

    async def _ask(
        self, unit: int, question: Question, patience: float, *, proof: bool = False
    ) -> bytes:
        self._came = 0
        self._stream.send(rtu_frame(unit, question.pdu))
        turn = Turn(unit, question, self._owed, proof=proof)
        answer: asyncio.Future[bytes] = self._loop.create_future()
        deadline = self._loop.time() + patience
        timer = self._loop.call_at(deadline, self._expire)
        self._waiting = waiting = _Waiting(turn, answer, patience, deadline, timer)
        try:
            return await answer
        finally:
            waiting.timer.cancel()
            self._waiting = None

    def _heard(self, data: bytes) -> None:
        self._came += len(data)
        if self._came > FLOOD:
            self._came = 0
            self._stream.cut()
            return
        waiting = self._waiting
        if waiting is None or waiting.answer.done():
            self._unasked = (self._unasked + data)[-_UNASKED:]
            return
        try:
            found = waiting.turn.hear(data)
        except (Refused, BadResponse) as wrong:
            waiting.answer.set_exception(wrong)
            self._unasked = waiting.turn.rest
            return
        if found is not None:
            waiting.answer.set_result(found)
            self._unasked = waiting.turn.rest
        else:
            self._wait_on(waiting)

    def _wait_on(self, waiting: _Waiting) -> None:
        """Until the deadline, or, once the answer looks broken, until it has been quiet."""
        until = waiting.deadline
        if waiting.turn.spoilt:
            until = min(until, self._loop.time() + _QUIET)
        waiting.timer.cancel()
        waiting.timer = self._loop.call_at(until, self._expire)

    def _expire(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.answer.done():
            return
        try:
            waiting.answer.set_result(waiting.turn.end(waiting.patience))
        except NoResponse as silence:
            waiting.answer.set_exception(self._stream.unheard(silence, waiting.patience))
        except (Refused, BadResponse) as wrong:
            waiting.answer.set_exception(wrong)

    def _lost(self, reason: LinkDown) -> None:
        if self._waiting is not None and not self._waiting.answer.done():
            self._waiting.answer.set_exception(LinkDown(*reason.args))
