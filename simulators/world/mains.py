"""The mains of one feeder: what comes in from the utility, what goes out to the lamps.

A ``Supply`` is a slow swing of the voltage, a function of time, and a journal of what was switched
and what broke: moments with the ``Circuit`` that held from then on. Whoever hangs on the supply
walks the journal at its own pace, so a lamp that is looked at every five minutes lives through the
dip of 0.4 s two minutes ago, and all see the contactor close at the same moment.

On a *switched* supply the contactor follows an astronomical clock unless somebody orders otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import pi, sin
from random import Random
from typing import Any, Literal, TypeAlias

from gateway.model import Millis

Phase: TypeAlias = Literal["L1", "L2", "L3"]
PHASES: tuple[Phase, ...] = ("L1", "L2", "L3")

NIGHT = -3.0
"""Degrees of sun below which an astronomical clock lights the streets: about 35 lx are left."""
LONGEST = 600_000
"""ms between two looks at the clock or the sky: nothing switches twice in that time."""
_PRECISION = 500
"""ms within which the moment of a switching is found."""
_DAY = 86_400_000
_WHOLE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a feeder is connected from ``t`` on.

    ``shares`` of each phase's healthy voltage are what a fault leaves, ``sag`` what a dip leaves.
    ``ordered`` is what the contactor is told, ``closed`` what it does. From lamp ``cut`` on the
    cable is gone; of phase ``blown`` (0 to 2) every second lamp's fuse is.
    """

    t: Millis
    failed: bool = False
    ordered: bool = True
    closed: bool = True
    shares: tuple[float, float, float] = _WHOLE
    sag: tuple[float, float, float] = _WHOLE
    cut: int | None = None
    blown: int | None = None

    @property
    def live(self) -> bool:
        """Whether the lamps' side is connected to mains that are there."""
        return self.closed and not self.failed

    def share(self, number: int) -> float:
        """What is left of the voltage of phase ``number`` (0 to 2) before the contactor."""
        return 0.0 if self.failed else self.shares[number] * self.sag[number]

    def reaches(self, number: int, position: int | None) -> bool:
        """Whether the conductors to a lamp on phase ``number`` (0 to 2) are whole."""
        place = position or 0
        if self.cut is not None and place >= self.cut:
            return False
        return self.blown != number or place // 3 % 2 == 1


class Supply:
    """One feeder's mains; volts between phase and neutral.

    ``sun`` gives the sun's elevation, ``now`` the time at which a change takes place if none is
    said. ``journal`` begins with the circuit as it was built.
    """

    def __init__(
        self,
        nominal: float,
        chance: Random,
        *,
        sun: Callable[[Millis], float],
        now: Callable[[], Millis],
    ) -> None:
        self.nominal = nominal
        self.switched = False
        self.order: bool | None = None
        self.stuck: bool | None = None
        self._swing = tuple(chance.uniform(0, 2 * pi) for _ in range(6))
        self._sun, self._now = sun, now
        self._t = now()
        self.journal = [Circuit(self._t)]
        self._due: list[tuple[Millis, dict[str, Any]]] = []
        self._healthy: tuple[Millis, tuple[float, float, float]] = (-1, _WHOLE)

    @property
    def circuit(self) -> Circuit:
        """How it is connected as far as is known."""
        return self.journal[-1]

    def switch_by_clock(self) -> None:
        """From now on the contactor is open by day."""
        if not self.switched:
            self.switched = True
            self._operate(self._t)

    def advance(self, t: Millis) -> None:
        """Let the clock and what is due do their work up to ``t``."""
        while self._t < t:
            end = min(t, self._t + LONGEST)
            if self._due and self._due[0][0] <= end:
                moment, what = self._due.pop(0)
                self._t = max(self._t, moment)
                self._write(self._t, what)
                continue
            if self.switched and self._wanted(end) != self.circuit.ordered:
                self._t = crossing(self._wanted, self._t, end, was=self.circuit.ordered)
                self._operate(self._t)
                continue
            self._t = end

    def change(self, t: Millis | None = None, **what: object) -> None:
        """Connect it otherwise from ``t`` (or now) on: fields of ``Circuit`` by name."""
        self.advance(self._now() if t is None else t)
        self._write(self._t, what)

    def later(self, t: Millis, **what: object) -> None:
        """The same, at a moment to come."""
        self._due.append((t, what))
        self._due.sort(key=lambda one: one[0])

    def operate(
        self, t: Millis | None = None, *, order: bool | None = None, stuck: bool | None = None
    ) -> None:
        """Order the contactor (None: as the clock says), its contact free or ``stuck``."""
        self.advance(self._now() if t is None else t)
        self.order, self.stuck = order, stuck
        self._operate(self._t)

    def _operate(self, t: Millis) -> None:
        ordered = self._wanted(t)
        closed = ordered if self.stuck is None else self.stuck
        self._write(t, {"ordered": ordered, "closed": closed})

    def _wanted(self, t: Millis) -> bool:
        if self.order is not None:
            return self.order
        return not self.switched or self._sun(t) < NIGHT

    def _write(self, t: Millis, what: dict[str, Any]) -> None:
        changed = replace(self.circuit, t=t, **what)
        if changed != replace(self.circuit, t=t):
            self.journal.append(changed)

    @property
    def failed(self) -> bool:
        """Whether nothing comes in from the utility."""
        return self.circuit.failed

    @failed.setter
    def failed(self, value: bool) -> None:
        self.change(failed=value)

    def healthy(self, t: Millis) -> tuple[float, float, float]:
        """The phases' volts if nothing is wrong: ±1 % over the day, ±0.4 % in a minute and a half.

        Worked out once for all who look at the same moment.
        """
        if self._healthy[0] != t:
            day, quick, nominal = 2 * pi * t / _DAY, 2 * pi * t / 97_000, self.nominal
            a, b, c, d, e, f = self._swing
            volts = (
                nominal * (1 + 0.010 * sin(day + a) + 0.004 * sin(quick + d)),
                nominal * (1 + 0.010 * sin(day + b) + 0.004 * sin(quick + e)),
                nominal * (1 + 0.010 * sin(day + c) + 0.004 * sin(quick + f)),
            )
            self._healthy = t, volts
        return self._healthy[1]

    def incoming(self, phase: Phase, t: Millis) -> float:
        """Volts before the contactor, as it is connected now."""
        number = PHASES.index(phase)
        return self.healthy(t)[number] * self.circuit.share(number)

    def outgoing(self, phase: Phase, t: Millis) -> float:
        """Volts behind the contactor."""
        return self.incoming(phase, t) if self.circuit.closed else 0.0


def crossing(
    wanted: Callable[[Millis], bool], since: Millis, until: Millis, *, was: bool
) -> Millis:
    """The moment in (``since``, ``until``] from which ``wanted`` is no longer what it ``was``."""
    while until - since > _PRECISION:
        middle = (since + until) // 2
        if wanted(middle) == was:
            since = middle
        else:
            until = middle
    return until
