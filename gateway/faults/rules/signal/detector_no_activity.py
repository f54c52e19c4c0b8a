"""A vehicle detector sees nothing where there must be traffic.

Source: domain §2: against the activity learnt by the hour of the week, no actuation at all would
have a chance of less than 1 in 10 000, and that for 60 min at least. Over with the first actuation.
While the junction's other detectors see as little, nobody comes, and nothing can be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.activity import Activity, chance_of_none
from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import controlled, named, numbers
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class DetectorNoActivity(Settings):
    """``chance``: how unlikely its silence must be."""

    on_delay: Duration = 3600.0
    readings: int = 1
    chance: float = 1e-4


def judge(seen: Seen, settings: DetectorNoActivity, activity: Activity) -> Verdict:
    """Certain while a detector is silent for too long, normal when all have been heard."""
    if not controlled(seen):
        return UNDECIDED
    if parts(seen, settings, activity):
        return CERTAIN
    if unusual(seen, settings, activity):
        return UNDECIDED
    return BETWEEN if activity.unproven else NORMAL


def unusual(seen: Seen, settings: DetectorNoActivity, activity: Activity) -> list[str]:
    """The detectors that are more silent than they usually are."""
    begun = seen.t - settings.on_delay * 1000
    return [
        one
        for one, since in activity.since.items()
        if since <= begun and chance_of_none(activity.expected(one)) < settings.chance
    ]


def parts(seen: Seen, settings: DetectorNoActivity, activity: Activity) -> list[str]:
    """Those whose silence has no other explanation."""
    begun = seen.t - settings.on_delay * 1000
    return [
        one
        for one, since in activity.since.items()
        if since <= begun and activity.chance(one) < settings.chance
    ]


def tell(
    seen: Seen, settings: DetectorNoActivity, activity: Activity, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which detectors, for how long, and what was expected of the least silent one."""
    names = sorted(parts(seen, settings, activity))
    since = min((activity.since[name] for name in names), default=since)
    least = min((activity.expected(name) for name in names), default=0.0)
    message = (
        f"{named('detector', names)} without any vehicle for {lasted(since, seen.t)}; "
        f"at least {least:.0f} are usual in that time"
    )
    return message, {"detectors": numbers(names), "since": since, "expected": round(least, 1)}


RULE = Rule(
    code="detector_no_activity",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=DetectorNoActivity,
    judge=judge,
    tell=tell,
    points=("detector_*",),
    needs=(("detector_1",),),
    memory=Activity,
    parts=parts,
)
