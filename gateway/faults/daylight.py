"""What the sun says of lamps: which night it is, and whether a storm makes it dark by day.

A storm that lights every photocell is no fault of any lamp.
Source: domain §1, ``day_burner``: below 100 lx, or at least half of the photocell lamps lit
together. A lamp's own light meter is believed before its neighbours; fewer than three photocell
lamps say nothing about the sky (E).
"""

from __future__ import annotations

import math

from gateway.faults.lamps import burns, facts, number
from gateway.faults.rule import Seen
from gateway.model import Millis

_DAY: Millis = 86_400_000

DARK = 100.0
"""Lux."""

LEAST, SHARE = 3, 0.5


def night(t: Millis, east: float) -> int:
    """The number of the night a moment belongs to, ``east`` degrees of Greenwich.

    Nights follow each other at noon by the mean sun, so a burning of lamps is never cut in two.
    """
    return int((t + east / 360 * _DAY - _DAY / 2) // _DAY)


def night_over(t: Millis, east: float) -> Millis:
    """When the night that a moment belongs to is over: the first ms of the next."""
    return math.ceil((night(t, east) + 1.5 - east / 360) * _DAY)


def lit_together(seen: Seen) -> tuple[int, int]:
    """How many of the gateway's photocell lamps that answer burn now, of how many."""
    lit = count = 0
    for one in seen.members("kind"):
        power = number(one, "power")
        if one.silent is None and power is not None and facts(one).control == "photocell":
            count += 1
            lit += burns(power, facts(one))
    return lit, count


def dark(seen: Seen) -> bool:
    """Whether the sky explains that a lamp burns."""
    light = number(seen, "illuminance")
    if light is not None:
        return light < DARK
    lit, count = lit_together(seen)
    return count >= LEAST and lit >= SHARE * count
