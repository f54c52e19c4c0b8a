"""A cable is broken or stolen between two lamps: everything behind is silent, and draws nothing.

Source: domain §1: as ``feeder_underload``, with at least 3 adjacent lamps silent at the tail. The
break lies between the last lamp that answers and the first that does not. A short tail is a small
part of a phase: it is enough that the feeder lacks most of what that tail should draw, if this is
5 % of the feeder's load, the least its meter and plates can tell (E).
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
class CableBreak(Settings):
    """``lamps`` silent at the tail; shares of what they should draw, and of the feeder's load."""

    on_delay: Duration = 600.0
    lamps: int = BREAK[0]
    lacking: float = BREAK[1]
    least_share: float = BREAK[2]


def judge(group: Group, settings: CableBreak, load: Load) -> Verdict:
    """By who is silent and what is lacking."""
    if not load.measured or not load.expected or not load.settled(group.t):
        return UNDECIDED
    if load.total[0] <= 0:
        return UNDECIDED
    if load.broken(settings.lamps, settings.lacking, settings.least_share):
        return MET
    return BETWEEN if load.tail else NORMAL


def tell(
    group: Group, _settings: CableBreak, load: Load, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Between which poles, how many are behind it, what is lacking."""
    usual, measured = load.total
    first = load.tail[0] if load.tail else 0
    where = f"between positions {first - 1} and {first}" if first > 1 else "before the first lamp"
    message = (
        f"the cable is broken {where}: {len(load.tail)} lamps behind are silent, "
        f"{measured:.0f} of {usual:.0f} W drawn, for {lasted(since, group.t)}"
    )
    values: dict[str, Value] = {
        "first_dead": first,
        "lamps": len(load.tail),
        "power": round(measured),
        "expected": round(usual),
    }
    return message, values


RULE = Rule(
    code="cable_break",
    kinds=frozenset({"feeder"}),
    severity=Severity.MAJOR,
    settings=CableBreak,
    judge=judge,
    tell=tell,
    points=("power", "power_l1", "power_l2", "power_l3"),
    scope="feeder",
    by_head=True,
    memory=Load,
    replaces=("feeder_underload",),
)
