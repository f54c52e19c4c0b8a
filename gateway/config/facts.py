"""Asset facts against each other and against the device's profile.

A wrong fact makes no error later: a conflict with a signal group that is not there is simply never
seen, a bin without distances never full. So it is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from gateway.assets import BinFacts, SignalFacts
from gateway.profile import Profile
from gateway.tables.lines import Keys

#: The keys at fault, what is wrong, what to write instead.
Contradiction: TypeAlias = tuple[Keys, str, str]

#: What a sensor must see beyond its dead band before full is full, in mm (domain.md §3).
CLEARANCE = 50.0


def contradictions(facts: object, profile: Profile) -> Iterator[Contradiction]:
    """Every fact of a device that cannot be, or is missing."""
    yield from _ends(facts, profile)
    if isinstance(facts, SignalFacts):
        yield from _groups(facts, profile)
    elif isinstance(facts, BinFacts):
        yield from _distances(facts)


def _ends(facts: Any, profile: Profile) -> Iterator[Contradiction]:  # noqa: ANN401  # any kind's
    for name, ends in profile.ends.items():
        missing = [fact for fact in ends if getattr(facts, fact) is None]
        for fact in missing:
            yield (fact,), f'"{fact}" is missing: {name} is computed from it', f"add {fact} = …"
        if not missing and getattr(facts, ends[0]) == getattr(facts, ends[1]):
            yield (ends[1],), f"{ends[1]} is the same as {ends[0]}", f"{name} needs two"


def _groups(facts: SignalFacts, profile: Profile) -> Iterator[Contradiction]:
    known = {point.name for point in profile.points}
    named = [("conflicts", i, group) for i, pair in enumerate(facts.conflicts) for group in pair]
    named += [("dark_ok", i, group) for i, group in enumerate(facts.dark_ok)]
    for key, i, group in named:
        if f"group_{group}" not in known:
            problem = f'there is no signal group {group} in profile "{profile.name}"'
            yield (key, i), problem, "groups count from 1: group_1 is 1"
    for i, detector in enumerate(facts.advance_detectors):
        if f"detector_{detector}" not in known:
            problem = f'there is no detector {detector} in profile "{profile.name}"'
            yield ("advance_detectors", i), problem, "detectors count from 1: detector_1 is 1"
    for i, (one, other) in enumerate(facts.conflicts):
        if one == other:
            yield ("conflicts", i), "a group cannot conflict with itself", "name two groups"


def _distances(facts: BinFacts) -> Iterator[Contradiction]:
    empty, full, dead = facts.empty_distance, facts.full_distance, facts.dead_band
    if empty is not None and full is not None and full > empty:
        hint = "both are measured from the sensor: an empty bin is further away"
        yield ("full_distance",), "full_distance is more than empty_distance", hint
    if full is not None and dead is not None and full < dead + CLEARANCE:
        problem = f"full_distance lies within {CLEARANCE:g} mm of the sensor's dead band"
        yield ("full_distance",), problem, f"write {dead + CLEARANCE:g} or more"
