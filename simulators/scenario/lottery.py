"""Faults by chance, as a city has them: at a rate per device and year, and fairly drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from gateway.model import Kind, Millis
from simulators.scenario.language import Chance

YEAR = 365.25 * 86_400
"""Seconds."""


class Town(Protocol):
    """Where the lots fall: the player of a scenario."""

    def plan(self, t: Millis, action: Callable[[Millis], None]) -> None:
        """Put something on the agenda."""

    def prone(self, fault: str, kind: Kind | None) -> list[str]:
        """The devices that can have a fault."""

    def sound(self, device: str) -> bool:
        """Whether nothing is wrong with a device."""

    def strike(self, device: str, fault: str, over: float, t: Millis, lasts: float | None) -> None:
        """Break a device for so many seconds."""


@dataclass(slots=True)
class Lottery:
    """A fault that befalls devices by chance: a Poisson process over all that can have it.

    The moments and lots are drawn from the fault's own source, whatever else happens; a lot that
    falls on a device already broken is void, so that every sound one has the same chance.
    """

    chance: Chance
    fault: str
    source: Random
    town: Town
    _prone: list[str] = field(default_factory=list)

    def begin(self, start: Millis) -> None:
        """Draw the first moment."""
        self._prone = self.town.prone(self.fault, self.chance.kind)
        self._draw(start)

    def _draw(self, since: Millis) -> None:
        rate = self.chance.rate * len(self._prone) / YEAR
        if rate > 0:
            wait = self.source.expovariate(rate)
            self.town.plan(since + max(1, round(wait * 1000)), self._strike)

    def _strike(self, t: Millis) -> None:
        device = self.source.choice(self._prone)
        lasts = self.chance.for_ * self.source.uniform(0.5, 1.5)
        if self.town.sound(device):
            self.town.strike(device, self.fault, self.chance.over, t, lasts)
        self._draw(t)
