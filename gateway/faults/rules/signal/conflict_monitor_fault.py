"""The conflict monitor does not vouch for the junction any more.

Source: domain §2: its output is not OK, seen twice. While a controller starts the monitor has not
looked yet, and under test it is made to trip; both are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import LAMPS_MEAN_NOTHING
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value


def judge(seen: Seen, _settings: Settings, _memory: None) -> Verdict:
    """By the monitor's own output."""
    if seen.fresh["conflict_monitor_ok"] is True:
        return NORMAL
    return UNDECIDED if seen.good.get("mode") in LAMPS_MEAN_NOTHING else MET


def tell(
    seen: Seen, _settings: Settings, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Since when, and what the controller does meanwhile."""
    values: dict[str, Value] = {"conflict_monitor_ok": False}
    mode = seen.good.get("mode")
    told = ""
    if mode is not None:
        told, values["mode"] = f"; the controller is in mode {mode}", mode
    return f"the conflict monitor's output is not OK for {lasted(since, seen.t)}{told}", values


RULE = Rule(
    code="conflict_monitor_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.CRITICAL,
    settings=Settings,
    judge=judge,
    tell=tell,
    points=("conflict_monitor_ok",),
)
