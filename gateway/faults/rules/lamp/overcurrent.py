"""A lamp draws half as much current again as it may.

Source: domain §1 (TALQ currentTooHigh): above 150 % of its rated current for 60 s, not in warm-up.
The rated current is rated power over nominal voltage at a power factor of 0.85, the least a sound
lamp has at full power (domain §1, ``power_factor_low``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bands import above
from gateway.faults.expected import Expected
from gateway.faults.lamps import facts, number, reads
from gateway.faults.rule import UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

POWER_FACTOR = 0.85


@dataclass(frozen=True, slots=True)
class Overcurrent(Settings):
    """Shares of the rated current: too much above ``most``, normal below ``back`` (E)."""

    on_delay: Duration = 60.0
    warm_up: Duration | None = None
    most: float = 1.5
    back: float = 1.35

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.back > self.most:
            raise ValueError("back is more than most; a current cannot be too high and normal")


def rated_current(seen: Seen) -> float | None:
    """Amperes; None without a rated power."""
    asset = facts(seen)
    if asset.rated_power is None:
        return None
    return asset.rated_power / (asset.nominal_voltage * POWER_FACTOR)


def judge(seen: Seen, settings: Overcurrent, known: Expected) -> Verdict:
    """Judged once it is warm; one that is off shows nothing."""
    current, rated = number(seen, "current"), rated_current(seen)
    if current is None or rated is None or not known.burning.settled(seen, settings.warm_up):
        return UNDECIDED
    return above(current, settings.most * rated, settings.back * rated)


def quiet(seen: Seen, settings: Overcurrent, _known: Expected) -> bool:
    """A current that is not too much."""
    rated = rated_current(seen)
    return rated is not None and reads(seen, "current", 0.0, settings.most * rated)


def tell(
    seen: Seen, _settings: Overcurrent, _known: Expected, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How much, of how much, for how long."""
    current, rated = number(seen, "current") or 0.0, rated_current(seen) or 1.0
    message = (
        f"{current:.2f} A, {current / rated:.0%} of its rated {rated:.2f} A, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"current": round(current, 3), "rated": round(rated, 3)}


RULE = Rule(
    code="overcurrent",
    kinds=frozenset({"lamp"}),
    severity=Severity.MAJOR,
    settings=Overcurrent,
    judge=judge,
    tell=tell,
    points=("current",),
    quiet=quiet,
    memory=Expected,
)
