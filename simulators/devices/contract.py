"""What every simulated device offers to the wire it hangs on and to whoever breaks it.

A model moves only when asked: ``advance(t)`` brings it to a moment, ``values()`` says what its
sensors show there. Nothing runs in the background, so a thousand devices cost what their polls
cost, and one request never sees half of a change.

A device module exports ``FAULTS``, the ways its devices can break; ``break_down`` has a branch for
each, ``shows`` says the truth about it. Faults of the wire are the same kind of value, carried out
by the station, where the device meets its wire.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol, TypeAlias

from gateway.model import Kind, Millis, Value

About: TypeAlias = Literal["device", "feeder", "bus", "stand", "utility"]

Values: TypeAlias = Mapping[str, Value | None]
"""By canonical point name; ``None`` means the device has no such sensor, or no value now."""

Served: TypeAlias = deque[tuple[Millis, Values]]
"""When a device's sensors were last read for somebody, and what a correct client must find."""
SAMPLE = 50
"""ms between two looks of a controller at its sensors; requests in between see the same values."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break, and what a fault engine must make of it.

    ``name`` is what a scenario calls it; devices of different kinds may have faults of one name.
    ``code`` is the alarm it must bring (domain.md), None for a nuisance: nothing may alarm.
    ``about`` says whose alarm that is: the broken device's, or that of its feeder, bus or stand, or
    the utility's. ``must_not`` are codes that must not be raised because of it, on the device or on
    its children; ``may`` are codes that may come along, neither required nor false.
    """

    name: str
    kinds: frozenset[Kind]
    code: str | None
    about: About = "device"
    must_not: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


EVERY_KIND: frozenset[Kind] = frozenset({"lamp", "feeder", "signal", "bin"})


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

    def shows(self, fault: str, /) -> bool:
        """Whether the condition of a fault that has begun is to be seen in ``values()`` now.

        This is the ground truth: a dead lamp shows only while it should burn, a growing fault when
        it is past what its alarm asks for.
        """

    def tells(self, fault: str, /) -> bool:
        """Whether its sensors can tell of that fault at all, whenever it begins."""

    def could_show(self, fault: str, /) -> bool:
        """Whether that fault would be seen (once it has grown) if it began in this sound device."""


def powered(device: Simulated) -> bool:
    """Whether its controller has the power to answer; a device that never lacks it says nothing."""
    return bool(getattr(device, "powered", True))


def noisy(value: float, share: float, chance: Random) -> float:
    """``value`` as a meter shows it: normal error of a third of ``share``, never beyond it."""
    return value * (1 + max(-share, min(share, chance.gauss(0, share / 3))))


class Station(Protocol):
    """A device where it meets its wire; ``mute`` cuts its tongue, not its life."""

    device: Simulated
    served: Served

    @property
    def mute(self) -> bool:
        """Whether it says nothing at all."""

    def sample(self, now: Millis) -> object:
        """Let the model catch up and its sensors be read, unless they just were."""

    def senses(self, fault: str, /) -> bool:
        """Whether a fault, of the device or of the wire, can be told at its wire at all."""

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of the wire (``simulators.wires.mishaps``)."""

    def repair(self, fault: str, /) -> None:
        """End a fault of the wire."""

    def shows(self, fault: str, /) -> bool:
        """Whether a fault of the wire that has begun can be noticed now."""


def served() -> Served:
    """Room for the last few looks; ``serve(remember=…)`` asks for more."""
    return deque(maxlen=4)
