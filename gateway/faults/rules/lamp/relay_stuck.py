"""A lamp burns though it was told to be off.

Source: domain §1 (TALQ relayFailure): commanded off, power above max(15 % of rated,
standby + 3 W) for 5 min and 3 readings, where it is not a ``day_burner``. That rule judges by day;
so this one judges while the sun is below -6° (E), and in tunnels always: the same contacts found
welded at dawn are one alarm. Seen to be dark while commanded off, it is well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.lamps import burns, burns_from, dark, facts, number, reads
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class RelayStuck(Settings):
    """``sun`` in degrees, above which it is left to ``day_burner``."""

    on_delay: Duration = 300.0
    readings: int = 3
    sun: float = -6.0


def judge(seen: Seen, settings: RelayStuck, _memory: None) -> Verdict:
    """Judged while it is commanded off."""
    power = number(seen, "power")
    if power is None or seen.good.get("switch_command") is not False:
        return UNDECIDED
    if burns(power, facts(seen)):
        light = seen.sun() > settings.sun and not facts(seen).tunnel
        return UNDECIDED if light else MET
    return NORMAL if dark(power, facts(seen)) else BETWEEN


def quiet(seen: Seen, _settings: RelayStuck, _memory: None) -> bool:
    """A lamp that was not told to be off, or is."""
    told = seen.good.get("switch_command") is not False
    return told or reads(seen, "power", -math.inf, burns_from(facts(seen)))


def tell(
    seen: Seen, _settings: RelayStuck, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What it draws, for how long."""
    power = number(seen, "power") or 0.0
    message = (
        f"commanded off, but draws {power:.1f} W, more than {burns_from(facts(seen)):.1f} W, "
        f"for {lasted(since, seen.t)}"
    )
    return message, {"power": round(power, 1)}


RULE = Rule(
    code="relay_stuck",
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=RelayStuck,
    judge=judge,
    tell=tell,
    points=("power",),
    quiet=quiet,
)
