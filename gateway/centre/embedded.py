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

from gateway.centre import statements as sql
from gateway.centre.fields import NO_CODES, event_fields, reading_fields
from gateway.centre.history import (
    EVERYWHERE,
    AlarmRow,
    Bundle,
    Count,
    EventRow,
    HistoryUnavailable,
    HourCount,
    Latest,
    Rejected,
    Sample,
    Scope,
    StoreBusy,
    Written,
    envelope,
    events_in_order,
    in_order,
    newest,
    window_width,
)
from gateway.model import Kind, Millis, Severity, State, Value

FILE = "history.db"

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_LOCKED = 5.0  # seconds to wait for another process's write
_FOREVER: Millis = 2**63 - 1
_AT_ONCE = 5000  # rows deleted in one go


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
        connection.executescript(sql.SCHEMA)
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
                    self._write_events(bundles)
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
        stored = self._connection.executemany(sql.INSERT, rows).rowcount if rows else 0
        if stored < len(rows):
            self._connection.executemany(sql.MERGE, rows)
        return stored

    def _device(self, bundle: Bundle, device: str, kind: Kind) -> int:
        key = (bundle.site, bundle.gateway, device, kind)
        known = self._devices.get(key)
        if known is None:
            self._connection.execute(sql.ADD_DEVICE, key)
            found = self._connection.execute(sql.DEVICE, key)
            known = self._devices[key] = int(found.fetchone()[0])
        return known

    def _write_alarms(self, bundles: Sequence[Bundle]) -> None:
        self._connection.executemany(
            sql.ALARM,
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

    def _write_events(self, bundles: Sequence[Bundle]) -> None:
        self._connection.executemany(
            sql.EVENT,
            [
                (
                    bundle.site,
                    bundle.gateway,
                    event.device,
                    event.event,
                    event.t,
                    event_fields(event)["values"],
                )
                for bundle in bundles
                for event in bundle.events
            ],
        )

    def rewrite(self, rows: Sequence[str]) -> tuple[Rejected, ...]:
        """Rows set aside are another database's: this one never refuses any."""
        return tuple(Rejected(row, "a row for InfluxDB, and there is none now") for row in rows)

    def forget(self, before: Millis) -> int:
        """Delete a slice of what is older; see ``Store``.

        The file keeps its size and fills the freed pages with what comes.
        """
        gone = 0
        for (device,) in self._locked(sql.DEVICES, {}).fetchall():
            bound = {"device": device, "before": before, "most": _AT_ONCE - gone}
            gone += self._locked(sql.FORGET, bound).rowcount
            if gone >= _AT_ONCE:
                return gone
        for old in (sql.FORGET_ALARMS, sql.FORGET_EVENTS):
            self._locked(old, {"before": before})
        return gone

    def _locked(self, statement: str, bound: Mapping[str, Any]) -> sqlite3.Cursor:
        with self._lock:
            try:
                return self._connection.execute(statement, bound)
            except sqlite3.OperationalError as error:
                raise StoreBusy(f"{FILE}: {error}") from error

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
            count, numbers = ask(sql.SERIES_SIZE, bound).fetchone()
            if count <= max_points:
                return [(t, _value(json)) for t, json in ask(sql.SERIES, bound)]
            if count == numbers:
                windows = ask(sql.SERIES_EXTREMES, bound)
                return envelope(((t, float(low), float(high)) for t, low, high in windows), width)
            return [(t, _value(json)) for t, json, _ in ask(sql.SERIES_LAST, bound)]

    def latest(self, since: Millis, scope: Scope = EVERYWHERE) -> list[Latest]:
        """The newest value of each point, by device; see ``History``."""
        with self._asking() as ask:
            return newest(
                ((site, gateway, device, kind), field, (t, _value(json)))
                for site, gateway, device, kind, field, t, json in ask(
                    sql.LATEST, _within(scope, since)
                )
            )

    def count(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[Count]:
        """Stored rows by device; see ``History``."""
        with self._asking() as ask:
            return [Count(*row) for row in ask(sql.COUNT, _within(scope, start, end))]

    def alarms(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[AlarmRow]:
        """Transitions of alarms in order of time; see ``History``."""
        with self._asking() as ask:
            found = ask(sql.ALARMS, {**_within(scope, start, end), "limit": limit})
            return in_order(
                AlarmRow(site, gateway, device, code, t, State(state), Severity(severity), text)
                for site, gateway, device, code, t, state, severity, text in found
            )

    def hours(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[HourCount]:
        """Stored rows by device and hour; see ``History``. Always exact."""
        with self._asking() as ask:
            return [HourCount(*row) for row in ask(sql.HOURS, _within(scope, start, end))]

    def events(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[EventRow]:
        """Events in order of time; see ``History``."""
        with self._asking() as ask:
            found = ask(sql.EVENTS, {**_within(scope, start, end), "limit": limit})
            return events_in_order(
                EventRow(site, gateway, device, event, t, orjson.loads(fields))
                for site, gateway, device, event, t, fields in found
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


def _value(json: str) -> Value:
    """A value from its JSON; every number is a float."""
    value: Value = orjson.loads(json)
    return value if isinstance(value, bool | str) else float(value)
