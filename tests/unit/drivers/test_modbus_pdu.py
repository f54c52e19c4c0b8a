"""What is asked and what fits as an answer, byte by byte."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.pdu.bit_message import WriteMultipleCoilsRequest, WriteSingleCoilRequest
from pymodbus.pdu.register_message import (
    MaskWriteRegisterRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.modbus.frame import pdu
from drivers.modbus.frame.framing import rtu_frame
from drivers.modbus.frame.pdu import EXCEPTIONS, Question, Refused, answer_data
from gateway.driver import BadResponse
from tests.parts.modbus import vectors

SPEC = vectors("modbus_spec_frames.json")
EXAMPLES: list[dict[str, Any]] = SPEC["pdu"]

# The specification's examples, as we would ask them: function → the question.
ASKED = {
    1: pdu.read("coil", 0x13, 0x13),
    2: pdu.read("discrete", 0xC4, 0x16),
    3: pdu.read("holding", 0x6B, 3),
    4: pdu.read("input", 8, 1),
    5: pdu.write_coil(0xAC, on=True),
    6: pdu.write_register(1, b"\x00\x03"),
    15: pdu.write_coils(0x13, tuple(c == "1" for c in "1011001110")),
    16: pdu.write_registers(1, bytes.fromhex("000a0102")),
    22: pdu.mask_register(4, 0xF2, 0x25),
    23: pdu.exchange_registers(3, 6, 0x0E, bytes.fromhex("00ff00ff00ff")),
}
OURS = [e for e in EXAMPLES if e["fc"] in ASKED and not e.get("meaning", "").startswith("exc")]


@pytest.mark.parametrize("example", OURS, ids=lambda e: f"fc{e['fc']}")
class TestTheSpecificationsExamples:
    def test_we_ask_the_same(self, example: dict[str, Any]) -> None:
        assert ASKED[example["fc"]].pdu.hex() == example["req"]
        assert rtu_frame(17, ASKED[example["fc"]].pdu).hex() == example["rtu_unit17_req"]

    def test_the_answer_fits_whole_and_in_no_other_length(self, example: dict[str, Any]) -> None:
        question, answer = ASKED[example["fc"]], bytes.fromhex(example["rsp"])
        assert answer == question.head + answer_data(question, answer)
        for wrong in (answer[:-1], answer + b"\0", b""):
            with pytest.raises(BadResponse):
                answer_data(question, wrong)

    def test_it_fits_no_other_example(self, example: dict[str, Any]) -> None:
        for function, question in ASKED.items():
            if function != example["fc"]:
                with pytest.raises(BadResponse):
                    answer_data(question, bytes.fromhex(example["rsp"]))


def test_an_absent_coil_is_refused_as_in_the_specification() -> None:
    with pytest.raises(Refused, match="illegal address") as refused:
        answer_data(pdu.read("coil", 0x04A1, 1), bytes.fromhex("8102"))
    assert refused.value.code == 2


@pytest.mark.parametrize("code", [int(code) for code in SPEC["exceptions"]])
def test_every_exception_of_the_specification_has_a_meaning(code: int) -> None:
    with pytest.raises(Refused, match=EXCEPTIONS[code].replace("(", r"\(").replace(")", r"\)")):
        answer_data(pdu.read("input", 0, 1), bytes((0x84, code)))


def test_an_exception_nobody_defined_is_named_by_its_number() -> None:
    with pytest.raises(Refused, match="exception 77"):
        answer_data(pdu.read("input", 0, 1), b"\x84\x4d")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "an empty answer"),
        ("03", "1 bytes answered instead of 6"),
        ("030000000000", "byte count 0 instead of 4"),
        ("0302000a", "4 bytes answered instead of 6"),
        ("0300", "2 bytes answered instead of 6"),
        ("03060001000200ff", "8 bytes answered instead of 6"),
        ("0400010002ff", "function 4 answered for 3"),
        ("84 02", "function 132 answered for 3"),
        ("830201", "an exception of 3 bytes instead of 2"),
        ("83", "an exception of 1 bytes instead of 2"),
    ],
)
def test_a_misfit_says_what_is_wrong_with_it(answer: str, says: str) -> None:
    with pytest.raises(BadResponse, match=says):
        answer_data(pdu.read("holding", 10, 2), bytes.fromhex(answer))


def test_a_device_says_what_it_is() -> None:
    (example,) = (e for e in EXAMPLES if e["fc"] == 43)
    question = pdu.identification()
    assert question.pdu.hex() == example["req"]
    answer = bytes.fromhex(example["rsp_prefix"]) + b"\4ACME\1\2M1\2\x043.14"
    objects, following = pdu.identification_objects(answer_data(question, answer))
    assert (objects, following) == ({0: b"ACME", 1: b"M1", 2: b"3.14"}, None)
    more = bytes.fromhex("2b0e0101ff0201") + b"\0\4ACME"
    assert pdu.identification_objects(answer_data(question, more)) == ({0: b"ACME"}, 2)
    for broken in (answer[:-1], answer + b"\0", answer[:7], answer[:5]):
        with pytest.raises(BadResponse, match="does not fill"):
            pdu.identification_objects(answer_data(question, broken))
    with pytest.raises(Refused, match="illegal function"):
        answer_data(question, b"\xab\x01")
    with pytest.raises(BadResponse, match="function 17 answered for 43"):
        answer_data(question, b"\x11\0")


def test_a_server_id_is_what_the_device_likes_to_say() -> None:
    assert answer_data(pdu.server_id(), b"\x11\2\1\xff") == b"\2\1\xff"


def test_a_write_must_be_repeated_word_for_word() -> None:
    with pytest.raises(BadResponse, match="does not repeat"):
        answer_data(pdu.write_register(1, b"\0\3"), bytes.fromhex("0600010004"))
    assert answer_data(pdu.write_registers(1, b"\0\1\0\2"), bytes.fromhex("1000010002")) == b""


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: pdu.read("holding", 0, 126), "1 to 125"),
        (lambda: pdu.read("input", 0, 0), "1 to 125"),
        (lambda: pdu.read("coil", 0, 2001), "1 to 2000"),
        (lambda: pdu.read("holding", 65535, 2), "past 65535"),
        (lambda: pdu.read("holding", -1, 1), "past 65535"),
        (lambda: pdu.write_registers(0, bytes(248)), "1 to 123"),
        (lambda: pdu.write_registers(0, b"\0\0\0"), "two bytes"),
        (lambda: pdu.write_coils(0, (True,) * 1969), "1 to 1968"),
        (lambda: pdu.write_register(0, b"\0\0\0\0"), "one register"),
        (lambda: pdu.exchange_registers(0, 1, 0, bytes(244)), "1 to 121"),
    ],
)
def test_nothing_beyond_the_specifications_limits_is_asked(ask: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ask()


@given(st.sampled_from(sorted(ASKED)), st.binary(max_size=260))
def test_no_answer_that_does_not_fit_gives_data(function: int, answer: bytes) -> None:
    question: Question = ASKED[function]
    fits = len(answer) == question.size and answer.startswith(question.head)
    if fits:
        assert question.head + answer_data(question, answer) == answer
    elif len(answer) == 2 and answer[0] == function | 0x80:
        with pytest.raises(Refused):
            answer_data(question, answer)
    else:
        with pytest.raises(BadResponse, match=r"."):
            answer_data(question, answer)


@given(st.lists(st.booleans(), min_size=1, max_size=1968))
def test_coils_are_packed_from_the_lowest_bit_up(values: list[bool]) -> None:
    packed = pdu.write_coils(0, tuple(values)).pdu[6:]
    assert [packed[i // 8] >> i % 8 & 1 == 1 for i in range(len(values))] == values


# ---------------------------------------------------------------- what others would ask

ADDRESS = st.integers(0, 65000)
WORDS = st.lists(st.integers(0, 65535), min_size=1, max_size=121)


def packed(words: list[int]) -> bytes:
    return struct.pack(f">{len(words)}H", *words)


def same(question: Question, other: Any) -> None:
    """Whether pymodbus would put the very same bytes on the wire."""
    assert question.pdu == bytes((other.function_code,)) + other.encode()


@given(ADDRESS, st.lists(st.booleans(), min_size=1, max_size=200))
def test_coils_are_written_as_pymodbus_writes_them(address: int, bits: list[bool]) -> None:
    same(pdu.write_coil(address, on=bits[0]), WriteSingleCoilRequest(address=address, bits=bits))
    same(
        pdu.write_coils(address, tuple(bits)), WriteMultipleCoilsRequest(address=address, bits=bits)
    )


@given(ADDRESS, WORDS, ADDRESS, st.integers(1, 125))
def test_registers_are_written_as_pymodbus_writes_them(
    address: int, words: list[int], other: int, count: int
) -> None:
    same(
        pdu.write_register(address, packed(words[:1])),
        WriteSingleRegisterRequest(address=address, registers=words[:1]),
    )
    same(
        pdu.write_registers(address, packed(words)),
        WriteMultipleRegistersRequest(address=address, registers=words),
    )
    same(
        pdu.mask_register(address, words[0], words[-1]),
        MaskWriteRegisterRequest(address=address, and_mask=words[0], or_mask=words[-1]),
    )
    same(
        pdu.exchange_registers(other, count, address, packed(words)),
        ReadWriteMultipleRegistersRequest(
            read_address=other, read_count=count, write_address=address, write_registers=words
        ),
    )


# ---------------------------------------------------------------- function 17


@pytest.mark.parametrize(
    ("answer", "said", "text"),
    [
        ("0102ff", "", ""),
        ("07" + b"\x05\xffPM-3R".hex(), b"\x05\xffPM-3R".hex(), "PM-3R"),
        ("0205ff", "05ff", "05 ff"),
        ("00", "", ""),
    ],
)
def test_a_server_id_is_bytes_and_a_text_for_people(answer: str, said: str, text: str) -> None:
    data = bytes.fromhex(answer)
    if data[0] != len(data) - 1:
        with pytest.raises(BadResponse, match="does not fill"):
            pdu.server_id_bytes(data)
        return
    assert pdu.server_id_bytes(data).hex() == said
    assert pdu.server_text(bytes.fromhex(said)) == text
