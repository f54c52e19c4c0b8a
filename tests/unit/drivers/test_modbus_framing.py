"""Frames out of bytes that come in any pieces, with anything between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from drivers.modbus.frame import framing, pdu
from drivers.modbus.frame.framing import MbapReader, RtuReader, crc16, mbap_frame, rtu_frame
from tests.parts.modbus import vectors

SPEC: list[dict[str, Any]] = vectors("modbus_spec_frames.json")["pdu"]
PEER: list[dict[str, Any]] = vectors("pymodbus_framer.json")["cases"]


def cases(test: str, *entries: str) -> list[dict[str, Any]]:
    return [case for case in PEER if case["test"] == test and case.get("entry") in entries]


def frame_of(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["data"]["hex"])


# ---------------------------------------------------------------- the envelope's bytes


@pytest.mark.parametrize("example", SPEC, ids=lambda e: f"fc{e['fc']}")
def test_the_specifications_frames_have_our_crc(example: dict[str, Any]) -> None:
    for key in ("rtu_unit17_req", "rtu_unit17_rsp"):
        if key in example:
            frame = bytes.fromhex(example[key])
            assert rtu_frame(frame[0], frame[1:-2]) == frame


@pytest.mark.parametrize("case", cases("test_decode_type", "RTU", "SOCKET", "TLS"))
def test_a_peers_frames_are_ours(case: dict[str, Any]) -> None:
    answer, unit = bytes.fromhex(case["expected"]["hex"]), case["dev_id"]
    if case["entry"] == "RTU":
        assert rtu_frame(unit, answer) == frame_of(case)
        found = list(RtuReader().feed(frame_of(case)))
        # No slave answers as unit 0 (broadcast) or 255 (reserved); a question is no answer.
        assert found == ([(unit, answer)] if unit == 17 and not case["is_server"] else [])
    else:
        assert mbap_frame(case["tr_id"], unit, answer) == frame_of(case)
        assert MbapReader().feed(frame_of(case)) == [(case["tr_id"], unit, answer)]


@pytest.mark.parametrize("case", cases("test_roundtrip", "RTU", "SOCKET", "TLS"))
def test_a_peer_sends_what_we_would(case: dict[str, Any]) -> None:
    sent = bytes.fromhex(case["res_msg"]["hex"])
    if case["entry"] == "RTU":
        assert rtu_frame(case["dev_id"], frame_of(case)) == sent
    else:
        transaction, unit = int.from_bytes(sent[:2], "big"), sent[6]
        assert mbap_frame(transaction, unit, frame_of(case)) == sent


@pytest.mark.parametrize(
    "case",
    [
        case
        for name in ("test_handleFrame2", "test_handleFrame_roundtrip", "test_framer_encode")
        for case in cases(name, "RTU", "SOCKET", "TLS")
    ],
)
def test_a_peers_messages_are_whole(case: dict[str, Any]) -> None:
    frame = bytes.fromhex(case["msg"]["hex"])
    if case["entry"] == "RTU":
        assert crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    else:
        assert MbapReader().feed(frame) == [(1, 255, frame[7:])]


# The peer takes two bytes where the length field says one; to us that is a broken frame.
PEERS_MISTAKE = "0c0500000002ff8302"


@pytest.mark.parametrize("case", cases("test_decode_complicated", "RTU", "SOCKET"))
def test_a_peers_complicated_streams(case: dict[str, Any]) -> None:
    expected = [bytes.fromhex(exp[1]["hex"]) for exp in case["exp"] if exp[1]["hex"]]
    if case["data"]["hex"] == PEERS_MISTAKE:
        expected = [b"\x83"]
    if case["entry"] == "SOCKET":
        found = [answer for _, _, answer in MbapReader().feed(frame_of(case))]
    else:
        found = [answer for _, answer in RtuReader().feed(frame_of(case))]
    assert found == expected


@given(st.binary(max_size=256))
def test_the_crc_is_the_peers(data: bytes) -> None:
    assert crc16(data).to_bytes(2, "little") == FramerRTU.compute_CRC(data).to_bytes(2, "big")


# ---------------------------------------------------------------- streams

UNITS = st.integers(1, 247)
OBJECTS = st.dictionaries(st.integers(0, 6), st.binary(max_size=30), max_size=3)
ANSWERS = st.one_of(
    st.builds(
        lambda objects: (
            b"\x2b\x0e\x01\x01\0\0"
            + bytes((len(objects),))
            + b"".join(bytes((i, len(text))) + text for i, text in objects.items())
        ),
        OBJECTS,
    ),
    st.builds(
        lambda function, data: bytes((function, len(data))) + data,
        st.sampled_from([1, 2, 3, 4, 23]),
        st.binary(max_size=250),
    ),
    st.builds(lambda f, code: bytes((f | 0x80, code)), st.integers(1, 6), st.integers(1, 11)),
    st.builds(lambda data: b"\x06" + data, st.binary(min_size=4, max_size=4)),
    st.builds(lambda data: b"\x16" + data, st.binary(min_size=6, max_size=6)),
)


def in_pieces(data: st.DataObject, stream: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    ends = [0, *cuts, len(stream)]
    return [stream[a:b] for a, b in pairwise(ends)]


@given(st.lists(st.tuples(UNITS, ANSWERS), max_size=6), st.data())
def test_rtu_frames_come_out_as_they_went_in_however_they_are_cut(
    frames: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    reader = RtuReader()
    stream = b"".join(rtu_frame(*frame) for frame in frames)
    found = [frame for piece in in_pieces(data, stream) for frame in reader.feed(piece)]
    assert found == frames
    assert (reader.missing, reader.skipped) == (0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 255), ANSWERS), max_size=6), st.data()
)
def test_tcp_frames_come_out_as_they_went_in_however_they_are_cut(
    frames: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    reader = MbapReader()
    stream = b"".join(mbap_frame(*frame) for frame in frames)
    found = [frame for piece in in_pieces(data, stream) for frame in reader.feed(piece)]
    assert found == frames
    assert (reader.unfinished, reader.skipped) == (None, 0)


@given(st.binary(max_size=600), UNITS, ANSWERS)
def test_an_rtu_answer_behind_garbage_is_found_at_the_latest_when_that_is_given_up(
    garbage: bytes, unit: int, answer: bytes
) -> None:
    reader = RtuReader()
    found = list(reader.feed(garbage + rtu_frame(unit, answer)))
    while reader.missing:
        found += list(reader.resync())
    assert found[-1] == (unit, answer)


@pytest.mark.parametrize("garbage", ["00", "ff", "0000", "f0", "f811", "7f42"])
def test_the_usual_noise_before_an_answer_costs_nothing(garbage: str) -> None:
    frame = rtu_frame(17, bytes.fromhex("0306022b00000064"))
    assert list(RtuReader().feed(bytes.fromhex(garbage) + frame))[-1:] == [(17, frame[1:-2])]


@given(st.binary(max_size=2000), st.data())
def test_no_bytes_upset_the_readers_nor_make_them_grow(stream: bytes, data: st.DataObject) -> None:
    rtu, mbap = RtuReader(), MbapReader()
    for piece in in_pieces(data, stream):
        for unit, answer in rtu.feed(piece):
            assert rtu_frame(unit, answer) in stream
        for transaction, unit, answer in mbap.feed(piece):
            assert mbap_frame(transaction, unit, answer) in stream
        assert len(rtu._rest) < framing.MAX_RTU_FRAME
        assert len(mbap._rest) < framing.MAX_MBAP_LENGTH + 6


@given(UNITS, ANSWERS, st.data())
def test_a_frame_with_flipped_bits_is_no_frame(
    unit: int, answer: bytes, data: st.DataObject
) -> None:
    """Up to two flipped bits: CRC-16 finds every one of them in frames this short."""
    frame = rtu_frame(unit, answer)
    bits = data.draw(
        st.lists(st.integers(0, 8 * len(frame) - 1), min_size=1, max_size=2, unique=True)
    )
    broken = bytearray(frame)
    for bit in bits:
        broken[bit // 8] ^= 1 << bit % 8
    reader = RtuReader()
    found = list(reader.feed(bytes(broken)))
    while reader.missing:
        found += list(reader.resync())
    assert (unit, answer) not in found


def test_a_stream_out_of_step_falls_into_step_again() -> None:
    reader = MbapReader()
    good = mbap_frame(7, 1, pdu.read("holding", 0, 1).pdu)
    assert reader.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n" + good) == [(7, 1, good[7:])]
    assert reader.skipped == 28


@pytest.mark.parametrize(
    ("begin", "length"),
    [
        ("", -1),
        ("11", -1),
        ("1103", -1),
        ("110306", 11),
        ("1103fc", 0),
        ("110600", 8),
        ("1116", 10),
        ("1183", 5),
        ("1190", 5),
        ("00", 0),
        ("f8", 0),
        ("1142", 0),
        ("11c2", 0),
        ("112b0e01010000", -1),
        ("112b0e0101000001", -1),
        ("112b0e01010000010003", 15),
        ("112b0e0101000000", 10),
        ("112b0e010100000200ff" + "00" * 255 + "01ff", 0),
        ("11ab", 5),
    ],
)
def test_an_answers_length_is_told_by_its_first_bytes(begin: str, length: int) -> None:
    assert framing.rtu_length(bytes.fromhex(begin)) == length
