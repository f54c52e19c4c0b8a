"""A photocell switches its lamp too early or too late.

Source: domain §1: switched while the sun stands outside -6…+4°, with the same sign, in 3 of 5
nights. On in too much light and off in too much light have one sign, in too little the other. What
a dark day lights or the mains switch is not the photocell's doing; where the sun stays above -6°
all night, nobody can tell. Calendar and command lamps follow others and are not judged. Two nights
in a row as they should be are normal (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.faults.daylight import dark as dark_day
from gateway.faults.daylight import night
from gateway.faults.lamps import SUPPLIED, burns, dark, facts, number, supply
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value

APART: Millis = 900_000
"""ms between two readings at most, for the moment of switching to be known (E)."""

LASTS: Millis = 1_800_000
"""ms a switched lamp must stay so: what comes back sooner was no switching (E)."""

EARLY, LATE = -6.0, 4.0
"""Degrees of sun between which a photocell switches (domain §1)."""

NIGHTS = 5


@dataclass(frozen=True, slots=True)
class PhotocellFault(Settings):
    """``nights`` of the last five with the same sign; ``well`` in a row without any."""

    nights: int = 3
    well: int = 2


class Switching:
    """The last five nights: +1 switched in too much light, -1 in too little, 0 as it should.

    A night runs from noon to noon by the sun, and counts once the lamp has switched in it. The
    relay's own word counts where there is one, else its power; a relay that is closed against its
    command is welded, and says nothing of the photocell. A lamp that is back in half an hour has
    not been switched but lost its arc.
    """

    kept_as: ClassVar[str] = "photocell/1"
    __slots__ = ("_lit", "_night", "_pending", "_stormy", "_t", "nights", "sun")

    def __init__(self, _seen: Seen) -> None:
        self.nights: tuple[int, ...] = ()
        self._night = 0
        self.sun = 0.0
        self.begin()

    def begin(self) -> None:
        """A switching during a pause is not seen."""
        self._lit: bool | None = None
        self._stormy = False
        self._pending: tuple[Millis, float] | None = None
        self._t: Millis = 0

    def see(self, seen: Seen) -> None:
        """Notice when it switches, and how high the sun stands then."""
        if "power" not in seen.fresh or facts(seen).control != "photocell":
            return
        share = supply(seen)
        if share is not None and share < SUPPLIED:
            self._lit = self._pending = None
            return
        was, before = self._lit, self._t
        lit = self._state(seen)
        if lit is None:
            return
        self._lit, self._t = lit, seen.t
        if was is not None and was is not lit:
            self._pending = self._switch(seen) if seen.t - before <= APART else None
        elif self._pending is not None and seen.t - self._pending[0] >= LASTS:
            if not seen.alarmed("lamp_failure"):
                self._switched(seen, *self._pending)
            self._pending = None

    @staticmethod
    def _state(seen: Seen) -> bool | None:
        """Whether it is switched on; None between on and off, and for a relay that is stuck."""
        relay, ordered = seen.good.get("switch_state"), seen.good.get("switch_command")
        if isinstance(relay, bool):
            return None if relay and ordered is False else relay
        power = number(seen, "power") or 0.0
        if burns(power, facts(seen)):
            return True
        return False if dark(power, facts(seen)) else None

    def _switch(self, seen: Seen) -> tuple[Millis, float] | None:
        """A switching to be confirmed; None if it is back already, or the sky's doing."""
        sun, stormy = seen.sun(), self._stormy
        self._stormy = sun > LATE and dark_day(seen)
        if self._pending is not None or self._stormy or (stormy and not self._lit):
            return None
        return seen.t, sun

    def _switched(self, seen: Seen, t: Millis, sun: float) -> None:
        self.sun = sun
        sign = (sun > LATE) - (sun < EARLY)
        this = night(t, seen.place[1])
        if this != self._night:
            self._night, self.nights = this, (*self.nights[1 - NIGHTS :], sign)
        elif sign:
            self.nights = (*self.nights[:-1], sign)

    def dump(self) -> list[int] | None:
        """The night's number, and the signs."""
        return [self._night, *self.nights] if self.nights else None

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        this, *signs = map(int, value)
        if len(signs) > NIGHTS or not {-1, 0, 1}.issuperset(signs):
            raise ValueError("not the signs of five nights")
        self._night, self.nights = this, tuple(signs)


def judge(seen: Seen, settings: PhotocellFault, switching: Switching) -> Verdict:
    """By the last nights."""
    if "power" not in seen.fresh or facts(seen).control != "photocell" or not switching.nights:
        return UNDECIDED
    nights = switching.nights
    if max(nights.count(1), nights.count(-1)) >= settings.nights:
        return MET
    return BETWEEN if any(nights[-settings.well :]) or len(nights) < settings.well else NORMAL


def tell(
    _seen: Seen, _settings: PhotocellFault, switching: Switching, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Too bright or too dark, in how many nights, and where the sun stood last."""
    bright, faint = switching.nights.count(1), switching.nights.count(-1)
    light, times = ("too much", bright) if bright > faint else ("too little", faint)
    message = (
        f"the photocell switched in {light} light in {times} of the last "
        f"{len(switching.nights)} nights, lately with the sun at {switching.sun:.0f}°"
    )
    return message, {"nights": times, "sun": round(switching.sun, 1)}


RULE = Rule(
    code="photocell_fault",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=PhotocellFault,
    judge=judge,
    tell=tell,
    points=("power",),
    memory=Switching,
    replaces=("day_burner",),
)
