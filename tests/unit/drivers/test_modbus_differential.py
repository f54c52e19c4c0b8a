"""Against pymodbus, both ways: every function we speak, in every envelope, and every exception.

What we send, its server side reads as what was meant; what its server side sends, we read as what
was meant. Neither side's mistake can hide in its own mirror.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerAscii, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, bit_message, mei_message, register_message
from pymodbus.pdu.other_message import ReportDeviceIdRequest, ReportDeviceIdResponse

from drivers.modbus.frame import pdu
from drivers.modbus.frame.ascii_framing import AsciiReader, ascii_frame
from drivers.modbus.frame.framing import MbapReader, RtuReader, mbap_frame, rtu_frame
from drivers.modbus.frame.pdu import Question, Refused, answer_data

SERVER, CLIENT = DecodePDU(is_server=True), DecodePDU(is_server=False)
UNITS = st.integers(1, 247)
ADDRESS = st.integers(0, 65535 - 2000)
WORD = st.integers(0, 65535)
WORDS = st.lists(WORD, min_size=1, max_size=121)
BITS = st.lists(st.booleans(), min_size=1, max_size=1968)


FEW = settings(max_examples=30)  # for each function in each envelope


def packed(words: list[int]) -> bytes:
    return struct.pack(f">{len(words)}H", *words)


def with_bits(values: list[bool]) -> list[bool]:
    """As the wire carries them: whole bytes."""
    return values + [False] * (-len(values) % 8)


class Exchange:
    """One function: our question, its request, its answer, and what the answer must mean."""

    def __init__(self, question: Question, request: Any, response: Any, data: bytes) -> None:
        self.question, self.request, self.response, self.data = question, request, response, data


@st.composite
def reads_of_bits(draw: st.DrawFn, table: pdu.Table) -> Exchange:
    address, values = draw(ADDRESS), draw(BITS)
    name = "Coils" if table == "coil" else "DiscreteInputs"
    request = getattr(bit_message, f"Read{name}Request")(address=address, count=len(values))
    response = getattr(bit_message, f"Read{name}Response")(bits=values)
    data = sum(on << i for i, on in enumerate(values)).to_bytes(-(-len(values) // 8), "little")
    return Exchange(pdu.read(table, address, len(values)), request, response, data)


@st.composite
def reads_of_registers(draw: st.DrawFn, table: pdu.Table) -> Exchange:
    address, words = draw(ADDRESS), draw(WORDS)
    request = getattr(register_message, f"Read{table.title()}RegistersRequest")
    response = getattr(register_message, f"Read{table.title()}RegistersResponse")
    return Exchange(
        pdu.read(table, address, len(words)),
        request(address=address, count=len(words)),
        response(registers=words),
        packed(words),
    )


@st.composite
def writes_of_a_coil(draw: st.DrawFn) -> Exchange:
    address, on = draw(ADDRESS), draw(st.booleans())
    request = bit_message.WriteSingleCoilRequest(address=address, bits=[on])
    response = bit_message.WriteSingleCoilResponse(address=address, bits=[on])
    return Exchange(pdu.write_coil(address, on=on), request, response, b"")


@st.composite
def writes_of_a_register(draw: st.DrawFn) -> Exchange:
    address, word = draw(ADDRESS), draw(WORD)
    request = register_message.WriteSingleRegisterRequest(address=address, registers=[word])
    response = register_message.WriteSingleRegisterResponse(address=address, registers=[word])
    return Exchange(pdu.write_register(address, packed([word])), request, response, b"")


@st.composite
def writes_of_coils(draw: st.DrawFn) -> Exchange:
    address, values = draw(ADDRESS), draw(BITS)
    request = bit_message.WriteMultipleCoilsRequest(address=address, bits=values)
    response = bit_message.WriteMultipleCoilsResponse(address=address, count=len(values))
    return Exchange(pdu.write_coils(address, tuple(values)), request, response, b"")


@st.composite
def writes_of_registers(draw: st.DrawFn) -> Exchange:
    address, words = draw(ADDRESS), draw(WORDS)
    request = register_message.WriteMultipleRegistersRequest(address=address, registers=words)
    response = register_message.WriteMultipleRegistersResponse(address=address, count=len(words))
    return Exchange(pdu.write_registers(address, packed(words)), request, response, b"")


@st.composite
def masks(draw: st.DrawFn) -> Exchange:
    address, keep, put = draw(ADDRESS), draw(WORD), draw(WORD)
    request = register_message.MaskWriteRegisterRequest(address, keep, put)
    response = register_message.MaskWriteRegisterResponse(address, keep, put)
    return Exchange(pdu.mask_register(address, keep, put), request, response, b"")


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    address, target, written, found = draw(ADDRESS), draw(ADDRESS), draw(WORDS), draw(WORDS)
    request = register_message.ReadWriteMultipleRegistersRequest(
        read_address=address, read_count=len(found), write_address=target, write_registers=written
    )
    response = register_message.ReadWriteMultipleRegistersResponse(registers=found)
    question = pdu.exchange_registers(address, len(found), target, packed(written))
    return Exchange(question, request, response, packed(found))


@st.composite
def server_ids(draw: st.DrawFn) -> Exchange:
    said = draw(st.binary(max_size=80))
    response = ReportDeviceIdResponse(identifier=said)
    data = bytes((len(said) + 1,)) + said + b"\xff"
    return Exchange(pdu.server_id(), ReportDeviceIdRequest(), response, data)


@st.composite
def identifications(draw: st.DrawFn) -> Exchange:
    texts = draw(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=3))
    objects = dict(enumerate(texts))
    code, first = draw(st.integers(1, 3)), draw(st.integers(0, 6))
    listed = b"".join(bytes((i, len(text))) + text for i, text in objects.items())
    return Exchange(
        pdu.identification(code, first),
        mei_message.ReadDeviceInformationRequest(code, first),
        mei_message.ReadDeviceInformationResponse(code, dict(objects)),
        bytes((0x83, 0, 0, len(texts))) + listed,
    )


FUNCTIONS: dict[int, st.SearchStrategy[Exchange]] = {
    1: reads_of_bits("coil"),
    2: reads_of_bits("discrete"),
    3: reads_of_registers("holding"),
    4: reads_of_registers("input"),
    5: writes_of_a_coil(),
    6: writes_of_a_register(),
    15: writes_of_coils(),
    16: writes_of_registers(),
    17: server_ids(),
    22: masks(),
    23: exchanges(),
    43: identifications(),
}


class OnRtu:
    peer = FramerRTU

    @staticmethod
    def frame(unit: int, answer: bytes) -> bytes:
        return rtu_frame(unit, answer)

    @staticmethod
    def heard(frame: bytes) -> Iterator[tuple[int, bytes]]:
        return RtuReader().feed(frame)


class OnAscii:
    peer = FramerAscii

    @staticmethod
    def frame(unit: int, answer: bytes) -> bytes:
        return ascii_frame(unit, answer)

    @staticmethod
    def heard(frame: bytes) -> Iterator[tuple[int, bytes]]:
        return AsciiReader().feed(frame)


class OnTcp:
    peer = FramerSocket

    @staticmethod
    def frame(unit: int, answer: bytes) -> bytes:
        return mbap_frame(77, unit, answer)

    @staticmethod
    def heard(frame: bytes) -> Iterator[tuple[int, bytes]]:
        return iter([(unit, answer) for _, unit, answer in MbapReader().feed(frame)])


WIRES: list[Any] = [OnRtu, OnAscii, OnTcp]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("function", FUNCTIONS)
@FEW
@given(st.data(), UNITS)
def test_what_we_ask_a_peers_server_understands(
    function: int, wire: Any, data: st.DataObject, unit: int
) -> None:
    one = data.draw(FUNCTIONS[function])
    assert one.question.function == function
    assert one.question.pdu == bytes((function,)) + one.request.encode()
    frame = wire.frame(unit, one.question.pdu)
    used, understood = wire.peer(SERVER).handleFrame(frame, 0, 0)
    assert used == len(frame)
    assert type(understood) is type(one.request)
    assert understood.dev_id == unit
    assert understood.encode() == one.request.encode()
    sent = wire.peer(SERVER).encode(one.question.pdu, unit, 77)
    assert sent == frame


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("function", FUNCTIONS)
@FEW
@given(st.data(), UNITS)
def test_what_a_peers_server_answers_we_understand(
    function: int, wire: Any, data: st.DataObject, unit: int
) -> None:
    one = data.draw(FUNCTIONS[function])
    one.response.dev_id, one.response.transaction_id = unit, 77
    frame = wire.peer(SERVER).buildFrame(one.response)
    ((who, answer),) = wire.heard(frame)
    assert who == unit
    assert answer_data(one.question, answer) == one.data


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("function", FUNCTIONS)
@FEW
@given(st.data(), UNITS, st.integers(1, 255))
def test_what_a_peers_server_refuses_we_understand(
    function: int, wire: Any, data: st.DataObject, unit: int, code: int
) -> None:
    one = data.draw(FUNCTIONS[function])
    frame = wire.peer(SERVER).buildFrame(ExceptionResponse(function, code, unit, 77))
    ((who, answer),) = wire.heard(frame)
    assert who == unit
    with pytest.raises(Refused) as refused:
        answer_data(one.question, answer)
    assert refused.value.code == code


@pytest.mark.parametrize("function", FUNCTIONS)
@given(st.data())
def test_a_peers_client_reads_the_answers_we_accept(function: int, data: st.DataObject) -> None:
    """The answer as we took it apart, put together again, means the same to its client side."""
    one = data.draw(FUNCTIONS[function])
    understood = CLIENT.decode(one.question.head + one.data)
    assert understood is not None
    if function in {1, 2}:
        assert understood.bits == with_bits(one.response.bits)
    elif function in {3, 4, 23}:
        assert understood.registers == one.response.registers
    elif function == 43:
        assert isinstance(understood, mei_message.ReadDeviceInformationResponse)
        objects, following = pdu.identification_objects(one.data)
        assert (understood.information, following) == (objects, None)
    else:
        assert understood.encode() == one.response.encode()
