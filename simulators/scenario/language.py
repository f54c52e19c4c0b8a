"""The scenario language: what may stand in a file, each table a frozen dataclass.

Every ``[[table]]`` happens at a time after the start (``at``), for a while (``for``), and perhaps
again and again (``every``); times are durations as people write them, kept in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from gateway.model import Kind, Millis
from gateway.tables.words import Checked, Id
from gateway.units import Between, Duration
from simulators.town.places import PLACES, Place, sunniest
from simulators.town.sizes import LEAST, MOST, Sizes
from simulators.world import FASTEST, Phase
from simulators.world.sky import Weather

ANY = "any"
"""The name that stands for every fault there is."""


def _local_time(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    raise ValueError("expected the place's local time, as 2026-03-02T18:00:00")


def _place(text: str) -> str:
    if text in {place.site for place in PLACES}:
        return text
    raise ValueError(f"no such place; known here: {', '.join(place.site for place in PLACES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One ``[[fault]]``.

    Without a ``device``, it strikes the ``index``-th of those in which it would show at that time
    (counting round if there are fewer).
    """

    fault: str
    device: Id | None = None
    kind: Kind | None = None
    index: Annotated[int, Between(0, 9_999)] = 0
    at: Duration
    for_: Duration | None = None
    every: Duration | None = None
    over: Duration = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """One ``[[random]]``: a fault that befalls any device that can have it, at a rate.

    ``rate`` is per device and year; ``fault = "any"`` is each fault there is at that rate. It lasts
    between half of ``for`` and one and a half of it.
    """

    fault: str
    kind: Kind | None = None
    rate: Annotated[float, Between(0.0, 100_000.0)]
    for_: Duration
    over: Duration = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherSpell:
    """One ``[[weather]]``: a storm, a heat wave, an overcast or a clear sky."""

    weather: Weather
    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageEvent:
    """One ``[[voltage]]``: a dip, a sag or a swell to ``level`` of what it would be.

    On one ``feeder`` or all, on one ``phase`` or all three.
    """

    level: Annotated[float, Between(0.0, 1.5)]
    feeder: str | None = None
    phase: Phase | None = None
    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdEvent:
    """One ``[[festival]]``: ``demand`` times as many people and vehicles."""

    demand: Annotated[float, Between(1.0, 100.0)]
    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One ``[[maintenance]]``: people at one ``device``, or at all of a ``feeder`` or a ``kind``.

    Meanwhile what the work ``does`` shows on the devices that know it (a door stands open, lamps
    are switched for a test) and the alarms in ``codes`` are out of service there; at its end the
    faults in ``mends`` are repaired.
    """

    device: Id | None = None
    feeder: str | None = None
    kind: Kind | None = None
    codes: tuple[str, ...] = ("door_open",)
    does: tuple[str, ...] = ("maintenance",)
    mends: tuple[str, ...] = ()
    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One ``[[gap]]``: nothing is recorded, of one device or bus or of all.

    With ``restart`` the gateway begins anew after it.
    """

    device: Id | None = None
    bus: str | None = None
    restart: bool = False
    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkOutage:
    """One ``[[uplink]]``: the way to the centre is down; the gateway goes on recording."""

    at: Duration
    for_: Duration
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """One ``[[clock]]``: the gateway's clock is set ``by`` so much, forward or ``back``."""

    at: Duration
    by: Duration
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The keys at the top of a scenario file."""

    schema: Literal[1]
    description: str = ""
    seed: int = 1
    start: Annotated[Any, Checked(_local_time)] = None
    duration: Duration | None = None
    speed: Annotated[float, Between(1.0, FASTEST)] = 1.0
    place: Annotated[str, Checked(_place)] | None = None
    devices: Annotated[int, Between(LEAST, MOST)] | None = None
    district: Sizes | None = None
    fault: tuple[Any, ...] = ()
    random: tuple[Any, ...] = ()
    weather: tuple[Any, ...] = ()
    voltage: tuple[Any, ...] = ()
    festival: tuple[Any, ...] = ()
    maintenance: tuple[Any, ...] = ()
    gap: tuple[Any, ...] = ()
    uplink: tuple[Any, ...] = ()
    clock: tuple[Any, ...] = ()


TABLES: dict[str, type] = {
    "fault": Trouble,
    "random": Chance,
    "weather": WeatherSpell,
    "voltage": VoltageEvent,
    "festival": CrowdEvent,
    "maintenance": WorkOrder,
    "gap": Gap,
    "uplink": UplinkOutage,
    "clock": ClockStep,
}
"""What each ``[[table]]`` holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario as read: when and where it begins, and everything that happens in it.

    ``start`` is the place's local time (None: now), ``duration`` is in seconds (None: for good),
    ``place`` a site of ``simulators.town.places`` (None: where the sun is highest), ``district``
    the devices by kind where ``devices`` in all will not do.
    """

    name: str
    description: str = ""
    seed: int = 1
    start: datetime | None = None
    duration: float | None = None
    speed: float = 1.0
    place: str | None = None
    devices: int | None = None
    district: Sizes | None = None
    fault: tuple[Trouble, ...] = ()
    random: tuple[Chance, ...] = ()
    weather: tuple[WeatherSpell, ...] = ()
    voltage: tuple[VoltageEvent, ...] = ()
    festival: tuple[CrowdEvent, ...] = ()
    maintenance: tuple[WorkOrder, ...] = ()
    gap: tuple[Gap, ...] = ()
    uplink: tuple[UplinkOutage, ...] = ()
    clock: tuple[ClockStep, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it can be played now, whatever the hour: it does not say when it begins."""
        return self.start is None

    def sizes(self, devices: int | None = None) -> int | Sizes:
        """How large the district is: as asked for, else as the scenario says, else 32."""
        return devices or self.district or self.devices or 32

    def begins(self, now: Millis) -> tuple[Place, Millis]:
        """Where and when it is played if it is ``now``.

        Without a place: where the sun is highest now, or in Makati if it says when it begins.
        """
        place = self.place or (sunniest(now).site if self.start is None else "makati")
        found = next(one for one in PLACES if one.site == place)
        if self.start is None:
            return found, now
        begin = self.start.replace(tzinfo=ZoneInfo(found.timezone)).astimezone(UTC)
        return found, round(begin.timestamp() * 1000)
