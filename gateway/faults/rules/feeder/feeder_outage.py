"""A feeder has lost its supply.

Source: domain §1: all the feeder's own voltages below 70 % of nominal for 5 s; or, where no meter
tells, at least 3 and at least 80 % of its answering lamps without voltage (below 70 %). Silence
alone is no outage. Its end is seen from 80 % of nominal on (E) and must last 5 min, because
reclosers try more than once (domain §4, root cause). A switched feeder that is off is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.faults.feeders import PHASES, energised
from gateway.faults.lamps import reads, supply
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
from gateway.faults.voltages import shares
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

TOLD = ("contactor_open", "cable_break")
"""Alarms of a pillar that say why its lamps have no voltage."""


@dataclass(frozen=True, slots=True)
class FeederOutage(Settings):
    """Shares of the nominal voltage (``dead``, ``live``), and how many lamps must agree."""

    on_delay: Duration = 5.0
    off_delay: Duration = 300.0
    dead: float = 0.7
    live: float = 0.8
    least_lamps: int = 3
    share_of_lamps: float = 0.8

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.dead > self.live:
            raise ValueError("dead is more than live; a feeder cannot be both")


def judge(group: Group, settings: FeederOutage, _memory: None) -> Verdict:
    """By the pillar's meter while it tells, else by the lamps."""
    pillar = group.head
    if pillar is not None and pillar.silent is None and any(p in pillar.good for p in PHASES):
        # A lamp's reading brings nothing new about the meter.
        return _by_meter(pillar, settings) if group.latest is pillar else UNDECIDED
    if pillar is not None and any(map(pillar.alarmed, TOLD)):
        return UNDECIDED  # why lamps have no voltage is told already
    return _by_lamps(group.everyone(), settings)


def quiet(group: Group, settings: FeederOutage, _memory: None) -> bool:
    """A lamp that is supplied is no news of an outage; a dark one's reading will be."""
    latest = group.latest
    facts = latest.device.facts
    if latest.device.kind != "lamp":
        return False
    return reads(latest, "voltage", settings.live * facts.nominal_voltage, math.inf)


def _by_meter(pillar: Seen, settings: FeederOutage) -> Verdict:
    metered = {p.name for p in pillar.device.points if p.name in PHASES}
    found = [share for point, share in shares(pillar).items() if point in metered]
    if any(share >= settings.live for share in found):
        return NORMAL  # a meter before the contactor shows by day as well that it is back
    if len(found) < len(metered) or not energised(pillar):
        return UNDECIDED
    return MET if all(share < settings.dead for share in found) else BETWEEN


def _answering(members: Sequence[Seen]) -> list[float]:
    """The supply, as a share of nominal, of every lamp that answers and is meant to be live."""
    return [
        share
        for one in members
        if one.device.kind == "lamp"
        and one.silent is None
        and "voltage" in one.good
        and energised(one)
        and (share := supply(one)) is not None
    ]


def _by_lamps(members: Sequence[Seen], settings: FeederOutage) -> Verdict:
    found = _answering(members)
    if len(found) < settings.least_lamps:
        return UNDECIDED
    dark = sum(share < settings.dead for share in found)
    if dark >= settings.least_lamps and dark >= settings.share_of_lamps * len(found):
        return MET
    live = sum(share >= settings.live for share in found)
    return NORMAL if live >= settings.share_of_lamps * len(found) else BETWEEN


def tell(
    group: Group, settings: FeederOutage, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """The voltages seen, or how many lamps are dark, and for how long."""
    length = lasted(since, group.t)
    members = group.everyone()
    lamps = sum(one.device.kind == "lamp" for one in members)
    pillar = group.head
    if pillar is not None and group.latest is pillar:
        volts = {name: pillar.fresh[name] for name in PHASES if name in pillar.fresh}
        told = ", ".join(f"{name[-2:].upper()} {value:.0f} V" for name, value in volts.items())
        nominal = pillar.device.facts.nominal_voltage
        message = (
            f"feeder {group.name} has lost its supply: {told} of {nominal:.0f} V for {length}"
            f"{f'; it feeds {lamps} lamps' if lamps else ''}"
        )
        return message, {**volts, "lamps": lamps}
    found = _answering(members)
    dark = sum(share < settings.dead for share in found)
    message = (
        f"feeder {group.name} has lost its supply: {dark} of {len(found)} answering lamps "
        f"have no voltage for {length}; it feeds {lamps} lamps"
    )
    return message, {"dark": dark, "answering": len(found), "lamps": lamps}


RULE = Rule(
    code="feeder_outage",
    kinds=frozenset({"feeder", "lamp"}),
    severity=Severity.CRITICAL,
    settings=FeederOutage,
    judge=judge,
    tell=tell,
    points=(*PHASES, "voltage"),
    scope="feeder",
    quiet=quiet,
)
