"""What this machine tells of its time: the rim of ``timekeeper``.

- The kernel says whether anything disciplines its clock: the greatest error it expects is below
  16 s (the kernel's own limit; ``timedatectl`` goes by it as well). Python has no such call, so
  libc's ``adjtimex`` is asked, with nothing to change. Where it may not be called, the file that
  systemd-timesyncd leaves once it has set the clock has to do.
- An RTC that agrees with the wall clock to ten minutes (two months of a bad quartz, and the clock
  it gave us at boot) kept the time; one without its battery is years off, or cannot be read.
- PCs and servers have an RTC, or are guests of something that has one: there a missing one means a
  container or a small VM. PCs are known by their processor, other servers by their DMI tables.
"""

from __future__ import annotations

import ctypes
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gateway.edge.timekeeper import Hardware, Signs
from gateway.model import Millis

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
AGREEMENT: Millis = 600_000
"""ms between the RTC and the wall clock (E)."""

_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_SYS = Path("/sys")
_PCS = {"x86_64", "amd64", "i386", "i486", "i586", "i686"}
_MOST_ERROR = 16_000_000  # µs


class _Timex(ctypes.Structure):
    """The head of libc's ``struct timex``, and more room than any libc's rest takes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("greatest_error", ctypes.c_long),
        ("rest", ctypes.c_byte * 512),
    )


def machine() -> Signs:
    """The signs of the machine this runs on."""
    return Signs(
        boot=boot_id(),
        wall=lambda: time.time_ns() // 1_000_000,
        boottime=partial(time.clock_gettime, time.CLOCK_BOOTTIME),
        synchronised=kernel(),
        hardware=hardware,
    )


def boot_id() -> str:
    """The id of this boot of the machine; empty where it has none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def kernel(mark: Path = _SYNCHRONISED) -> Callable[[], bool]:
    """What tells whether the kernel's clock is synchronised."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)

    def synchronised() -> bool:
        said = _Timex()
        if adjtimex is None or adjtimex(ctypes.byref(said)) < 0:
            return mark.exists()
        return 0 <= int(said.greatest_error) < _MOST_ERROR

    return synchronised


def hardware(wall: Millis, sys: Path = _SYS, processor: str = platform.machine()) -> Hardware:
    """What keeps the time here while the machine is off, and whether it agrees with ``wall``."""
    clocks = sorted(sys.glob("class/rtc/rtc*"))
    for clock in clocks:
        try:
            kept = int((clock / "since_epoch").read_text(encoding="ascii")) * 1000
        except (OSError, ValueError):
            continue
        if abs(kept - wall) <= AGREEMENT:
            return Hardware.AGREES
    if clocks:
        return Hardware.DISAGREES
    if processor in _PCS or (sys / "class/dmi/id").exists():
        return Hardware.HOST
    return Hardware.NOTHING
