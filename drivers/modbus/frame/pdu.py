"""Modbus questions and answers without their envelope (MODBUS Application Protocol v1.1b3, §6).

A ``Question`` carries the bytes to send and what a fitting answer must look like: the bytes it
starts with (``head``) and how long it is. For a read the head is the function and the byte count;
for a write it is the echo the specification demands. ``answer_data`` therefore checks function,
length, byte count and echo in two comparisons, and only looks closer when they fail.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.driver import BadResponse, Symptom

Table: TypeAlias = Literal["coil", "discrete", "input", "holding"]

READ_FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
BIT_TABLES: frozenset[Table] = frozenset({"coil", "discrete"})

# The specification's limits for one request (§6.1 to §6.17).
MAX_READ_BITS = 2000
MAX_READ_REGISTERS = 125
MAX_WRITE_BITS = 1968
MAX_WRITE_REGISTERS = 123
MAX_EXCHANGE_WRITE = 121
MAX_PDU = 253

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4
ACKNOWLEDGE = 5
BUSY = 6
GATEWAY_PATH = 10
GATEWAY_TARGET = 11
UNREACHED = frozenset({GATEWAY_PATH, GATEWAY_TARGET})

EXCEPTIONS: dict[int, str] = {
    ILLEGAL_FUNCTION: "illegal function",
    ILLEGAL_ADDRESS: "illegal address",
    ILLEGAL_VALUE: "illegal value",
    DEVICE_FAILURE: "device failure",
    ACKNOWLEDGE: "still working on it (acknowledge)",
    BUSY: "busy",
    7: "negative acknowledge",
    8: "memory parity error",
    GATEWAY_PATH: "gateway has no path to the unit",
    GATEWAY_TARGET: "gateway got no answer from the unit",
}
_EXCEPTION_BIT = 0x80
_TEXT = re.compile(rb"[\x20-\x7e]{3,}")
_READS = frozenset({1, 2, 3, 4})


class Refused(Exception):
    """The device answered with a Modbus exception; ``code`` is its number, the text its meaning."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(EXCEPTIONS.get(code, f"exception {code}"))


@dataclass(frozen=True, slots=True)
class Question:
    """A request PDU, and the head and size in bytes of the only answer that fits it.

    Size 0: the answer says itself how long it is (functions 17 and 43).
    """

    pdu: bytes
    head: bytes
    size: int

    @property
    def function(self) -> int:
        """The function code."""
        return self.pdu[0]

    @property
    def is_read(self) -> bool:
        """Whether asking it twice does no more than asking it once."""
        return self.pdu[0] in _READS


def _within(address: int, count: int, limit: int) -> None:
    if not 1 <= count <= limit:
        raise ValueError(f"one request takes 1 to {limit}, not {count}")
    if not 0 <= address <= 65536 - count:
        raise ValueError(f"address {address} and {count} more go past 65535")


def read(table: Table, address: int, count: int) -> Question:
    """Read ``count`` bits or registers (functions 1 to 4)."""
    function = READ_FUNCTION[table]
    bits = table in BIT_TABLES
    _within(address, count, MAX_READ_BITS if bits else MAX_READ_REGISTERS)
    size = (count + 7) // 8 if bits else count * 2
    pdu = struct.pack(">BHH", function, address, count)
    return Question(pdu, bytes((function, size)), 2 + size)


def write_coil(address: int, *, on: bool) -> Question:
    """Set one coil (function 5)."""
    return _echoed(struct.pack(">BHH", 5, address, 0xFF00 if on else 0))


def write_register(address: int, word: bytes) -> Question:
    """Set one register, given as its two bytes (function 6)."""
    if len(word) != 2:
        raise ValueError(f"function 6 writes one register, not {len(word)} bytes")
    return _echoed(struct.pack(">BH", 6, address) + word)


def mask_register(address: int, keep: int, put: int) -> Question:
    """Set register := (register AND keep) OR (put AND NOT keep) (function 22)."""
    return _echoed(struct.pack(">BHHH", 22, address, keep, put))


def write_coils(address: int, values: tuple[bool, ...]) -> Question:
    """Set several coils (function 15)."""
    count = len(values)
    _within(address, count, MAX_WRITE_BITS)
    packed = sum(on << i for i, on in enumerate(values)).to_bytes((count + 7) // 8, "little")
    head = struct.pack(">BHH", 15, address, count)
    return Question(head + bytes((len(packed),)) + packed, head, len(head))


def write_registers(address: int, words: bytes) -> Question:
    """Set several registers, given as their bytes (function 16)."""
    count = _whole_registers(words)
    _within(address, count, MAX_WRITE_REGISTERS)
    head = struct.pack(">BHH", 16, address, count)
    return Question(head + bytes((len(words),)) + words, head, len(head))


def exchange_registers(address: int, count: int, write_address: int, words: bytes) -> Question:
    """Write registers, then read others, in one transaction (function 23)."""
    written = _whole_registers(words)
    _within(address, count, MAX_READ_REGISTERS)
    _within(write_address, written, MAX_EXCHANGE_WRITE)
    head = struct.pack(">BHHHHB", 23, address, count, write_address, written, len(words))
    return Question(head + words, bytes((23, count * 2)), 2 + count * 2)


def server_id() -> Question:
    """Ask a device what it is (function 17): a byte count, and what it likes to say."""
    return Question(b"\x11", b"\x11", 0)


def server_id_bytes(data: bytes) -> bytes:
    """What a device says it is, in the data of an answer to ``server_id``.

    Raises:
        BadResponse: the byte count is not what came.
    """
    if not data or data[0] != len(data) - 1:
        raise BadResponse("the server id does not fill its answer")
    return data[1:]


def server_text(said: bytes) -> str:
    """A server id for people: the text in it, else its bytes in hex."""
    texts = [text.decode("ascii").strip() for text in _TEXT.findall(said)]
    return " ".join(filter(None, texts)) or said.hex(" ")


def identification(code: int = 1, first: int = 0) -> Question:
    """Ask for identification objects from ``first`` on (function 43/14).

    ``code``: 1 basic, 2 regular, 3 extended.
    """
    pdu = bytes((43, 14, code, first))
    return Question(pdu, pdu[:3], 0)


def identification_objects(data: bytes) -> tuple[dict[int, bytes], int | None]:
    """The objects in the data of an answer to ``identification``, and where to go on, if anywhere.

    Raises:
        BadResponse: the objects do not fill the answer.
    """
    more, following, count = data[1:4] if len(data) >= 4 else (0, 0, 256)
    objects: dict[int, bytes] = {}
    at = 4
    for _ in range(count):
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            break
        objects[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    if len(objects) != count or at != len(data):
        raise BadResponse("the identification does not fill its answer")
    return objects, following if more else None


def _echoed(pdu: bytes) -> Question:
    return Question(pdu, pdu, len(pdu))


def _whole_registers(words: bytes) -> int:
    if len(words) % 2:
        raise ValueError(f"registers have two bytes each, not {len(words)} together")
    return len(words) // 2


def answer_data(question: Question, pdu: bytes) -> bytes:
    """The data after the head of a fitting answer (empty for a write).

    Raises:
        Refused: the device answered with an exception.
        BadResponse: the answer does not fit the question; the text says how.
    """
    head = question.head
    if len(pdu) == question.size and pdu.startswith(head):
        return pdu[len(head) :]
    if not question.size and pdu.startswith(head):
        return pdu[len(head) :]
    raise _misfit(question, pdu)


def _misfit(question: Question, pdu: bytes) -> Refused | BadResponse:
    """What is wrong with an answer that does not fit."""
    function = question.function
    if len(pdu) == 2 and pdu[0] == function | _EXCEPTION_BIT:
        return Refused(pdu[1])
    if not pdu:
        text = "an empty answer"
    elif pdu[0] == function | _EXCEPTION_BIT:
        text = f"an exception of {len(pdu)} bytes instead of 2"
    elif pdu[0] != function:
        text = f"function {pdu[0]} answered for {function}"
    elif len(pdu) != question.size and question.size:
        text = f"{len(pdu)} bytes answered instead of {question.size}"
    elif len(question.head) == 2:
        text = f"byte count {pdu[1]} instead of {question.head[1]}"
    else:
        text = "the answer does not repeat what was written"
    return BadResponse(text, symptom=Symptom.MISMATCH)
