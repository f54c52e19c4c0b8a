"""A lamp uses more or less energy, night after night, than it should.

Source: domain §1: the energy of a night differs by more than 15 % from what its expected power adds
up to, over 7 nights with at least 70 % of their readings. Expected is the plate and the dim level:
what the lamp learnt of itself drifts with it, and would hide just this. Each of the nights must be
off the same way by more than half of that: a lamp dead for two nights and mended has not drifted
(E). Nor counts the time for which another alarm says already that it draws too little or too much
(one fault, one alarm: domain §0). Normal within 10 % (E).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.faults.daylight import night, night_over
from gateway.faults.lamps import Burning, defiant, facts, measured, nominal_power, number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value

NIGHTS = 7
LEAST_HOURS = 3.0
"""Hours of burning that make a night (E)."""

FILLED = 0.7
"""Share of a night's burning that must have been seen (domain §1)."""

EXPLAINED = ("lamp_failure", "power_low", "power_high", "overcurrent", "lamp_cycling")
"""Alarms that say already that its power is not what it should be."""

AS_IT_SHOULD = 0.15
"""Share of the plate's power within which no such alarm is asked for (E)."""


@dataclass(frozen=True, slots=True)
class EnergyDrift(Settings):
    """Shares off the expected energy: ``off`` together, ``each`` night, normal within ``back``."""

    off: float = 0.15
    each: float = 0.075
    back: float = 0.10


class Nights:
    """How the last nights' energy compared with what their powers should add up to.

    ``off`` is the mean share by which seven nights are off, ``least`` that by which each is, the
    same way; both are None before there are seven.
    """

    kept_as: ClassVar[str] = "lamp_energy/1"
    rests_on: ClassVar = (Burning,)
    __slots__ = (
        "_burning", "_energy", "_expected", "_night", "_over", "_ratios", "_seen", "_span", "_t",
        "_used", "least", "off",
    )  # fmt: skip

    def __init__(self, _seen: Seen, burning: Burning) -> None:
        self._burning = burning
        self._ratios = array("f")  # of used to expected, the newest last
        self._night = 0
        self._over: Millis = 0
        self._clear()
        self._compare()
        self.begin()

    def begin(self) -> None:
        """What burnt during a pause is not known."""
        self._t: Millis = 0
        self._energy: float | None = None

    def _clear(self) -> None:
        self._used = self._expected = self._seen = self._span = 0.0

    def see(self, seen: Seen) -> None:
        """Add up both energies from one reading to the next, while the lamp burns."""
        power, t = measured(seen, "power"), seen.t
        if power is None or facts(seen).rated_power is None:
            return
        if t >= self._over:
            self._turn(seen)
        energy = number(seen, "energy")
        if self._t and self._burning.settled(seen, None) and not defiant(seen):
            self._add(seen, (t - self._t) / 3_600_000, power, energy)
        self._t, self._energy = t, energy

    def _add(self, seen: Seen, hours: float, power: float, energy: float | None) -> None:
        """What was used in the hours since the last reading, and should have been."""
        plate = nominal_power(seen)
        if _explained(seen, power, plate):
            return
        self._span += hours
        if plate is not None and not seen.resumed:
            self._seen += hours
            self._expected += plate * hours / 1000
            gained = None if None in (energy, self._energy) else energy - self._energy  # type: ignore[operator]
            self._used += power * hours / 1000 if gained is None or gained < 0 else gained

    def _turn(self, seen: Seen) -> None:
        """At noon by the sun a night is over."""
        this, self._over = night(seen.t, seen.place[1]), night_over(seen.t, seen.place[1])
        if this == self._night:
            return
        enough = self._seen >= LEAST_HOURS and self._seen >= FILLED * self._span
        if enough and self._expected > 0:
            self._ratios = self._ratios[1 - NIGHTS :]
            self._ratios.append(self._used / self._expected)
            self._compare()
        self._night = this
        self._clear()

    def _compare(self) -> None:
        self.off: float | None = None
        self.least: float | None = None
        if len(self._ratios) == NIGHTS:
            self.off = off = sum(self._ratios) / NIGHTS - 1
            self.least = min((ratio - 1) * (1 if off > 0 else -1) for ratio in self._ratios)

    def dump(self) -> list[float] | None:
        """The night's number, and the ratios."""
        return [self._night, *(round(r, 4) for r in self._ratios)] if self._ratios else None

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        this, *ratios = value
        if len(ratios) > NIGHTS:
            raise ValueError("more than seven nights")
        self._night, self._ratios = int(this), array("f", ratios)
        self._compare()


def _explained(seen: Seen, power: float, plate: float | None) -> bool:
    """Whether another alarm says already that the lamp draws what it should not."""
    if plate is None or abs(power - plate) <= AS_IT_SHOULD * plate:
        return False
    return any(map(seen.alarmed, EXPLAINED))


def judge(seen: Seen, settings: EnergyDrift, nights: Nights) -> Verdict:
    """By the last seven nights together, if each is off the same way."""
    off, least = nights.off, nights.least
    if off is None or least is None or "power" not in seen.fresh:
        return UNDECIDED
    if abs(off) > settings.off and least > settings.each:
        return MET
    return NORMAL if abs(off) < settings.back else BETWEEN


def tell(
    _seen: Seen, _settings: EnergyDrift, nights: Nights, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How far off, over how many nights."""
    off = nights.off or 0.0
    more = "more" if off > 0 else "less"
    message = f"{abs(off):.0%} {more} energy than its power should add up to, over {NIGHTS} nights"
    return message, {"off": round(off, 3)}


RULE = Rule(
    code="energy_drift",
    kinds=frozenset({"lamp"}),
    severity=Severity.WARNING,
    settings=EnergyDrift,
    judge=judge,
    tell=tell,
    points=("power",),
    memory=Nights,
)
