"""The values everything else is made of.

A *device* hangs on a bus and has *points*. One poll of one device gives one *reading*: its values
by point, at the moment the answer arrived, each with a quality. The fault engine turns readings
into *alarms* and *events*. All of it is frozen, needs nothing but the standard library, and times
are integer milliseconds UTC everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NoReturn, TypeAlias

Value: TypeAlias = bool | int | float | str
Kind: TypeAlias = Literal["lamp", "feeder", "signal", "bin", "gateway", "other"]
Millis: TypeAlias = int

KINDS: tuple[Kind, ...] = ("lamp", "feeder", "signal", "bin", "gateway", "other")


class _Nothing(dict[str, Any]):
    """An empty dict that stays empty and, unlike a mapping proxy in 3.11, may be a default."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return 0

    def __setitem__(self, key: str, value: object) -> NoReturn:
        raise TypeError("NOTHING stays empty")


NOTHING: Mapping[str, Any] = _Nothing()

IDENTITY = "identity"
"""What is bad in every reading of a device that is not what its profile describes: no value of it
is good then, and this says how it differs."""


class Quality(StrEnum):
    """How far a value can be trusted, in the words of OPC UA."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Bad:
    """No usable value, and why: ``"illegal address"``, ``"not a number"``, ``"above 5000"``.

    ``refused``: the device itself would not give it, which tells more of the device than of it.
    """

    reason: str
    refused: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A value to show but not to judge by: clamped, or an enum code nobody listed."""

    value: Value


Convert: TypeAlias = Callable[[Value], Value | Uncertain | Bad]


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """The raw values a counter runs through: ``size`` of them from ``low`` on, and then again.

    ``convert`` is its point's conversion without sentinels and limits, for raw values that were
    counted on beyond that range; ``None`` where raw and engineering value are the same.
    """

    low: int
    size: int
    convert: Convert | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One value of a device: what the driver reads and what it means.

    ``source`` is the driver's own row of the profile (for Modbus a table, an address and a type).
    ``convert`` turns the raw value into the engineering one; ``None`` where they are the same.
    ``every`` is its period in seconds. With a ``deadband`` (engineering units) or ``on_change`` it
    is reported by exception. Points are compared by identity: two lamps of one profile share the
    same ``Point`` objects.
    """

    name: str
    source: Any
    every: float
    unit: str = ""
    convert: Convert | None = None
    type: Literal["number", "bool", "string"] = "number"
    codes: Mapping[str, int] = NOTHING
    alone: bool = False
    deadband: float | None = None
    on_change: bool = False
    counter: Counter | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A value computed from other points of the same reading, e.g. a bin's fill level.

    ``compute`` receives the value of ``source`` and this device's asset facts.
    """

    name: str
    source: str
    compute: Callable[[Value, Any], Value | Uncertain | Bad]
    unit: str = ""
    deadband: float | None = None
    on_change: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A command a device accepts: the driver's own row, and the range people may ask for.

    ``read_back`` names the point that shows it. With a ``pulse`` (seconds) the value stands for
    that long, and then ``rest`` is written.
    """

    name: str
    target: Any
    unit: str = ""
    min: float | None = None
    max: float | None = None
    read_back: str | None = None
    pulse: float | None = None
    rest: Value = False


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """One asset on one bus.

    ``options`` is the driver's own part of the ``[[device]]`` table (unit, delay), ``traits`` its
    own part of the profile's head (block limits, word order), ``facts`` the asset facts of the
    device's kind (``gateway.assets``), ``rules`` the settings it overrides, by fault code.
    """

    id: str
    kind: Kind
    bus: str
    profile: str
    options: Any
    traits: Any
    points: tuple[Point, ...]
    derived: tuple[Derived, ...] = ()
    atomic: tuple[tuple[str, ...], ...] = ()
    controls: Mapping[str, Control] = NOTHING
    facts: Any = None
    latitude: float | None = None
    longitude: float | None = None
    allow_commands: bool = False
    rules: Mapping[str, Mapping[str, object]] = NOTHING
    vendor: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One device at one moment: its values by point, stamped when the last answer arrived.

    ``values`` holds the good and the uncertain ones, ``uncertain`` names the latter, ``bad`` gives
    each missing point its reason. ``silent`` is the reason a whole poll got no answer; then the
    other three are empty.
    """

    device: str
    kind: Kind
    t: Millis
    values: Mapping[str, Value] = NOTHING
    uncertain: frozenset[str] = frozenset()
    bad: Mapping[str, str] = NOTHING
    silent: str | None = None


class Severity(StrEnum):
    """Consequence times time to respond; ``warning`` goes to the maintenance list, not the horn."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class State(StrEnum):
    """Where an alarm stands in its life (ISA-18.2 / IEC 62682)."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who took notice of an alarm, and when."""

    by: str
    at: Millis


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it stands after a transition at ``t``.

    ``device`` is a device's id, or ``feeder:F1``, ``bus:NAME``, ``stand:NAME``, ``utility``, or the
    gateway's own id. ``values`` are the figures the message speaks of; ``cause`` names the parent
    alarm (``device/code``) that explains this one, ``suppressed`` counts those this one explains.
    ``until`` is when a shelved one comes back by itself; ``work_order`` names the order somebody
    gave to have it mended.
    """

    device: str
    code: str
    t: Millis
    state: State
    severity: Severity
    message: str
    raised: Millis
    cleared: Millis | None = None
    acknowledged: Acknowledgement | None = None
    values: Mapping[str, Value] = NOTHING
    cause: str | None = None
    suppressed: int = 0
    until: Millis | None = None
    work_order: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once and has no end: ``collected``, ``data_gap``, ``dropped``."""

    device: str
    event: str
    t: Millis
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """A wish to set something, until it expires. ``id`` makes a repeat recognisable."""

    id: str
    device: str
    name: str
    value: Value
    by: str
    expires: Millis


ActionName: TypeAlias = Literal[
    "acknowledge",
    "reset",
    "shelve",
    "unshelve",
    "out-of-service",
    "in-service",
    "comment",
    "work-order",
]


@dataclass(frozen=True, slots=True)
class AlarmAction:
    """What a person asks of an alarm at ``t``; ``period`` is how long to shelve it, in seconds.

    ``id`` makes a repeat recognisable, ``by`` is the person's name.
    """

    id: str
    device: str
    code: str
    t: Millis
    action: ActionName
    by: str
    period: float | None = None
    text: str = ""
