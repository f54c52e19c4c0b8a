"""When a condition has held for long enough.

A ``Run`` follows one rule about one subject. A condition "for D" is established by at least
``readings`` good readings that span D, neighbours no further apart than max(3 periods, D)
(domain §0): a bad reading or a missed poll in between breaks nothing, a longer hole does, because
nobody knows what happened in it. An observed normal is timed the same way by the off-delay.
Undecided readings never come here, so they can neither raise nor clear.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, MET, NORMAL, Settings, Verdict
from gateway.model import Millis


@dataclass(frozen=True, slots=True)
class Delays:
    """A rule's delays in ms, and how many good readings it takes to raise."""

    on: Millis
    off: Millis
    readings: int

    @classmethod
    def of(cls, settings: Settings) -> Delays:
        """From settings, which are in seconds."""
        return cls(
            round(settings.on_delay * 1000), round(settings.off_delay * 1000), settings.readings
        )


class Run:
    """How long the present condition, or the present normal, has lasted without a break.

    ``since`` is when the condition was first seen; it stands while ``met`` is not 0.
    """

    __slots__ = ("_certain", "_normal_since", "_t", "met", "since")

    def __init__(self) -> None:
        self.met = 0
        self.since: Millis = 0
        self._certain = 0
        self._normal_since: Millis | None = None
        self._t: Millis = 0

    def forget(self) -> None:
        """Begin anew: after a restart, a step of the clock, or while another code stands for it."""
        self.met = self._certain = 0
        self._normal_since = None

    def pending(self, t: Millis, delays: Delays, period: Millis) -> bool:
        """Whether the condition was seen, and a raise may still come of it at ``t``."""
        return bool(self.met) and t - self._t <= max(3 * period, delays.on)

    def step(self, verdict: Verdict, t: Millis, delays: Delays, period: Millis) -> Verdict:
        """What is established at ``t``: ``MET``, ``NORMAL``, or ``BETWEEN`` for neither yet."""
        if verdict is MET or verdict is CERTAIN:
            self._normal_since = None
            return self._met(verdict, t, delays, period)
        self.met = self._certain = 0
        if verdict is NORMAL:
            return self._normal(t, delays, period)
        self._normal_since = None
        return BETWEEN

    def _met(self, verdict: Verdict, t: Millis, delays: Delays, period: Millis) -> Verdict:
        if self.met and t - self._t > max(3 * period, delays.on):
            self.met = self._certain = 0
        if not self.met:
            self.since = t
        if not self.met or t > self._t:  # one moment is one reading
            self.met += 1
            self._certain = self._certain + 1 if verdict is CERTAIN else 0
            self._t = t
        long_enough = self.met >= delays.readings and t - self.since >= delays.on
        return MET if long_enough or self._certain >= delays.readings else BETWEEN

    def _normal(self, t: Millis, delays: Delays, period: Millis) -> Verdict:
        if self._normal_since is None or t - self._t > max(3 * period, delays.off):
            self._normal_since = t
        self._t = t
        return NORMAL if t - self._normal_since >= delays.off else BETWEEN
