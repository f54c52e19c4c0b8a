"""The register: what the audit must know of what came, beside the history itself.

- *assets*: the devices of each gateway, since when there are readings of them, and their *plan*:
  how often at least a reading was promised by the identity card, from when on,
- *tallies*: how many readings of each device came for each hour, and how many of them were *empty*
  (the device was silent, or every point bad), so that the history has no row of them,
- *spans* of every telemetry stream (``spans``).

It is kept in the ledger's file and in the ledger's transactions: what is counted here is exactly
what the ledger has seen. Only messages of which every record is new are counted, for a message does
not say which readings are whose; after a crash of a gateway a few may go uncounted, so a tally
means *at least*.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.centre.history import HOUR
from gateway.centre.ingest.spans import Span, Spans
from gateway.model import Kind, Millis
from gateway.wire import Root

KEPT: Millis = 400 * 86_400_000
"""How long spans and tallies are kept: a year and its audit."""


class StreamKey(NamedTuple):
    """A stream of a gateway."""

    root: Root
    stream: str


class DeviceKey(NamedTuple):
    """A device of a gateway."""

    root: Root
    device: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A device: ``since`` is its oldest reading, ``every`` (s) what it promises now.

    ``every`` is None for one that has no card, or is gone.
    """

    id: int
    kind: Kind
    since: Millis
    every: float | None = None


class Plan(NamedTuple):
    """What a card promises: a reading ``every`` seconds; None for a device that is gone."""

    kind: Kind
    every: float | None


@dataclass(slots=True)
class Tally:
    """Readings of one device in one hour that came, and those of them without any value."""

    came: int = 0
    empty: int = 0


@dataclass(slots=True)
class Notes:
    """What a batch adds to the register."""

    spans: dict[StreamKey, Spans] = field(default_factory=dict)
    tallies: dict[tuple[DeviceKey, int], Tally] = field(default_factory=dict)
    seen: dict[DeviceKey, tuple[Kind, Millis]] = field(default_factory=dict)
    plans: dict[DeviceKey, Plan] = field(default_factory=dict)


SCHEMA = """
CREATE TABLE IF NOT EXISTS asset (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL,
    kind TEXT NOT NULL, since INTEGER NOT NULL,
    UNIQUE (site, gateway, device)
);
CREATE TABLE IF NOT EXISTS plan (
    asset INTEGER NOT NULL REFERENCES asset (id), since INTEGER NOT NULL, every REAL,
    PRIMARY KEY (asset, since)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
    hour INTEGER NOT NULL, asset INTEGER NOT NULL REFERENCES asset (id),
    came INTEGER NOT NULL, empty INTEGER NOT NULL,
    PRIMARY KEY (hour, asset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS span (
    site TEXT NOT NULL, gateway TEXT NOT NULL, stream TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    begins INTEGER NOT NULL, ends INTEGER NOT NULL,
    PRIMARY KEY (site, gateway, stream, first)
) WITHOUT ROWID;
"""
_ASSETS = """SELECT site, gateway, device, id, kind, asset.since, (
    SELECT every FROM plan WHERE asset = id ORDER BY plan.since DESC LIMIT 1) FROM asset"""
_PUT_ASSET = """INSERT INTO asset (site, gateway, device, kind, since) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET kind = excluded.kind, since = min(since, excluded.since)
    RETURNING id, since"""
_PUT_PLAN = "INSERT OR REPLACE INTO plan VALUES (?, ?, ?)"
_PLANS = "SELECT asset, since, every FROM plan ORDER BY asset, since"
_COUNT = """INSERT INTO tally VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET came = came + excluded.came, empty = empty + excluded.empty"""
_TALLIES = "SELECT asset, hour, came, empty FROM tally WHERE hour >= ? AND hour < ?"
_SPANS = "SELECT site, gateway, stream, first, last, begins, ends FROM span"
_PUT_SPAN = "INSERT OR REPLACE INTO span VALUES (?, ?, ?, ?, ?, ?, ?)"
_CUT_SPAN = "DELETE FROM span WHERE site = ? AND gateway = ? AND stream = ? AND first = ?"
_FORGET_TALLIES = "DELETE FROM tally WHERE hour < ?"
_FORGET_SPANS = "DELETE FROM span WHERE ends < ?"


class Register:
    """The tables of one file; the caller owns the connection and its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.assets = {
            DeviceKey(Root(site, gateway), device): Asset(*rest)
            for site, gateway, device, *rest in connection.execute(_ASSETS)
        }
        self.spans: dict[StreamKey, Spans] = {}
        found: dict[StreamKey, list[Span]] = {}
        for site, gateway, stream, *numbers in connection.execute(_SPANS):
            found.setdefault(StreamKey(Root(site, gateway), stream), []).append(Span(*numbers))
        self.spans = {key: tuple(sorted(spans)) for key, spans in found.items()}

    def note(self, notes: Notes, now: Millis) -> None:
        """Write a batch's notes down; ``now`` is when a changed plan begins."""
        for key, (kind, since) in notes.seen.items():
            self._see(key, kind, since)
        for key, plan in notes.plans.items():
            self._plan(key, plan, now)
        counts = (
            (hour, self.assets[key].id, tally.came, tally.empty)
            for (key, hour), tally in notes.tallies.items()
        )
        self._connection.executemany(_COUNT, counts)
        for stream, spans in notes.spans.items():
            self._stretch(stream, spans)

    def _see(self, key: DeviceKey, kind: Kind, since: Millis) -> Asset:
        row = (*names(key.root), key.device, kind, since)
        identity, first = self._connection.execute(_PUT_ASSET, row).fetchone()
        known = self.assets.get(key)
        every = known.every if known else None
        self.assets[key] = Asset(identity, kind, first, every)
        return self.assets[key]

    def _plan(self, key: DeviceKey, plan: Plan, now: Millis) -> None:
        """A device's first plan holds from its first reading on, a later one from its arrival."""
        asset = self.assets.get(key) or self._see(key, plan.kind, now)
        planned = self._connection.execute("SELECT 1 FROM plan WHERE asset = ?", (asset.id,))
        since = 0 if planned.fetchone() is None else now
        self._connection.execute(_PUT_PLAN, (asset.id, since, plan.every))
        self.assets[key] = replace(asset, every=plan.every)

    def _stretch(self, key: StreamKey, spans: Spans) -> None:
        before = self.spans.get(key, ())
        place = (*names(key.root), key.stream)
        self._connection.executemany(
            _CUT_SPAN, [(*place, span.first) for span in set(before) - set(spans)]
        )
        self._connection.executemany(
            _PUT_SPAN,
            [
                (*place, span.first, span.last, span.begins, span.ends)
                for span in set(spans) - set(before)
            ],
        )
        self.spans[key] = spans

    def plans(self) -> dict[int, list[tuple[Millis, float | None]]]:
        """By asset id: from when on which period was promised (s; None: the device was gone)."""
        plans: dict[int, list[tuple[Millis, float | None]]] = {}
        for asset, since, every in self._connection.execute(_PLANS):
            plans.setdefault(asset, []).append((since, every))
        return plans

    def tallies(self, start: int, end: int) -> dict[int, dict[int, Tally]]:
        """By asset id and hour, for the hours ``[start, end)``."""
        tallies: dict[int, dict[int, Tally]] = {}
        for asset, hour, came, empty in self._connection.execute(_TALLIES, (start, end)):
            tallies.setdefault(asset, {})[hour] = Tally(came, empty)
        return tallies

    def forget(self, before: Millis) -> None:
        """Delete what is older."""
        self._connection.execute(_FORGET_TALLIES, (before // HOUR,))
        self._connection.execute(_FORGET_SPANS, (before,))
        self.spans = {
            key: kept
            for key, spans in self.spans.items()
            if (kept := tuple(span for span in spans if span.ends >= before))
        }


def names(root: Root) -> tuple[str, str]:
    """A root as its two columns."""
    return root.site, root.gateway
