"""The utility has lost its supply: several of what hangs on it lost theirs together.

Source: domain §4: at least two supplies, feeders or cabinets, lost within 60 s of each other. Each
of them is an alarm of its own, which this one takes in; it ends when none of them is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, Group, Rule, Settings, Verdict
from gateway.model import Alarm, Millis, Severity, Value
from gateway.units import Duration

SUPPLIES = frozenset({"feeder_outage", "on_battery", "supply_failure"})


@dataclass(frozen=True, slots=True)
class UtilityOutage(Settings):
    """``within`` seconds two supplies must be lost."""

    readings: int = 1
    within: Duration = 60.0


def _together(group: Group, settings: UtilityOutage) -> Sequence[Alarm]:
    """The supplies that were lost with another one."""
    lost = sorted(group.lost(SUPPLIES), key=lambda alarm: alarm.raised)
    found: dict[str, Alarm] = {}
    for one, following in pairwise(lost):
        if following.raised - one.raised <= settings.within * 1000:
            found |= {one.device: one, following.device: following}
    return list(found.values()) if len(found) > 1 else []


def judge(group: Group, settings: UtilityOutage, _memory: None) -> Verdict:
    """By the alarms of supplies that stand now."""
    if not group.lost(SUPPLIES):
        return NORMAL
    return CERTAIN if _together(group, settings) else BETWEEN


def tell(
    group: Group, settings: UtilityOutage, _memory: None, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which supplies, and within how long."""
    lost = _together(group, settings)
    names = ", ".join(alarm.device for alarm in lost)
    span = round((lost[-1].raised - lost[0].raised) / 1000) if lost else 0
    return f"{len(lost)} supplies lost within {span} s: {names}", {"supplies": len(lost)}


RULE = Rule(
    code="utility_outage",
    kinds=frozenset({"feeder", "lamp", "signal"}),
    severity=Severity.CRITICAL,
    settings=UtilityOutage,
    judge=judge,
    tell=tell,
    scope="site",
    hears_silence=True,
)
