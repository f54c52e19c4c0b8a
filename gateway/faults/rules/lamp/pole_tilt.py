"""A pole leans more than it did.

Source: domain §1: more than 5° from its baseline for 10 min (``gateway.faults.poles``); normal
below 4° (E). One that lies is a ``pole_down``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bands import above
from gateway.faults.lamps import number
from gateway.faults.poles import Stance
from gateway.faults.rule import UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class PoleTilt(Settings):
    """Degrees from the baseline."""

    on_delay: Duration = 600.0
    leans: float = 5.0
    stands: float = 4.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.stands > self.leans:
            raise ValueError("stands is more than leans; a pole cannot do both")


def judge(seen: Seen, settings: PoleTilt, stance: Stance) -> Verdict:
    """Against how it stood in its first hour."""
    tilt = number(seen, "tilt")
    off = None if tilt is None else stance.off(tilt)
    return UNDECIDED if off is None else above(off, settings.leans, settings.stands)


def tell(
    seen: Seen, _settings: PoleTilt, stance: Stance, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How far, from where, for how long."""
    tilt, baseline = number(seen, "tilt") or 0.0, stance.baseline or 0.0
    message = (
        f"leans at {tilt:.1f}°, {abs(tilt - baseline):.1f}° off the {baseline:.1f}° it stood at, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"tilt": round(tilt, 1), "baseline": round(baseline, 1)}


RULE = Rule(
    code="pole_tilt",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=PoleTilt,
    judge=judge,
    tell=tell,
    points=("tilt",),
    memory=Stance,
)
