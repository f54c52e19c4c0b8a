"""How a light source starts, draws and ages, by technology.

A start is a pair of broken lines over the seconds since the arc (or the driver) struck: the share
of full power and, for magnetic gear, of full current. Their integrals are tabulated, so the energy
of any stretch of time costs two look-ups. Figures are engineering judgement (E) unless a source is
named; warm-up and re-strike keep within domain §1 (LED 60 s, HPS 8 min, MH 10 min to full power;
HPS 5 min, MH 20 min after a dip).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise


class Curve:
    """A broken line from 0 s on; level 1 from its last point on."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self._x = [x for x, _ in points]
        self._y = [y for _, y in points]
        self._sum = [0.0]
        for (x, y), (end, level) in pairwise(points):
            self._sum.append(self._sum[-1] + (end - x) * (y + level) / 2)
        self.last = self._x[-1]

    def at(self, s: float) -> float:
        """The share ``s`` seconds (0 or more) after the start."""
        if s >= self.last:
            return 1.0
        i = bisect_right(self._x, s) - 1
        x, y = self._x[i], self._y[i]
        return y + (self._y[i + 1] - y) * (s - x) / (self._x[i + 1] - x)

    def area(self, s: float) -> float:
        """Its integral from 0 to ``s``, in share times seconds."""
        if s >= self.last:
            return self._sum[-1] + s - self.last
        i = bisect_right(self._x, s) - 1
        return self._sum[i] + (s - self._x[i]) * (self._y[i] + self.at(s)) / 2


@dataclass(frozen=True, slots=True)
class Technology:
    """A kind of light source with its gear.

    ``warm_up`` is in seconds (domain §1). ``current`` is None where the gear corrects its power
    factor electronically. ``factor`` is the power factor at full power; ``holds`` the share of the
    voltage below which the light goes out; ``cooling`` the shortest and longest seconds before a
    hot lamp strikes again, after which it starts ``pace`` times as fast; ``trying`` the share of
    rated power its gear draws without light; ``rise`` the °C the gear warms at full power;
    ``ageing`` the change of power in 10 000 h; ``least`` the lowest dim level in % it keeps its
    arc at.
    """

    power: Curve
    warm_up: float
    current: Curve | None = None
    magnetic: bool = False
    factor: float = 0.96
    holds: float = 0.4
    cooling: tuple[float, float] = (0.0, 0.0)
    pace: float = 1.0
    trying: float = 0.0
    rise: float = 30.0
    ageing: float = -0.01
    least: float = 0.0

    def level(self, dim: float) -> float:
        """The share of full power at a dim level of ``dim`` (0 to 1).

        An LED driver has a share it draws at any level, and dims a little steeper than a straight
        line; an arc follows its level.
        """
        return dim if self.magnetic else 0.03 + 0.97 * dim**1.04

    def power_factor(self, dim: float) -> float:
        """The power factor of a warm lamp at that level: an LED driver's falls when dimmed."""
        return self.factor if self.magnetic else self.factor - 0.3 * (1 - dim) ** 2


_LED = Technology(
    # Soft start, then 3 % more while the chips are cold (their forward voltage falls as they warm).
    power=Curve((0, 0), (1, 0), (1.5, 1.03), (30, 1.018), (60, 1.011), (120, 1.004), (300, 1)),
    warm_up=60.0,
)
_HPS = Technology(
    power=Curve(
        (0, 0), (2, 0), (2.5, 0.33), (60, 0.45), (120, 0.62), (240, 0.92), (330, 1.04), (480, 1)
    ),
    warm_up=480.0,
    current=Curve((0, 0.3), (2, 0.3), (2.5, 1.45), (120, 1.32), (240, 1.14), (330, 1.06), (480, 1)),
    magnetic=True,
    factor=0.92,
    holds=0.6,
    cooling=(90.0, 150.0),
    pace=2.5,
    trying=0.03,
    rise=35.0,
    ageing=0.02,
    least=50.0,
)
_MH = Technology(
    power=Curve(
        (0, 0), (3, 0), (3.5, 0.40), (90, 0.55), (180, 0.75), (300, 0.95), (420, 1.04), (600, 1)
    ),
    warm_up=600.0,
    current=Curve((0, 0.3), (3, 0.3), (3.5, 1.4), (180, 1.25), (300, 1.12), (420, 1.05), (600, 1)),
    magnetic=True,
    factor=0.92,
    holds=0.7,
    cooling=(600.0, 780.0),
    pace=2.0,
    trying=0.03,
    rise=35.0,
    ageing=-0.02,
    least=50.0,
)

TECHNOLOGIES: Mapping[str, Technology] = {"led": _LED, "hps": _HPS, "mh": _MH, "other": _MH}
"""By the asset fact; what is not known behaves as the slowest."""
