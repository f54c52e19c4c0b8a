"""What every simulated device offers to the wire it hangs on and to whoever breaks it.

A model moves only when asked: ``advance(t)`` brings it to a moment, ``values()`` says what its
sensors show there. Nothing runs in the background, so a thousand devices cost what their polls
cost, and one request never sees half of a change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Protocol, TypeAlias

from gateway.model import Kind, Millis, Value

Values: TypeAlias = Mapping[str, Value | None]
"""By canonical point name; ``None`` means the device has no such sensor, or no value now."""

Served: TypeAlias = deque[tuple[Millis, Values]]
"""When a device's sensors were last read for somebody, and what a correct client must find."""
SAMPLE = 50
"""ms between two looks of a controller at its sensors; requests in between see the same values."""


class CommandRefused(Exception):
    """The device understood and will not: a value out of range."""


class Simulated(Protocol):
    """One device with its physics."""

    @property
    def name(self) -> str:
        """The device's id."""

    @property
    def kind(self) -> Kind:
        """Its kind."""

    def advance(self, t: Millis) -> None:
        """Bring the model to ``t``; a moment already past changes nothing."""

    def values(self) -> Values:
        """What the sensors show now, each call with its own measuring noise."""

    def command(self, name: str, value: float) -> None:
        """Obey a command of the profile (``dim``, ``switch``, ``contactor``).

        Raises:
            CommandRefused: the value is out of range.
        """

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault; one that grows takes ``over`` seconds to show."""

    def repair(self, fault: str, /) -> None:
        """End a fault."""


def noisy(value: float, share: float, chance: Random) -> float:
    """``value`` as a meter shows it: normal error of a third of ``share``, never beyond it."""
    return value * (1 + max(-share, min(share, chance.gauss(0, share / 3))))


class Station(Protocol):
    """A device where it meets its wire; ``mute`` cuts its tongue, not its life."""

    device: Simulated
    mute: bool
    served: Served

    def sample(self, now: Millis) -> object:
        """Let the model catch up and its sensors be read, unless they just were."""


def served() -> Served:
    """Room for the last few looks; ``serve(remember=…)`` asks for more."""
    return deque(maxlen=4)
