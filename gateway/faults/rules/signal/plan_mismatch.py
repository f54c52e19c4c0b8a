"""A junction runs another plan than its schedule says.

Source: domain §2: the plan differs from the schedule (the asset's ``plans``) for three cycles. The
cycle is the longest of the asset, or what the controller reports where that is longer, so that a
controller has time to change over. No plan is due outside control mode, nor while the program does
not run on (a pre-emption, stopped time, a junction that stands still).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import TWICE, facts, proceeds
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.weekly import scheduled

MINUTE = 60_000
GAP = 10 * MINUTE
"""ms, or three periods: the plan may have changed in a longer hole (E)."""


@dataclass(frozen=True, slots=True)
class PlanMismatch(Settings):
    """``cycles``: for how many it may run another plan."""

    readings: int = 1
    cycles: float = 3.0


class Plans:
    """What the schedule says now, and since when the junction runs another plan."""

    __slots__ = ("_last", "_minute", "scheduled", "since")

    def __init__(self, _seen: Seen) -> None:
        self._minute = -1
        self._last: Millis = 0
        self.scheduled: int | None = None
        self.since: Millis | None = None

    def see(self, seen: Seen) -> None:
        """Compare."""
        plan, plans = seen.fresh.get("plan"), facts(seen).plans
        if plan is None or plans is None:
            return
        if seen.t // MINUTE != self._minute:
            self._minute = seen.t // MINUTE
            now = seen.local()
            wanted = scheduled(plans, now.weekday(), now.hour * 60 + now.minute)
            if wanted != self.scheduled:
                self.scheduled, self.since = wanted, None
        if seen.t - self._last > max(GAP, 3 * seen.period):
            self.since = None
        self._last = seen.t
        if plan == self.scheduled or not proceeds(seen):
            self.since = None
        elif self.since is None:
            self.since = seen.t


def judge(seen: Seen, settings: PlanMismatch, plans: Plans) -> Verdict:
    """Certain once another plan ran for long enough, normal when it is the right one."""
    if plans.scheduled is None or not proceeds(seen):
        return UNDECIDED
    if plans.since is None:
        return NORMAL
    cycle = seen.good.get("cycle_time")
    reported = cycle if isinstance(cycle, int | float) else 0.0
    wait = settings.cycles * max(facts(seen).longest_cycle, reported) * 1000
    return CERTAIN if seen.t - plans.since >= max(wait, TWICE * seen.period) else BETWEEN


def tell(
    seen: Seen, _settings: PlanMismatch, plans: Plans, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Both plans, and for how long."""
    begun = since if plans.since is None else plans.since
    plan, wanted = seen.fresh["plan"], plans.scheduled or 0
    message = f"runs plan {plan:g} where {wanted} is scheduled, for {lasted(begun, seen.t)}"
    return message, {"plan": plan, "scheduled": wanted, "since": begun}


RULE = Rule(
    code="plan_mismatch",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=PlanMismatch,
    judge=judge,
    tell=tell,
    points=("plan",),
    memory=Plans,
)
