"""What the machine says of itself: memory, load, heat, the supply's voltage, the disk.

A figure that a machine does not have (no thermal zone in a container, no Raspberry Pi) is left out.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.model import Value

_ROOT = Path("/")
_MB = 1_000_000
# The firmware's answer, in hex (Raspberry Pi documentation, `vcgencmd get_throttled`).
_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
_UNDERVOLTAGE_NOW = 1 << 0
# Frequency capped, throttled, or at the soft temperature limit.
_THROTTLED_NOW = 1 << 1 | 1 << 2 | 1 << 3


def look(data_dir: Path, root: Path = _ROOT) -> dict[str, Value]:
    """The machine's part of the gateway's own reading; ``root`` is where /proc and /sys are.

    It asks the disk, and a sensor may take its time: not for the event loop.
    """
    supply = _number(root / _THROTTLED, 16)
    heat = _number(root / "sys/class/thermal/thermal_zone0/temp")
    found: dict[str, Value | None] = {
        "rss": _resident(root),
        "memory_free": _available(root),
        "load": round(os.getloadavg()[0], 2),
        "cpu_temperature": None if heat is None else heat / 1000,
        "undervoltage": None if supply is None else bool(supply & _UNDERVOLTAGE_NOW),
        "throttled": None if supply is None else bool(supply & _THROTTLED_NOW),
        "disk_free": _free(data_dir),
    }
    return {name: value for name, value in found.items() if value is not None}


def _number(file: Path, base: int = 10) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"), base)
    except (OSError, ValueError):
        return None


def _resident(root: Path) -> float | None:
    """MB of this process."""
    try:
        pages = int((root / "proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MB, 1)


def _available(root: Path) -> float | None:
    """MB that programs can still have without swapping."""
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        [kilobytes] = (int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError):
        return None
    return round(kilobytes * 1024 / _MB, 1)


def _free(data_dir: Path) -> float | None:
    """MB of the data folder's disk that this user may still fill."""
    try:
        disk = os.statvfs(data_dir)
    except OSError:
        return None
    return round(disk.f_bavail * disk.f_frsize / _MB, 1)
