"""What a lamp should draw, and at which power factor: learnt from itself, dim level by dim level.

Power over dim level is different for every driver, so each lamp is its own standard: ten bands of
dim level, in each the ratio of what it drew to what its plate promises (rated power times dim
level; for magnetic gear also times (V/Vn)^1.8), how widely that scatters, and its power factor. A
sample is taken once a minute while the lamp burns as told, is warm and well supplied, and draws
what was expected already; what lies outside is a fault to be told, not a habit to be learnt. A
sample moves the ratio the less the more there were, and never by more than three times the usual
scatter, so no single reading counts for much. Old lamps drift: the ratio follows over months of
nights.

Source: domain §1, behaviour: learnt per asset and dim band; before 200 samples in a band the plate
counts, with ±35 % below 70 % dim level.
"""

from __future__ import annotations

from array import array
from typing import Any, ClassVar, NamedTuple

from gateway.faults.lamps import Burning, defiant, nominal_power, number, supply
from gateway.faults.rule import Seen
from gateway.model import Millis

BANDS = 10
COUNT, RATIO, SCATTER, FACTOR = range(0, 4 * BANDS, BANDS)
"""Where each of the four begins in what is known: a lamp has a single array for all of them."""

ENOUGH = 200
"""Samples in a band from which on it is known (domain §1)."""

SLOWEST = 20_000
"""Samples over which a known band follows an old lamp's drift: some two months of nights (E)."""

APART = 60_000
"""ms between two samples: readings of one moment are one fact."""

SUPPLY = (0.9, 1.1)
"""Shares of the nominal voltage between which a lamp is a fair sample (EN 50160)."""

DIMMED, UNKNOWN = 70.0, 0.35
"""Below this dim level (%) an unknown lamp may be off its plate by this share (domain §1)."""

SHARE, LEAST, SIGMAS = 0.20, 4.0, 3.0
"""How far off is too far: the largest of a share, watts, and standard deviations (domain §1)."""

FALL = 0.10
"""How far below what is usual a power factor is a fault, and no habit to be learnt (domain §1)."""

_SIGMA = 1.2533
"""Standard deviation over mean deviation, of a normal distribution."""


class Expectation(NamedTuple):
    """``power`` in W give or take ``tolerance``; ``known`` from the lamp itself."""

    power: float
    tolerance: float
    known: bool


class Expected:
    """What is known of one lamp; ``burning`` tells whether it burns and is warm."""

    kept_as: ClassVar[str] = "lamp_power/1"
    rests_on: ClassVar = (Burning,)
    __slots__ = ("_at", "_known", "_told", "_told_at", "burning")

    def __init__(self, _seen: Seen, burning: Burning) -> None:
        self.burning = burning
        self._at: Millis = 0
        self.begin()
        self._known = array("f", bytes(4 * 4 * BANDS))
        self._known[RATIO : RATIO + BANDS] = array("f", [1.0] * BANDS)

    def begin(self) -> None:
        """What is learnt is learnt."""
        self._told: Expectation | None = None
        self._told_at: Millis = -1

    def see(self, seen: Seen) -> None:
        """Learn once a minute."""
        if seen.t - self._at < APART or "power" not in seen.fresh:
            return
        if defiant(seen) or not self.burning.settled(seen, None):
            return
        share = supply(seen)
        if share is not None and not SUPPLY[0] <= share <= SUPPLY[1]:
            return
        self._at = seen.t
        self._learn(seen)

    def _learn(self, seen: Seen) -> None:
        power, plate = number(seen, "power"), nominal_power(seen)
        expectation = self.power(seen)
        if power is None or not plate or expectation is None:
            return
        if abs(power - expectation.power) > expectation.tolerance:
            return
        known, band = self._known, self._band(seen)
        count = known[COUNT + band] = min(known[COUNT + band] + 1, 0xFFFF)
        weight = max(1 / count, 1 / SLOWEST)
        off = power / plate - known[RATIO + band]
        most = 3 * known[SCATTER + band]
        if count > ENOUGH:
            off = max(-most, min(most, off))
        known[RATIO + band] += weight * off
        known[SCATTER + band] += weight * (abs(off) - known[SCATTER + band])
        factor, usual = number(seen, "power_factor"), known[FACTOR + band]
        if factor is not None and not (usual and factor < usual - FALL):
            known[FACTOR + band] = factor if not usual else usual + weight * (factor - usual)

    @staticmethod
    def _band(seen: Seen) -> int:
        dim = number(seen, "dim_level")
        return BANDS - 1 if dim is None else max(0, min(BANDS - 1, int(dim * BANDS / 100)))

    def power(self, seen: Seen) -> Expectation | None:
        """What it should draw now, warm; None without a rated power.

        Several rules ask after each reading; it is worked out once.
        """
        if self._told_at != seen.t:
            self._told_at, self._told = seen.t, self._expect(seen)
        return self._told

    def _expect(self, seen: Seen) -> Expectation | None:
        plate = nominal_power(seen)
        if plate is None:
            return None
        band = self._band(seen)
        if self._known[COUNT + band] >= ENOUGH:
            power = plate * self._known[RATIO + band]
            sigma = SIGMAS * _SIGMA * self._known[SCATTER + band] * plate
            return Expectation(power, max(SHARE * power, LEAST, sigma), known=True)
        dim = number(seen, "dim_level")
        share = UNKNOWN if dim is not None and dim < DIMMED else SHARE
        return Expectation(plate, max(share * plate, LEAST), known=False)

    def factor(self, seen: Seen) -> float | None:
        """The power factor it usually has at this dim level; None while that is not known."""
        band = self._band(seen)
        known = self._known
        return known[FACTOR + band] or None if known[COUNT + band] >= ENOUGH else None

    def dump(self) -> dict[str, Any] | None:
        """The bands, ratios in thousandths; None while nothing was learnt."""
        if not any(self._known[:BANDS]):
            return None
        return {
            "count": [round(count) for count in self._known[:BANDS]],
            **{
                name: [round(value, 4) for value in self._known[column : column + BANDS]]
                for name, column in (("ratio", RATIO), ("scatter", SCATTER), ("factor", FACTOR))
            },
        }

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        found = [array("f", value[name]) for name in ("count", "ratio", "scatter", "factor")]
        if any(len(values) != BANDS for values in found):
            raise ValueError("not ten bands")
        if not all(0 <= count <= 0xFFFF for count in found[0]):
            raise ValueError("not how many samples there were")
        if not all(0.1 < ratio < 10 for ratio in found[1]):
            raise ValueError("a lamp that draws ten times its plate, or a tenth of it")
        self._known = sum(found, array("f"))
