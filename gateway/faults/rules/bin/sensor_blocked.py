"""Something sits right before a bin's level sensor: a bag, a spider's web, dirt.

Source: domain §3: the level jumped from below 60 % into the sensor's dead band within two readings,
and has not spread by 1 cm or more since, for 12 h. Waste that piles up takes longer and settles;
what hangs before the sensor does neither. It stands for ``bin_full`` and ``bin_overflow``, which
say the same of a bin that is perhaps empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.assets import BinFacts
from gateway.faults.bins import number
from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

MARGIN = 50.0
"""mm between a sensor's dead band and a full bin, at least (domain §3, asset facts)."""


@dataclass(frozen=True, slots=True)
class SensorBlocked(Settings):
    """``jumped_from`` in %, ``spread`` in mm."""

    on_delay: Duration = 43_200.0
    jumped_from: float = 60.0
    spread: float = 10.0


def dead_band(facts: BinFacts) -> float | None:
    """The mm in which the sensor sees nothing; None if the asset register does not tell."""
    if facts.dead_band is not None:
        return facts.dead_band
    return None if facts.full_distance is None else facts.full_distance - MARGIN


class Blocked:
    """What lies before the sensor: ``low`` and ``high`` mm since a jump into the dead band.

    ``before`` is the level in % from which it jumped; all None while it sees further.
    """

    __slots__ = ("before", "high", "inside", "last", "low")

    def __init__(self, _seen: Seen) -> None:
        self.last: tuple[float, ...] = ()
        self.before: float | None = None
        self.inside = False
        self.low = self.high = 0.0

    def see(self, seen: Seen) -> None:
        """Follow distance and level."""
        distance, level = number(seen, "distance"), number(seen, "fill_level")
        band = dead_band(seen.device.facts)
        if distance is None or level is None or band is None:
            return
        if distance > band:
            self.inside, self.before = False, None
            self.last = (*self.last[-1:], level)
            return
        if not self.inside:
            self.inside, self.low, self.high = True, distance, distance
            self.before = min(self.last, default=None)
        self.low, self.high = min(self.low, distance), max(self.high, distance)


def judge(seen: Seen, settings: SensorBlocked, blocked: Blocked) -> Verdict:
    """By how it came into the dead band, and whether it moves there."""
    if "distance" not in seen.fresh or dead_band(seen.device.facts) is None:
        return UNDECIDED
    if not blocked.inside:
        return NORMAL
    if blocked.before is None:
        return UNDECIDED  # nobody saw how it came there
    jumped = blocked.before < settings.jumped_from
    return MET if jumped and blocked.high - blocked.low < settings.spread else NORMAL


def tell(
    seen: Seen, _settings: SensorBlocked, blocked: Blocked, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """From where it jumped, and for how long it has not moved."""
    before, distance = blocked.before or 0.0, number(seen, "distance") or 0.0
    message = (
        f"{distance:.0f} mm and still for {lasted(since, seen.t)}, within the sensor's dead band, "
        f"after a jump from {before:.0f} %: something sits before the sensor"
    )
    return message, {"distance": round(distance), "jumped_from": round(before, 1)}


RULE = Rule(
    code="sensor_blocked",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=SensorBlocked,
    judge=judge,
    tell=tell,
    points=("distance",),
    memory=Blocked,
    replaces=("bin_full", "bin_overflow"),
)
