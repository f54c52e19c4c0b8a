"""A lamp's power factor has fallen: its capacitor or its driver ages.

Source: domain §1 (TALQ powerFactorTooLow): below 0.85 at a dim level of 80 % or more and above
25 W; else 0.10 below what this lamp had before at this dim level; for 15 min. A dimmed lamp whose
power factor is not known yet is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bands import below
from gateway.faults.expected import FALL, Expected
from gateway.faults.lamps import number, reads
from gateway.faults.rule import UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class PowerFactorLow(Settings):
    """``least`` from ``full_dim`` % and ``full_power`` W on, else ``fall`` below what is known.

    It is normal again ``back`` above that.
    """

    on_delay: Duration = 900.0
    warm_up: Duration | None = None
    least: float = 0.85
    full_dim: float = 80.0
    full_power: float = 25.0
    fall: float = FALL
    back: float = 0.02


def limit(seen: Seen, settings: PowerFactorLow, known: Expected) -> float | None:
    """Below which power factor it is low now; None if that is not known."""
    dim, power = number(seen, "dim_level"), number(seen, "power")
    if power is not None and power > settings.full_power and (dim or 100.0) >= settings.full_dim:
        return settings.least
    usual = known.factor(seen)
    return None if usual is None else usual - settings.fall


def judge(seen: Seen, settings: PowerFactorLow, known: Expected) -> Verdict:
    """Judged while it burns and is warm."""
    factor = number(seen, "power_factor")
    if factor is None or not known.burning.settled(seen, settings.warm_up):
        return UNDECIDED
    least = limit(seen, settings, known)
    if least is None:
        return UNDECIDED
    return below(factor, least, least + settings.back)


def quiet(seen: Seen, settings: PowerFactorLow, known: Expected) -> bool:
    """A lamp that is off, or has a power factor that is low for none."""
    least = max(settings.least, 1.0 - settings.fall)
    return not known.burning.on or reads(seen, "power_factor", least, math.inf)


def tell(
    seen: Seen, settings: PowerFactorLow, known: Expected, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which power factor, where which is expected, for how long."""
    factor, least = number(seen, "power_factor") or 0.0, limit(seen, settings, known) or 0.0
    message = (
        f"power factor {factor:.2f} where at least {least:.2f} is expected, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"power_factor": round(factor, 3), "expected": round(least, 3)}


RULE = Rule(
    code="power_factor_low",
    kinds=frozenset({"lamp"}),
    severity=Severity.WARNING,
    settings=PowerFactorLow,
    judge=judge,
    tell=tell,
    points=("power_factor",),
    quiet=quiet,
    memory=Expected,
)
