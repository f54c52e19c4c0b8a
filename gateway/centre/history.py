"""The history of a city: what ingest stores and the console, the audit and the demo read back.

Two small protocols. A ``Store`` takes bundles of what one gateway sent; writing the same bundle
twice changes nothing. A ``History`` answers questions, and answers them alike whatever database is
behind it: InfluxDB (``influx.py``) or the SQLite file in the centre's own folder
(``embedded.py``). Calls block; from a coroutine they belong in a thread. Each may be shared by
threads. Intervals are ``[start, end)`` in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from gateway.centre.fields import Codes
from gateway.model import NOTHING, Alarm, Event, Kind, Millis, Reading, Severity, State, Value

Sample: TypeAlias = tuple[Millis, Value]

HOUR: Millis = 3_600_000


@dataclass(frozen=True, slots=True)
class Bundle:
    """Readings, alarms and events of one gateway; ``codes`` gives its enum codes by device."""

    site: str
    gateway: str
    readings: Sequence[Reading] = ()
    alarms: Sequence[Alarm] = ()
    codes: Mapping[str, Codes] = NOTHING
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row the database will never take, and why; everything around it landed."""

    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: rows of readings that are stored now, and rows refused for good."""

    stored: int = 0
    rejected: tuple[Rejected, ...] = ()


class StoreBusy(Exception):
    """The database cannot take it now (away, restarting, overloaded): try again.

    ``after`` is the wait in seconds it asked for, if it did.
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class StoreRefused(Exception):
    """The database takes nothing from us (credentials, bucket): a person has to act."""


class HistoryUnavailable(Exception):
    """The history cannot be read now; the text says why."""


class Store(Protocol):
    """Where ingest writes to."""

    def write(self, bundles: Sequence[Bundle]) -> Written:
        """Store everything, durably, before returning.

        Raises:
            StoreBusy: nothing is known to be stored; the same bundles should be written again.
            StoreRefused: the same, and it will stay so until a person changes something.
        """

    def rewrite(self, rows: Sequence[str]) -> tuple[Rejected, ...]:
        """Store rows it once refused, as ``Rejected.row`` gave them; those it refuses again.

        Raises what ``write`` raises.
        """

    def forget(self, before: Millis) -> int:
        """Delete some of the readings older than that, and say how many; 0 when none are left.

        A server that has a retention policy of its own deletes nothing here. StoreBusy: not now.
        """

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of each of a device's points, with its time."""

    site: str
    gateway: str
    device: str
    kind: Kind
    values: Mapping[str, Sample]
    uncertain: frozenset[str] = frozenset()


class Count(NamedTuple):
    """How many rows of a device are stored, and how many of them share their time with another."""

    site: str
    gateway: str
    device: str
    rows: int
    duplicates: int


class HourCount(NamedTuple):
    """Stored rows of a device in one hour; ``hour`` counts from 1970, ``duplicates`` as above.

    Not ``exact``: at least so many, because no point of the device is in every row.
    """

    site: str
    gateway: str
    device: str
    hour: int
    rows: int
    duplicates: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One transition of an alarm."""

    site: str
    gateway: str
    device: str
    code: str
    t: Millis
    state: State
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened once, with its figures as JSON held them."""

    site: str
    gateway: str
    device: str
    event: str
    t: Millis
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which devices a question is about: any part left None is "all of them"."""

    site: str | None = None
    gateway: str | None = None
    device: str | None = None

    def parts(self) -> dict[str, str]:
        """The parts that narrow it."""
        parts = {"site": self.site, "gateway": self.gateway, "device": self.device}
        return {name: value for name, value in parts.items() if value is not None}


EVERYWHERE = Scope()


class History(Protocol):
    """What can be asked. Every call raises ``HistoryUnavailable`` when there is no answer."""

    def series(
        self,
        site: str,
        gateway: str,
        device: str,
        point: str,
        start: Millis,
        end: Millis,
        max_points: int = 1000,
    ) -> list[Sample]:
        """A point's values in order of time, numbers as floats.

        More than ``max_points`` (at least 2) are thinned: the interval is cut into equal windows,
        and of each the lowest value (stamped with the window's start) and the highest (its middle)
        remain, one where they are the same; of a point that is no number, the last of each window.
        """

    def latest(self, since: Millis, scope: Scope = EVERYWHERE) -> list[Latest]:
        """The newest values stored at or after ``since``, by device, ordered by name."""

    def count(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[Count]:
        """Stored rows by device, ordered by name; reads every row of a remote database."""

    def hours(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[HourCount]:
        """Stored rows by device and hour, as far as they can be had without reading them all."""

    def alarms(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[AlarmRow]:
        """Transitions in order of time; of more than ``limit``, the newest."""

    def events(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[EventRow]:
        """Events in order of time; of more than ``limit``, the newest."""

    def close(self) -> None:
        """Let go of it."""


def window_width(start: Millis, end: Millis, max_points: int) -> Millis:
    """How wide the windows of a thinned series are: each may leave two samples."""
    return max(1, -(-(end - start) // max(1, max_points // 2)))


def envelope(windows: Iterable[tuple[Millis, float, float]], width: Millis) -> list[Sample]:
    """The samples of thinned windows, given as (start, lowest, highest)."""
    samples: list[Sample] = []
    for start, low, high in windows:
        samples.append((start, low))
        if high != low:
            samples.append((start + width // 2, high))
    return samples


def newest(
    rows: Iterable[tuple[tuple[str, str, str, Kind], str, Sample]],
) -> list[Latest]:
    """The answer of ``latest`` from (site, gateway, device, kind), field and its newest sample.

    A point is uncertain now if its ``_q`` is as new as itself; an older one is long over.
    """
    found: dict[tuple[str, str, str, Kind], dict[str, Sample]] = {}
    for key, name, sample in rows:
        found.setdefault(key, {})[name] = sample
    return [_newest_of(key, samples) for key, samples in sorted(found.items())]


def _newest_of(key: tuple[str, str, str, Kind], samples: Mapping[str, Sample]) -> Latest:
    marks = {name for name in samples if name.endswith("_q") and name[:-2] in samples}
    values = {name: samples[name] for name in sorted(samples.keys() - marks)}
    uncertain = {name[:-2] for name in marks if samples[name][0] == values[name[:-2]][0]}
    return Latest(*key, values, frozenset(uncertain))


def in_order(rows: Iterable[AlarmRow]) -> list[AlarmRow]:
    """Rows in order of time, and of names where the time is the same."""
    return sorted(rows, key=lambda row: (row.t, row.site, row.gateway, row.device, row.code))


def events_in_order(rows: Iterable[EventRow]) -> list[EventRow]:
    """The same for events."""
    return sorted(rows, key=lambda row: (row.t, row.site, row.gateway, row.device, row.event))
