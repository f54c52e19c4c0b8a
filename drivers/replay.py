"""A recording played as a bus: its devices answer what was recorded, when it was recorded.

The recording (contracts §5) is read forward, once, as its own time comes; ``speed`` makes that time
run faster. A device answers with the latest values it had, each as good as it was; where the
recording says silent it is silent, and so it is where the recording has a gap. Playback begins when
the bus is first opened and goes on while it is closed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from gateway.driver import (
    Bad,
    Block,
    Control,
    Device,
    Driver,
    Link,
    LinkDown,
    NoResponse,
    Point,
    Raw,
    Uncertain,
    Value,
)
from gateway.model import Millis, Reading
from gateway.recording import Note, RecordingError, Row, read
from gateway.units import Between, Duration

_SHORTEST_LAP: Millis = 1000
_NOT_RECORDED = Bad("not in the recording")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """``[bus.*]``: the recording, and how it is played.

    ``speed`` 1 is as recorded. ``hold`` is how long, in the recording's time, a value stands for
    what comes next; beyond it the recording has a gap, and the device is silent.
    """

    file: Path
    speed: Annotated[float, Between(0.001, 10_000)] = 1.0
    loop: bool = False
    hold: Annotated[Duration, Between(0, math.inf)] = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A device's own key: whom the recording knows it as, if not by its own id."""

    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The profile's head: nothing of this driver's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A point: ``value`` is the recorded point's name, left out where it is this one's own."""

    value: str | None = None
    type: Literal["number", "bool", "string"] = "number"

    def element(self, _: int) -> Recorded:
        """A further point of an array; each goes by its own name."""
        if self.value is not None:
            raise ValueError("value names one recorded point: with count, leave it out")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCommand:
    """The past takes no commands."""


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """One block: a recorded reading is one moment."""
    return (Block(device, tuple(points), None),) if points else ()


@dataclass(slots=True)
class Look:
    """What is known of one recorded device: its latest values, and when and how it spoke."""

    points: dict[str, Raw] = field(default_factory=dict)
    silent: str | None = None
    at: Millis = 0
    pace: Millis = _SHORTEST_LAP

    def take(self, reading: Reading, at: Millis) -> None:
        """A reading of it, at a moment of the playback."""
        self.pace = max(at - self.at, _SHORTEST_LAP) if self.points or self.silent else self.pace
        self.at = at
        self.silent = reading.silent
        if reading.silent is not None:
            self.points.clear()
            return
        for name, value in reading.values.items():
            self.points[name] = Uncertain(value) if name in reading.uncertain else value
        self.points.update((name, Bad(reason)) for name, reason in reading.bad.items())


class Tape:
    """A recording and how far it has been played, in ms since it began; it only runs forward.

    A clock that was set costs no pause, and no time runs backwards: where the rows' times step back
    or a ``clock`` note stands between them, the next row follows at once.
    """

    def __init__(self, file: Path, *, loop: bool) -> None:
        self.devices: dict[str, Look] = {}
        self.ended = False
        self._file = file
        self._loop = loop
        self._rows: Iterator[Row] = iter(())
        self._next: Row | None = None
        self._due: Millis = 0
        self._lap: Millis = 0  # when this time round began
        self._wind()

    def play(self, position: Millis) -> None:
        """Play every row up to ``position``; raises RecordingError and OSError as ``read`` does."""
        while (row := self._next) is not None and self._due <= position:
            if isinstance(row, Reading):
                self.devices.setdefault(row.device, Look()).take(row, self._due)
            self._forward(row)

    def _wind(self) -> None:
        self._rows = read(self._file)
        self._next = next(self._rows, None)
        self.ended = self._next is None

    def _forward(self, row: Row) -> None:
        self._next = next(self._rows, None)
        if self._next is not None:
            jumped = isinstance(row, Note) and row.note == "clock"
            self._due += 0 if jumped else max(0, self._next.t - row.t)
        elif self._loop:
            self._lap = self._due = max(self._due, self._lap + _SHORTEST_LAP)
            self._wind()
        else:
            self.ended = True


@dataclass(slots=True)
class Playback:
    """A tape in its player: what it is, when it was started, and what broke it if something did."""

    tape: Tape | None = None
    began: float = 0.0
    broken: str | None = None


@cache
def _player(_: Recording) -> Playback:
    """The player of a bus, which outlives its links."""
    return Playback()


@asynccontextmanager
async def open_replay(options: Recording) -> AsyncIterator[Link]:
    """A link to the recorded devices; LinkDown if the recording cannot be read."""
    player = _player(options)
    if player.tape is None:
        try:
            player.tape = Tape(options.file, loop=options.loop)
        except (OSError, RecordingError) as wrong:
            raise LinkDown(_said(wrong)) from None
        player.began = asyncio.get_running_loop().time()
    if player.broken is not None:
        raise LinkDown(player.broken)
    yield ReplayLink(options, player, player.tape)


def _said(wrong: OSError | RecordingError) -> str:
    if isinstance(wrong, OSError):
        return f"{wrong.filename}: {wrong.strerror}"
    return str(wrong)


class ReplayLink:
    """Answers from a tape that plays."""

    depth = 1

    def __init__(self, options: Recording, player: Playback, tape: Tape) -> None:
        self._options = options
        self._player = player
        self._tape = tape

    async def read(self, block: Block) -> list[Raw]:
        """What the block's device showed at this moment of the recording, point by point."""
        options: Source = block.device.options
        now = self._played()
        look = self._tape.devices.get(options.source or block.device.id)
        if look is None:
            raise NoResponse("not recorded" if self._tape.ended else "not recorded so far")
        if look.silent is not None:
            raise NoResponse(look.silent)
        if self._tape.ended and now - look.at > look.pace:
            raise NoResponse("the recording has ended")
        if now - look.at > 1000 * self._options.hold:
            raise NoResponse("the recording has a gap")
        return [
            look.points.get(point.source.value or point.name, _NOT_RECORDED)
            for point in block.points
        ]

    async def write(self, device: Device, control: Control, value: Value) -> None:
        """Refused: what was recorded has happened."""
        raise ValueError(f"{device.id} is recorded and takes no commands: {control.name} = {value}")

    def _played(self) -> Millis:
        """Play up to now; where that is, in the recording's ms."""
        elapsed = asyncio.get_running_loop().time() - self._player.began
        now = int(1000 * elapsed * self._options.speed)
        try:
            self._tape.play(now)
        except (OSError, RecordingError) as wrong:
            self._player.broken = _said(wrong)
            raise LinkDown(self._player.broken) from None
        return now


DRIVERS: Mapping[str, Driver] = {
    "replay": Driver(
        name="replay",
        family="replay",
        summary="A recording, played as a bus: many devices, each as it was recorded",
        options=Recording,
        device=Source,
        traits=Traits,
        point=Recorded,
        command=NoCommand,
        plan=plan,
        open=open_replay,
    )
}
