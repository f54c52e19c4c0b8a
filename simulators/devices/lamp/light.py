"""A light source and its gear: when it strikes, what it draws, how much that comes to.

``settle`` takes note of a switching; ``draw`` gives the energy of a stretch in which nothing
switches, ``now`` the power of one moment. Both know the start's curve, so neither steps through it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.model import Millis
from simulators.devices.lamp.technology import Technology

_HOT = 60_000
"""ms an arc must have burnt to be too hot to strike again at once (E)."""
_FADING = 0.6
"""Share of standby power a dead driver still draws (E)."""


@dataclass(slots=True)
class Light:
    """``cooling`` is how long this one takes to strike again, in ms; powers in W.

    ``full`` and ``factor`` are power and power factor when warm, at nominal voltage; ``idle`` what
    is drawn without light; ``struck`` when the light comes on, or came on (None: it does not), and
    ``ready`` when it can at the earliest, having cooled.
    """

    technology: Technology
    rated: float
    standby: float
    cooling: Millis
    full: float = 0.0
    factor: float = 0.0
    idle: float = 0.0
    struck: Millis | None = None
    ready: Millis = 0
    _pace: float = 1.0
    _dead: bool = False

    def warm(self, t: Millis) -> bool:
        """Whether it has burnt as long as a start takes."""
        if self.struck is None:
            return False
        return (t - self.struck) / 1000 * self._pace >= self.technology.warm_up

    def settle(self, t: Millis, *, closed: bool, burns: bool, dead: bool) -> None:
        """From ``t`` on the relay is ``closed``; ``burns`` if nothing keeps the light away."""
        self._dead = dead
        if burns and self.struck is None:
            self.struck = max(t, self.ready)
            self._pace = self.technology.pace if self.ready > t else 1.0
        elif not burns and self.struck is not None:
            if self.cooling and t - self.struck > _HOT:
                self.ready = t + self.cooling
            self.struck = None
        self.idle = self.standby
        if closed and (self.struck is None or self.struck > t):
            self.idle *= _FADING if dead else 1.0
            self.idle += self.technology.trying * self.rated

    def draw(
        self, since: Millis, until: Millis, pull: Callable[[Millis], float]
    ) -> tuple[float, float]:
        """Joules drawn from ``since`` to ``until``, and the seconds of light in between.

        ``pull`` is what the voltage of a moment does to magnetic gear.
        """
        seconds = (until - since) / 1000
        struck = self.struck
        if struck is None or struck >= until:
            return self.idle * seconds, 0.0
        begin = max(struck, since)
        burnt = (until - begin) / 1000
        pace, curve, full = self._pace, self.technology.power, self.full
        area, start = burnt, (begin - struck) / 1000 * pace
        if start < curve.last:
            area = (curve.area((until - struck) / 1000 * pace) - curve.area(start)) / pace
        if self.technology.magnetic:
            full *= (pull(since) + pull(until)) / 2
        return self.idle * (seconds - burnt) + full * area, burnt

    def now(self, t: Millis, pull: Callable[[Millis], float]) -> tuple[float, float]:
        """Power in W and power factor at ``t``."""
        struck, technology = self.struck, self.technology
        if struck is None or struck > t:
            return self.idle, 0.3 if self._dead else 0.4
        power, factor = self.full, self.factor
        if technology.magnetic:
            power *= pull(t)
        since = (t - struck) / 1000 * self._pace
        if since < technology.power.last:
            share = technology.power.at(since)
            power = max(power * share, self.standby)
            if technology.current is not None:
                factor *= max(share, 0.05) / technology.current.at(since)
        return power, factor
