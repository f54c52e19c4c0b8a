"""A phase carries less than its lamps should draw, and nobody has said why.

Source: domain §1: a phase below 80 % of the sum expected for 10 min, judged on at least 80 % of
nominal voltage only. Expected is what the lamps' plates and dim levels say, as this feeder usually
carries of it (``gateway.faults.load``); lamps that are known to have failed are left out of it.
Normal from 90 % on (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.load import BREAK, Load
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Group, Rule, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class FeederUnderload(Settings):
    """Shares of the expected load; below ``least`` W expected nothing is judged (E)."""

    on_delay: Duration = 600.0
    share: float = 0.8
    back: float = 0.9
    least: float = 50.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.share > self.back:
            raise ValueError("share is more than back; a load cannot be low and normal at once")


def judge(group: Group, settings: FeederUnderload, load: Load) -> Verdict:
    """By the phase that carries least of what it should."""
    if not load.measured or not load.expected or not load.settled(group.t):
        return UNDECIDED
    carried = [
        watts / load.usual(phase)
        for phase, watts in load.measured.items()
        if load.usual(phase) >= settings.least
    ]
    if not carried or load.broken(*BREAK):
        return UNDECIDED  # a broken cable is its own alarm
    if min(carried) < settings.share:
        return MET
    return NORMAL if min(carried) >= settings.back else BETWEEN


def tell(
    group: Group, settings: FeederUnderload, load: Load, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which phases carry how much of what."""
    low = {
        phase: watts
        for phase, watts in load.measured.items()
        if load.usual(phase) >= settings.least and watts < settings.share * load.usual(phase)
    }
    told = ", ".join(f"{p} {w:.0f} of {load.usual(p):.0f} W" for p, w in low.items())
    message = (
        f"carries {told} that its lamps should draw, for {lasted(since, group.t)}; "
        f"{load.silent} lamps do not answer"
    )
    values: dict[str, Value] = {f"power_{p.lower()}": round(watts) for p, watts in low.items()}
    if len(low) == 1 and "all" not in low:
        values["phase"] = next(iter(low))
    return message, values


RULE = Rule(
    code="feeder_underload",
    kinds=frozenset({"feeder"}),
    severity=Severity.MAJOR,
    settings=FeederUnderload,
    judge=judge,
    tell=tell,
    points=("power", "power_l1", "power_l2", "power_l3"),
    scope="feeder",
    by_head=True,
    memory=Load,
)
