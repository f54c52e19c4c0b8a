"""A simulated serial line, to the character: on its own time, without a port or a clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest
from pymodbus.framer import FramerAscii, FramerRTU
from pymodbus.pdu import DecodePDU

from gateway.model import Value
from simulators.town.plan import Pace
from simulators.wires.line import Framing, Line
from simulators.wires.maps import read_map
from simulators.wires.medium import Medium, Voice
from simulators.wires.modbus import Unit, Units
from simulators.wires.registers import Image
from simulators.world import SteppedClock
from tests.parts.fixed import Fixed

MAP = """\
kind = "other"
driver = "modbus"
points = [{ name = "n", table = "holding", address = 0, count = 20 }]
"""
SHOWS: Mapping[str, Value | None] = {f"n_{i}": 1000 + i for i in range(1, 21)}
FRAMERS = {
    "rtu": FramerRTU(DecodePDU(is_server=False)),
    "ascii": FramerAscii(DecodePDU(is_server=False)),
}


def question(unit: int, count: int, framing: Framing = "rtu") -> bytes:
    return FRAMERS[framing].encode(bytes((3, 0, 0, 0, count)), unit, 0)


@pytest.fixture
def units(tmp_path: Path) -> Units:
    file = tmp_path / "map.toml"
    file.write_text(MAP)
    plan = read_map(file)
    return Units([Unit(n, Fixed("other", SHOWS), Image(plan)) for n in (1, 2)], SteppedClock(0))


def played(line: Line, since: float, until: float) -> list[tuple[float, bytes]]:
    """What the master receives, with the moments at which the line said it would."""
    said, now = list[tuple[float, bytes]](), since
    while (due := line.due(now)) is not None and due.moment <= until:
        now = due.moment
        said.append((now, line.say(now)))
    return [(t, characters) for t, characters in said if characters]


@pytest.mark.parametrize(
    ("pace", "framing", "characters", "bits", "silence"),
    [
        (Pace(9_600), "rtu", 8 + 25, 10, 3.5 * 10 / 9_600),
        (Pace(9_600, "E"), "rtu", 8 + 25, 11, 3.5 * 11 / 9_600),
        (Pace(1_200, "O", 2), "rtu", 8 + 25, 12, 3.5 * 12 / 1_200),
        (Pace(19_200), "rtu", 8 + 25, 10, 3.5 * 10 / 19_200),
        (Pace(115_200), "rtu", 8 + 25, 10, 0.00175),
        (Pace(9_600), "ascii", 17 + 51, 10, 0.0),
    ],
    ids=["9600 8N1", "9600 8E1", "1200 8O2", "19200 8N1", "115200 8N1", "ASCII, 9600"],
)
def test_a_day_of_questions_takes_the_time_of_its_characters(
    units: Units, pace: Pace, framing: Framing, characters: int, bits: int, silence: float
) -> None:
    """Each transaction, and a thousand of them back to back, to the nanosecond."""
    line, now, rounds = Line(units, pace, framing), 50.0, 1000
    ask = question(1, 10, framing)
    for _ in range(rounds):
        line.hear(ask, now)
        said = played(line, now, now + 10)
        assert sum(len(some) for _, some in said) == characters - len(ask)
        now = said[-1][0]
    each = characters * bits / pace.baudrate + silence + units.by_number[1].turnaround
    assert now - 50.0 == pytest.approx(rounds * each, rel=1e-9)
    last = line.exchanges[-1]
    assert (last.question, last.answer) == (len(ask), characters - len(ask))
    assert last.ends - last.asked == pytest.approx(each, rel=1e-6)


def test_no_character_is_heard_before_it_has_ended(units: Units) -> None:
    pace = Pace(9_600)
    line = Line(units, pace)
    line.hear(question(1, 20), 0.0)
    begins = line.exchanges[-1].begins
    heard = b""
    for moment, characters in played(line, 0.0, 1.0):
        heard += characters
        assert len(heard) <= (moment - begins) / pace.character + 1e-6
    _, unit, _, payload = FRAMERS["rtu"].decode(heard)
    assert (unit, payload[:4]) == (1, bytes((3, 40, 1001 >> 8, 1001 & 0xFF)))


def test_it_does_not_matter_when_somebody_comes_to_look(units: Units) -> None:
    """A loop that sleeps over the end of an answer moves nothing on the wire."""
    punctual, sleepy = Line(units, Pace(9_600)), Line(units, Pace(9_600))
    for line in (punctual, sleepy):
        line.hear(question(2, 5), 0.0)
    on_time = b"".join(characters for _, characters in played(punctual, 0.0, 1.0))
    assert sleepy.say(0.9) == on_time
    assert sleepy.exchanges == punctual.exchanges


def test_a_slow_thinker_answers_later(units: Units) -> None:
    line = Line(units, Pace(9_600))
    for unit, turnaround in ((1, 0.0), (2, 0.125)):
        units.by_number[unit].turnaround = turnaround
    line.hear(question(1, 1), 0.0)
    first = played(line, 0.0, 1.0)[-1][0]
    line.hear(question(2, 1), first)
    assert played(line, first, 2.0)[-1][0] - first == pytest.approx(first + 0.125)


def test_ascii_frames_with_a_broken_lrc_are_not_answered(units: Units) -> None:
    line = Line(units, Pace(9_600), "ascii")
    good = question(1, 1, "ascii")
    line.hear(good[:-3] + b"0\r\n", 0.0)
    assert played(line, 0.0, 1.0) == []
    line.hear(b":zz03", 1.0)
    assert played(line, 1.0, 1.5) == []
    line.hear(good, 2.0)
    assert b"".join(some for _, some in played(line, 2.0, 3.0)) == b":01030203E90E\r\n"


# --- several at once

PACE = Pace(9_600)


def heard(*voices: Voice, seed: int = 1, step: float | None = None) -> bytes:
    medium = Medium(PACE, Random(seed))
    for voice in voices:
        medium.add(voice)
    end = max(voice.end for voice in voices)
    if step is None:
        return medium.hear(end)
    pieces, now = b"", 0.0
    while now < end:
        now += step
        pieces += medium.hear(now)
    return pieces


def test_one_voice_is_heard_as_it_speaks() -> None:
    assert heard(Voice(0.0, b"Wayside\x00\xff", PACE)) == b"Wayside\x00\xff"


def test_two_at_once_are_neither() -> None:
    """Over many pairs of answers and many beginnings, nothing sensible is left of the overlap."""
    chance = Random(7)
    for seed in range(50):
        first, second = (frame(chance) for _ in range(2))
        late = chance.uniform(0.0001, 0.006)
        garbage = heard(Voice(0, first, PACE), Voice(late, second, PACE), seed=seed)
        assert garbage
        assert first not in garbage
        assert second not in garbage


def frame(chance: Random) -> bytes:
    body = bytes((1, 3, 20)) + chance.randbytes(20)
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


def test_only_what_overlaps_is_damaged() -> None:
    """A voice that is cut into keeps its beginning, and the intruder its end."""
    long, intruder = b"A" * 20, b"B" * 20
    garbage = heard(Voice(0, long, PACE), Voice(15 * PACE.character, intruder, PACE))
    assert garbage.startswith(b"A" * 15)
    assert b"B" in garbage[-14:]
    assert not garbage.startswith(long)


@pytest.mark.parametrize("pace", [PACE, Pace(9_600, "E"), Pace(9_600, "O", 2)])
def test_the_very_same_characters_at_the_very_same_moment_pass(pace: Pace) -> None:
    """As they do on copper: nobody can tell two transmitters that agree from one.

    It also shows that the receiver that plays collisions knows every character.
    """
    text, medium = bytes(range(256)), Medium(pace, Random(1))
    for _ in range(2):
        medium.add(Voice(0.0, text, pace))
    assert medium.hear(1.0) == text
    assert medium.collisions == 1


def test_garbage_does_not_depend_on_how_often_somebody_listens() -> None:
    voices = (Voice(0, b"one voice", PACE), Voice(0.0004, b"another one", PACE))
    assert heard(*voices) == heard(*voices, step=0.0007) == heard(*voices, step=0.004)
    assert heard(*voices, seed=1) != heard(*voices, seed=2)


def test_one_who_begins_when_the_other_has_ended_does_not_collide() -> None:
    medium = Medium(PACE, Random(1))
    first = Voice(0, b"first", PACE)
    medium.add(first)
    medium.add(Voice(first.end, b"second", PACE))
    assert medium.hear(1.0) == b"firstsecond"
    assert medium.collisions == 0


def test_a_voice_that_is_still_to_come_holds_nobody_up() -> None:
    """A late answer is on the wire when its time has come, and what is said before it is heard."""
    medium = Medium(PACE, Random(1))
    medium.add(Voice(3.0, b"late", PACE))
    assert medium.hear(0.5) == b""
    medium.add(Voice(1.0, b"in time", PACE))
    assert medium.hear(2.0) == b"in time"
    assert medium.hear(4.0) == b"late"
