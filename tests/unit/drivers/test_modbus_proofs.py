"""The short form of ``tests/proof``, and by name what its long forms have found."""

from __future__ import annotations

import pytest

from drivers.modbus.frame import pdu
from drivers.modbus.frame.ascii_framing import ASCII, ascii_frame
from drivers.modbus.frame.framing import RtuReader, rtu_frame, rtu_length
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.wire.alone import Alone
from drivers.modbus.wire.turn import Owed, Turn, overheard
from gateway.driver import NoResponse
from tests.proof import naive
from tests.proof.roundtrips import PROPERTIES, check
from tests.proof.targets import TARGETS, run


@pytest.mark.parametrize("name", PROPERTIES)
def test_values_there_and_back(name: str) -> None:
    assert check(name, examples=40, start=1) >= 800


@pytest.mark.parametrize("target", TARGETS)
def test_no_crash_no_growth_and_no_good_value_from_a_broken_frame(target: str) -> None:
    tally = run(target, 300 if target == "shared" else 1500, start=1)
    assert tally["accepted"] + tally["frames"] > 100, "nothing whole got through: the test is blind"


@pytest.mark.parametrize("target", ["reader", "turns"])
def test_the_oracle_notices_a_reader_that_checks_no_crc(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "drivers.modbus.frame.framing.crc16", lambda data: int.from_bytes(data[-2:], "little")
    )
    with pytest.raises(AssertionError, match=rf"{target}: bytes\.fromhex"):
        run(target, 5000, start=1)


@pytest.mark.parametrize(("target", "room"), [("wires", "tcp"), ("turns", "turn")])
def test_the_oracle_notices_who_takes_any_answer(
    target: str, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        f"drivers.modbus.wire.{room}.answer_data", lambda question, pdu: pdu[len(question.head) :]
    )
    with pytest.raises(AssertionError, match=rf"{target}: bytes\.fromhex"):
        run(target, 5000, start=1)


class TestWhatWasFound:
    def test_a_broken_identification_is_not_waited_for_beyond_the_longest_frame(self) -> None:
        """Objects of 255 bytes each kept the reader waiting for 64 kB, deaf to what followed."""
        begun = bytes.fromhex("112b0e01010000ff") + b"\0\xfd" + bytes(0xFD) + b"\0"
        assert rtu_length(begun) == 0
        reader = RtuReader()
        good = rtu_frame(17, b"\3\2\0\1")
        assert list(reader.feed(begun + good)) == [(17, good[1:-2])]

    def test_a_broken_frame_of_nobody_upsets_nobody(self) -> None:
        """An ASCII frame says unit 0 as easily as any; nobody had answered yet."""
        broken = ascii_frame(0, b"\3\2\0\1").replace(b"01", b"02")
        overheard(broken, Owed(), ASCII)

    def test_a_second_answer_may_come_two_questions_later(self) -> None:
        """B's answer to the first question fits the third; the second was of another shape."""
        first, second, third = (pdu.read("holding", a, n) for a, n in ((40, 2), (40, 1), (100, 2)))
        alone = Alone()
        alone.heard(5, first, 0.1)
        assert alone.wait(5, second, 0.12, patience=0.3) == 0
        alone.heard(5, second, 0.26)
        assert alone.wait(5, third, 0.26, patience=0.3) == pytest.approx(0.14)
        alone.heard(5, third, 0.5)
        assert alone.wait(5, first, 0.5, patience=0.3) == 0, "known to be alone for a while"

    def test_a_device_that_only_refuses_is_not_silent_for_good(self) -> None:
        """One lost frame, and every refusal after it was taken for one that was still owed."""
        owed, asked = Owed(), pdu.read("holding", 0, 4)
        assert _refused(owed, asked, lost=True) == "silent"
        # The read that is to settle it is refused, and nobody knows which of the two that was.
        first = owed.before(1, asked)
        assert first is not None
        assert _refused(owed, first, proof=True) == "refused"
        assert _refused(owed, asked) == "silent"
        # The next one is of another function, whose refusal says so.
        twin = owed.before(1, asked)
        assert twin == pdu.read("input", 0, 1)
        assert _refused(owed, twin, proof=True) == "refused"
        for _ in range(3):
            assert owed.before(1, asked) is None
            assert _refused(owed, asked) == "refused"


def _refused(owed: Owed, asked: Question, *, proof: bool = False, lost: bool = False) -> str:
    """What a turn makes of a refusal, or of its loss."""
    turn = Turn(1, asked, owed, proof=proof)
    try:
        if not lost:
            turn.hear(rtu_frame(1, bytes((asked.function | 0x80, 2))))
        turn.end(0.3)
    except Refused:
        return "refused"
    except NoResponse:
        return "silent"
    raise AssertionError("a value out of nothing")


def test_the_naive_envelopes_are_the_specifications() -> None:
    assert naive.on_rtu(17, bytes.fromhex("03006b0003")).hex() == "1103006b00037687"
    assert naive.on_ascii(17, bytes.fromhex("03006b0003")) == b":1103006B00037E\r\n"
    assert naive.on_tcp(1, 17, bytes.fromhex("03006b0003")).hex() == "0001000000061103006b0003"
    assert naive.value_bytes(b"\3\4\1\2", "CDAB") == b"\1\2\3\4"
