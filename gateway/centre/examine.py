"""Where an audit's evidence comes from: the ledger in the centre's folder, and the history.

The ledger is read first. A row is in the history before the ledger speaks of it, so with ingest at
work nothing looks lost that is only on its way.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.centre.audit import DeviceAudit, Evidence, Figures, audit
from gateway.centre.database import open_history
from gateway.centre.history import (
    HOUR,
    EventRow,
    History,
    HistoryUnavailable,
    HourCount,
    Scope,
)
from gateway.centre.ingest import deadletters
from gateway.centre.ingest.ledger import FILE, Ledger, Stream
from gateway.centre.ingest.register import DeviceKey, StreamKey, Tally
from gateway.config.site import Centre
from gateway.model import Millis
from gateway.wire import Root

TOLD = ("dropped", "gap", "data_gap", "state_lost", "clock")
"""Events in which a gateway tells of what is missing."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found: devices with their hours, streams as the ledger knows them, and events."""

    hours: range
    devices: list[DeviceAudit]
    streams: Mapping[StreamKey, Stream]
    events: list[EventRow]

    @property
    def total(self) -> Figures:
        """All devices together."""
        total = Figures()
        for device in self.devices:
            total += device.total
        return total


def examine(centre: Centre, start: Millis, end: Millis, now: Millis) -> Examination:
    """Audit the hours that touch ``[start, end)``; nothing is expected after ``now``.

    Raises HistoryUnavailable when the database or the ledger cannot be read.
    """
    hours = range(start // HOUR, max(start // HOUR + 1, -(-end // HOUR)))
    evidence = _ledger(centre.data_dir, hours)
    begins, ends = hours.start * HOUR, hours.stop * HOUR
    with open_history(centre) as history:
        told = [row for row in history.events(begins, ends, limit=100_000) if row.event in TOLD]
        stored = _stored(history, evidence, begins, ends)
    evidence = replace(evidence, stored=stored, gaps=_gaps(told))
    return Examination(hours, audit(evidence, hours, now), evidence.streams, told)


def _ledger(data_dir: Path, hours: range) -> Evidence:
    if not (data_dir / FILE).exists():
        raise HistoryUnavailable(f"{data_dir}: no {FILE} here; did ingest ever run on this folder?")
    rejected: Counter[tuple[DeviceKey, int]] = Counter()
    try:
        with closing(Ledger.open(data_dir)) as ledger:
            register = ledger.register
            found = Evidence(
                assets=register.assets,
                plans=register.plans(),
                tallies=register.tallies(hours.start, hours.stop),
                spans=register.spans,
                streams={
                    StreamKey(root, name): stream
                    for root, streams in ledger.streams.items()
                    for name, stream in streams.items()
                },
                rejected=rejected,
            )
        for root, device, t in deadletters.refused_readings(data_dir):
            rejected[DeviceKey(root, device), t // HOUR] += 1
    except (sqlite3.Error, OSError) as error:
        raise HistoryUnavailable(f"{data_dir}: {error}") from error
    return found


def _stored(
    history: History, evidence: Evidence, start: Millis, end: Millis
) -> dict[tuple[DeviceKey, int], HourCount]:
    """Rows by device and hour, asked for a gateway and a day at a time."""
    found: dict[tuple[DeviceKey, int], HourCount] = {}
    for root in {key.root for key in evidence.assets}:
        for day in range(start, end, 24 * HOUR):
            within = day, min(end, day + 24 * HOUR)
            for quick in history.hours(*within, Scope(root.site, root.gateway)):
                key = DeviceKey(root, quick.device)
                found[key, quick.hour] = _exact(history, evidence, key, quick)
    return found


def _exact(history: History, evidence: Evidence, key: DeviceKey, quick: HourCount) -> HourCount:
    """Rows counted one by one where a quick count is less than what came."""
    asset = evidence.assets.get(key)
    tally = evidence.tallies.get(asset.id, {}).get(quick.hour, Tally()) if asset else Tally()
    if quick.exact or quick.rows >= tally.came - tally.empty:
        return quick
    within = quick.hour * HOUR, (quick.hour + 1) * HOUR
    (counted,) = history.count(*within, Scope(key.root.site, key.root.gateway, key.device))
    return quick._replace(rows=counted.rows, duplicates=counted.duplicates, exact=True)


def _gaps(told: list[EventRow]) -> dict[Root, list[tuple[Millis, Millis]]]:
    """The stretches gateways reported as gaps in their own records."""
    gaps: dict[Root, list[tuple[Millis, Millis]]] = {}
    for row in told:
        first, last = row.values.get("from"), row.values.get("to")
        if row.event == "gap" and isinstance(first, int) and isinstance(last, int):
            gaps.setdefault(Root(row.site, row.gateway), []).append((first, last))
    return gaps
