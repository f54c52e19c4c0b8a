"""Modbus TCP: one connection, asyncio, as many questions under way as the device bears.

Every question carries a transaction number, and only the answer with that number, from the unit
that was asked, ends it; an answer that comes after its time finds nobody waiting and is dropped.
What is under way is kept by how its answer must begin (transaction, length, unit, function, byte
count), so that the usual answer is known for right by looking it up; whatever is unusual is looked
at closely.

One timer a connection watches all deadlines. A connection that the device closed while it was idle
is opened again for the next question, so that an idle close costs no sample. Whether a device bears
several questions at once is watched by ``crowd``.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from drivers.modbus.frame.framing import MbapReader
from drivers.modbus.frame.pdu import Question, Refused, answer_data
from drivers.modbus.link import Unit
from drivers.modbus.wire.crowd import Crowd
from drivers.modbus.wire.stream import FLOOD, Stream, linked
from gateway.driver import BadResponse, Link, LinkDown, NoResponse, Symptom
from gateway.units import Between, Duration

_header = struct.Struct(">HHHB").pack  # transaction, protocol 0, bytes that follow, unit
_HEADER = 7
_READ_START = 9  # header, function, byte count: all of an answer to a read but its data
_LONGEST = 260
_TRANSACTIONS = 0xFFFF
_RECENT = 4096
"""An answer to one of this many last transactions is late; to any other, it is foreign."""
_DEAF = 3
"""Timeouts without a byte after which a connection that has spoken is given up for another: some
servers (jsmodbus) never answer again on one on which they heard a function they do not know."""

_Asked: TypeAlias = tuple[int, "asyncio.Future[bytes]", float, Unit, Question, bool]
"""A question under way: the size of its answer's frame, who waits, the deadline, whom and what was
asked, and whether others were under way. A bare tuple, because every question makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """``[bus.*]`` of a Modbus TCP endpoint.

    ``pipeline`` is how many questions the device takes at once; most take one. A device that loses
    questions asked together is noticed, and asked one at a time from then on.
    """

    host: str
    port: Annotated[int, Between(1, 65535)] = 502
    timeout: Annotated[Duration, Between(0.01, 60)] = 1.0
    connect_timeout: Annotated[Duration, Between(0.01, 60)] = 3.0
    pipeline: Annotated[int, Between(1, 64)] = 1


def open_tcp(options: Tcp) -> AbstractAsyncContextManager[Link]:
    """A link over one connection; LinkDown if it cannot be made."""
    return linked(TcpWire(options))


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
        self._whole = True  # no frame has begun that is not finished
        self._asked: dict[bytes, _Asked] = {}
        self._last = 0
        self._first = 1  # the transaction of the first question on this connection
        self._crowd = Crowd()
        self._one = asyncio.Lock()
        self._stray: tuple[float, Symptom, str] | None = None
        self._strays = 0, 0  # bytes nobody asked for, since which transaction
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")
        self._asking_again: set[asyncio.Task[None]] = set()

    @property
    def depth(self) -> int:
        """How many questions may be under way."""
        return 1 if self._crowd.settled else self._depth

    @property
    def careful(self) -> bool:
        """Whether questions are asked one at a time, for a while or from now on."""
        return self._crowd.careful

    async def connect(self) -> None:
        """Open the connection if there is none; LinkDown if it cannot be made."""
        async with self._connecting:
            if not self._stream.up:
                self._reader = MbapReader()
                self._whole = True
                self._stray = None
                self._first = self._last % _TRANSACTIONS + 1
                await self._stream.connect()

    def close(self) -> None:
        """Close it; questions under way end with LinkDown."""
        self._stream.close()
        for task in self._asking_again:
            task.cancel()
        self._end_all(LinkDown("closed"))
        if self._timer is not None:
            self._timer.cancel()

    def ask(self, unit: Unit, question: Question) -> Awaitable[bytes]:
        """The data of the answer; raises as ``drivers.modbus.link.Wire.ask``."""
        if self._crowd.careful:
            return self._ask_alone(unit, question)
        if not self._stream.up:
            return self._ask_newly(unit, question)
        return self._put(unit, question)

    async def tell(self, question: Question) -> None:
        """Refused: on TCP, unit 0 is the device at the other end itself."""
        raise ValueError(f"no broadcast reaches anybody through TCP (function {question.function})")

    async def _ask_newly(self, unit: Unit, question: Question) -> bytes:
        await self.connect()
        return await self._put(unit, question)

    async def _ask_alone(self, unit: Unit, question: Question) -> bytes:
        """Ask once whatever is under way has ended, and let nobody else ask meanwhile."""
        async with self._one:
            others = [answer for _, answer, *_ in self._asked.values() if not answer.done()]
            if others:
                await asyncio.wait(others)
            answered = True
            try:
                return await self._ask_newly(unit, question)
            except NoResponse:
                answered = False
                raise
            finally:
                self._crowd.alone(unit.unit, self._loop.time(), answered=answered)

    def _put(self, unit: Unit, question: Question) -> asyncio.Future[bytes]:
        """Send a question; the future ends with its answer, or at the deadline at the latest."""
        deadline = self._loop.time() + (unit.timeout or self._timeout)
        if deadline < self._due:
            self._watch(deadline)
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._last = transaction = self._last % _TRANSACTIONS + 1
        number, size, pdu = unit.unit, question.size, question.pdu
        asked = self._asked
        beside = bool(asked)
        asked[_header(transaction, 0, size + 1, number) + question.head] = (
            _HEADER + size, answer, deadline, unit, question, beside
        )  # fmt: skip
        self._stream.send(_header(transaction, 0, len(pdu) + 1, number) + pdu)
        return answer

    def _heard(self, data: bytes) -> None:
        """Almost always these bytes are whole answers, as they have to be, to reads."""
        at, size = 0, len(data)
        while self._whole:
            start = data[at : at + _READ_START]
            asked = self._asked.get(start)
            if asked is None or asked[0] > size - at or asked[0] > _LONGEST:
                break
            del self._asked[start]
            end = at + asked[0]
            if not asked[1].done():  # else whoever asked has gone
                asked[1].set_result(data[at + _READ_START : end])
            if end == size:
                return
            at = end
        self._look_at(data[at:])

    def _look_at(self, data: bytes) -> None:
        reader = self._reader
        unasked = 0
        for transaction, unit, pdu in reader.feed(data):
            start = self._start(transaction)
            asked = None if start is None else self._asked.pop(start)
            if asked is None or asked[1].done():
                self._unasked(transaction)
                unasked += _HEADER + len(pdu)
            else:
                self._take(asked, unit, pdu)
        self._whole = reader.unfinished is None
        if reader.skipped:
            text = f"{reader.skipped} bytes came that are no Modbus TCP"
            self._stray = self._loop.time(), Symptom.GARBLED, text
            unasked += reader.skipped
            reader.skipped = 0
        if unasked:
            self._bear(unasked)

    def _start(self, transaction: int) -> bytes | None:
        """Under what the question with this number is kept."""
        number = transaction.to_bytes(2, "big")
        return next((start for start in self._asked if start.startswith(number)), None)

    def _unasked(self, transaction: int) -> None:
        """A late answer is passed over; one to what was never asked is worth telling."""
        if (self._last - transaction) % _TRANSACTIONS > _RECENT:
            text = f"transaction {transaction} answered for {self._last}"
            self._stray = self._loop.time(), Symptom.STRANGER, text

    def _bear(self, unasked: int) -> None:
        """A machine that talks and talks without being asked is cut off."""
        count, since = self._strays
        count = unasked + (count if since == self._last else 0)
        self._strays = count, self._last
        if count > FLOOD:
            self._strays = 0, 0
            self._stream.cut()

    def _take(self, asked: _Asked, unit: int, pdu: bytes) -> None:
        _, answer, _, of, question, _ = asked
        try:
            if unit != of.unit:
                stranger = f"unit {unit} answered for {of.unit}"
                raise BadResponse(stranger, symptom=Symptom.STRANGER)  # noqa: TRY301
            answer.set_result(answer_data(question, pdu))
        except (Refused, BadResponse) as wrong:
            answer.set_exception(wrong)

    def _lost(self, reason: LinkDown) -> None:
        """The device closed: what it closed while idle is opened again, other questions end.

        A read that is alone under way, and not the first on its connection, may be asked again, for
        it crossed with the close; a write may have been done.
        """
        if len(self._asked) == 1:
            ((start, asked),) = self._asked.items()
            _, answer, _, unit, question, _ = asked
            first = start.startswith(self._first.to_bytes(2, "big"))
            if question.is_read and not first and not answer.done():
                self._asked.clear()
                task = self._loop.create_task(self._ask_again(unit, question, answer))
                self._asking_again.add(task)
                task.add_done_callback(self._asking_again.discard)
        self._end_all(reason)

    async def _ask_again(
        self, unit: Unit, question: Question, answer: asyncio.Future[bytes]
    ) -> None:
        try:
            data = await self._ask_newly(unit, question)
            if not answer.done():
                answer.set_result(data)
        except (LinkDown, NoResponse, BadResponse, Refused) as wrong:
            if not answer.done():
                answer.set_exception(wrong)
        finally:
            if not answer.done():
                answer.set_exception(LinkDown("closed"))

    def _end_all(self, reason: LinkDown | BadResponse) -> None:
        for _, answer, *_ in self._asked.values():
            if not answer.done():
                answer.set_exception(type(reason)(*reason.args, symptom=reason.symptom))
        self._asked.clear()

    def _watch(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = deadline
        self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        """Give up the questions whose time is over, and watch the next deadline."""
        self._timer, self._due = None, float("inf")
        now = self._loop.time()
        over = [start for start, asked in self._asked.items() if asked[2] <= now]
        for start in over:
            asked = self._asked.pop(start)
            if not asked[1].done():
                asked[1].set_exception(self._silence(start, asked, now))
        if over and not self._stream.up:
            self._end_all(LinkDown("nothing is acknowledged any more"))
        elif over and self._torn():
            self._stream.close()  # what follows half an answer in this stream cannot be trusted
            self._end_all(BadResponse("an answer broke off"))
        elif over and not self._asked and self._stream.quiet > _DEAF * self._timeout:
            self._stream.close()  # who fell silent here may listen on another
        if self._asked:
            self._watch(min(asked[2] for asked in self._asked.values()))

    def _torn(self) -> bool:
        """Whether an answer has begun that nobody waits for the end of."""
        begun = self._reader.unfinished
        return begun is not None and self._start(begun) is None

    def _silence(self, start: bytes, asked: _Asked, now: float) -> NoResponse | BadResponse:
        _, _, deadline, unit, _, beside = asked
        patience = unit.timeout or self._timeout
        stray, self._stray = self._stray, None
        if stray is None and self._reader.unfinished is not None:
            stray = now, Symptom.GARBLED, "the answer broke off"
        if stray is not None and stray[0] >= deadline - patience:
            return BadResponse(stray[2], symptom=stray[1])
        silence = self._stream.unheard(NoResponse(f"no answer in {patience:g} s"), patience)
        after = not start.startswith(self._last.to_bytes(2, "big"))
        if self._depth > 1 and (beside or after) and self._stream.up:
            return NoResponse(f"{silence}{self._crowd.silent(unit.unit, now)}")
        return silence
