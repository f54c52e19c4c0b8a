"""An audit for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gateway.centre.audit import DeviceAudit, Figures
from gateway.centre.examine import Examination
from gateway.centre.history import HOUR, EventRow
from gateway.centre.ingest.ledger import Stream
from gateway.centre.ingest.register import StreamKey
from gateway.ranges import size

_HEAD = f"{'device':<40}{'expected':>10}{'stored':>10}{'lost':>8}{'twice':>7}  explained"


def as_json(found: Examination) -> dict[str, Any]:
    """One document: the total, each gateway's streams and events, each device with its hours."""
    return {
        "from": found.hours.start * HOUR,
        "to": found.hours.stop * HOUR,
        "total": _figures(found.total),
        "streams": [_stream(key, stream) for key, stream in sorted(found.streams.items(), key=_by)],
        "events": [_event(row) for row in found.events],
        "devices": [_device(device) for device in found.devices],
    }


def _by(item: tuple[StreamKey, Stream]) -> tuple[str, str, str]:
    root, name = item[0]
    return root.site, root.gateway, name


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "expected": figures.expected,
        "stored": figures.stored,
        "lost": figures.lost,
        "owed": figures.owed,
        "duplicates": figures.duplicates,
        "explained": {cause: count for cause, count in figures.explained.items() if count},
    }


def _stream(key: StreamKey, stream: Stream) -> dict[str, Any]:
    return {
        "site": key.root.site,
        "gateway": key.root.gateway,
        "stream": key.stream,
        "upto": stream.upto,
        "missing": stream.gaps,
        "dropped": stream.lost,
        "again": stream.again,
    }


def _event(row: EventRow) -> dict[str, Any]:
    return {
        "site": row.site,
        "gateway": row.gateway,
        "device": row.device,
        "t": row.t,
        "event": row.event,
        "values": row.values,
    }


def _device(device: DeviceAudit) -> dict[str, Any]:
    return {
        "site": device.key.root.site,
        "gateway": device.key.root.gateway,
        "device": device.key.device,
        "kind": device.kind,
        **_figures(device.total),
        "hours": [{"t": hour * HOUR, **_figures(of)} for hour, of in sorted(device.hours.items())],
    }


def as_text(found: Examination) -> str:
    """A line a device, the hours of those that lost something, the streams, and a total."""
    hours, total = found.hours, found.total
    lines = [f"{_utc(hours.start)} to {_utc(hours.stop)}", "", _HEAD]
    for device in found.devices:
        root, name = device.key
        lines.append(_row(f"{root.site}/{root.gateway}/{name}", device.total))
        lines += [_row(f"  {_utc(at)}", of) for at, of in sorted(device.hours.items()) if of.lost]
    lines += [_row("total", total), ""]
    lines += _told(found)
    lines.append(_verdict(total))
    return "\n".join(lines)


def _row(name: str, figures: Figures) -> str:
    explained = ", ".join(f"{count} {cause}" for cause, count in figures.explained.items() if count)
    row = f"{name:<40}{figures.expected:>10}{figures.stored:>10}{figures.lost:>8}"
    return f"{row}{figures.duplicates:>7}  {explained}".rstrip()


def _told(found: Examination) -> Iterator[str]:
    for (root, name), stream in sorted(found.streams.items(), key=_by):
        if stream.gaps or stream.lost:
            yield (
                f"{root.site}/{root.gateway} stream {name}: {stream.gaps} records missing, "
                f"{stream.lost} given up by the gateway, of {stream.upto}"
            )
    for row in found.events:
        ranges = row.values.get("ranges")
        what = f"{_records(ranges)} records" if ranges else ""
        reason = row.values.get("reason", "")
        moment = datetime.fromtimestamp(row.t / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = ": ".join(filter(None, (what, str(reason))))
        yield f"{row.site}/{row.gateway} {moment} {row.event} {said}".rstrip()


def _records(ranges: list[list[int]]) -> int:
    return size(tuple((first, last) for first, last in ranges))


def _verdict(total: Figures) -> str:
    if not total.lost:
        return "Nothing is lost."
    if total.owed == total.lost:
        return f"{total.lost} readings are not here; the gateways have been asked for them."
    return f"{total.lost} readings are lost ({total.owed} of them may still come)."


def _utc(hour: int) -> str:
    return datetime.fromtimestamp(hour * HOUR / 1000, UTC).strftime("%Y-%m-%dT%H:00Z")
