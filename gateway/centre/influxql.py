"""The history of an InfluxDB server, asked for in InfluxQL: what every version of it understands.

Questions are text, so names and values from outside are quoted here and nowhere else. ``Ask``
sends statements and yields the series of the answers; everything else about the server (its
address, its credentials, its version) is the business of ``influx.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import orjson

from gateway.centre.history import (
    EVERYWHERE,
    HOUR,
    AlarmRow,
    Count,
    EventRow,
    HourCount,
    Latest,
    Sample,
    Scope,
    envelope,
    events_in_order,
    in_order,
    newest,
    window_width,
)
from gateway.model import KINDS, NOTHING, Kind, Millis, Severity, State, Value

_BY_DEVICE = ' GROUP BY "site", "gateway", "device"'


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of one measurement and one set of tags, or a part of them; the first column is time."""

    name: str
    columns: Sequence[str]
    values: Sequence[Sequence[Any]]
    tags: Mapping[str, str] = NOTHING


Ask: TypeAlias = Callable[[str], Iterator[Series]]


def name(text: str) -> str:
    """An identifier: a measurement, a field, a tag, a database."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """A string to compare with."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


_READINGS = ", ".join(map(name, KINDS))


def _within(scope: Scope, start: Millis, end: Millis | None = None) -> str:
    conditions = [f"time >= {start}ms", *([] if end is None else [f"time < {end}ms"])]
    conditions += [f"{name(tag)} = {literal(value)}" for tag, value in scope.parts().items()]
    return " WHERE " + " AND ".join(conditions)


def _select(what: str, source: str) -> str:
    return f"SELECT {what} FROM {source}"  # noqa: S608  # `name` and `literal` quote every part


def _value(value: float | str) -> Value:
    return value if isinstance(value, bool | str) else float(value)


class InfluxHistory:
    """``History`` by InfluxQL."""

    def __init__(self, ask: Ask, close: Callable[[], None]) -> None:
        self._ask = ask
        self.close = close

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
        field = name(point)
        source = _READINGS + _within(Scope(site, gateway, device), start, end)
        size = list(self._rows(_select(f"count({field}), last({field})", source)))
        if sum(count for _, count, _ in size) <= max_points:
            rows = self._rows(_select(field, source))
            return sorted((t, _value(value)) for t, value in rows)
        width = window_width(start, end, max_points)
        grouped = f"{source} GROUP BY time({width}ms, {start % width}ms) fill(none)"
        if all(type(last) in {int, float} for _, _, last in size):
            extremes = self._rows(_select(f"min({field}), max({field})", grouped))
            return envelope(
                sorted((t, float(low), float(high)) for t, low, high in extremes), width
            )
        rows = self._rows(_select(f"last({field})", grouped))
        return sorted((t, _value(value)) for t, value in rows)

    def latest(self, since: Millis, scope: Scope = EVERYWHERE) -> list[Latest]:
        """The newest value of each point, by device; see ``History``."""
        within = _within(scope, since) + _BY_DEVICE
        fields = [
            (series.name, row[0])
            for series in self._ask(f"SHOW FIELD KEYS FROM {_READINGS}")
            for row in series.values
        ]
        questions = [
            _select(f"last({name(field)}) AS {name(field)}", name(kind) + within)
            for kind, field in fields
        ]
        if not questions:
            return []
        return newest(
            ((*_device(series), cast("Kind", series.name)), series.columns[1], (t, _value(value)))
            for series in self._ask("; ".join(questions))
            for t, value in series.values
        )

    def count(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[Count]:
        """Stored rows by device; see ``History``.

        InfluxQL counts values, not rows, so the rows are read, a chunk at a time. A series has one
        row at a time; rows share a device and a time only if it was stored under two kinds.
        """
        rows: dict[tuple[str, str, str], dict[str, int]] = {}
        for series in self._every(scope, start, end):
            kinds = rows.setdefault(_device(series), {})
            kinds[series.name] = kinds.get(series.name, 0) + len(series.values)
        return [
            Count(*device, sum(kinds.values()), self._shared(device, start, end, len(kinds)))
            for device, kinds in sorted(rows.items())
        ]

    def _shared(self, device: tuple[str, str, str], start: Millis, end: Millis, kinds: int) -> int:
        if kinds == 1:
            return 0
        every = self._every(Scope(*device), start, end)
        times = [row[0] for series in every for row in series.values]
        return len(times) - len(set(times))

    def _every(self, scope: Scope, start: Millis, end: Millis) -> Iterator[Series]:
        return self._ask(_select("*", _READINGS + _within(scope, start, end) + _BY_DEVICE))

    def alarms(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[AlarmRow]:
        """Transitions of alarms in order of time; see ``History``."""
        columns = ", ".join(
            map(name, ("site", "gateway", "device", "code", "state", "severity", "message"))
        )
        question = _select(columns, name("alarm") + _within(scope, start, end))
        rows = self._rows(f"{question} ORDER BY time DESC LIMIT {int(limit)}")
        return in_order(
            AlarmRow(site, gateway, device, code, t, State(state), Severity(severity), message)
            for t, site, gateway, device, code, state, severity, message in rows
        )

    def hours(self, start: Millis, end: Millis, scope: Scope = EVERYWHERE) -> list[HourCount]:
        """Stored rows by device and hour; see ``History``.

        The server counts the values of every point. Where one point is in every row, its count is
        that of the rows; the most frequent point gives the least there can be. Only for a device
        stored under two kinds, whose rows may share a time, are the rows read.
        """
        grouped = (
            _within(scope, start, end) + f' GROUP BY time({HOUR}ms), "site", "gateway", "device"'
        )
        most: dict[tuple[str, str, str], dict[int, list[int]]] = {}
        for series in self._ask(_select("count(*)", _READINGS + grouped)):
            for t, *counts in series.values:
                rows = max((count for count in counts if count), default=0)
                if rows:
                    of_device = most.setdefault(_device(series), {})
                    of_device.setdefault(t // HOUR, []).append(rows)
        return [
            self._hour(device, hour, kinds, (start, end))
            for device, hours in sorted(most.items())
            for hour, kinds in sorted(hours.items())
        ]

    def _hour(
        self,
        device: tuple[str, str, str],
        hour: int,
        kinds: Sequence[int],
        within: tuple[Millis, Millis],
    ) -> HourCount:
        if len(kinds) == 1:
            return HourCount(*device, hour, kinds[0], 0, exact=False)
        start, end = max(within[0], hour * HOUR), min(within[1], (hour + 1) * HOUR)
        (counted,) = self.count(start, end, Scope(*device))
        return HourCount(*device, hour, counted.rows, counted.duplicates)

    def events(
        self, start: Millis, end: Millis, scope: Scope = EVERYWHERE, limit: int = 1000
    ) -> list[EventRow]:
        """Events in order of time; see ``History``."""
        columns = ", ".join(map(name, ("site", "gateway", "device", "event", "values")))
        question = _select(columns, name("event") + _within(scope, start, end))
        rows = self._rows(f"{question} ORDER BY time DESC LIMIT {int(limit)}")
        return events_in_order(
            EventRow(site, gateway, device, event, t, orjson.loads(values))
            for t, site, gateway, device, event, values in rows
        )

    def _rows(self, question: str) -> Iterable[Sequence[Any]]:
        return (row for series in self._ask(question) for row in series.values)


def _device(series: Series) -> tuple[str, str, str]:
    tags = series.tags
    return tags["site"], tags["gateway"], tags["device"]
