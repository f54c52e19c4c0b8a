"""A lamp goes out and comes on again and again: an old discharge lamp, a loose contact.

Source: domain §1 (TALQ and uCIFI cyclingFailure): at least 4 times from off to on by its power
within 60 min while commanded on; a discharge lamp also with at least 5 in a night. What at least
30 % of the feeder's lamps share is a dip of the mains and counts for none; polls do not tell the
second, so those count that are dark, though commanded on, at a reading at which this lamp is.
Judged at one reading a minute or more (E): a slower poll sees only some of what happens. Normal
once it has burnt for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.faults.lamps import SUPPLIED, Burning, burns, dark, facts, measured, number, supply
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

MOST = 8
"""Transitions remembered."""

NIGHT: Millis = 50_400_000
"""ms within which a night's transitions lie: 14 hours (E)."""


@dataclass(frozen=True, slots=True)
class LampCycling(Settings):
    """``times`` within ``within`` s, or ``a_night`` for discharge lamps."""

    within: Duration = 3600.0
    times: int = 4
    a_night: int = 5


SHARED = 0.3
"""Share of the feeder's lamps from which darkness is the feeder's (domain §1)."""


class Cycles:
    """When the lamp came on while commanded on; ``lit_since`` while it burns without a break."""

    rests_on: ClassVar = (Burning,)
    __slots__ = ("_lit", "_shared", "burning", "lit_since", "times")

    def __init__(self, _seen: Seen, burning: Burning) -> None:
        self.burning = burning
        self.times: tuple[Millis, ...] = ()
        self.lit_since: Millis | None = None
        self._lit: bool | None = None
        self._shared = False

    def see(self, seen: Seen) -> None:
        """Follow its power."""
        power = measured(seen, "power")
        if power is None:
            return
        if seen.resumed or not self.burning.on:
            self._lit = self.lit_since = None
        if not self.burning.on:
            return
        if dark(power, facts(seen)):
            self._shared = (self._shared and self._lit is False) or _with_others(seen)
            self._lit, self.lit_since = False, None
        elif burns(power, facts(seen)):
            if self._lit is False and not self._shared:
                self.times = (*self.times[1 - MOST :], seen.t)
            if self.lit_since is None:
                self.lit_since = seen.t
            self._lit = True

    def within(self, t: Millis, span: Millis) -> int:
        """How often it came on in the last ``span`` ms."""
        return sum(t - each <= span for each in self.times)


def _with_others(seen: Seen) -> bool:
    """Whether the feeder's lamps are dark with this one, or it has no supply of its own."""
    share = supply(seen)
    if share is not None and share < SUPPLIED:
        return True
    others = dark_ones = 0
    for one in seen.members("feeder"):
        power = number(one, "power")
        if one.device.kind != "lamp" or power is None or one is seen:
            continue
        if one.good.get("switch_command") is True or one.good.get("switch_state") is True:
            others += 1
            dark_ones += dark(power, facts(one))
    return dark_ones > 0 and dark_ones + 1 >= SHARED * (others + 1)


def judge(seen: Seen, settings: LampCycling, cycles: Cycles) -> Verdict:
    """By how often it came on."""
    if "power" not in seen.fresh or not cycles.burning.on:
        return UNDECIDED
    often = cycles.within(seen.t, round(settings.within * 1000))
    old = facts(seen).technology in {"hps", "mh"}
    if often >= settings.times or (old and cycles.within(seen.t, NIGHT) >= settings.a_night):
        return MET
    lit = cycles.lit_since
    steady = lit is not None and seen.t - lit >= settings.within * 1000
    return NORMAL if steady else BETWEEN


def quiet(_seen: Seen, _settings: LampCycling, cycles: Cycles) -> bool:
    """A lamp that never came on again."""
    return not cycles.times


def tell(
    seen: Seen, settings: LampCycling, cycles: Cycles, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How often, in how long."""
    often = cycles.within(seen.t, round(settings.within * 1000))
    night = cycles.within(seen.t, NIGHT)
    message = (
        f"commanded on, it came on again {often} times in the last "
        f"{settings.within / 60:.0f} min, {night} times tonight"
    )
    return message, {"within_the_hour": often, "tonight": night}


RULE = Rule(
    code="lamp_cycling",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=LampCycling,
    judge=judge,
    tell=tell,
    points=("power",),
    memory=Cycles,
    at_least_every=60.0,
    quiet=quiet,
)
