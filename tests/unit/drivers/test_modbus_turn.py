"""A late answer is never another question's, whatever the slaves do.

The line here runs on its own time: slaves answer in order, each when it pleases, and frames get
lost or spoilt. Register ``a`` holds ``a``, so a value that is not its own address is a wrong one.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.frame import pdu
from drivers.modbus.frame.framing import rtu_frame
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.wire.turn import Owed, Turn, overheard
from gateway.driver import BadResponse, NoResponse
from tests.parts.modbus import registers

PATIENCE = 0.6
EXISTING = 1200  # registers a slave has


@dataclass
class Line:
    """A line with slaves: what comes when, and a master that follows the rules of ``turn``."""

    latencies: list[float]
    fates: list[str]
    now: float = 0.0
    coming: list[tuple[float, bytes]] = field(default_factory=list)
    busy: dict[int, float] = field(default_factory=dict)
    owed: Owed = field(default_factory=Owed)
    asked: int = 0

    def ask(self, unit: int, question: Question) -> bytes:
        overheard(self.until(self.now), self.owed)
        while (first := self.owed.before(unit, question)) is not None:
            with suppress(Refused):
                self.turn(unit, first, proof=True)
        return self.turn(unit, question)

    def turn(self, unit: int, question: Question, *, proof: bool = False) -> bytes:
        overheard(self.until(self.now), self.owed)
        turn = Turn(unit, question, self.owed, proof=proof)
        self.answer(unit, question)
        deadline = self.now + PATIENCE
        while any(at <= deadline for at, _ in self.coming):
            self.coming.sort(key=lambda event: event[0])
            at, data = self.coming.pop(0)
            self.now = max(self.now, at)
            found = turn.hear(data)
            if found is not None:
                return found
        self.now = deadline
        return turn.end(PATIENCE)

    def until(self, now: float) -> bytes:
        heard = sorted(event for event in self.coming if event[0] <= now)
        self.coming = [event for event in self.coming if event[0] > now]
        return b"".join(data for _, data in heard)

    def answer(self, unit: int, question: Question) -> None:
        """What the slave will do with this question, and when."""
        fate = self.fates[self.asked % len(self.fates)]
        latency = self.latencies[self.asked % len(self.latencies)]
        self.asked += 1
        if fate == "unheard":
            return
        at = self.busy[unit] = max(self.now, self.busy.get(unit, 0.0)) + latency
        address, count = struct.unpack(">HH", question.pdu[1:5])
        frame = registers(rtu_frame(unit, question.pdu), lambda a: a)
        if address + count > EXISTING:
            frame = rtu_frame(unit, bytes((question.function | 0x80, 2)))
        if fate == "spoilt":
            frame = frame[:-1] + bytes((frame[-1] ^ 1,))
        if fate != "lost":
            self.coming.append((at, frame))


QUESTIONS = st.tuples(
    st.integers(1, 2),
    st.sampled_from([0, 6, 100, 1110, 1198, 1199, 5000]),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.1, 1.0, 5.0]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(QUESTIONS, min_size=1, max_size=25),
    st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.59, 0.61, 1.0, 2.5]), min_size=1, max_size=12),
    st.lists(
        st.sampled_from(["answered", "answered", "answered", "unheard", "lost", "spoilt"]),
        min_size=1,
        max_size=12,
    ),
)
def test_every_value_is_its_own_registers_and_every_refusal_deserved(
    asked: list[tuple[int, int, int, float]], latencies: list[float], fates: list[str]
) -> None:
    line = Line(latencies, fates)
    for unit, address, count, pause in asked:
        line.now += pause
        question = pdu.read("holding", address, count)
        try:
            data = line.ask(unit, question)
        except Refused:
            assert address + count > EXISTING
        except (NoResponse, BadResponse):
            pass
        else:
            assert struct.unpack(f">{count}H", data) == tuple(range(address, address + count))


def test_a_healthy_line_asks_nothing_more_than_it_is_told_to() -> None:
    line = Line([0.01], ["answered"])
    for address in range(50):
        line.ask(1, pdu.read("holding", address, 2))
    assert line.asked == 50


def test_after_a_lost_frame_one_harmless_question_proves_the_line_clean() -> None:
    line = Line([0.01], ["lost", "answered", "answered", "answered", "answered"])
    question = pdu.read("holding", 6, 2)
    with pytest.raises(NoResponse):
        line.ask(1, question)
    assert line.ask(1, question) == b"\0\x06\0\x07"
    assert line.asked == 3
    line.ask(1, question)
    assert line.asked == 4


def test_another_unit_is_asked_without_delay_and_a_late_answer_is_not_held_against_it() -> None:
    line = Line([1.0, 0.7], ["answered"])
    with pytest.raises(NoResponse):
        line.ask(1, pdu.read("holding", 0, 2))
    with pytest.raises(NoResponse, match=r"no answer in 0\.6 s"):
        line.ask(2, pdu.read("holding", 0, 2))
    assert line.asked == 2


def turn(unit: int = 3, count: int = 2) -> Turn:
    return Turn(unit, pdu.read("holding", 0, count), Owed())


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (registers(bytes.fromhex("050300000002"), lambda a: a), "unit 5 answered for 3"),
        (rtu_frame(3, bytes.fromhex("03040001000200"))[:-1], "bad CRC"),
        (rtu_frame(3, bytes.fromhex("030400010002"))[:7], "the answer broke off"),
        (b"\xff\xfe\xfd", "3 bytes came that are no answer"),
        (b"", r"no answer in 0\.3 s"),
    ],
)
def test_a_turn_that_fails_says_what_was_heard(frame: bytes, says: str) -> None:
    subject = turn()
    assert subject.hear(frame) is None
    with pytest.raises((BadResponse, NoResponse), match=says):
        subject.end(0.3)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("0302000a", "4 bytes answered instead of 6"),
        ("0300", "2 bytes answered instead of 6"),
        ("040400010002", "function 4 answered for 3"),
    ],
)
def test_a_whole_answer_that_does_not_fit_is_not_waited_out(answer: str, says: str) -> None:
    with pytest.raises(BadResponse, match=says):
        turn().hear(rtu_frame(3, bytes.fromhex(answer)))


def test_an_exception_answers_at_once() -> None:
    with pytest.raises(Refused, match="busy"):
        turn().hear(rtu_frame(3, b"\x83\x06"))


def test_the_answer_is_found_behind_a_foreign_frame_and_garbage() -> None:
    subject = turn()
    foreign = registers(bytes.fromhex("050300000002"), lambda _: 9)
    ours = registers(bytes.fromhex("030300000002"), lambda a: a + 1)
    assert subject.hear(b"\0" + foreign + b"\xff") is None
    assert subject.hear(ours[:4]) is None
    assert subject.missing == 5
    assert subject.hear(ours[4:]) == b"\0\1\0\2"


def test_an_answer_hidden_by_garbage_is_found_when_the_time_is_up() -> None:
    subject = turn()
    assert subject.hear(bytes.fromhex("0503f0") + rtu_frame(3, b"\3\4\0\1\0\2")) is None
    assert subject.end(0.3) == b"\0\1\0\2"


@pytest.mark.parametrize("table", ["coil", "discrete", "input", "holding"])
@pytest.mark.parametrize(("address", "count"), [(0, 1), (65535, 1), (65411, 125), (10, 9)])
def test_there_is_always_another_question_of_another_shape(
    table: pdu.Table, address: int, count: int
) -> None:
    owed, question = Owed(), pdu.read(table, address, count)
    for _ in range(5):
        owed.ask(1, question)
        other = owed.before(1, question)
        assert other is not None
        assert other.head != question.head
        assert other.function == question.function
        owed.ask(1, other)


def test_a_late_answer_of_another_length_is_passed_over() -> None:
    line = Line([0.8, 0.1], ["answered"])
    with pytest.raises(NoResponse):
        line.ask(1, pdu.read("holding", 1110, 3))
    assert line.ask(1, pdu.read("holding", 6, 2)) == b"\0\x06\0\x07"
    assert line.asked == 2


FOREIGN = registers(bytes.fromhex("050300000002"), lambda a: a + 7)
OURS = registers(bytes.fromhex("030300000002"), lambda a: a + 1)
PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([OURS, FOREIGN, b"\x03\x83\x06", b"\x03\x03\x04", b"\x03\x03\xf0"]),
    st.integers(1, len(OURS)).map(lambda n: OURS[:n]),
    st.integers(1, len(OURS)).map(lambda n: OURS[n:]),
    st.integers(0, 8 * len(OURS) - 1).map(
        lambda bit: bytes(b ^ (1 << bit % 8) * (i == bit // 8) for i, b in enumerate(OURS))
    ),
)


@given(st.lists(PIECES, max_size=8))
def test_whatever_is_on_the_line_the_value_is_the_slaves_or_none(pieces: list[bytes]) -> None:
    """Cut, flipped, foreign, doubled and random bytes in any mixture, in any pieces."""
    subject = turn()
    found = None
    try:
        for piece in pieces:
            found = subject.hear(piece)
            if found is not None:
                break
        else:
            found = subject.end(0.3)
    except (BadResponse, NoResponse, Refused):
        pass
    assert found in {None, b"\0\1\0\2"}
    if pieces == [OURS]:
        assert found == b"\0\1\0\2"
