"""The gateway looks after itself: its own figures are a reading of kind ``gateway``.

It has a card and points like any device, and its readings go the same way as theirs, so that its
health is in the same database and under the same rules.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.assets import NoFacts
from gateway.config.site import Site
from gateway.edge.outbox.contract import Depth, Lane
from gateway.model import Device, Point, Value

#: Seconds between two looks.
EVERY = 10.0

_UNITS: Mapping[str, str] = {
    "uptime": "s",
    "devices": "",
    "polls": "",
    "readings": "",
    "silent": "",
    "slip": "",
    "links_lost": "",
    "alarms": "",
    "published": "",
    "connected": "",
    "queue_records": "",
    "queue_bytes": "B",
    "queue_age": "s",
    "lost": "",
    "restarts": "",
    "rss": "MB",
    "load": "",
    "cpu_temperature": "°C",
    "disk_free": "MB",
}
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_MB = 1_000_000


def gateway_device(site: Site) -> Device:
    """The gateway as a device of its own."""
    return Device(
        id=site.gateway.id,
        kind="gateway",
        bus="",
        profile="gateway",
        options=None,
        traits=None,
        points=tuple(
            Point(name, None, EVERY, unit, type="bool" if name == "connected" else "number")
            for name, unit in _UNITS.items()
        ),
        facts=NoFacts(),
        latitude=site.gateway.latitude,
        longitude=site.gateway.longitude,
        vendor="Wayside",
        model="gateway",
    )


def queues(waiting: Mapping[Lane, tuple[Depth, int]], flush: float) -> dict[str, Value]:
    """What waits in the outbox: each lane's depth and its last seq; ``flush`` in seconds.

    The age is that of the oldest telemetry: a record is made every flush.
    """
    if not waiting:
        return {}
    telemetry, last = waiting[Lane.TELEMETRY]
    age = (last - telemetry.oldest + 1) * flush if telemetry.records else 0.0
    return {
        "queue_records": sum(depth.records for depth, _ in waiting.values()),
        "queue_bytes": sum(depth.bytes for depth, _ in waiting.values()),
        "queue_age": round(age, 3),
    }


def machine(data_dir: Path) -> dict[str, Value]:
    """What the machine says of itself; a figure it does not have is left out."""
    found = {
        "rss": _memory(),
        "load": round(os.getloadavg()[0], 2),
        "cpu_temperature": _temperature(),
        "disk_free": _free(data_dir),
    }
    return {name: value for name, value in found.items() if value is not None}


def _memory() -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MB, 1)


def _temperature() -> float | None:
    try:
        return int(_THERMAL.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def _free(data_dir: Path) -> float | None:
    try:
        disk = os.statvfs(data_dir)
    except OSError:
        return None
    return round(disk.f_bavail * disk.f_frsize / _MB, 1)
