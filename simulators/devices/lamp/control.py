"""What a lamp's controller wants its relay and its dimmer to do, and why.

In this order: a crew that tests, an order from the centre (that a fault is told by, or given by
hand), a tunnel or a switched supply (lit as long as it is fed), the photocell or the clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from simulators.world import Moment
from simulators.world.mains import NIGHT

if TYPE_CHECKING:
    from simulators.devices.lamp import Lamp

Order: TypeAlias = tuple[bool, float]
"""Whether the relay should be closed, and the dim level in %."""

DUSK, DAWN = 50.0, 75.0
"""Lux below and above which a photocell closes and opens its relay (E: 1.5 times apart)."""
_EVENING, _MORNING, _THRIFTY = 23, 5, 60.0
"""Hours by the sun between which a calendar lamp is dimmed, and to how many per cent (E)."""


def wanted(lamp: Lamp, moment: Moment, longitude: float) -> Order:
    """What the relay and the dimmer should be at that moment; pure but for the lamp it looks at."""
    facts = lamp.facts
    level = lamp.dim
    if facts.control == "calendar" and level > _THRIFTY:
        hour = (moment.t / 3_600_000 + longitude / 15) % 24
        if hour >= _EVENING or hour < _MORNING:
            level = _THRIFTY
    if lamp.effect.tested or lamp.effect.told_off:
        return lamp.effect.tested, level
    if lamp.ordered is not None:
        return lamp.ordered, level
    if facts.tunnel or facts.supply == "switched":
        return True, level
    if facts.control == "photocell":
        seen = moment.light * lamp.sight
        return seen < (DAWN if lamp.commanded else DUSK), level
    return moment.sun < NIGHT, level
