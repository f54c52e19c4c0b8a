"""Questions, the answers an honest device gives, and everything a wire can do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Question
from tests.proof.choices import Choices

Frame: TypeAlias = Callable[[int, bytes], bytes]  # unit and PDU in an envelope

TABLES: tuple[pdu.Table, ...] = ("holding", "input", "coil", "discrete")
COUNTS = (1, 2, 3, 4, 8, 20, 125)
BIT_COUNTS = (1, 8, 9, 16, 100, 2000)
UNITS = (1, 2, 17, 247)


def filling(c: Choices, size: int) -> bytes:
    """Data of a size, from one byte of the input: constant, rising, or scattered."""
    seed = c.below(256)
    step = (0, 1, 7, 13)[seed & 3]
    return bytes((seed + i * step) & 0xFF for i in range(size))


def question(c: Choices) -> tuple[Question, bytes]:
    """Any question we ever ask, and the PDU of an honest answer."""
    return c.pick(QUESTIONS)(c)


def _reading(c: Choices) -> tuple[Question, bytes]:
    table = c.pick(TABLES)
    bits = table in pdu.BIT_TABLES
    count = c.pick(BIT_COUNTS if bits else COUNTS)
    asked = pdu.read(table, c.pick((0, 6, 100, 63000)), count)
    size = (count + 7) // 8 if bits else 2 * count
    return asked, bytes((asked.function, size)) + filling(c, size)


def _writing(c: Choices) -> tuple[Question, bytes]:
    address = c.pick((0, 6, 100, 65000))
    if c.below(2):
        count = c.pick((1, 9, 16))
        asked = pdu.write_coils(address, tuple(byte & 1 == 1 for byte in filling(c, count)))
    else:
        count = c.pick((1, 2, 20))
        asked = pdu.write_registers(address, filling(c, 2 * count))
    place = address.to_bytes(2, "big") + count.to_bytes(2, "big")
    return asked, bytes((asked.function,)) + place


def _repeated(c: Choices) -> tuple[Question, bytes]:
    address = c.pick((0, 6, 100, 65000))
    writes = (
        pdu.write_coil(address, on=bool(c.below(2))),
        pdu.write_register(address, filling(c, 2)),
        pdu.mask_register(address, c.below(65536), c.below(65536)),
    )
    asked = c.pick(writes)
    return asked, asked.pdu


def _exchange(c: Choices) -> tuple[Question, bytes]:
    count = c.pick((1, 2, 20))
    asked = pdu.exchange_registers(6, count, c.pick((6, 100)), filling(c, 4))
    return asked, bytes((23, 2 * count)) + filling(c, 2 * count)


def _who(c: Choices) -> tuple[Question, bytes]:
    if c.below(2):
        text = filling(c, c.below(20))
        return pdu.server_id(), bytes((17, len(text))) + text
    return pdu.identification(), b"\x2b\x0e\x01" + identification(c)


QUESTIONS: tuple[Callable[[Choices], tuple[Question, bytes]], ...] = (
    *[_reading] * 5,
    _writing,
    _repeated,
    _exchange,
    _who,
)


def identification(c: Choices) -> bytes:
    """What stands behind 43, 14 and the code: conformity, more, next, and the objects."""
    texts = [filling(c, c.below(12)) for _ in range(c.below(4))]
    listed = b"".join(bytes((i, len(text))) + text for i, text in enumerate(texts))
    return bytes((1, c.pick((0, 255)), c.below(4), len(texts))) + listed


def wrong_answer(c: Choices, asked: Question, honest: bytes) -> bytes:
    """A PDU that another question, or a bad device, would have had."""
    function = asked.function
    options = (
        bytes((function | 0x80, c.below(12))),
        honest[:-1],
        honest + b"\0",
        bytes((honest[0] ^ 1,)) + honest[1:],
        honest[:1] + bytes((c.below(256),)) + honest[2:],
        bytes((function, 0)),
        bytes((function | 0x80, 2, 0)),
    )
    return c.pick((*options, question(c)[1]))


def flipped(c: Choices, data: bytes) -> bytes:
    """One bit is not what it was."""
    if not data:
        return data
    at = c.below(len(data))
    return data[:at] + bytes((data[at] ^ 1 << c.below(8),)) + data[at + 1 :]


def spoilt(c: Choices, data: bytes) -> bytes:
    """What noise, adapters and bad devices do to bytes on their way."""
    at = c.below(len(data) + 1)
    options = (
        flipped(c, data),
        flipped(c, flipped(c, flipped(c, data))),
        data[:at],
        data[at:],
        data[:at] + c.octets(8) + data[at:],
        data[:at] + data[at + 1 + c.below(8) :],
        data + data,
        data[:at] + data,
        data[:at] + bytes((c.below(256),)) + data[at + 1 :],
    )
    return c.pick(options)


def pieces(c: Choices, stream: bytes) -> Iterable[bytes]:
    """The same bytes, cut anywhere."""
    ends = sorted(c.below(len(stream) + 1) for _ in range(c.below(5)))
    begin = 0
    for end in [*ends, len(stream)]:
        yield stream[begin:end]
        begin = end
