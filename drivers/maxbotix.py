"""MaxBotix ultrasonic sensors on a serial line: ``R``, digits, CR, several times a second.

The sensor talks by itself and has no address, so a bus holds one device, which has no keys of its
own. The port is read as bytes come in; only whole frames count, whatever else is on the line, and
each reading takes a frame that no reading had before.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import serial

from gateway.driver import (
    BadResponse,
    Block,
    Control,
    Device,
    Driver,
    Link,
    LinkDown,
    NoResponse,
    Point,
    Symptom,
    Value,
)
from gateway.units import Between, Duration

_CHUNK = 4096
_FRAMES = {digits: re.compile(rb"R(\d{%d})\r" % digits) for digits in range(3, 6)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """``[bus.*]``: the port; the sensors speak 9600 8N1.

    ``timeout`` is how long a poll waits for a frame; the slowest models send one every 1.1 s.
    """

    port: str
    baudrate: Annotated[int, Between(50, 4_000_000)] = 9600
    timeout: Annotated[Duration, Between(0.1, 600)] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A device's own keys: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The profile's head: how many digits a frame has (3 in inches or cm, 4 in mm, 5 in mm)."""

    digits: Annotated[int, Between(3, 5)] = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A point: the one number the sensor sends, in the unit of its model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCommand:
    """The sensor takes no commands."""


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """One block: every point is the same number."""
    return (Block(device, tuple(points), device.traits.digits),) if points else ()


class Frames:
    """The newest distance in a stream of ``R1234`` and CR, with anything around it."""

    def __init__(self) -> None:
        self._rest = b""
        self.noise = False
        """Whether bytes have come since the last frame, and none of them were one."""

    def feed(self, data: bytes, digits: int) -> int | None:
        """The last whole frame that ``data`` completes, if any."""
        text = self._rest + data
        found = _FRAMES[digits].findall(text)
        self._rest = text[text.rfind(b"\r") + 1 :][-digits - 1 :]
        self.noise = not found and (self.noise or bool(data))
        return int(found[-1]) if found else None


@asynccontextmanager
async def open_maxbotix(options: Serial) -> AsyncIterator[Link]:
    """A link over a serial port; LinkDown if it cannot be opened."""
    try:
        port = await asyncio.to_thread(
            serial.Serial, options.port, options.baudrate, timeout=0, exclusive=True
        )
    except (OSError, ValueError) as wrong:
        number = getattr(wrong, "errno", None)
        reason = os.strerror(number) if isinstance(number, int) else str(wrong)
        raise LinkDown(f"{options.port}: {reason}") from None
    link = MaxbotixLink(options, port.fileno())
    try:
        yield link
    finally:
        link.close()
        port.close()


class MaxbotixLink:
    """Listens on an open, non-blocking port."""

    depth = 1

    def __init__(self, options: Serial, fd: int) -> None:
        self._options = options
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._news = asyncio.Event()
        self._heard: deque[tuple[float, bytes]] = deque(maxlen=_CHUNK)
        self._down: str | None = None
        self._loop.add_reader(fd, self._read)

    def close(self) -> None:
        """Stop listening."""
        self._loop.remove_reader(self._fd)

    async def read(self, block: Block) -> list[int]:
        """The newest distance that has not been read yet, for each of the block's points."""
        digits: int = block.request
        timeout = self._options.timeout
        self._frames.noise = False
        try:
            async with asyncio.timeout(timeout):
                while (distance := self._newest(digits)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            if self._frames.noise:
                example = "R" + "1234567"[:digits]
                raise BadResponse(f"bytes come, but no {example}: baud rate? polarity?") from None
            raise NoResponse(f"nothing heard in {timeout:g} s") from None
        return [distance] * len(block.points)

    async def write(self, device: Device, control: Control, value: Value) -> None:
        """Refused: the sensor takes no commands."""
        raise ValueError(f"{device.id} takes no commands: {control.name} = {value}")

    def _newest(self, digits: int) -> int | None:
        """The newest frame of those that came within the timeout: an older one says nothing now."""
        fresh = self._loop.time() - self._options.timeout
        heard = b"".join(data for at, data in self._heard if at >= fresh)
        self._heard.clear()
        distance = self._frames.feed(heard, digits)
        if distance is None and self._down is not None:
            raise LinkDown(f"{self._options.port}: {self._down}")
        return distance

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError as wrong:
            data = b""
            self._down = wrong.strerror
        if not data:
            self._down = self._down or "gone"
            self._loop.remove_reader(self._fd)
        self._heard.append((self._loop.time(), data))
        self._news.set()


ADVICE: Mapping[Symptom, tuple[str, ...]] = {
    Symptom.SILENT: (
        "Check that the sensor has power, and that its TX goes to the adapter's RX.",
        "Check that its pin 4 is open or high: held low, it stops measuring.",
        "Check that the model sends by itself and is not triggered.",
    ),
    Symptom.GARBLED: (
        "Use an adapter for RS-232 levels, or invert RX: most models send inverted.",
        "Compare the baud rate with the sensor's data sheet: 9600 as a rule.",
        "Compare digits in the profile with the model: 3, 4 or 5.",
        "Join the grounds of sensor and adapter.",
    ),
    Symptom.UNREACHED: (
        "Check that the adapter is plugged in: ls -l /dev/serial/by-id",
        "Check that no other program has the port open.",
        "Check that the gateway's user may open it: group dialout.",
    ),
}

DRIVERS: Mapping[str, Driver] = {
    "maxbotix": Driver(
        name="maxbotix",
        family="maxbotix",
        summary="MaxBotix serial ultrasonic sensor, one a line",
        options=Serial,
        device=Sensor,
        traits=Traits,
        point=Distance,
        command=NoCommand,
        plan=plan,
        open=open_maxbotix,
        advice=ADVICE,
    )
}
