"""Nothing in the shared vectors is left out: every case is one that some test was given.

What the tests beside this one take from the files is found in what they are parametrised with.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client.mixin import ModbusClientMixin as Peer

from drivers.modbus.frame import pdu
from drivers.modbus.frame.ascii_framing import AsciiReader, ascii_frame
from drivers.modbus.frame.framing import (
    MAX_MBAP_LENGTH,
    MAX_RTU_FRAME,
    MbapReader,
    RtuReader,
    mbap_frame,
    rtu_frame,
)
from drivers.modbus.map.codec import registers_decoder
from drivers.modbus.map.encoding import encode
from drivers.modbus.map.rows import Register, Traits
from drivers.modbus.wire.rtu import Serial
from tests.parts.modbus import vectors

SPEC = vectors("modbus_spec_frames.json")
FRAMES = list(vectors("pymodbus_framer.json")["cases"])
CONVERSIONS = vectors("pymodbus_convert.json")["cases"]

WE_SPEAK = {1, 2, 3, 4, 5, 6, 15, 16, 17, 22, 23, 43}


def given(module: str, *, test: str = "") -> Iterator[str]:
    """The cases that the tests of a module are parametrised with."""
    loaded = importlib.import_module(f"tests.unit.drivers.{module}")
    scopes = [
        vars(loaded),
        *(vars(thing) for thing in vars(loaded).values() if type(thing) is type),
    ]
    for scope in scopes:
        for name, function in scope.items():
            marks = getattr(function, "pytestmark", [])
            marks = marks if isinstance(marks, list) else [marks]
            if name.lower().startswith("test") and test in name:
                for mark in marks:
                    if mark.name == "parametrize":
                        yield from (told(case) for case in mark.args[1] if isinstance(case, dict))


def told(case: dict[str, Any]) -> str:
    return json.dumps(case, sort_keys=True)


def left_out(cases: list[dict[str, Any]], *modules: str, test: str = "") -> list[dict[str, Any]]:
    taken = {case for module in modules for case in given(module, test=test)}
    return [case for case in cases if told(case) not in taken]


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("pymodbus_convert.json", 42),
        ("edgex_transform.json", 51),
        ("libmodbus_float32_orders.json", 14),
    ],
)
def test_every_conversion_is_tried_both_ways(file: str, count: int) -> None:
    cases = vectors(file)["cases"]
    assert len(cases) == count
    assert not left_out(cases, "test_modbus_codec")


def test_every_frame_of_the_peer_is_tried() -> None:
    rest = left_out(FRAMES, "test_modbus_framing", "test_modbus_ascii_framing")
    assert len(FRAMES) == 83
    # Bare PDUs, which are framed below, and ASCII messages that are, too.
    assert {(case["test"], case.get("entry")) for case in rest} <= {
        ("test_encode_type", None),
        ("test_handleFrame2", "ASCII"),
        ("test_handleFrame_roundtrip", "ASCII"),
        ("test_framer_encode", "ASCII"),
    }


@pytest.mark.parametrize("case", [c for c in FRAMES if c["test"] == "test_encode_type"])
def test_a_bare_answer_travels_in_every_envelope(case: dict[str, Any]) -> None:
    answer = bytes.fromhex(case["data"]["hex"])
    question = case["inx1"] == 0
    assert MbapReader().feed(mbap_frame(5, 17, answer)) == [(5, 17, answer)]
    assert list(AsciiReader().feed(ascii_frame(17, answer))) == [(17, answer)]
    found = list(RtuReader().feed(rtu_frame(17, answer)))
    assert found == ([] if question else [(17, answer)]), "a question is no answer"


@pytest.mark.parametrize("case", [c for c in FRAMES if c.get("entry") == "ASCII" and "msg" in c])
def test_an_ascii_message_of_the_peer_is_ours(case: dict[str, Any]) -> None:
    frame = bytes.fromhex(case["msg"]["hex"])
    ((unit, answer),) = AsciiReader().feed(frame)
    assert ascii_frame(unit, answer) == frame


def test_every_frame_of_the_specification_is_tried() -> None:
    examples = SPEC["pdu"]
    assert len(examples) == 18
    assert not left_out(examples, "test_modbus_framing", test="specification")
    spoken = [e for e in examples if e["fc"] in WE_SPEAK]
    rest = left_out(spoken, "test_modbus_pdu")
    # Tried by name there: the identification, and the exception.
    assert [(e["fc"], e.get("rsp")) for e in rest] == [(43, None), (1, "8102")]
    assert {e["fc"] for e in examples} - WE_SPEAK == {7, 8, 11, 20, 21, 24}, "we never ask these"


def test_the_specifications_limits_are_ours() -> None:
    limits = SPEC["limits"]
    assert limits["read bits"] == pdu.MAX_READ_BITS
    assert limits["read words"] == limits["rw read"] == pdu.MAX_READ_REGISTERS
    assert limits["write bits"] == pdu.MAX_WRITE_BITS
    assert limits["write words"] == pdu.MAX_WRITE_REGISTERS
    assert limits["rw write"] == pdu.MAX_EXCHANGE_WRITE
    assert limits["rtu adu"] == MAX_RTU_FRAME
    assert limits["tcp adu"] == MAX_MBAP_LENGTH + 6


def test_the_specifications_silence_is_ours() -> None:
    """It counts 11 bits a character, which is what a line with parity has."""
    for baudrate in (9600, 1200):
        line = Serial(port="x", baudrate=baudrate, parity="E")
        assert line.gap * 1000 == pytest.approx(SPEC["rtu_timing"][f"t3.5@{baudrate}_ms"], abs=0.03)
    assert Serial(port="x", baudrate=38400).gap == 0.00175


NUMBERS = [case for case in CONVERSIONS if case["datatype"] not in {"STRING", "BITS"}]


@pytest.mark.parametrize("case", NUMBERS, ids=lambda c: f"{c['datatype']}-{c['value']}")
def test_the_peers_numbers_with_the_words_of_each_value_reversed(case: dict[str, Any]) -> None:
    values = case["value"] if isinstance(case["value"], list) else [case["value"]]
    words = len(case["registers"]) // len(values)
    registers = [
        word
        for at in range(0, len(case["registers"]), words)
        for word in reversed(case["registers"][at : at + words])
    ]
    data = b"".join(word.to_bytes(2, "big") for word in registers)
    kind = Peer.DATATYPE[case["datatype"]].name.lower()
    first = Register(table="holding", address=0, type=kind).complete(  # type: ignore[arg-type]
        Traits(word_order="little")
    )
    rows = [first.element(i) for i in range(len(values))]
    found = registers_decoder(0, len(registers), rows)(data)
    assert found == pytest.approx(values, rel=1e-7)
    assert b"".join(encode(first, value) for value in values) == data


def test_the_files_are_the_ones_we_know() -> None:
    folder = Path(__file__).resolve().parents[4] / "shared" / "vectors"
    modbus = {p.name for p in folder.glob("*.json")} - {"sun_reference.json"}
    assert modbus == {
        "edgex_transform.json",
        "libmodbus_float32_orders.json",
        "modbus_spec_frames.json",
        "pymodbus_convert.json",
        "pymodbus_framer.json",
    }
