"""A bin stands askew, or lies.

Source: domain §3: tilted by more than 20° for 10 min; upright again below 15° (E). A crew that
empties a bin tilts it too: around a collection nothing is said for 15 min. The minutes before a
collection need no mask, for the delay covers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import AROUND_COLLECTION, Collections, number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class BinTilt(Settings):
    """Degrees: askew above ``askew``, upright below ``upright``; ``mask`` in s after emptying."""

    on_delay: Duration = 600.0
    askew: float = 20.0
    upright: float = 15.0
    mask: Duration = AROUND_COLLECTION

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.upright > self.askew:
            raise ValueError("upright is more than askew; a bin cannot be both")


def judge(seen: Seen, settings: BinTilt, collections: Collections) -> Verdict:
    """By the latest tilt."""
    tilt = number(seen, "tilt")
    if tilt is None:
        return UNDECIDED
    if tilt > settings.askew:
        return UNDECIDED if collections.lately(seen.t, settings.mask) else MET
    return NORMAL if tilt < settings.upright else BETWEEN


def tell(
    seen: Seen, settings: BinTilt, _collections: Collections, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How far, since when."""
    tilt = number(seen, "tilt") or 0.0
    message = f"tilted by {tilt:.0f}°, more than {settings.askew:.0f}° for {lasted(since, seen.t)}"
    return message, {"tilt": round(tilt, 1)}


RULE = Rule(
    code="bin_tilt",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=BinTilt,
    judge=judge,
    tell=tell,
    points=("tilt",),
    memory=Collections,
)
