"""The audit: is everything that should be in the history there, and if not, why not?

For each device and hour it compares four things that come from different hands: the *plan* (the
identity card promises a reading ``every`` so many seconds), the *ledger* (which records of each
gateway's stream came; they are numbered without holes), the *tally* (how many readings were in
them) and the *history* (how many rows there are now).

``expected`` is the greater of what was promised and what came: the hour, from the device's first
reading on, divided by its period. A promise is not a count, so it may be wrong by one reading at
either end of an hour, and says nothing of devices without a card (there, what came is expected).
A new period counts from when its card arrived.

``lost`` is what should be here and is not, with no reason on record: rows the history does not
have though it took them, and readings of records that are missing between others that came.
Of these, ``owed`` may still come: the gateway has been asked for them.

The rest of a shortfall is *explained*, each reading once, in this order:

- ``silent``: the device was asked and gave no usable value, so there is no row,
- ``rejected``: the database refused the row; it stands in the dead-letter file,
- ``dropped``: the gateway gave the record up, and said so,
- ``late``: of the time since the gateway was last heard; it may still hold them,
- ``gap``: the gateway reported a gap in its own records,
- ``off``: the gateway recorded nothing at all then, and the numbers go on without a hole,
- ``unread``: the gateway was at work and every record is here, so this device was not read: its bus
  is slower than its plan, it was put off, or the daemon was restarted.

How many readings a missing record held nobody knows; its time divided by the period is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from gateway.centre.history import HOUR, HourCount
from gateway.centre.ingest.ledger import Stream
from gateway.centre.ingest.register import Asset, DeviceKey, StreamKey, Tally, names
from gateway.centre.ingest.spans import HOLE, Span, Spans
from gateway.model import Millis
from gateway.ranges import Ranges, size, without
from gateway.wire import Root

CAUSES = ("silent", "rejected", "dropped", "late", "gap", "off", "unread")

PlanSteps = Sequence[tuple[Millis, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All an audit looks at; ``plans`` and ``tallies`` by the id of an asset."""

    assets: Mapping[DeviceKey, Asset]
    plans: Mapping[int, PlanSteps] = field(default_factory=dict)
    tallies: Mapping[int, Mapping[int, Tally]] = field(default_factory=dict)
    spans: Mapping[StreamKey, Spans] = field(default_factory=dict)
    streams: Mapping[StreamKey, Stream] = field(default_factory=dict)
    stored: Mapping[tuple[DeviceKey, int], HourCount] = field(default_factory=dict)
    rejected: Mapping[tuple[DeviceKey, int], int] = field(default_factory=dict)
    gaps: Mapping[Root, Sequence[tuple[Millis, Millis]]] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """How an hour, a device or everything stands; counts of readings."""

    expected: int = 0
    stored: int = 0
    lost: int = 0
    owed: int = 0
    duplicates: int = 0
    explained: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))

    def __iadd__(self, other: Figures) -> Self:
        self.expected += other.expected
        self.stored += other.stored
        self.lost += other.lost
        self.owed += other.owed
        self.duplicates += other.duplicates
        for cause, count in other.explained.items():
            self.explained[cause] += count
        return self


@dataclass(frozen=True, slots=True)
class DeviceAudit:
    """One device: its hours (since 1970) and their sum."""

    key: DeviceKey
    kind: str
    hours: Mapping[int, Figures]
    total: Figures


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of time from which no record of a gateway is here, and why."""

    begins: Millis
    ends: Millis
    cause: str


def audit(evidence: Evidence, hours: range, now: Millis) -> list[DeviceAudit]:
    """Every device of which anything is known in these hours, ordered by name.

    Only whole hours can be audited, for tallies are; nothing is expected after ``now``.
    """
    known = {root: _of(root, evidence) for root in {key.root for key in evidence.assets}}
    return [
        device
        for key in sorted(evidence.assets, key=lambda key: (*names(key.root), key.device))
        if (device := _device(key, evidence, known[key.root], hours, now)).hours
    ]


def holes(
    streams: Mapping[str, Stream], spans: Mapping[str, Spans], gaps: Iterable[tuple[Millis, Millis]]
) -> list[Hole]:
    """The holes in what one gateway's telemetry streams cover, in order of time.

    The last one has no end: what comes after the newest record is ``late``.
    """
    runs = sorted(
        ((span, name) for name, several in spans.items() for span in several),
        key=lambda run: (run[0].begins, run[0].ends),
    )
    if not runs:
        return []
    found: list[Hole] = []
    before, of = runs[0]
    for span, name in runs[1:]:
        if span.begins > before.ends:
            stream = streams.get(of, Stream())
            between = (before.last + 1, span.first - 1) if name == of else (before.last + 1, 2**63)
            found += _why(before, span, stream, between)
        if span.ends >= before.ends:
            before, of = span, name
    found = [piece for hole in found for piece in _reported(hole, gaps)]
    return [*found, Hole(before.ends, 2**62, "late")]


def _why(before: Span, after: Span, stream: Stream, between: tuple[int, int]) -> Iterator[Hole]:
    """Share the time between two spans out among what is missing between them.

    A record's share is what the records beside it took; time beyond that is one in which nothing
    was recorded.
    """
    owed, dropped = (_within(each, between) for each in (stream.owed, stream.dropped))
    pace = _pace(before) or _pace(after) or 1000.0
    begins = before.ends
    for cause, count in (("owed", owed), ("dropped", dropped)):
        if count:
            ends = min(after.begins, begins + math.ceil((count + 1) * pace))
            if after.begins - ends <= HOLE and (cause == "dropped" or not dropped):
                ends = after.begins
            yield Hole(begins, ends, cause)
            begins = ends
    if begins < after.begins:
        yield Hole(begins, after.begins, "off")


def _within(ranges: Ranges, between: tuple[int, int]) -> int:
    """How many numbers of ``ranges`` lie between two, inclusive."""
    if between[0] > between[1]:
        return 0
    return size(ranges) - size(without(ranges, (between,)))


def _pace(span: Span) -> float:
    """Milliseconds from one record to the next."""
    count = span.last - span.first
    return min(float(HOLE), (span.ends - span.begins) / count) if count else 0.0


def _reported(hole: Hole, gaps: Iterable[tuple[Millis, Millis]]) -> Iterator[Hole]:
    """A hole in which nothing was recorded, with what the gateway itself reported of it."""
    begins = hole.begins
    if hole.cause == "off":
        for first, last in sorted(gaps):
            left, right = max(begins, first), min(hole.ends, last)
            if left < right:
                yield Hole(begins, left, "off")
                yield Hole(left, right, "gap")
                begins = right
    yield Hole(begins, hole.ends, hole.cause)


@dataclass(frozen=True, slots=True)
class _Coverage:
    """What is known of a gateway's time: since when there are records, and the holes in them."""

    begins: Millis
    holes: Sequence[Hole]


def _of(root: Root, evidence: Evidence) -> _Coverage:
    spans = {key.stream: found for key, found in evidence.spans.items() if key.root == root}
    streams = {key.stream: found for key, found in evidence.streams.items() if key.root == root}
    begins = min((span.begins for several in spans.values() for span in several), default=2**62)
    return _Coverage(begins, holes(streams, spans, evidence.gaps.get(root, ())))


def _device(
    key: DeviceKey, evidence: Evidence, coverage: _Coverage, hours: range, now: Millis
) -> DeviceAudit:
    asset = evidence.assets[key]
    plan = evidence.plans.get(asset.id, ())
    tallies = evidence.tallies.get(asset.id, {})
    since = max(asset.since, coverage.begins)
    found, total = dict[int, Figures](), Figures()
    for hour in hours:
        within = (max(since, hour * HOUR), min(now, (hour + 1) * HOUR))
        stored = evidence.stored.get((key, hour))
        tally = tallies.get(hour, Tally())
        if stored is None and not tally.came and within[0] >= within[1]:
            continue
        periods = list(_periods(plan, *within))
        promised = math.floor(sum((b - a) / every for a, b, every in periods) + 1e-6)
        every = min((every for _, _, every in periods), default=0.0)
        missing = _by_cause(coverage.holes, within, every)
        rejected = evidence.rejected.get((key, hour), 0)
        found[hour] = figures(promised, tally, stored, rejected, missing)
        total += found[hour]
    return DeviceAudit(key, asset.kind, found, total)


def _periods(plan: PlanSteps, start: Millis, end: Millis) -> Iterator[tuple[Millis, Millis, float]]:
    """The promised periods (ms) that hold in an interval, each with its part of it."""
    for (since, every), (until, _) in pairwise([*plan, (2**63, None)]):
        begins, ends = max(start, since), min(end, until)
        if every is not None and begins < ends:
            yield begins, ends, every * 1000.0


def _by_cause(
    found: Sequence[Hole], within: tuple[Millis, Millis], every: float
) -> Mapping[str, int]:
    """How many readings at most fell into the holes of an interval."""
    if not every:
        return {}
    lasted: dict[str, int] = {}
    for hole in found:
        overlap = min(hole.ends, within[1]) - max(hole.begins, within[0])
        if overlap > 0:
            lasted[hole.cause] = lasted.get(hole.cause, 0) + overlap
    return {cause: math.ceil(ms / every) for cause, ms in lasted.items()}


def figures(
    promised: int,
    tally: Tally,
    stored: HourCount | None,
    rejected: int,
    missing: Mapping[str, int],
) -> Figures:
    """One device's hour, each missing reading put down to one cause."""
    rows, duplicates = (stored.rows, stored.duplicates) if stored else (0, 0)
    found = Figures(max(promised, tally.came), rows, duplicates=duplicates)
    left = max(0, found.expected - rows)

    def take(most: int) -> int:
        nonlocal left
        part = min(left, max(0, most))
        left -= part
        return part

    found.lost = take(tally.came - tally.empty - rejected - rows)
    found.explained["silent"] = take(tally.empty)
    found.explained["rejected"] = take(rejected)
    found.owed = take(missing.get("owed", 0))
    found.lost += found.owed
    for cause in ("dropped", "late", "gap", "off"):
        found.explained[cause] = take(missing.get(cause, 0))
    found.explained["unread"] = left
    return found
