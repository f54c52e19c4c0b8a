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

Two more things may stand in a rule's file, or alone in a file of theirs: a ``Notice`` tells of what
happens once and has no end (an *event*: a bin was collected), an ``Estimate`` computes values that
are published with the device's own (how long until it is full).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from gateway.model import Alarm, Device, Kind, Millis, Severity, Value
from gateway.units import Duration

Scope: TypeAlias = Literal["device", "feeder", "bus", "stand", "kind", "site"]


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


@dataclass(frozen=True, slots=True)
class Switch:
    """What a site may set of a notice or an estimate that has no thresholds of its own."""

    enabled: bool = True


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

    def local(self) -> datetime:
        """When the latest reading was taken, in the site's time zone: for calendars."""

    @property
    def place(self) -> tuple[float, float]:
        """Degrees north and east of the device; the site's where it gives none of its own."""

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

    @property
    def lost(self) -> Callable[[frozenset[str]], Sequence[Alarm]]:
        """Gives the alarms of these codes that stand anywhere on the site and have not cleared."""

    def everyone(self) -> Sequence[Seen]:
        """All members, the head included, with values that are current now."""


class Memory(Protocol):
    """What must be remembered of earlier readings: a fold, fed once a reading before any judge.

    Rules of one scope that name the same memory share one. It starts empty with the engine and
    begins anew after a restart or a step of the clock; a gap in the readings it sees for itself
    (``Seen.resumed``).

    A memory may rest on others of the same subject: its class names them in ``rests_on``, it is
    made with them, ``Nights(seen, burning)``, and fed after them. Those are ``Kept``.
    """

    def see(self, seen: Any, /) -> None:  # noqa: ANN401 - a Seen or a Group, by the rule's scope
        """Take in what was just seen, silence included."""


@runtime_checkable
class Kept(Memory, Protocol):
    """A memory that is made once and never replaced: it knows itself how to begin anew."""

    def begin(self) -> None:
        """What was under way is over: a restart, or the clock was set. Keep what is learnt."""


@runtime_checkable
class Learnt(Kept, Protocol):
    """A memory of weeks: it outlives restarts and steps of the clock.

    ``kept_as`` names it and its version, ``"lamp_power/1"``: what was dumped under another name is
    not loaded. A dump of more than ``MOST_LEARNT`` bytes is not kept, so bound what you remember.
    """

    kept_as: ClassVar[str]

    def dump(self) -> Any:  # noqa: ANN401 - what JSON holds
        """What is learnt, as plain JSON; None while there is nothing worth keeping."""

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up what was dumped, or nothing of it.

        ValueError, TypeError, LookupError or OverflowError if it cannot be what was dumped.
        """


MOST_LEARNT = 4_000
"""Bytes of JSON that one memory may keep through a restart: what a lamp may cost at all (E)."""

Made: TypeAlias = Callable[..., Memory]
Told: TypeAlias = tuple[str, Mapping[str, Value]]
Needs: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One fault: its code, whom it concerns, how grave it is, and how it is judged and told.

    ``judge(seen, settings, memory)`` is called for readings of devices of ``kinds`` that bring a
    good value of at least one of ``points`` (``*`` stands for any ending). With ``hears_silence``
    it is called for every reading, silent ones included. With a ``scope`` other than ``device`` it
    gets a ``Group`` instead of a ``Seen``; with ``by_head`` only for readings of the group's head.

    ``needs`` lists the alternatives of points without which nothing can be said; left out, any of
    ``points`` will do. A device that has none of them is not judged, and ``wayside check -v`` says
    so. ``at_least_every`` is the slowest poll in seconds the rule can judge by: a device that is
    polled, or found to answer, more slowly is *undecided* (domain §0).

    ``quiet(seen, settings, memory)`` may say, at less cost, that ``judge`` could not answer ``MET``
    or ``CERTAIN`` now: it is asked first while nothing is pending and no alarm stands, which is how
    almost every rule is about almost every device.

    ``tell(seen, settings, memory, since)`` gives the operator's sentence (what was seen, what was
    expected, for how long) and the figures behind it, only when the alarm is raised.
    ``grade(seen, settings, memory)`` gives the severity where it varies; while an alarm stands it
    can only rise. ``parts(seen, settings, memory)`` names what the alarm concerns where it may be
    several of the device's groups or detectors: it is told again when another joins. ``replaces``
    names vaguer codes this one stands for on the same subject.
    ``latched`` alarms stay until somebody resets them.
    """

    code: str
    kinds: frozenset[Kind]
    severity: Severity
    settings: type[Settings]
    judge: Callable[[Any, Any, Any], Verdict]
    tell: Callable[[Any, Any, Any, Millis], Told]
    points: tuple[str, ...] = ()
    scope: Scope = "device"
    memory: Made | None = None
    grade: Callable[[Any, Any, Any], Severity] | None = None
    parts: Callable[[Any, Any, Any], Sequence[str]] | None = None
    hears_silence: bool = False
    by_head: bool = False
    latched: bool = False
    replaces: tuple[str, ...] = ()
    needs: Needs = ()
    at_least_every: float | None = None
    quiet: Callable[[Any, Any, Any], bool] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Notice:
    """Something that happens once, and is told as an event: nobody acknowledges or clears it.

    ``notice(seen, settings, memory)`` is called as a rule's ``judge`` is. It gives the sentence and
    the figures when it has just happened, else None; so it is the memory that knows what is news.
    """

    event: str
    kinds: frozenset[Kind]
    notice: Callable[[Any, Any, Any], Told | None]
    settings: type[Any] = Switch
    points: tuple[str, ...] = ()
    scope: Scope = "device"
    memory: Made | None = None
    hears_silence: bool = False
    needs: Needs = ()
    at_least_every: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Values computed from what was seen and learnt, published among the device's own points.

    ``values`` names them with their units. ``estimate(seen, settings, memory)`` gives those that
    are known, and is asked after each reading of the device; they go out with its next one. So no
    poll waits for a rule, and a history has no rows of their own. It decides nothing: rules use the
    memory behind it.
    """

    name: str
    kinds: frozenset[Kind]
    values: Mapping[str, str]
    estimate: Callable[[Any, Any, Any], Mapping[str, Value]]
    settings: type[Any] = Switch
    points: tuple[str, ...] = ()
    memory: Made | None = None
    needs: Needs = ()
    at_least_every: float | None = None

    @property
    def scope(self) -> Scope:
        """Always the device: it is its reading that carries the values."""
        return "device"

    @property
    def hears_silence(self) -> bool:
        """It is never judged."""
        return False


Entry: TypeAlias = Rule | Notice | Estimate
Catalogue: TypeAlias = Mapping[str, Entry]
"""Every rule, notice and estimate by its code, its event's name, or its own."""
