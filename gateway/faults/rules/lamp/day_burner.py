"""A lamp burns in daylight and nobody asked it to.

Source: domain §1 (TALQ lampUnexpectedOn, uCIFI day burner): power above max(15 % of rated,
standby + 3 W) for 20 min while the sun stands above +6 degrees, not commanded, not in a tunnel.
By night, or while commanded on, a lamp is not judged: only daylight shows that it is off again. Nor
is it on a dark day (``gateway.faults.daylight``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.daylight import dark
from gateway.faults.lamps import burns_from, facts, number, reads
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class DayBurner(Settings):
    """What counts as burning, and as day; a lamp is dark below ``dark`` of that power (E)."""

    on_delay: Duration = 1200.0
    share: float = 0.15
    above_standby: float = 3.0
    dark: float = 0.8
    sun: float = 6.0


def threshold(seen: Seen, settings: DayBurner) -> float:
    """The power in W above which the lamp is burning."""
    return burns_from(facts(seen), settings.share, settings.above_standby)


def judge(seen: Seen, settings: DayBurner, _memory: None) -> Verdict:
    """Judged by daylight only, and only while nobody commands the lamp on."""
    power = number(seen, "power")
    if power is None or facts(seen).tunnel or _may_be_commanded(seen):
        return UNDECIDED
    if seen.sun() <= settings.sun:
        return UNDECIDED
    limit = threshold(seen, settings)
    if power > limit:
        return UNDECIDED if dark(seen) else MET
    return NORMAL if power < settings.dark * limit else BETWEEN


def quiet(seen: Seen, settings: DayBurner, _memory: None) -> bool:
    """A lamp that was told to burn, or does not."""
    told = seen.good.get("switch_command") is True
    return told or reads(seen, "power", -math.inf, threshold(seen, settings))


def _may_be_commanded(seen: Seen) -> bool:
    """Whether the lamp is commanded on, or has a command that is not known right now."""
    command = seen.good.get("switch_command")
    if command is None:
        return any(point.name == "switch_command" for point in seen.device.points)
    return command is not False


def tell(
    seen: Seen,
    settings: DayBurner,
    _memory: None,
    since: Millis,
) -> tuple[str, Mapping[str, Value]]:
    """What it draws, how high the sun stands, for how long."""
    power = number(seen, "power") or 0.0
    sun = seen.sun()
    message = (
        f"burns in daylight, not commanded: {power:.1f} W where at most "
        f"{threshold(seen, settings):.1f} W are expected, sun at {sun:.0f}°, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"power": power, "sun": round(sun, 1)}


RULE = Rule(
    code="day_burner",
    kinds=frozenset({"lamp"}),
    severity=Severity.WARNING,
    settings=DayBurner,
    judge=judge,
    tell=tell,
    points=("power",),
    quiet=quiet,
    replaces=("relay_stuck",),
)
