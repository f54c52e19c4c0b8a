"""A serial line with Modbus units on it: what is heard, who answers, and when to the character.

``Line`` is an RS-485 bus, RTU or ASCII, without any port: it is told which characters the master
said and at which moment they began to arrive, and says which characters the master has received by
another moment. A pty or a socket passes bytes at once, so the line keeps the time of a real one:

    question        its characters times the time of one
    end of frame    3.5 characters of silence (RTU; 1.75 ms above 19200 baud), none in ASCII
    the unit        its turnaround, and what its troubles add
    answer          its characters times the time of one

Every moment is computed from the first character of the question; none depends on when somebody
came to look (``Exchange`` keeps them, for whoever wants to check). A unit that is absent or mute
stays silent; two that answer at once collide (``medium``); what a master says while a unit is
speaking is lost, for the bus is half duplex and units hear only noise then. With the two wires
swapped nobody understands anybody: the master's receiver sees a break and takes it for a NUL.

``ports`` hangs a line on a pty or behind a TCP socket.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from random import Random
from typing import Literal, NamedTuple, TypeAlias

from pymodbus.framer import FramerAscii, FramerRTU
from pymodbus.pdu import DecodePDU

from simulators.town.plan import Pace
from simulators.wires.medium import Medium, Voice
from simulators.wires.modbus import Units
from simulators.wires.trouble import Bus

Framing: TypeAlias = Literal["rtu", "ascii"]

PORTION = 0.004
"""s between two deliveries of an answer under way (an FTDI's latency timer: 1 to 16 ms)."""
_GAP = 0.02
"""s of silence after which the beginning of a frame is given up: far longer than a real line's 3.5
characters, because what a pty delivers in two parts was one on the wire."""
_FIXED, _FAST = 0.00175, 19_200
"""s of silence that end a frame above that baud rate (MODBUS over Serial Line v1.02, §2.5.1.1)."""


def silence_of(pace: Pace, framing: Framing = "rtu") -> float:
    """Seconds of silence after which a unit takes a frame for complete."""
    if framing == "ascii":
        return 0.0
    return _FIXED if pace.baudrate > _FAST else 3.5 * pace.character


class Exchange(NamedTuple):
    """One question and its answer, as computed: moments in s of the line's clock."""

    unit: int
    asked: float
    """When the first character of the question began."""
    question: int
    """Characters."""
    begins: float
    answer: int
    """Characters."""
    ends: float


class Due(NamedTuple):
    """When there will be more to say; ``exact`` if it is the last of an answer."""

    moment: float
    exact: bool


class _Rtu:
    """RTU frames, by pymodbus's framer; the end of an unknown function's frame is a silence."""

    def __init__(self) -> None:
        self._framer = FramerRTU(DecodePDU(is_server=True))

    def whole(self, heard: bytes) -> tuple[int, bytes] | None:
        _, unit, _, payload = self._framer.decode(heard)
        return (unit, payload) if payload else None

    def after_silence(self, heard: bytes) -> tuple[int, bytes] | None:
        sound = len(heard) >= 4 and FramerRTU.check_CRC(
            heard[:-2], int.from_bytes(heard[-2:], "big")
        )
        return (heard[0], heard[1:-2]) if sound else None

    def frame(self, unit: int, payload: bytes) -> bytes:
        return self._framer.encode(payload, unit, 0)


class _Ascii:
    """ASCII frames, by pymodbus's framer: a colon, hexadecimal digits, CR and LF."""

    def __init__(self) -> None:
        self._framer = FramerAscii(DecodePDU(is_server=True))

    def whole(self, heard: bytes) -> tuple[int, bytes] | None:
        try:
            _, unit, _, payload = self._framer.decode(heard)
        except ValueError:  # its framer does not expect a unit that is no number
            return None
        return (unit, payload) if payload else None

    def after_silence(self, heard: bytes) -> tuple[int, bytes] | None:  # noqa: ARG002
        return None

    def frame(self, unit: int, payload: bytes) -> bytes:
        return self._framer.encode(payload, unit, 0)


class Line:
    """Modbus units sharing one line."""

    def __init__(
        self,
        units: Units,
        pace: Pace,
        framing: Framing = "rtu",
        chance: Random | None = None,
    ) -> None:
        self._units = units
        self._pace = pace
        self._framing = _Rtu() if framing == "rtu" else _Ascii()
        self._silence = silence_of(pace, framing)
        self._medium = Medium(pace, chance or Random(0))
        self._heard = b""
        self._began = self._last = 0.0
        self.exchanges: deque[Exchange] = deque(maxlen=64)

    @property
    def bus(self) -> Bus:
        """The wire as somebody may break it."""
        return self._units.bus

    @property
    def slow(self) -> bool:
        """Whether a millisecond is no more than two characters."""
        return self._pace.baudrate <= _FAST

    @property
    def collisions(self) -> int:
        """How often somebody began to speak while another did."""
        return self._medium.collisions

    def hear(self, characters: bytes, now: float) -> None:
        """The master has said this; its first character began at ``now`` if it begins a frame."""
        if not characters or self._medium.busy(now):
            return
        if self._heard and now - self._last > _GAP:
            self._give_up()
        if not self._heard:
            self._began = now
        self._last = now
        self._heard += characters
        found = self._framing.whole(self._heard)
        if found is not None:
            self._obey(*found)

    def due(self, now: float) -> Due | None:
        """When to call ``say`` again; None while nothing can come but from the master."""
        waiting = Due(self._last + _GAP, exact=False) if self._heard else None
        begins, ends = self._medium.begins, self._medium.ends
        if begins is None or ends is None:
            return waiting
        then = max(now, begins) + PORTION
        speaking = Due(then, exact=False) if then < ends else Due(ends, exact=True)
        return min(waiting, speaking) if waiting else speaking

    def say(self, now: float) -> bytes:
        """The characters the master has received since the last call and by ``now``."""
        if self._heard and now >= self._last + _GAP:
            self._give_up()
        return self._medium.hear(now)

    def _give_up(self) -> None:
        """A silence ended the frame: a sound one with a function nobody knows, or garbage."""
        found = self._framing.after_silence(self._heard)
        if found is not None:
            self._obey(*found)
        self._heard = b""

    def _obey(self, unit: int, payload: bytes) -> None:
        asked, question = self._began, len(self._framing.frame(unit, payload))
        heard = asked + question * self._pace.character
        self._heard = b""
        if self._medium.spoken(asked, heard):
            return
        if unit == 0 and "swapped_lines" not in self._units.bus:
            for number in self._units.by_number:
                self._units.answer(number, payload)
        elif "swapped_lines" in self._units.bus:
            self._medium.add(Voice(heard, b"\0", self._pace))
        elif self._units.hears(unit):
            begins = heard + self._silence + self._units.by_number[unit].turnaround
            for after, frame in self._units.said(unit, payload, partial(self._framing.frame, unit)):
                voice = Voice(begins + after, frame, self._pace)
                self._medium.add(voice)
                self.exchanges.append(
                    Exchange(unit, asked, question, voice.begin, len(frame), voice.end)
                )
