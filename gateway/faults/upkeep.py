"""Maintenance windows: while somebody works on a device, its alarms are suppressed by design.

A window is open at times of the week (``gateway.weekly``, local time) or once, from a moment to
another. It concerns devices and codes by name, ``*`` standing for any part of one. Dangers
(``causes.NEVER``, but for an open door) must be named in full: nobody mutes a fire by a ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.faults.alarms import Alarms
from gateway.faults.causes import NEVER
from gateway.faults.timers import Timers
from gateway.model import Millis

MINUTE: Millis = 60_000
DANGERS = NEVER - {"door_open"}


@dataclass(frozen=True, slots=True)
class Window:
    """``open(t)``: whether it is open; ``subjects`` and ``codes`` are whom it concerns."""

    open: Callable[[Millis], bool]
    subjects: tuple[str, ...] = ("*",)
    codes: tuple[str, ...] = ("*",)

    def concerns(self, subject: str, code: str) -> bool:
        """Whether an alarm of that code about that subject is kept quiet by it."""
        if code in DANGERS and code not in self.codes:
            return False
        return any(fnmatchcase(subject, one) for one in self.subjects) and any(
            fnmatchcase(code, one) for one in self.codes
        )


class Upkeep:
    """The windows of a site, looked at once a minute."""

    def __init__(self, windows: Iterable[Window], timers: Timers) -> None:
        self._windows = tuple(windows)
        self._timers = timers
        self._open: tuple[Window, ...] = ()

    def maintained(self, subject: str, code: str) -> bool:
        """Whether an alarm is to be kept quiet now."""
        return any(window.concerns(subject, code) for window in self._open)

    def begin(self, t: Millis, alarms: Alarms) -> None:
        """Look from ``t`` on."""
        if self._windows:
            self._look(t, alarms)
            self._timers.every(MINUTE, t, lambda at: self._look(at, alarms))

    def _look(self, t: Millis, alarms: Alarms) -> None:
        opened = tuple(window for window in self._windows if window.open(t))
        if opened != self._open:
            self._open = opened
            alarms.look_again(t)
