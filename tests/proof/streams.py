"""Bytes that a wire may bring, and what must hold whatever they are.

Each target takes one input, makes a conversation of it, spoils it, and lets the real readers, turns
and wires hear it. Nothing may escape but the declared errors, nothing may grow, and a value is only
good if the bytes hold a frame that is whole by ``naive`` and fits the very question. The answer
says what came of it, so that a run can tell how often anything was accepted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

from drivers.modbus.frame import pdu
from drivers.modbus.frame.ascii_framing import ASCII, MAX_ASCII_FRAME
from drivers.modbus.frame.framing import (
    MAX_MBAP_LENGTH,
    MAX_RTU_FRAME,
    RTU,
    Framing,
    MbapReader,
)
from drivers.modbus.frame.pdu import Question, Refused, answer_data
from drivers.modbus.wire.turn import Owed, Turn, overheard
from gateway.driver import BadResponse, NoResponse
from tests.proof import naive
from tests.proof.choices import Choices
from tests.proof.conversation import (
    UNITS,
    filling,
    flipped,
    identification,
    pieces,
    question,
    spoilt,
    wrong_answer,
)

Tally = Counter[str]
ENVELOPES: dict[str, tuple[Framing, Callable[[int, bytes], bytes], int]] = {
    "rtu": (RTU, naive.on_rtu, MAX_RTU_FRAME),
    "ascii": (ASCII, naive.on_ascii, MAX_ASCII_FRAME),
}
PEER = {"rtu": FramerRTU(DecodePDU(False)), "tcp": FramerSocket(DecodePDU(False))}
READS = (1, 2, 3, 4)


# ---------------------------------------------------------------- readers


def reader(data: bytes) -> Tally:
    """Serial readers: the same frames however the bytes are cut, each of them whole, none twice."""
    c = Choices(data)
    name = c.pick(tuple(ENVELOPES))
    framing, frame, most = ENVELOPES[name]
    stream = b"".join(
        spoilt(c, one) if c.chance(2) else one
        for one in (frame(c.pick(UNITS), question(c)[1]) for _ in range(1 + c.below(4)))
    )
    stream += c.octets(40)
    whole, cut = framing.reader(), framing.reader()
    frames = list(whole.feed(stream))
    again = []
    for piece in pieces(c, stream):
        again += list(cut.feed(piece))
        assert len(cut.rest) < most
        assert cut.missing < most
    assert frames == again
    assert whole.skipped == cut.skipped
    while whole.missing:
        frames += list(whole.resync())
    at = 0
    for unit, answer in frames:
        found = (
            stream.upper().find(frame(unit, answer), at)
            if name == "ascii"
            else stream.find(frame(unit, answer), at)
        )
        assert found >= 0, "a frame that was not there"
        at = found + 1
    return Tally({"frames": len(frames)})


def mbap_reader(data: bytes) -> Tally:
    """The TCP reader: the same frames however the bytes are cut, each of them there, none twice."""
    c = Choices(data)
    stream = b"".join(
        spoilt(c, one) if c.chance(2) else one
        for one in (
            naive.on_tcp(c.below(65536), c.below(256), question(c)[1])
            for _ in range(1 + c.below(4))
        )
    )
    stream += c.octets(40)
    whole, cut = MbapReader(), MbapReader()
    frames, again = whole.feed(stream), []
    for piece in pieces(c, stream):
        again += cut.feed(piece)
        assert len(cut._rest) < MAX_MBAP_LENGTH + 6
    assert frames == again
    assert whole.skipped == cut.skipped
    at = 0
    for transaction, unit, answer in frames:
        frame = naive.on_tcp(transaction, unit, answer)
        found = stream.find(frame, at)
        assert found >= 0, "a frame that was not there"
        at = found + len(frame)
    return Tally({"frames": len(frames)})


# ---------------------------------------------------------------- answers


def answers(data: bytes) -> Tally:
    """An answer's PDU: data comes out only if function, length, byte count or echo fit."""
    c = Choices(data)
    asked, honest = question(c)
    answer = wrong_answer(c, asked, honest) if c.chance(2) else honest
    if c.chance(2):
        answer = spoilt(c, answer)
    try:
        found = answer_data(asked, answer)
    except Refused as refused:
        assert answer == bytes((asked.function | 0x80, refused.code))  # noqa: PT017 - not the only way
        return Tally({"refused": 1})
    except BadResponse:
        assert answer != honest
        return Tally({"bad": 1})
    assert answer == asked.head + found
    assert fits(asked, answer)
    return Tally({"accepted": 1})


def fits(asked: Question, answer: bytes) -> bool:
    """Whether this PDU answers that question, by the specification's text and not by its head."""
    function = asked.pdu[0]
    if answer[:1] != asked.pdu[:1]:
        return False
    count = int.from_bytes(asked.pdu[3:5], "big")
    if function in {1, 2}:
        return answer[1] == -(-count // 8) == len(answer) - 2
    if function in {3, 4, 23}:
        return answer[1] == 2 * count == len(answer) - 2
    if function in {5, 6, 22}:
        return answer == asked.pdu
    if function in {15, 16}:
        return answer == asked.pdu[:5]
    return function == 17 or answer[:3] == asked.pdu[:3]


def identifications(data: bytes) -> Tally:
    """What a device says it is: all of it or nothing."""
    c = Choices(data)
    said = identification(c)
    for _ in range(c.below(3)):
        said = spoilt(c, said)
    expected = naive.objects(said)
    try:
        found, following = pdu.identification_objects(said)
    except BadResponse:
        assert expected is None
        return Tally({"bad": 1})
    assert found == expected
    assert following == (said[2] if said[1] else None)
    return Tally({"accepted": 1})


# ---------------------------------------------------------------- turns on a line


def turns(data: bytes) -> Tally:
    """Several questions on one line, with anything between, before and behind their answers."""
    c = Choices(data)
    name = c.pick(tuple(ENVELOPES))
    framing, frame, _ = ENVELOPES[name]
    owed, tally = Owed(), Tally()
    for _ in range(1 + c.below(4)):
        unit, (asked, honest) = c.pick(UNITS), question(c)
        if c.chance(3):
            overheard(_noise(c, frame, unit, asked, honest), owed, framing)
        first = owed.before(unit, asked)
        if first is not None:
            size = first.head[1]
            said = _turn(c, name, unit, first, owed, first.head + filling(c, size), proof=True)
            tally += said
            if not said["accepted"] and not said["refused"]:
                continue  # the link gives up here, too
        if owed.before(unit, asked) is None:
            tally += _turn(c, name, unit, asked, owed, honest, proof=False)
    return tally


def _turn(
    c: Choices,
    name: str,
    unit: int,
    asked: Question,
    owed: Owed,
    honest: bytes,
    *,
    proof: bool,
) -> Tally:
    framing, frame, most = ENVELOPES[name]
    turn = Turn(unit, asked, owed, framing, proof=proof)
    heard = b""
    stream = _noise(c, frame, unit, asked, honest)
    try:
        for piece in pieces(c, stream):
            heard += piece
            found = turn.hear(piece)
            assert turn.missing < most
            if found is not None:
                break
        else:
            found = turn.end(0.3)
    except Refused as refused:
        refusal = frame(unit, bytes((asked.function | 0x80, refused.code)))
        assert refusal in _upper(name, heard), "an exception nobody said"
        return Tally({"refused": 1})
    except (BadResponse, NoResponse) as none:
        return Tally({type(none).__name__: 1})
    answer = asked.head + found
    assert frame(unit, answer) in _upper(name, heard), "a value from a frame that is not whole"
    assert fits(asked, answer)
    if name == "rtu":
        _peer_agrees(asked, PEER["rtu"].decode(frame(unit, answer))[3], answer)
    return Tally({"accepted": 1})


def _upper(name: str, heard: bytes) -> bytes:
    return heard.upper() if name == "ascii" else heard


def _peer_agrees(asked: Question, framed: bytes, answer: bytes) -> None:
    """The peer finds the same PDU in the frame, and as many values as were asked for."""
    if asked.function not in READS:
        return
    assert framed == answer
    decoded = DecodePDU(False).decode(answer)
    assert decoded is not None
    count = int.from_bytes(asked.pdu[3:5], "big")
    assert len(decoded.bits) >= count or len(decoded.registers) == count


def _noise(
    c: Choices, frame: Callable[[int, bytes], bytes], unit: int, asked: Question, honest: bytes
) -> bytes:
    """What comes in one turn: the answer, perhaps, and whatever else the line may bring."""
    stream = b""
    for _ in range(1 + c.below(3)):
        match c.below(8):
            case 0 | 1 | 2:
                one = frame(unit, honest)
            case 3:
                one = frame(unit, wrong_answer(c, asked, honest))
            case 4:
                one = frame(c.pick(UNITS), honest)
            case 5:
                one = frame(unit, asked.pdu)  # an echo of the question
            case 6:
                one = c.octets(20)
            case _:
                other, answer = question(c)
                one = frame(c.pick(UNITS), answer if c.chance(2) else other.pdu)
        stream += spoilt(c, one) if c.chance(3) else one
    return stream


# ---------------------------------------------------------------- late, but honest

CUT = 0  # of the bytes on their way: those of a frame that has begun to arrive


def late(data: bytes) -> Tally:
    """Slaves that answer each question once at most and in order, whenever they please.

    Register ``a`` holds ``a``: every value must be its own register's, and no read of what is there
    may be refused. Frames get lost, cut by the end of a turn, or spoilt by up to two bits.
    """
    c = Choices(data)
    owed, tally = Owed(), Tally()
    coming: dict[int, deque[bytes]] = {unit: deque() for unit in (1, 2, CUT)}
    for _ in range(2 + c.below(8)):
        unit = 1 + c.below(2)
        count = 1 + c.below(3)
        asked = pdu.read("holding", c.pick((0, 6, 100, 1198)), count)
        overheard(_arrived(c, coming), owed)
        first = owed.before(unit, asked)
        if first is not None:
            said = _honest_turn(c, unit, first, owed, coming, proof=True)
            tally += said
            if not said["accepted"] and not said["refused"]:
                continue  # the link gives up here, too
            overheard(_arrived(c, coming), owed)
        if owed.before(unit, asked) is None:
            tally += _honest_turn(c, unit, asked, owed, coming, proof=False)
    return tally


def _honest_turn(
    c: Choices,
    unit: int,
    asked: Question,
    owed: Owed,
    coming: dict[int, deque[bytes]],
    *,
    proof: bool,
) -> Tally:
    address, count = (int.from_bytes(asked.pdu[i : i + 2], "big") for i in (1, 3))
    there = address + count <= 1200
    words = b"".join((address + i).to_bytes(2, "big") for i in range(count))
    function = asked.function
    said = bytes((function, 2 * count)) + words if there else bytes((function | 0x80, 2))
    frame = naive.on_rtu(unit, said)
    turn = Turn(unit, asked, owed, RTU, proof=proof)
    fate = c.below(8)
    if fate == 6:
        frame = flipped(c, flipped(c, frame))
    if fate != 7:
        coming[unit].append(frame)
    try:
        found = None
        for piece in pieces(c, _arrived(c, coming)):
            found = turn.hear(piece)
            if found is not None:
                break
        found = turn.end(0.3) if found is None else found
    except Refused:
        assert not there or proof, "refused what is there"
        return Tally({"refused": 1})
    except (BadResponse, NoResponse) as none:
        return Tally({type(none).__name__: 1})
    assert found == words, "another register's value"
    return Tally({"accepted": 1})


def _arrived(c: Choices, coming: dict[int, deque[bytes]]) -> bytes:
    """What of all that is on its way comes now, cut anywhere if it pleases."""
    stream = b"".join(coming[CUT])
    coming[CUT].clear()
    for _ in range(3 - c.below(4)):
        unit = 1 + c.below(2)
        if coming[unit]:
            stream += coming[unit].popleft()
    if stream and c.chance(6):
        cut = c.below(len(stream))
        coming[CUT].append(stream[cut:])
        stream = stream[:cut]
    return stream


LINE_TARGETS: dict[str, Callable[[bytes], Tally]] = {
    "reader": reader,
    "mbap_reader": mbap_reader,
    "answers": answers,
    "identifications": identifications,
    "turns": turns,
    "late": late,
}
