"""Modbus TCP: one connection, asyncio, as many questions under way as the device bears.

Every question carries a transaction number, and only the answer with that number, from the unit
that was asked, ends it; an answer that comes after its time finds nobody waiting and is dropped.
One timer a connection watches all deadlines. A connection that the device closed while it was idle
is opened again for the next question, so that an idle close costs no sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from drivers.modbus.framing import MbapReader, mbap_frame
from drivers.modbus.link import ModbusLink, Unit
from drivers.modbus.pdu import Question, Refused, answer_data
from drivers.modbus.stream import Stream
from gateway.driver import BadResponse, Link, LinkDown, NoResponse
from gateway.units import Between, Duration

_TRANSACTIONS = 0xFFFF
_RECENT = 4096
"""An answer to one of this many last transactions is late; to any other, it is foreign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """``[bus.*]`` of a Modbus TCP endpoint.

    ``pipeline`` is how many questions the device takes at once; most take one.
    """

    host: str
    port: Annotated[int, Between(1, 65535)] = 502
    timeout: Duration = 1.0
    connect_timeout: Duration = 3.0
    pipeline: Annotated[int, Between(1, 64)] = 1


@asynccontextmanager
async def open_tcp(options: Tcp) -> AsyncIterator[Link]:
    """A link over one connection; LinkDown if it cannot be made."""
    wire = TcpWire(options)
    await wire.connect()
    try:
        yield ModbusLink(wire, asyncio.get_running_loop().time)
    finally:
        wire.close()


@dataclass(slots=True, eq=False)
class _Asked:
    """A question under way."""

    unit: int
    question: Question
    timeout: float
    deadline: float
    answer: asyncio.Future[bytes]


class TcpWire:
    """Questions and answers over one connection at a time."""

    def __init__(self, options: Tcp) -> None:
        self._depth = options.pipeline
        self._timeout = options.timeout
        self._loop = asyncio.get_running_loop()
        place = options.host, options.port
        self._stream = Stream(place, options.connect_timeout, self._heard, self._lost)
        self._connecting = asyncio.Lock()
        self._reader = MbapReader()
        self._asked: dict[int, _Asked] = {}
        self._last = 0
        self._answered = False
        self._stray: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def depth(self) -> int:
        """How many questions may be under way."""
        return self._depth

    async def connect(self) -> None:
        """Open the connection if there is none; LinkDown if it cannot be made."""
        async with self._connecting:
            if not self._stream.up:
                self._reader = MbapReader()
                self._answered = False
                self._stray = None
                await self._stream.connect()

    def close(self) -> None:
        """Close it; questions under way end with LinkDown."""
        self._stream.close()
        self._lost(LinkDown("closed"))
        if self._timer is not None:
            self._timer.cancel()

    async def ask(self, unit: Unit, question: Question) -> bytes:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        idle = self._answered and not self._asked
        if not self._stream.up:
            await self.connect()
        try:
            return await self._ask(unit, question)
        except LinkDown:
            # The device closed an idle connection just as the question went out. A read may be
            # asked again; a write may have been done.
            if not idle or not question.is_read:
                raise
        await self.connect()
        return await self._ask(unit, question)

    async def _ask(self, unit: Unit, question: Question) -> bytes:
        self._last = transaction = self._last % _TRANSACTIONS + 1
        timeout = unit.timeout or self._timeout
        deadline = self._loop.time() + timeout
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._stream.send(mbap_frame(transaction, unit.unit, question.pdu))
        self._asked[transaction] = _Asked(unit.unit, question, timeout, deadline, answer)
        if self._timer is None or self._timer.when() > deadline:
            self._watch(deadline)
        try:
            return await answer
        finally:
            self._asked.pop(transaction, None)

    def _heard(self, data: bytes) -> None:
        reader = self._reader
        for transaction, unit, answer in reader.feed(data):
            self._take(transaction, unit, answer)
        if reader.skipped:
            self._stray = f"{reader.skipped} bytes came that are no Modbus TCP"
            reader.skipped = 0

    def _take(self, transaction: int, unit: int, answer: bytes) -> None:
        asked = self._asked.get(transaction)
        if asked is None or asked.answer.done():
            if (self._last - transaction) % _TRANSACTIONS > _RECENT:
                self._stray = f"transaction {transaction} answered for {self._last}"
            return
        self._answered = True
        self._stray = None
        if unit != asked.unit:
            asked.answer.set_exception(BadResponse(f"unit {unit} answered for {asked.unit}"))
            return
        try:
            asked.answer.set_result(answer_data(asked.question, answer))
        except (Refused, BadResponse) as wrong:
            asked.answer.set_exception(wrong)

    def _lost(self, reason: LinkDown) -> None:
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(LinkDown(*reason.args))

    def _watch(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        """Give up the questions whose time is over, and watch the next deadline."""
        self._timer = None
        now = self._loop.time()
        waiting = [asked for asked in self._asked.values() if not asked.answer.done()]
        late = [asked for asked in waiting if asked.deadline <= now]
        for asked in late:
            asked.answer.set_exception(self._silence(asked))
        if late and self._reader.unfinished is not None:
            self._part_company()
        left = [asked.deadline for asked in waiting if not asked.answer.done()]
        if left:
            self._watch(min(left))

    def _part_company(self) -> None:
        """A frame began and its time is over: what follows in this stream cannot be trusted.

        Unless a question still waits for it. The next question makes a new connection.
        """
        asked = self._asked.get(self._reader.unfinished or 0)
        if asked is None or asked.answer.done():
            self._stream.close()
            self._lost(LinkDown("an answer broke off"))

    def _silence(self, asked: _Asked) -> NoResponse | BadResponse:
        stray, self._stray = self._stray, None
        if stray is None and self._reader.unfinished is not None:
            stray = "the answer broke off"
        return BadResponse(stray) if stray else NoResponse(f"no answer in {asked.timeout:g} s")
