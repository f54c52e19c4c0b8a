"""One pair of wires that everybody shares: who speaks when, and what a receiver makes of it.

A *voice* is one transmitter's characters, beginning at a moment of the line's clock (seconds); it
drives the pair bit by bit at the baud rate. While one voice speaks, the receiver gets its
characters, each at the moment its stop bit has ended. Where two drive the pair at once, RS-485 has
no winner: where they disagree the receiver sees either level. So an overlap is played bit by bit
through a receiver as a UART works: it waits for a start bit, samples the middle of each bit, and
takes what it finds for a character. What comes out belongs to neither.

Nothing here reads a clock, and the result does not depend on how often somebody listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from simulators.town.plan import Pace

_OVERSAMPLING = 16
"""Looks at the line per bit while waiting for a start bit, as UARTs have it (16550, PL011)."""
_INSTANT = 1e-9
"""s: what floating point makes of the same moment."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Characters of one transmitter, the first start bit at ``begin`` (s)."""

    begin: float
    characters: bytes
    pace: Pace

    @property
    def end(self) -> float:
        """When the last stop bit has passed."""
        return self.begin + len(self.characters) * self.pace.character

    def drives(self, t: float) -> bool:
        """Whether it holds the pair at ``t``."""
        return self.begin <= t < self.end

    def level(self, t: float) -> bool:
        """The level it drives: a start bit, data bits from the least, parity, stop."""
        place, within = divmod(t - self.begin, self.pace.character)
        character = self.characters[min(int(place), len(self.characters) - 1)]
        bit = int(within * self.pace.baudrate)
        if bit == 0:
            return False
        if bit <= self.pace.bytesize:
            return bool(character >> bit - 1 & 1)
        if bit == self.pace.bytesize + 1 and self.pace.parity != "N":
            return bool(character.bit_count() & 1) is (self.pace.parity == "E")
        return True


@dataclass(slots=True, eq=False)
class Medium:
    """The pair, and the master's receiver on it. ``chance`` decides contended bits."""

    pace: Pace
    chance: Random
    collisions: int = 0
    """Voices that began while another one spoke."""
    _voices: list[Voice] = field(default_factory=list)
    _at: float = float("-inf")
    _edge: float | None = None

    def add(self, voice: Voice) -> None:
        """Somebody will speak; not before what has been listened to already."""
        if not voice.characters:
            return
        self.collisions += any(
            other.begin < voice.end - _INSTANT and voice.begin < other.end - _INSTANT
            for other in self._voices
        )
        self._voices.append(voice)
        self._voices.sort(key=lambda one: one.begin)

    def busy(self, t: float) -> bool:
        """Whether anybody speaks at ``t``."""
        return any(voice.drives(t) for voice in self._voices)

    def spoken(self, since: float, until: float) -> bool:
        """Whether anybody speaks, or will, between two moments."""
        return any(voice.begin < until and since < voice.end for voice in self._voices)

    @property
    def ends(self) -> float | None:
        """When those who speak, or will speak first, have ended; None if nobody does."""
        return max(voice.end for voice in self._together()) if self._voices else None

    @property
    def begins(self) -> float | None:
        """When they begin, or have begun."""
        return self._voices[0].begin if self._voices else None

    def hear(self, until: float) -> bytes:
        """The characters that have ended since the last call and by ``until``."""
        heard = bytearray()
        while self._voices:
            together = self._together()
            if until < together[0].begin:
                break
            end = max(voice.end for voice in together)
            self._at = max(self._at, together[0].begin)
            if len(together) == 1:
                heard += self._clean(together[0], until)
            else:
                heard += self._garbled(together, min(until, end))
            if until < end - _INSTANT:
                break
            self._voices = self._voices[len(together) :]
            self._at, self._edge = end, None
        return bytes(heard)

    def _together(self) -> Sequence[Voice]:
        """The first voice and all that overlap with it, or with one that does."""
        end, count = self._voices[0].end, 1
        for voice in self._voices[1:]:
            if voice.begin >= end - _INSTANT:
                break
            end, count = max(end, voice.end), count + 1
        return self._voices[:count]

    def _clean(self, voice: Voice, until: float) -> bytes:
        first = round((self._at - voice.begin) / voice.pace.character)
        last = int((until - voice.begin + _INSTANT) / voice.pace.character)
        if last <= first:
            return b""
        self._at = voice.begin + min(last, len(voice.characters)) * voice.pace.character
        return voice.characters[first:last]

    def _garbled(self, together: Sequence[Voice], until: float) -> bytes:
        """Play the overlap bit by bit; a character that has not ended waits for the next call."""
        heard, bit = bytearray(), 1 / self.pace.baudrate
        while self._at < until:
            if self._edge is None:
                if self._level(together, self._at):
                    self._at += bit / _OVERSAMPLING
                    continue
                self._edge = self._at
            whole = self._edge + self.pace.character - bit / 2  # the middle of the stop bit
            if whole > until + _INSTANT:
                break
            samples = (
                self._level(together, self._edge + (n + 1.5) * bit)
                for n in range(self.pace.bytesize)
            )
            heard.append(sum(level << n for n, level in enumerate(samples)))
            self._at, self._edge = whole, None
        return bytes(heard)

    def _level(self, together: Sequence[Voice], t: float) -> bool:
        """What a receiver sees: the idle level, the only one driven, or either of two."""
        levels = {voice.level(t) for voice in together if voice.drives(t)}
        if len(levels) == 2:
            return self.chance.random() < 0.5
        return levels.pop() if levels else True
