"""The shape of a rule: a value with a pure ``judge`` function, one file a fault code.

A rule says *what was just seen*; the engine decides *when* that becomes an alarm. So no rule counts
seconds, minds gaps, or knows whether its alarm stands. ``judge`` answers with a ``Verdict``:

- ``NORMAL``: normal operation was observed. Nothing else ever clears an alarm.
- ``MET``: the condition holds; it raises once it has held for ``on_delay``.
- ``CERTAIN``: it holds beyond doubt (the controller says so itself): no ``on_delay``.
- ``BETWEEN``: neither, the dead band of a threshold: it ends a run of ``MET`` and a run of
  ``NORMAL``, and changes nothing else.
- ``UNDECIDED``: nothing can be said: a point is missing or the rule does not apply right now.
  It counts for nothing, as if there had been no reading.

Every raise needs at least ``readings`` good readings, so a single odd value never makes an alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, Protocol, TypeAlias

from gateway.model import Device, Kind, Millis, Severity, Value
from gateway.units import Duration

Scope: TypeAlias = Literal["device", "feeder", "bus", "stand", "kind"]


class Verdict(Enum):
    """What a rule makes of what was just seen."""

    UNDECIDED = auto()
    NORMAL = auto()
    BETWEEN = auto()
    MET = auto()
    CERTAIN = auto()


UNDECIDED, NORMAL, BETWEEN, MET, CERTAIN = Verdict


@dataclass(frozen=True, slots=True)
class Settings:
    """What every rule lets a site set; a rule's own dataclass extends it with its thresholds.

    A condition raises after ``readings`` good readings spanning ``on_delay`` seconds, and clears
    after an observed normal that lasts ``off_delay`` seconds. Settings that make no sense raise
    ValueError, with a text for the user that names the key first.
    """

    on_delay: Duration = 0.0
    off_delay: Duration = 0.0
    readings: int = 2
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.readings < 1:
            raise ValueError("readings is less than 1; an alarm needs at least one reading")


class Seen(Protocol):
    """What a rule may look at: what is known of one device now, its asset facts, and the sky."""

    @property
    def device(self) -> Device:
        """The device this is about."""

    @property
    def t(self) -> Millis:
        """When the latest reading was taken."""

    @property
    def fresh(self) -> Mapping[str, Value]:
        """The good values of the latest reading alone: one poll, one moment."""

    @property
    def good(self) -> Mapping[str, Value]:
        """The latest good value of each point that is still current.

        Points have their own periods, so a reading may bring only some of them. A good value
        stays current for three of its periods, unless a bad or uncertain one replaces it.
        """

    @property
    def silent(self) -> str | None:
        """Why the latest poll got no answer, if it got none."""

    @property
    def bad(self) -> Mapping[str, str]:
        """What was bad in the latest reading, and why."""

    @property
    def period(self) -> Millis:
        """The time between answers: as configured, or as observed where that is longer."""

    @property
    def resumed(self) -> bool:
        """Whether the latest answer is the first after a start, or after more than 3 periods."""

    def sun(self) -> float:
        """The sun's elevation at the device, in degrees."""

    def members(self, scope: Scope) -> Sequence[Seen]:
        """Every device of this one's feeder, bus, stand or kind, itself included."""

    def alarmed(self, code: str) -> bool:
        """Whether an alarm of that code stands about this device and has not cleared."""


class Group(Protocol):
    """What a rule of a wider scope looks at: the devices of one feeder, bus or stand."""

    @property
    def id(self) -> str:
        """Whom the alarm names: the pillar's id, else ``feeder:F1``, ``bus:a``, ``stand:s``."""

    @property
    def name(self) -> str:
        """The feeder's, bus's or stand's own name."""

    @property
    def t(self) -> Millis:
        """When the latest reading of a member was taken."""

    @property
    def head(self) -> Seen | None:
        """The feeder's pillar, if it has one."""

    @property
    def latest(self) -> Seen:
        """The member whose reading is being judged."""

    def everyone(self) -> Sequence[Seen]:
        """All members, the head included, with values that are current now."""


class Memory(Protocol):
    """What must be remembered of earlier readings: a fold, fed once a reading before any judge.

    Rules of one scope that name the same memory share one. It starts empty with the engine and
    begins anew after a restart or a step of the clock.
    """

    def see(self, seen: Any, /) -> None:  # noqa: ANN401 - a Seen or a Group, by the rule's scope
        """Take in what was just seen, silence included."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One fault: its code, whom it concerns, how grave it is, and how it is judged and told.

    ``judge(seen, settings, memory)`` is called for readings of devices of ``kinds`` that bring a
    good value of at least one of ``points`` (``*`` stands for any ending); a device that has none
    of them is not judged. With ``hears_silence`` it is called for every reading, silent ones
    included. With a ``scope`` other than ``device`` it gets a ``Group`` instead of a ``Seen``.

    ``tell(seen, settings, memory, since)`` gives the operator's sentence (what was seen, what was
    expected, for how long) and the figures behind it, only when the alarm is raised.
    ``grade(seen, settings, memory)`` gives the severity where it varies; while an alarm stands it
    can only rise. ``replaces`` names vaguer codes this one stands for on the same subject.
    ``latched`` alarms stay until somebody resets them.
    """

    code: str
    kinds: frozenset[Kind]
    severity: Severity
    settings: type[Settings]
    judge: Callable[[Any, Any, Any], Verdict]
    tell: Callable[[Any, Any, Any, Millis], tuple[str, Mapping[str, Value]]]
    points: tuple[str, ...] = ()
    scope: Scope = "device"
    memory: Callable[[Any], Memory] | None = None
    grade: Callable[[Any, Any, Any], Severity] | None = None
    hears_silence: bool = False
    latched: bool = False
    replaces: tuple[str, ...] = ()
