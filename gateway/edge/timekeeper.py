"""Which time may be believed: a small machine of facts in, an offset out.

The machine's time since boot only runs on. The wall clock may be anything: a Pi without a battery
boots in 1970 or at its last shutdown, and NTP sets it later, in one step. So the wall clock is only
*looked at*, once a second, and everything is stamped with the time since boot plus the **offset**
that the latest believed look gave. No reading ever carries a time that nobody judged.

A look whose offset is within ``STEP`` of the one believed in this boot follows it (NTP's small
corrections, a leap second). Any other look is judged by this table, the first line that fits:

=====================================================  ============================================
what is seen                                            the wall clock is
=====================================================  ============================================
before ``EARLIEST`` or after ``LATEST``                 not believed, whoever says so
the site file says ``clock = "trust"``                  believed
the kernel is synchronised (NTP, PTP, GPS)              believed, even behind what was stored
no offset yet, and earlier than the last time           not believed: it went backwards while off
that was ever believed here
an RTC is there and agrees                              believed (it kept the time while off)
an RTC is there and disagrees, or cannot be read        not believed (no battery, or never set)
no RTC, on a PC or a server: VM, container              believed (its host keeps the time)
no RTC, on a board                                      not believed
=====================================================  ============================================

While no look was believed in this boot, the time is *not known*: readings are held (``hold``), and
``now`` is the earliest it can be. A known offset is never lost again in this boot: if the wall
clock becomes unbelievable, time goes on by the offset that was good, which drifts by seconds a
week, and the look is *doubted*. The offset is kept with the boot's id, so a restart of the daemon
goes on as if there had been none, even if NTP has been away for so long that the kernel calls its
clock unsynchronised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.model import Millis

EARLIEST: Millis = 1_735_689_600_000
"""2025-01-01: before the first release, so before any reading there can be."""
LATEST: Millis = 2_682_374_400_000
"""2055-01-01: no gateway of this release runs for so long; a receiver's week may roll over."""
STEP: Millis = 2_000
"""ms: a change of less than this is followed (a leap second is 1 s); more is a step (E)."""


class Hardware(StrEnum):
    """What the machine has to keep the time while it is off."""

    AGREES = "an RTC that agrees"
    DISAGREES = "an RTC that disagrees"
    HOST = "a host that keeps it"
    NOTHING = "nothing"


class Source(StrEnum):
    """Why the time is believed."""

    NONE = "none"
    TRUST = "trust"
    KERNEL = "kernel"
    RTC = "rtc"
    HOST = "host"
    BOOT = "boot"  # it was believed earlier in this boot


_HARDWARE = {
    Hardware.AGREES: Source.RTC,
    Hardware.DISAGREES: Source.NONE,
    Hardware.HOST: Source.HOST,
    Hardware.NOTHING: Source.NONE,
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The facts of one machine. ``boot`` is the id of this boot, ``boottime`` the seconds since.

    ``hardware`` is asked with the wall clock's time, and only where nothing better is known.
    """

    boot: str
    wall: Callable[[], Millis]
    boottime: Callable[[], float]
    synchronised: Callable[[], bool]
    hardware: Callable[[Millis], Hardware]


@dataclass(frozen=True, slots=True)
class Step:
    """The time was set, from ``before`` to ``after``; the ``first`` time in this boot, or again."""

    before: Millis
    after: Millis
    first: bool
    source: Source

    @property
    def by(self) -> Millis:
        """How far, in ms; of a first step it says nothing."""
        return self.after - self.before


class Timekeeper:
    """Keeps the time of this boot. ``kept`` is what an earlier run's ``to_keep`` gave, or None."""

    def __init__(self, signs: Signs, *, trust: bool = False, kept: object = None) -> None:
        self._signs = signs
        self._trust = trust
        self.boot = signs.boot
        #: Why the time is believed, ``NONE`` while it is not known.
        self.source = Source.NONE
        #: The wall clock says something else than is believed.
        self.doubted = False
        #: The latest step, in ms.
        self.stepped: Millis = 0
        #: The last time that was believed before this run; None if there is none on record.
        self.floor: Millis | None = None
        #: UTC minus the time since boot, in ms; while not known, the least it can be.
        self.offset: Millis = EARLIEST
        #: The offset with which held readings are stamped. Corrections do not change it, so that
        #: one that is stamped twice, because of a crash, gets the same time.
        self.first: Millis | None = None
        self._resume(kept)

    def _resume(self, kept: object) -> None:
        match kept:
            case {"boot": str(boot), "offset": int(offset), "first": int(first), "last": int(last)}:
                self.floor = last
                if boot == self.boot:
                    self.offset, self.first, self.source = offset, first, Source.BOOT
                else:
                    self.offset = min(max(last, EARLIEST), LATEST)

    @property
    def known(self) -> bool:
        """Whether the time is known in this boot."""
        return self.first is not None

    @property
    def sound(self) -> bool:
        """Whether the time is known and the wall clock agrees."""
        return self.known and not self.doubted

    def now(self) -> Millis:
        """The time, in ms UTC; while it is not known, the earliest it can be."""
        return round(self._signs.boottime() * 1000) + self.offset

    def to_keep(self) -> dict[str, Any] | None:
        """What the next run should know, as JSON; None while the time is not known."""
        if self.first is None:
            return None
        return {"boot": self.boot, "offset": self.offset, "first": self.first, "last": self.now()}

    def look(self) -> Step | None:
        """Look at the wall clock; what changed, if it was more than a correction."""
        since_boot = round(self._signs.boottime() * 1000)
        wall = self._signs.wall()
        offset = wall - since_boot
        if self.known and abs(offset - self.offset) < STEP:
            self.offset, self.doubted = offset, False
            return None
        source = self._believe(wall)
        self.doubted = source is Source.NONE
        if self.doubted:
            return None
        step = Step(since_boot + self.offset, wall, not self.known, source)
        self.offset, self.source = offset, source
        self.first = offset
        if not step.first:
            self.stepped = step.by
        return step

    def _believe(self, wall: Millis) -> Source:
        """The table; ``NONE`` if it is not believed."""
        backwards = not self.known and self.floor is not None and wall < self.floor
        if not EARLIEST <= wall < LATEST:
            return Source.NONE
        if self._trust:
            return Source.TRUST
        if self._signs.synchronised():
            return Source.KERNEL
        return Source.NONE if backwards else _HARDWARE[self._signs.hardware(wall)]
