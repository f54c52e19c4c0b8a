"""The TCP wire itself, on virtual time, hearing anything at all from a connection that is not one.

Several questions are under way at once; what comes back is whole, spoilt, stale, foreign, early or
late, in any pieces. As for the turns on a line: whatever is believed was said, whole, by the unit
that was asked, under the very transaction of the question.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable
from typing import TypeAlias
from unittest.mock import patch

from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.map.rows import NetworkUnit
from drivers.modbus.wire.tcp import Tcp, TcpWire
from gateway.driver import BadResponse, LinkDown, NoResponse
from tests.parts.virtual import VirtualLoop
from tests.proof import naive
from tests.proof.choices import Choices
from tests.proof.conversation import pieces, question, spoilt, wrong_answer
from tests.proof.streams import PEER, Tally, fits

TIMEOUT = 0.5
OPTIONS = Tcp(host="nowhere", timeout=TIMEOUT, pipeline=4)
UNITS = (1, 2, 255)


Heard: TypeAlias = Callable[[bytes], None]
Lost: TypeAlias = Callable[[LinkDown], None]


class NoStream:
    """Stands where ``drivers.modbus.wire.stream.Stream`` would: what is sent is kept."""

    def __init__(
        self,
        *to: object,
        heard: Heard,
        lost: Lost,
    ) -> None:
        self.to, self.heard, self.lost = to, heard, lost
        self.up = False
        self.sent: list[bytes] = []

    async def connect(self) -> None:
        self.up = True

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.up = False

    quiet = 0.0

    def unheard(self, silence: NoResponse, _: float) -> NoResponse:
        return silence

    def cut(self) -> None:
        raise AssertionError("so little is no flood")


def wires(data: bytes) -> Tally:
    """One conversation on one connection."""
    return LOOP.run_until_complete(_conversation(Choices(data)))


async def _conversation(c: Choices) -> Tally:
    made: list[NoStream] = []

    def stream(place: object, patience: object, heard: Heard, lost: Lost) -> NoStream:
        made.append(NoStream(place, patience, heard=heard, lost=lost))
        return made[-1]

    tally = Tally()
    with patch("drivers.modbus.wire.tcp.Stream", stream):
        wire = TcpWire(OPTIONS)
    await wire.connect()
    made[0].quiet = c.pick((0.0, 60.0))
    late = b""
    try:
        for _ in range(1 + c.below(3)):
            late = await _round(c, wire, made[0], late, tally)
            assert not wire._asked, "a question that nobody waits for is kept"
    finally:
        wire.close()
    return tally


Asked: TypeAlias = list[tuple[int, Question, bytes]]


async def _round(c: Choices, wire: TcpWire, stream: NoStream, late: bytes, tally: Tally) -> bytes:
    """Ask up to four questions at once, hear, and wait until each has ended; what comes later."""
    count = 1 if wire.careful else 1 + c.below(4)
    asked = [(c.pick(UNITS), *question(c)) for _ in range(count)]
    begun = len(stream.sent)
    asking = [
        asyncio.ensure_future(wire.ask(NetworkUnit(unit=unit), one)) for unit, one, _ in asked
    ]
    await asyncio.sleep(0)  # where the connection had to be opened anew, it is now
    try:
        transactions = _asked_as_they_should(stream.sent[begun:], asked)
        frames = [_answer(c, t, *question) for t, question in zip(transactions, asked, strict=True)]
        if c.chance(3):
            frames.reverse()
        stay = c.below(len(frames) + 1) if c.chance(3) else len(frames)
        heard = _tell(c, stream, late + b"".join(frames[:stay]))
    finally:
        found = await asyncio.gather(*asking, return_exceptions=True)
    for t, (unit, one, _), answer in zip(transactions, asked, found, strict=True):
        tally[_judged(t, unit, one, answer, heard)] += 1
    return b"".join(frames[stay:])


def _asked_as_they_should(sent: list[bytes], asked: Asked) -> list[int]:
    """The transactions of what was sent, which is what was asked."""
    transactions = [int.from_bytes(frame[:2], "big") for frame in sent]
    assert sent == [
        naive.on_tcp(t, unit, one.pdu)
        for t, (unit, one, _) in zip(transactions, asked, strict=True)
    ]
    return transactions


def _tell(c: Choices, stream: NoStream, said: bytes) -> bytes:
    """Let the wire hear this, as long as it listens; what it heard."""
    heard = b""
    for piece in pieces(c, said):
        if stream.up:
            heard += piece
            stream.heard(piece)
    if c.chance(8) and stream.up:
        stream.up = False
        stream.lost(LinkDown("reset"))
    return heard


def _answer(c: Choices, transaction: int, unit: int, asked: Question, honest: bytes) -> bytes:
    """What a server may send for one question, of the worst kind."""
    match c.below(10):
        case 0:
            frame = naive.on_tcp(transaction, unit, wrong_answer(c, asked, honest))
        case 1:
            frame = naive.on_tcp(transaction, c.pick(UNITS), honest)
        case 2:
            frame = naive.on_tcp((transaction + c.below(7) - 3) & 0xFFFF, unit, honest)
        case 3:
            frame = naive.on_tcp(transaction, unit, asked.pdu)  # an echo
        case 4:
            frame = c.octets(30)
        case 5:
            frame = naive.on_tcp(transaction, unit, honest) * 2
        case _:
            frame = naive.on_tcp(transaction, unit, honest)
    return spoilt(c, frame) if c.chance(4) else frame


def _judged(t: int, unit: int, asked: Question, found: object, heard: bytes) -> str:
    if isinstance(found, Refused):
        refusal = bytes((asked.function | 0x80, found.code))
        assert naive.on_tcp(t, unit, refusal) in heard, "an exception nobody said"
        return "refused"
    if isinstance(found, BadResponse | NoResponse | LinkDown):
        return type(found).__name__
    if isinstance(found, BaseException):
        raise found
    assert isinstance(found, bytes)
    answer = asked.head + found
    frame = naive.on_tcp(t, unit, answer)
    assert frame in heard, "a value from a frame that was not there"
    assert fits(asked, answer)
    assert PEER["tcp"].decode(frame) == (len(frame), unit, t, answer)
    return "accepted"


LOOP = VirtualLoop()
atexit.register(LOOP.close)
