"""The gateway's own health, as values: what is known of it at a moment, and how it is told.

The gateway has a card and points like any device, and its readings of kind ``gateway`` go the same
way as theirs, so that its health is in the same database and under the same rules. ``vitals`` takes
the snapshots, ``metrics`` tells the same of them in the form of Prometheus.

A reading has one value of everything; where there are several buses or lanes that is a sum, or the
worst of them. Only the use of each bus has a point of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gateway.assets import NoFacts
from gateway.config.site import Site
from gateway.driver import Symptom
from gateway.edge.outbox.contract import Lane
from gateway.model import Device, Point, Value

#: Seconds between two readings.
EVERY = 10.0


class Figure(NamedTuple):
    """One point of the reading: its unit and what it means."""

    unit: str
    meaning: str
    type: Literal["number", "bool"] = "number"


FIGURES: Mapping[str, Figure] = {
    "uptime": Figure("s", "since the daemon began"),
    "starts": Figure("", "how often the daemon was started since its state began"),
    "restarts": Figure("", "tasks that failed by a bug and were begun again"),
    "devices": Figure("", "devices of the site file"),
    "polls": Figure("", "polls made"),
    "readings": Figure("", "readings with values that were taken for publishing"),
    "silent": Figure("", "polls that got no answer"),
    "bad": Figure("", "polls with an answer that could not be used, or not all of it"),
    "garbled": Figure("", "polls whose answer was damaged on the wire (CRC, framing)"),
    "suspects": Figure("", "devices that stayed silent the latest time they were asked"),
    "slip": Figure("", "polls that a bus was too busy to make"),
    "links_lost": Figure("", "times a bus's wire went away"),
    "buses_down": Figure("", "buses whose wire is gone now"),
    "bus_use": Figure("%", "the busiest bus's share of the time since the reading before"),
    "alarms": Figure("", "alarms that stand"),
    "connected": Figure("", "whether there is a connection to the broker", "bool"),
    "published": Figure("", "messages that the broker acknowledged"),
    "set_aside": Figure("", "messages that no broker would take"),
    "unconfirmed": Figure("s", "for how long the centre has confirmed nothing that the broker has"),
    "rival": Figure("", "whether another client seems to be connected with our id", "bool"),
    "queue_records": Figure("", "records in the outbox, both lanes"),
    "queue_events": Figure("", "those of alarms and events"),
    "queue_bytes": Figure("B", "their bytes"),
    "queue_full": Figure("%", "their share of `max_bytes`"),
    "queue_age": Figure("s", "age of the oldest record in the outbox"),
    "unsent": Figure("", "records that the broker has not acknowledged"),
    "unsent_age": Figure("s", "age of the oldest of those"),
    "lost": Figure("", "records that the outbox had to give up"),
    "clock_synchronised": Figure("", "whether the time is known", "bool"),
    "clock_offset": Figure("s", "the latest step of the clock"),
    "rss": Figure("MB", "memory of the daemon"),
    "memory_free": Figure("MB", "memory that the machine has left"),
    "load": Figure("", "the machine's load, over a minute"),
    "cpu_temperature": Figure("°C", "the processor's temperature"),
    "undervoltage": Figure("", "Raspberry Pi: its supply is too weak now", "bool"),
    "throttled": Figure("", "Raspberry Pi: it runs slower now, for heat or voltage", "bool"),
    "disk_free": Figure("MB", "room on the disk of `data_dir`"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BusHealth:
    """One bus; the figures of ``Figures``, ``busy`` in seconds."""

    name: str
    devices: int = 0
    polls: int = 0
    silent: int = 0
    bad: int = 0
    failures: Mapping[Symptom, int]
    suspects: int = 0
    slip: int = 0
    links_lost: int = 0
    busy: float = 0.0
    down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneHealth:
    """One lane of the outbox; ages in seconds, 0 where nothing waits, None where not known."""

    lane: Lane
    records: int = 0
    bytes: int = 0
    unsent: int = 0
    age: float | None = None
    unsent_age: float | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that is known at ``at`` (monotonic seconds); ``figures`` has what there is one of.

    ``lanes`` is empty while the disk cannot be read.
    """

    at: float
    figures: Mapping[str, Value]
    buses: Sequence[BusHealth] = ()
    lanes: Sequence[LaneHealth] = ()
    restarts: Mapping[str, int]
    max_bytes: int


def gateway_device(site: Site) -> Device:
    """The gateway as a device of its own."""
    points = [
        Point(name, None, EVERY, figure.unit, type=figure.type) for name, figure in FIGURES.items()
    ]
    uses = use_points(bus.name for bus in site.buses.values() if bus.devices)
    points += [Point(name, None, EVERY, "%", type="number") for name in uses.values()]
    return Device(
        id=site.gateway.id,
        kind="gateway",
        bus="",
        profile="gateway",
        options=None,
        traits=None,
        points=tuple(points),
        facts=NoFacts(),
        latitude=site.gateway.latitude,
        longitude=site.gateway.longitude,
        vendor="Wayside",
        model="gateway",
    )


def use_points(buses: Iterable[str]) -> dict[str, str]:
    """For each bus the point of its use: ``feeder-1`` has ``bus_use_feeder_1``.

    Names that come out alike are told apart by a number, in the order of the site file.
    """
    points: dict[str, str] = {}
    for bus in buses:
        stem = f"bus_use_{re.sub(r'[^a-z0-9]', '_', bus.lower())}"[:60]
        name, number = stem, 1
        while name in points.values():
            number += 1
            name = f"{stem}_{number}"
        points[bus] = name
    return points


def reading_of(now: Snapshot, before: Snapshot | None) -> dict[str, Value]:
    """The values of the gateway's reading; shares are of the time since the snapshot ``before``."""
    found: dict[str, Value | None] = {**now.figures, **_buses(now.buses), **_queue(now)}
    found["restarts"] = sum(now.restarts.values())
    uses = _uses(now, before)
    found["bus_use"] = max(uses.values(), default=None)
    values = {name: value for name in FIGURES if (value := found.get(name)) is not None}
    points = use_points(bus.name for bus in now.buses)
    return {**values, **{points[bus]: use for bus, use in uses.items()}}


def _buses(buses: Sequence[BusHealth]) -> dict[str, Value]:
    return {
        "polls": sum(bus.polls for bus in buses),
        "silent": sum(bus.silent for bus in buses),
        "bad": sum(bus.bad for bus in buses),
        "garbled": sum(bus.failures.get(Symptom.GARBLED, 0) for bus in buses),
        "suspects": sum(bus.suspects for bus in buses),
        "slip": sum(bus.slip for bus in buses),
        "links_lost": sum(bus.links_lost for bus in buses),
        "buses_down": sum(bus.down for bus in buses),
    }


def _uses(now: Snapshot, before: Snapshot | None) -> dict[str, float]:
    """% of the time that each bus was busy."""
    if before is None or now.at <= before.at:
        return {}
    busy = {bus.name: bus.busy for bus in before.buses}
    return {
        bus.name: round(100 * (bus.busy - busy[bus.name]) / (now.at - before.at), 1)
        for bus in now.buses
        if bus.name in busy
    }


def _queue(now: Snapshot) -> dict[str, Value | None]:
    lanes = now.lanes
    if not lanes:
        return {}
    held = sum(lane.bytes for lane in lanes)
    return {
        "queue_records": sum(lane.records for lane in lanes),
        "queue_events": sum(lane.records for lane in lanes if lane.lane is Lane.EVENTS),
        "queue_bytes": held,
        "queue_full": round(100 * held / now.max_bytes, 1),
        "queue_age": max((lane.age for lane in lanes if lane.age is not None), default=None),
        "unsent": sum(lane.unsent for lane in lanes),
        "unsent_age": max(
            (lane.unsent_age for lane in lanes if lane.unsent_age is not None), default=None
        ),
        "lost": sum(lane.lost for lane in lanes),
    }
