"""Serial lines: a pty under a stable path, and what hangs on it, at the pace of a real wire.

``RtuLine`` is an RS-485 bus with many units. A pty passes bytes at once, so the line keeps the
time: a request counts as heard when its last character would have arrived, the unit takes its
turnaround, and the answer leaves character by character at the baud rate, in portions of a few
milliseconds as a USB adapter delivers them. A unit that is absent or mute stays silent, and what a
master says while a unit is answering is lost, for the bus is half duplex.

``SensorLine`` is one MaxBotix sensor that talks without being asked.
"""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from gateway.model import Millis
from simulators.devices.contract import Served, Simulated, served
from simulators.town.plan import Pace
from simulators.wires.modbus import Units
from simulators.world import Clock

_PORTION = 0.004
"""s between two deliveries of an answer under way (an FTDI's latency timer: 1 to 16 ms)."""
_GAP = 0.02
"""s of silence after which the beginning of a frame is given up."""
_TURNAROUND = 0.002
"""s a unit thinks before it answers."""
_NEAREST, _FARTHEST = 300, 5_000
"""mm an MB7389 can report."""
_TOLD_BY_DISTANCE = frozenset({"bin_full"})
_PERIOD = 0.15
"""s between two readings of an HRXL-MaxSonar-WR (6.7 a second, datasheet)."""


class Wire:
    """The far end of a pty: what we write, whoever opens the path reads."""

    def __init__(self, far: int, near: int) -> None:
        self.far = far
        self._near = near

    def hear(self) -> bytes:
        """What has been said to us since; empty if nothing."""
        with suppress(BlockingIOError):
            return os.read(self.far, 4096)
        return b""

    def say(self, characters: bytes) -> None:
        """Put characters on the wire; if nobody has read for long, the old ones are lost."""
        try:
            os.write(self.far, characters)
        except BlockingIOError:
            termios.tcflush(self._near, termios.TCIFLUSH)


@contextmanager
def pty_at(path: Path) -> Iterator[Wire]:
    """A raw pty that can be opened as ``path`` until the block ends."""
    far, near = os.openpty()
    try:
        tty.setraw(near)
        os.set_blocking(far, False)
        name = os.ttyname(near)
        path.unlink(missing_ok=True)
        path.symlink_to(name)
        try:
            yield Wire(far, near)
        finally:
            with suppress(OSError):
                if str(path.readlink()) == name:
                    path.unlink()
    finally:
        os.close(near)
        os.close(far)


class RtuLine:
    """Modbus RTU units sharing one line."""

    def __init__(self, wire: Wire, units: Units, pace: Pace) -> None:
        self._wire = wire
        self._units = units
        self._character = pace.character
        self._loop = asyncio.get_running_loop()
        self._framer = FramerRTU(DecodePDU(is_server=True))
        self._heard = b""
        self._began = 0.0
        self._speaking = False
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Serve the line until the block ends."""
        self._loop.add_reader(self._wire.far, self._hear)
        try:
            yield
        finally:
            self._loop.remove_reader(self._wire.far)
            if self._timer is not None:
                self._timer.cancel()

    def _hear(self) -> None:
        characters = self._wire.hear()
        if self._speaking or not characters:
            return
        if self._timer is not None:
            self._timer.cancel()
        if not self._heard:
            self._began = self._loop.time()
        self._heard += characters
        _, unit, _, payload = self._framer.decode(self._heard)
        if payload:
            self._obey(unit, payload)
        else:
            self._timer = self._loop.call_later(_GAP, self._give_up)

    def _give_up(self) -> None:
        """A silence ended the frame: a sound one with a function nobody knows, or garbage."""
        frame, self._heard = self._heard, b""
        if len(frame) >= 4 and FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")):
            self._obey(frame[0], frame[1:-2])

    def _obey(self, unit: int, payload: bytes) -> None:
        arrived = self._began + (len(payload) + 3) * self._character
        self._heard = b""
        if unit == 0:
            for number in self._units.by_number:
                self._units.answer(number, payload)
        elif self._units.hears(unit):
            self._speaking = True
            begin = max(arrived, self._loop.time()) + _TURNAROUND
            self._timer = self._loop.call_at(begin, self._answer, unit, payload)

    def _answer(self, unit: int, payload: bytes) -> None:
        frame = self._framer.buildFrame(self._units.answer(unit, payload))
        self._speak(frame, self._loop.time(), 0)

    def _speak(self, frame: bytes, began: float, sent: int) -> None:
        """Say the characters that are due, and come back for the rest."""
        now = self._loop.time()
        end = began + len(frame) * self._character
        due = len(frame) if now >= end else int((now - began) / self._character)
        if due > sent:
            self._wire.say(frame[sent:due])
        if due == len(frame):
            self._speaking = False
            self._timer = None
        else:
            then = min(end, now + _PORTION)
            self._timer = self._loop.call_at(then, self._speak, frame, began, due)


@dataclass(slots=True, eq=False)
class Sensor:
    """A device that is alone on its line and has one thing to say: its ``distance`` in mm."""

    device: Simulated
    digits: int = 4
    mute: bool = False
    served: Served = field(default_factory=served)

    def sample(self, now: Millis) -> int:
        """The distance as the sensor reports it."""
        self.device.advance(now)
        distance = round(float(self.device.values()["distance"] or 0))
        reported = max(_NEAREST, min(_FARTHEST, distance))
        self.served.append((now, {"distance": reported}))
        return reported

    def senses(self, fault: str, /) -> bool:
        """What does not change the distance it cannot tell."""
        return fault in _TOLD_BY_DISTANCE

    def break_down(self, _fault: str, _over: float, /) -> None:
        """Begin ``silent``."""
        self.mute = True

    def repair(self, _fault: str, /) -> None:
        """End it."""
        self.mute = False

    def shows(self, _fault: str, /) -> bool:
        """Silence is noticed at once."""
        return self.mute


class SensorLine:
    """A MaxBotix sensor: ``R``, the distance in mm, a carriage return, about seven times a second.

    What is nearer than 300 mm it reports as 300 (HRXL-MaxSonar-WR datasheet).
    """

    def __init__(self, wire: Wire, sensor: Sensor, clock: Clock) -> None:
        self._wire = wire
        self._sensor = sensor
        self._clock = clock

    async def talk(self) -> None:
        """Say a reading every 150 ms, for ever."""
        while True:
            if not self._sensor.mute:
                distance = self._sensor.sample(self._clock.now())
                self._wire.say(f"R{distance:0{self._sensor.digits}d}\r".encode("ascii"))
            await asyncio.sleep(_PERIOD)
