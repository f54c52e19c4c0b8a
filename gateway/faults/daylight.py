"""Whether it is dark by day: a storm that lights every photocell is no fault of any lamp.

Source: domain §1, ``day_burner``: below 100 lx, or at least half of the photocell lamps lit
together. A lamp's own light meter is believed before its neighbours; fewer than three photocell
lamps say nothing about the sky (E).
"""

from __future__ import annotations

from gateway.faults.lamps import burns, facts, number
from gateway.faults.rule import Seen

DARK = 100.0
"""Lux."""

LEAST, SHARE = 3, 0.5


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
