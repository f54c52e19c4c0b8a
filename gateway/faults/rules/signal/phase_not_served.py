"""Somebody calls for a group and it never turns green.

Source: domain §2: a call (or recall) present for more than twice the longest cycle without green.
``vehicle_call_N`` calls for ``group_N``. The longest cycle is the asset's, or the cycle that the
controller reports where that is longer. Outside control mode, and while the program does not run on
(a pre-emption, stopped time, a junction that stands still), nobody is owed a green, so waiting
begins anew; a call that is taken back before it was due is forgotten, one that was due is over with
the next green only. A poll slower than half the shortest green misses greens, and is not judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import GO, SLOWEST, facts, members, named, numbers, proceeds
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value

GAP = 60_000
"""ms, or three periods: a green may have been missed in a longer hole (E)."""


@dataclass(frozen=True, slots=True)
class PhaseNotServed(Settings):
    """``cycles``: how many of its longest cycles a call may wait."""

    readings: int = 1
    cycles: float = 2.0


@lru_cache(maxsize=256)
def _called(groups: tuple[str, ...], calls: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each group that can be called for, and its call; cabinets of one profile share them."""
    pairs = ((call.replace("vehicle_call", "group"), call) for call in calls)
    return tuple((group, call) for group, call in pairs if group in groups)


class Waiting:
    """Since when each group is called for without having been green, and until when that was seen.

    ``unproven`` are groups that were called for since the beginning and not seen to be served yet.
    """

    __slots__ = ("_calls", "_last", "limit", "owed", "since", "unproven", "until")

    def __init__(self, seen: Seen) -> None:
        self._calls = _called(members(seen, "group_"), members(seen, "vehicle_call_"))
        self._last: Millis = seen.t
        self.limit = facts(seen).longest_cycle * 1000
        self.owed = False
        self.since: dict[str, Millis] = {}
        self.until: dict[str, Millis] = {}
        self.unproven = {group for group, _ in self._calls}

    def see(self, seen: Seen) -> None:
        """Follow calls and greens."""
        if not seen.fresh:
            return
        if seen.t - self._last > max(GAP, 3 * seen.period):
            self._anew()
        self._last = seen.t
        self.owed = proceeds(seen)
        if not self.owed:
            self._anew()
            return
        cycle = seen.good.get("cycle_time")
        longest = facts(seen).longest_cycle
        reported = cycle if isinstance(cycle, int | float) else 0.0
        self.limit = max(longest, reported) * 1000
        self._follow(seen.fresh, seen.t)

    def _follow(self, fresh: Mapping[str, Value], t: Millis) -> None:
        since, unproven = self.since, self.unproven
        for group, call in self._calls:
            aspect, called = fresh.get(group), fresh.get(call)
            if aspect in GO:
                unproven.discard(group)
                since.pop(group, None)
            elif called is True and aspect is not None:
                since.setdefault(group, t)
                self.until[group] = t
            elif called is False and group in since:
                if self.until[group] - since[group] < 2 * self.limit:
                    del since[group]
            elif called is False:
                unproven.discard(group)

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


def judge(_seen: Seen, settings: PhaseNotServed, waiting: Waiting) -> Verdict:
    """Certain while a group is overdue; normal once each was served, or not called for."""
    if not waiting.owed:
        return UNDECIDED
    if waiting.since and waiting.overdue(settings.cycles):
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
    at_least_every=SLOWEST,
    needs=(("vehicle_call_*", "group_*"),),
    memory=Waiting,
    parts=parts,
)
