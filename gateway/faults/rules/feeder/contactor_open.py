"""A feeder was switched on and carries nothing: its contactor has not closed.

Source: domain §1 (TALQ contactorError): commanded on, load below 10 % of what is expected, for
60 s, judged on at least 80 % of nominal voltage only. Expected of a switched feeder are its lamps'
rated powers, by day without those that have a photocell of their own; of a permanent one what its
lamps say they should draw. A lamp that answers and has voltage shows that the contactor is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.feeders import DEEP_NIGHT
from gateway.faults.lamps import supply
from gateway.faults.load import SUPPLIED, Load, load_of, sound
from gateway.faults.rule import (
    BETWEEN,
    MET,
    NORMAL,
    UNDECIDED,
    Group,
    Rule,
    Seen,
    Settings,
    Verdict,
)
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class ContactorOpen(Settings):
    """Shares of the expected load; below ``least`` W expected nothing is judged (E)."""

    on_delay: Duration = 60.0
    share: float = 0.10
    back: float = 0.20
    least: float = 50.0


def expected(group: Group, load: Load) -> float:
    """W that should flow while the contactor is closed."""
    pillar = group.head
    if pillar is not None and pillar.device.facts.supply == "switched":
        return load.plates if pillar.sun() < DEEP_NIGHT else load.plates_by_day
    return sum(load.expected.values())


def judge(group: Group, settings: ContactorOpen, load: Load) -> Verdict:
    """By command, voltage and load in one reading of the pillar."""
    pillar = group.head
    if pillar is None or group.latest is not pillar:
        return UNDECIDED
    watts = load_of(pillar)
    if watts is None or pillar.good.get("contactor_command") is not True:
        return UNDECIDED
    most = expected(group, load)
    if most < settings.least or not sound(pillar):
        return UNDECIDED
    if any(_supplied(one) for one in group.everyone()):
        return NORMAL  # arcs that must cool before they strike again draw nothing either
    if watts < settings.share * most:
        return MET
    return NORMAL if watts > settings.back * most else BETWEEN


def _supplied(one: Seen) -> bool:
    """Whether a lamp behind the contactor says that it has voltage."""
    share = supply(one) if one.device.kind == "lamp" and "voltage" in one.good else None
    return one.silent is None and share is not None and share >= SUPPLIED


def tell(
    group: Group, _settings: ContactorOpen, load: Load, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What flows, what should, and what the contactor says of itself."""
    pillar = group.head
    watts = (load_of(pillar) if pillar is not None else None) or 0.0
    state = None if pillar is None else pillar.good.get("contactor_state")
    says = {True: ", though it reports closed", False: ", and it reports open"}.get(state is True)
    message = (
        f"the contactor is commanded on and {watts:.0f} of {expected(group, load):.0f} W flow"
        f"{says if state is not None else ''}, for {lasted(since, group.t)}"
    )
    return message, {"power": round(watts), "expected": round(expected(group, load))}


RULE = Rule(
    code="contactor_open",
    kinds=frozenset({"feeder"}),
    severity=Severity.CRITICAL,
    settings=ContactorOpen,
    judge=judge,
    tell=tell,
    points=("power", "power_l1", "power_l2", "power_l3"),
    scope="feeder",
    by_head=True,
    memory=Load,
    replaces=("feeder_underload", "cable_break"),
    needs=(("contactor_command", "power"), ("contactor_command", "power_l1")),
)
