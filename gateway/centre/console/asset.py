"""One device as the console knows it: its card, the newest value of each point, its condition.

A late reading never overwrites a newer one: after an outage the backlog arrives behind the live
readings, and each point keeps the newest value it was given. Nothing is believed to come from the
future, so a gateway whose clock ran ahead does not freeze its devices once it is put right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model import Kind, Millis, Quality, Reading, Severity, Value
from gateway.wire import Card

MAX_POINTS = 256

# A device counts as stale after three periods, at least 30 s: the same patience as comm_loss.
# Its period is the time between its last two answers, or the one its card promises if that is
# longer (what is reported by exception comes when it likes); before the second, three minutes.
STALE_PERIODS = 3
STALE_FLOOR: Millis = 30_000
STALE_UNKNOWN: Millis = 180_000
LONGEST_PERIOD: Millis = 3_600_000


class Condition(StrEnum):
    """How far a device's figures can be believed right now."""

    OK = "ok"
    SILENT = "silent"
    STALE = "stale"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Shown:
    """One point's newest value; ``reason`` says why a bad one has none."""

    value: Value | None
    t: Millis
    quality: Quality = Quality.GOOD
    reason: str = ""


@dataclass(slots=True)
class Asset:
    """A device and what it last said; ``worst`` is the gravest severity of its standing alarms."""

    kind: Kind
    card: Card | None = None
    points: dict[str, Shown] = field(default_factory=dict)
    answered: Millis | None = None
    silent: str | None = None
    silent_since: Millis | None = None
    silent_at: Millis | None = None
    period: Millis | None = None
    condition: Condition = Condition.WAITING
    worst: Severity | None = None
    unacknowledged: bool = False

    def introduce(self, card: Card) -> None:
        """Take over what an identity card says."""
        self.kind, self.card = card.kind, card

    def take(self, reading: Reading, now: Millis) -> set[str]:
        """Take over a reading; returns the points that look different from before."""
        t = min(reading.t, now)
        if reading.silent is not None:
            if t >= max(self.answered or 0, self.silent_at or 0):
                if self.silent is None:
                    self.silent_since = t
                self.silent, self.silent_at = reading.silent, t
            return set()
        if t >= (self.silent_at or 0):
            self.silent = None
        if self.answered is None or t > self.answered:
            if self.answered is not None:
                self.period = min(t - self.answered, LONGEST_PERIOD)
            self.answered = t
        return {name for name, shown in _shown(reading, t) if self._show(name, shown)}

    def judge(self, now: Millis, *, offline: bool) -> Condition:
        """How far its figures can be believed at ``now``; ``offline`` speaks of its gateway."""
        if self.answered is None and self.silent is None:
            return Condition.WAITING
        if offline:
            return Condition.STALE
        if self.silent is not None:
            return Condition.SILENT
        promised = 0.0 if self.card is None else 1000 * (self.card.every or 0.0)
        period = max(promised, self.period or 0)
        floor = STALE_UNKNOWN if self.period is None else STALE_FLOOR
        patience = max(floor, STALE_PERIODS * period)
        return Condition.STALE if now - (self.answered or 0) > patience else Condition.OK

    def _show(self, name: str, shown: Shown) -> bool:
        before = self.points.get(name)
        if before is None and len(self.points) >= MAX_POINTS:
            return False
        if before is not None and before.t > shown.t:
            return False
        self.points[name] = shown
        return before is None or _look(before) != _look(shown)


def _look(shown: Shown) -> tuple[Value | None, Quality, str]:
    return shown.value, shown.quality, shown.reason


def _shown(reading: Reading, t: Millis) -> Iterator[tuple[str, Shown]]:
    for name, value in reading.values.items():
        doubt = Quality.UNCERTAIN if name in reading.uncertain else Quality.GOOD
        yield name, Shown(value, t, doubt)
    for name, reason in reading.bad.items():
        yield name, Shown(None, t, Quality.BAD, reason)
