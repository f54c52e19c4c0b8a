"""Somebody calls for a group and it never turns green.

Source: domain §2: a call (or recall) present for more than twice the longest cycle without green.
``vehicle_call_N`` calls for ``group_N``. The longest cycle is the asset's, or the cycle that the
controller reports where that is longer. Outside control mode, during a pre-emption and while every
group is stuck nobody is owed a green, so waiting begins anew; a call that is taken back before it
was due is forgotten, one that was due is over with the group's next green only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import GO, controlled, facts, members, named, numbers
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value

GAP = 60_000
"""ms, or three periods: a green may have been missed in a longer hole (E)."""


@dataclass(frozen=True, slots=True)
class PhaseNotServed(Settings):
    """``cycles``: how many of its longest cycles a call may wait."""

    readings: int = 1
    cycles: float = 2.0


class Waiting:
    """Since when each group is called for without having been green, and until when that was seen.

    ``unproven`` are groups that were called for since the beginning and not seen to be served yet.
    """

    __slots__ = ("_calls", "_last", "limit", "since", "unproven", "until")

    def __init__(self, seen: Seen) -> None:
        groups = set(members(seen, "group_"))
        calls = (call.replace("vehicle_call", "group") for call in members(seen, "vehicle_call_"))
        self._calls = {
            group: group.replace("group", "vehicle_call") for group in calls if group in groups
        }
        self._last: Millis = seen.t
        self.limit = facts(seen).longest_cycle * 1000
        self.since: dict[str, Millis] = {}
        self.until: dict[str, Millis] = {}
        self.unproven = set(self._calls)

    def see(self, seen: Seen) -> None:
        """Follow calls and greens."""
        if not seen.fresh:
            return
        if seen.t - self._last > max(GAP, 3 * seen.period):
            self._anew()
        self._last = seen.t
        if not _owed(seen):
            self._anew()
            return
        cycle = seen.good.get("cycle_time")
        longest = facts(seen).longest_cycle
        reported = cycle if isinstance(cycle, int | float) else 0.0
        self.limit = max(longest, reported) * 1000
        for group, call in self._calls.items():
            self._follow(group, seen.fresh.get(group), seen.fresh.get(call), seen.t)

    def _follow(self, group: str, aspect: Value | None, call: Value | None, t: Millis) -> None:
        if aspect in GO:
            self.unproven.discard(group)
            self.since.pop(group, None)
        elif call is True and aspect is not None:
            self.since.setdefault(group, t)
            self.until[group] = t
        elif call is False and group in self.since:
            if self.until[group] - self.since[group] < 2 * self.limit:
                del self.since[group]
        elif call is False:
            self.unproven.discard(group)

    def _anew(self) -> None:
        self.unproven.update(self.since)
        self.since.clear()

    def overdue(self, cycles: float) -> list[str]:
        """The groups that have waited for too long."""
        return [
            group
            for group, since in self.since.items()
            if self.until[group] - since > cycles * self.limit
        ]


def _owed(seen: Seen) -> bool:
    held = seen.good.get("preempt") is True or seen.alarmed("all_red_stuck")
    return controlled(seen) and not held


def judge(seen: Seen, settings: PhaseNotServed, waiting: Waiting) -> Verdict:
    """Certain while a group is overdue; normal once each was served, or not called for."""
    if not _owed(seen):
        return UNDECIDED
    if waiting.overdue(settings.cycles):
        return CERTAIN
    return BETWEEN if waiting.unproven else NORMAL


def parts(_seen: Seen, settings: PhaseNotServed, waiting: Waiting) -> list[str]:
    """The groups that wait."""
    return waiting.overdue(settings.cycles)


def tell(
    seen: Seen, settings: PhaseNotServed, waiting: Waiting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which groups, for how long, and how long a cycle is."""
    names = sorted(waiting.overdue(settings.cycles))
    first = min((waiting.since[name] for name in names), default=since)
    cycle = waiting.limit / 1000
    message = (
        f"{named('group', names)} called for and not green for {lasted(first, seen.t)}; "
        f"the longest cycle is {cycle:.0f} s"
    )
    return message, {"groups": numbers(names), "since": first, "longest_cycle": cycle}


RULE = Rule(
    code="phase_not_served",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=PhaseNotServed,
    judge=judge,
    tell=tell,
    points=("vehicle_call_*",),
    needs=(("vehicle_call_*", "group_*"),),
    memory=Waiting,
    parts=parts,
)
