"""Every group stays red, though somebody waits.

Source: domain §2: all red for 120 s with no pre-emption, no manual control and no pedestrian stage.
An actuated junction without traffic may rest in red for hours, so where calls are known (else
detectors) somebody must have waited for 30 s (E), longer than any clearance. Groups that may rest
dark count as red while they do; any other aspect of any group is movement. A poll that is slower
than half the shortest green misses movement, and is not judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import SLOWEST, TWICE, controlled, facts, members, offers
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

STILL: frozenset[Value | None] = frozenset({"red", "dark", None})
GAP = 10_000
"""ms, or three periods: after a longer hole in the readings nobody knows what was shown (E)."""


@dataclass(frozen=True, slots=True)
class AllRedStuck(Settings):
    """``waiting``: for how long somebody must have waited, in seconds."""

    on_delay: Duration = 120.0
    readings: int = 1
    waiting: Duration = 30.0


class Red:
    """Since when all groups are red, and since when somebody waits; None while that is not so."""

    __slots__ = ("_calls", "_groups", "_last", "_resting", "moved", "since", "waiting")

    def __init__(self, seen: Seen) -> None:
        self._groups = members(seen, "group_")
        self._resting = {f"group_{number}" for number in facts(seen).dark_ok}
        calls = members(seen, "vehicle_call_") + members(seen, "ped_call_")
        self._calls = calls or members(seen, "detector_")
        self._last: Millis = 0
        self.since: Millis | None = None
        self.waiting: Millis | None = None
        self.moved = False

    def see(self, seen: Seen) -> None:
        """Follow the groups, and those who wait for them."""
        shown = [seen.fresh.get(group) for group in self._groups]
        self.moved = not STILL.issuperset(shown)
        if self.moved:
            self.since = self.waiting = None
            return
        if shown.count(None) == len(shown):
            return
        if seen.t - self._last > max(GAP, 3 * seen.period):
            self.since = self.waiting = None
        self._last = seen.t
        red = all(
            aspect == "red" or self._may_rest(group, aspect)
            for group, aspect in zip(self._groups, shown, strict=True)
        )
        if not red or any_control(seen):
            self.since = self.waiting = None
            return
        self.since = seen.t if self.since is None else self.since
        if self._calls and not any(seen.good.get(call) is True for call in self._calls):
            self.waiting = None
        elif self.waiting is None:
            self.waiting = seen.t

    def _may_rest(self, group: str, aspect: Value | None) -> bool:
        return aspect == "dark" and group in self._resting


def any_control(seen: Seen) -> bool:
    """Whether something other than the program holds the groups, or may do so."""
    good = seen.good
    if not controlled(seen) or good.get("control_source") == "manual":
        return True
    preempt = good.get("preempt")
    return preempt is True or (preempt is None and offers(seen, "preempt"))


def judge(seen: Seen, settings: AllRedStuck, red: Red) -> Verdict:
    """Certain once all is red and somebody waits for long enough, normal when a group moves."""
    if red.moved:
        return NORMAL
    if red.since is None:
        return UNDECIDED
    if red.waiting is None:
        return BETWEEN
    least = max(settings.on_delay * 1000, TWICE * seen.period)
    long = seen.t - red.since >= least and seen.t - red.waiting >= settings.waiting * 1000
    return CERTAIN if long else BETWEEN


def tell(
    seen: Seen, _settings: AllRedStuck, red: Red, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """For how long, and for how long somebody waits."""
    begun = since if red.since is None else red.since
    waits = since if red.waiting is None else red.waiting
    message = (
        f"all groups red for {lasted(begun, seen.t)}, no pre-emption and no manual control; "
        f"somebody waits for {lasted(waits, seen.t)}"
    )
    return message, {"since": begun, "waiting_since": waits}


RULE = Rule(
    code="all_red_stuck",
    kinds=frozenset({"signal"}),
    severity=Severity.CRITICAL,
    settings=AllRedStuck,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=Red,
    at_least_every=SLOWEST,
    replaces=("phase_not_served",),
)
