"""The embedded history: one SQLite file in the centre's folder, for a demo and for small sites.

A device is a row of ``device``; a reading a row of ``reading`` under the device and its time, its
fields as one JSON object. Two readings of one device and moment merge field by field, as they do
in InfluxDB. The view ``readings`` shows them with names and dates to whoever opens the file.
Every write is one transaction, synced before ``write`` returns; readers see the last one (WAL).
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from gateway.centre.fields import NO_CODES, reading_fields
from gateway.centre.history import (
    EVERYWHERE,
    AlarmRow,
    Bundle,
    Count,
    HistoryUnavailable,
    Latest,
    Sample,
    Scope,
    StoreBusy,
    Written,
    envelope,
    in_order,
    newest,
    window_width,
)
from gateway.model import Kind, Millis, Severity, State, Value

FILE = "history.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL,
    UNIQUE (site, gateway, device, kind)
);
CREATE TABLE IF NOT EXISTS reading (
    device INTEGER NOT NULL REFERENCES device (id),
    t INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (device, t)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, code TEXT NOT NULL,
    t INTEGER NOT NULL,
    state TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (site, gateway, device, code, t)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alarm_t ON alarm (t);
CREATE VIEW IF NOT EXISTS readings AS
    SELECT site, gateway, device.device AS device, kind, t,
           strftime('%Y-%m-%dT%H:%M:%fZ', t / 1000.0, 'unixepoch') AS utc, fields
    FROM reading JOIN device ON device.id = reading.device;
"""
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_LOCKED = 5.0  # seconds to wait for another process's write
_FOREVER: Millis = 2**63 - 1

_ADD_DEVICE = "INSERT OR IGNORE INTO device (site, gateway, device, kind) VALUES (?, ?, ?, ?)"
_DEVICE = "SELECT id FROM device WHERE site = ? AND gateway = ? AND device = ? AND kind = ?"
_INSERT = "INSERT OR IGNORE INTO reading (device, t, fields) VALUES (?, ?, ?)"
_MERGE = """UPDATE reading SET fields = json_patch(fields, ?3)
    WHERE device = ?1 AND t = ?2 AND fields <> ?3"""
_ALARM = "INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

# A part of a scope that is not given is bound as NULL. CROSS JOIN keeps SQLite to this order:
# the few devices first, then their readings by the primary key.
_SCOPE = """
    WHERE (:site IS NULL OR site = :site) AND (:gateway IS NULL OR gateway = :gateway)
    AND (:name IS NULL OR device.device = :name) AND t >= :start AND t < :end"""
_ROWS = " FROM device CROSS JOIN reading ON reading.device = device.id"
_TRANSITIONS = " FROM alarm AS device"
_POINT = _ROWS + _SCOPE + " AND json_type(fields, :path) IS NOT NULL"
_WINDOW = "SELECT :start + (t - :start) / :width * :width AS window, "
_TYPED = "json_extract(fields, :path), json_type(fields, :path)"

_SERIES_SIZE = (
    "SELECT count(*), count(*) FILTER (WHERE json_type(fields, :path) IN ('integer', 'real'))"
    + _POINT
)
_SERIES = "SELECT t, " + _TYPED + _POINT + " ORDER BY t"
_SERIES_EXTREMES = (
    _WINDOW
    + "min(json_extract(fields, :path)), max(json_extract(fields, :path))"
    + _POINT
    + " GROUP BY window"
)
_SERIES_LAST = _WINDOW + _TYPED + ", max(t)" + _POINT + " GROUP BY window"
_LATEST = (
    "SELECT site, gateway, device.device, kind, field.key, max(t), field.atom, field.type"
    + _ROWS
    + " CROSS JOIN json_each(fields) AS field"
    + _SCOPE
    + " GROUP BY device.id, field.key"
)
_COUNT = (
    "SELECT site, gateway, device.device AS named, count(*), count(*) - count(DISTINCT t)"
    + _ROWS
    + _SCOPE
    + " GROUP BY site, gateway, named ORDER BY site, gateway, named"
)
_ALARMS = (
    "SELECT site, gateway, device.device, code, t, state, severity, message"
    + _TRANSITIONS
    + _SCOPE
    + " ORDER BY t DESC LIMIT :limit"
)


class SqliteHistory:
    """Store and history in one; a lock lets threads share its connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._devices: dict[tuple[str, str, str, str], int] = {}

    @classmethod
    def open(cls, data_dir: Path) -> SqliteHistory:
        """Open the file in ``data_dir``, made if it is missing."""
        data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / FILE
        connection = sqlite3.connect(
            path, timeout=_LOCKED, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        return cls(connection)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    # --- storing

    def write(self, bundles: Sequence[Bundle]) -> Written:
        """Store everything in one transaction; ``stored`` counts the rows that are new."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    stored = self._write_readings(bundles)
                    self._write_alarms(bundles)
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._devices.clear()
                    self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.OperationalError as error:
                raise StoreBusy(f"{FILE}: {error}") from error
        return Written(stored)

    def _write_readings(self, bundles: Sequence[Bundle]) -> int:
        rows = []
        for bundle in bundles:
            for reading in bundle.readings:
                fields = reading_fields(reading, bundle.codes.get(reading.device, NO_CODES))
                if fields:
                    device = self._device(bundle, reading.device, reading.kind)
                    rows.append((device, reading.t, orjson.dumps(dict(fields)).decode()))
        stored = self._connection.executemany(_INSERT, rows).rowcount if rows else 0
        if stored < len(rows):
            self._connection.executemany(_MERGE, rows)
        return stored

    def _device(self, bundle: Bundle, device: str, kind: Kind) -> int:
        key = (bundle.site, bundle.gateway, device, kind)
        known = self._devices.get(key)
        if known is None:
            self._connection.execute(_ADD_DEVICE, key)
            found = self._connection.execute(_DEVICE, key)
            known = self._devices[key] = int(found.fetchone()[0])
        return known

    def _write_alarms(self, bundles: Sequence[Bundle]) -> None:
        self._connection.executemany(
            _ALARM,
            [
                (
                    bundle.site,
                    bundle.gateway,
                    alarm.device,
                    alarm.code,
                    alarm.t,
                    str(alarm.state),
                    str(alarm.severity),
                    alarm.message,
                )
                for bundle in bundles
                for alarm in bundle.alarms
            ],
        )

    # --- reading back

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
        """A point's values in order of time; see ``History``."""
        if not _NAME.fullmatch(point):
            return []
        width = window_width(start, end, max_points)
        bound = {
            **_within(Scope(site, gateway, device), start, end),
            "path": f'$."{point}"',
            "width": width,
        }
        with self._asking() as ask:
            count, numbers = ask(_SERIES_SIZE, bound).fetchone()
            if count <= max_points:
                return [(t, _value(value, kind)) for t, value, kind in ask(_SERIES, bound)]
            if count == numbers:
                windows = ask(_SERIES_EXTREMES, bound)
                return envelope(((t, float(low), float(high)) for t, low, high in windows), width)
            return [(t, _value(value, kind)) for t, value, kind, _ in ask(_SERIES_LAST, bound)]

    def latest(self, since: Millis, scope: Scope = EVERYWHERE) -> list[Latest]:
        """The newest value of each point, by device; see ``History``."""
        with self._asking() as ask:
            return newest(
                ((site, gateway, device, kind), field, (t, _value(value, of)))
                for site, gateway, device, kind, field, t, value, of in ask(
                    _LATEST, _within(scope, since)
                )
            )

    def count(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[Count]:
        """Stored rows by device; see ``History``."""
        with self._asking() as ask:
            return [Count(*row) for row in ask(_COUNT, _within(scope, start, end))]

    def alarms(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[AlarmRow]:
        """Transitions of alarms in order of time; see ``History``."""
        with self._asking() as ask:
            found = ask(_ALARMS, {**_within(scope, start, end), "limit": limit})
            return in_order(
                AlarmRow(site, gateway, device, code, t, State(state), Severity(severity), text)
                for site, gateway, device, code, t, state, severity, text in found
            )

    @contextmanager
    def _asking(self) -> Iterator[Callable[[str, Mapping[str, Any]], sqlite3.Cursor]]:
        try:
            with self._lock:
                yield self._connection.execute
        except sqlite3.Error as error:
            raise HistoryUnavailable(f"{FILE}: {error}") from error


def _within(scope: Scope, start: Millis, end: Millis = _FOREVER) -> dict[str, str | int | None]:
    return {
        "site": scope.site,
        "gateway": scope.gateway,
        "name": scope.device,
        "start": start,
        "end": end,
    }


def _value(value: float | str, kind: str) -> Value:
    """A value as JSON meant it: SQLite hands true and false out as 1 and 0."""
    if isinstance(value, str):
        return value
    return bool(value) if kind in {"true", "false"} else float(value)
