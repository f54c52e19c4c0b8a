"""Which profile a device's registers look like, when nothing says what it is.

A profile fits if all its points can be read and none of them is absurd: no value outside the
profile's own limits and labels, no voltage of a megavolt, no float whose bytes are plainly in
another order. How much that means is counted in points that hold something: a register that reads
zero fits every map. Of several profiles that fit, the one that explains most wins, and of equals
the one that claims least. It remains a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model import Device, Reading, Value

ENOUGH = 3
"""Points that must hold something before a guess is worth making (an engineering choice)."""
_LEAST, _MOST = 1e-6, 1e9
"""What is nearer to zero, or further away, is no measurement but another type or order of bytes."""
_RANGES = {
    "V": (-1500.0, 1500.0),
    "A": (-10_000.0, 10_000.0),
    "W": (-10e6, 10e6),
    "Hz": (40.0, 70.0),
    "°C": (-60.0, 200.0),
    "%": (0.0, 100.0),
}
"""What low-voltage networks and their equipment show, by unit (an engineering choice)."""
_NAMED = {"power_factor": (-1.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a profile fits: ``telling`` of its ``points`` hold something, all are plausible."""

    profile: str
    telling: int
    points: int


def likeness(device: Device, reading: Reading) -> Likeness | None:
    """How well a reading of all its points fits the profile of a device; ``None`` if it does not.

    A point without a value, by the profile's own ``invalid``, neither fits nor contradicts.
    """
    if reading.silent is not None or reading.uncertain:
        return None
    if any(not reason.startswith("no value") for reason in reading.bad.values()):
        return None
    units = {point.name: point.unit for point in device.points}
    values = {name: reading.values[name] for name in units if name in reading.values}
    if not all(plausible(name, value, units[name]) for name, value in values.items()):
        return None
    return Likeness(device.profile, sum(map(_tells, values.values())), len(units))


def plausible(name: str, value: Value, unit: str) -> bool:
    """Whether a value is one that such a point could have. Zero always is."""
    if isinstance(value, bool | str) or value == 0:
        return True
    low, high = _NAMED.get(name) or _RANGES.get(unit, (-_MOST, _MOST))
    return abs(value) >= _LEAST and low <= value <= high


def _tells(value: Value) -> bool:
    return not isinstance(value, bool) and value not in {0, ""}


def best(found: Iterable[Likeness]) -> list[Likeness]:
    """The likeliest first; those that tell nothing are left out."""
    telling = [each for each in found if each.telling]
    return sorted(telling, key=lambda each: (-each.telling, each.points, each.profile))
