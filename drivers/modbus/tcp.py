"""Modbus TCP: one connection, asyncio, as many questions under way as the device bears.

Every question carries a transaction number, and only the answer with that number, from the unit
that was asked, ends it; an answer that comes after its time finds nobody waiting and is dropped.
One timer a connection watches all deadlines. A connection that the device closed while it was idle
is opened again for the next question, so that an idle close costs no sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from drivers.modbus.framing import MbapReader, mbap_frame
from drivers.modbus.link import ModbusLink, Unit
from drivers.modbus.pdu import Question, Refused, answer_data
from drivers.modbus.stream import Stream
from gateway.driver import BadResponse, Link, LinkDown, NoResponse, Symptom
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
    timeout: Annotated[Duration, Between(0.01, 60)] = 1.0
    connect_timeout: Annotated[Duration, Between(0.01, 60)] = 3.0
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
    """A question under way; ``again`` if it may be asked once more on a new connection."""

    unit: int
    question: Question
    timeout: float
    deadline: float
    again: bool
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
        self._stray: tuple[Symptom, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._asking_again: set[asyncio.Task[None]] = set()

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
        self._answered = False
        self._stream.close()
        for task in self._asking_again:
            task.cancel()
        self._end_all(LinkDown("closed"))
        if self._timer is not None:
            self._timer.cancel()

    def ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        if not self._stream.up:
            return self._ask_newly(unit, question)
        timeout = unit.timeout or self._timeout
        deadline = self._loop.time() + timeout
        again = self._answered and not self._asked
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(_Asked(unit.unit, question, timeout, deadline, again, answer))
        return answer

    async def tell(self, question: Question) -> None:
        """Refused: on TCP, unit 0 is the device at the other end itself."""
        raise ValueError(f"no broadcast reaches anybody through TCP (function {question.function})")

    async def _ask_newly(self, unit: Unit, question: Question) -> bytes:
        await self.connect()
        return await self.ask(unit, question)

    def _send(self, asked: _Asked) -> None:
        self._last = transaction = self._last % _TRANSACTIONS + 1
        self._asked[transaction] = asked
        self._stream.send(mbap_frame(transaction, asked.unit, asked.question.pdu))
        if self._timer is None or self._due > asked.deadline:
            self._watch(asked.deadline)

    def _heard(self, data: bytes) -> None:
        reader = self._reader
        for transaction, unit, answer in reader.feed(data):
            asked = self._asked.pop(transaction, None)
            if asked is None or asked.answer.done():
                self._unasked(transaction)
            else:
                self._take(asked, unit, answer)
        if reader.skipped:
            stray = f"{reader.skipped} bytes came that are no Modbus TCP"
            self._stray = Symptom.GARBLED, stray
            reader.skipped = 0

    def _unasked(self, transaction: int) -> None:
        """A late answer is passed over; one to what was never asked is worth telling."""
        if (self._last - transaction) % _TRANSACTIONS > _RECENT:
            stray = f"transaction {transaction} answered for {self._last}"
            self._stray = Symptom.STRANGER, stray

    def _take(self, asked: _Asked, unit: int, answer: bytes) -> None:
        self._answered = True
        self._stray = None
        try:
            if unit != asked.unit:
                stranger = f"unit {unit} answered for {asked.unit}"
                raise BadResponse(stranger, symptom=Symptom.STRANGER)  # noqa: TRY301
            asked.answer.set_result(answer_data(asked.question, answer))
        except (Refused, BadResponse) as wrong:
            asked.answer.set_exception(wrong)

    def _lost(self, reason: LinkDown) -> None:
        """The device closed: what it closed while idle is opened again, other questions end.

        A read that was the first after a rest may be asked again, for it crossed with the close; a
        write may have been done.
        """
        waiting = list(self._asked.values())
        if len(waiting) == 1 and waiting[0].again and waiting[0].question.is_read:
            self._asked.clear()
            task = self._loop.create_task(self._ask_again(waiting[0]))
            self._asking_again.add(task)
            task.add_done_callback(self._asking_again.discard)
        else:
            self._end_all(reason)

    async def _ask_again(self, asked: _Asked) -> None:
        asked.again = False
        down = LinkDown("closed")
        try:
            await self.connect()
        except LinkDown as wrong:
            down = wrong
        finally:
            if not self._stream.up and not asked.answer.done():
                asked.answer.set_exception(down)
        if asked.answer.done():
            return
        asked.deadline = self._loop.time() + asked.timeout
        self._send(asked)

    def _end_all(self, reason: LinkDown | BadResponse) -> None:
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(type(reason)(*reason.args, symptom=reason.symptom))
        self._asked.clear()

    def _watch(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = deadline
        self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        """Give up the questions whose time is over, and watch the next deadline."""
        self._timer = None
        now = self._loop.time()
        over = [t for t, asked in self._asked.items() if asked.deadline <= now]
        for transaction in over:
            asked = self._asked.pop(transaction)
            if not asked.answer.done():
                asked.answer.set_exception(self._silence(asked))
        if over and self._reader.unfinished not in {None, *self._asked}:
            self._stream.close()  # what follows half an answer in this stream cannot be trusted
            self._end_all(BadResponse("an answer broke off"))
        if self._asked:
            self._watch(min(asked.deadline for asked in self._asked.values()))

    def _silence(self, asked: _Asked) -> NoResponse | BadResponse:
        stray, self._stray = self._stray, None
        if stray is None and self._reader.unfinished is not None:
            stray = Symptom.GARBLED, "the answer broke off"
        if stray is not None:
            return BadResponse(stray[1], symptom=stray[0])
        return NoResponse(f"no answer in {asked.timeout:g} s")
