"""A pole has been knocked over, or is about to fall.

Source: domain §1: more than 15° from its baseline for 10 s, or more than 8° while its supply is
gone. Before a baseline is known 15° from upright count. Critical and never taken in by another
alarm; its silence afterwards clears nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.lamps import number, reads, supply
from gateway.faults.poles import Stance
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.voltages import GONE
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class PoleDown(Settings):
    """Degrees from the baseline: down beyond ``down``, without supply beyond ``dead``."""

    on_delay: Duration = 10.0
    off_delay: Duration = 60.0
    down: float = 15.0
    dead: float = 8.0
    stands: float = 5.0


def judge(seen: Seen, settings: PoleDown, stance: Stance) -> Verdict:
    """By tilt, and by tilt with the supply's end."""
    tilt = number(seen, "tilt")
    if tilt is None or "tilt" not in seen.fresh:
        return UNDECIDED
    off = stance.off(tilt)
    off = tilt if off is None else off
    share = supply(seen)
    if off > settings.down or (off > settings.dead and share is not None and share < GONE):
        return MET
    return NORMAL if off < settings.stands else BETWEEN


def quiet(seen: Seen, settings: PoleDown, stance: Stance) -> bool:
    """A pole that stands where it stood."""
    baseline = stance.baseline or 0.0
    off = min(settings.dead, settings.down)
    return reads(seen, "tilt", baseline - off, baseline + off)


def tell(
    seen: Seen, _settings: PoleDown, _stance: Stance, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How far over, with or without supply, since when."""
    tilt, share = number(seen, "tilt") or 0.0, supply(seen)
    dead = ", without supply" if share is not None and share < GONE else ""
    message = f"the pole is at {tilt:.0f}°{dead}, for {lasted(since, seen.t)}"
    return message, {"tilt": round(tilt, 1)}


RULE = Rule(
    code="pole_down",
    kinds=frozenset({"lamp"}),
    severity=Severity.CRITICAL,
    settings=PoleDown,
    judge=judge,
    tell=tell,
    points=("tilt",),
    quiet=quiet,
    memory=Stance,
    replaces=("pole_tilt",),
)
