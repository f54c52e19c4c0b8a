"""A feeder was switched off and its lamps burn on: its contactor is welded.

Source: domain §1 (TALQ contactorError): commanded off, load above 10 % of its lamps' rated power
for 5 min. Where no contactor's command is known: at least 80 % of a feeder's answering lamps, 3 at
least, burn in daylight and nobody commanded them, which is one contactor and not so many day
burners.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.faults.daylight import dark
from gateway.faults.lamps import burns, burns_from, facts, number, reads
from gateway.faults.load import Load, load_of
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
class ContactorWelded(Settings):
    """Shares of the rated power, and of the lamps; ``sun`` in degrees is daylight."""

    on_delay: Duration = 300.0
    share: float = 0.10
    back: float = 0.05
    least_lamps: int = 3
    share_of_lamps: float = 0.8
    sun: float = 6.0


def judge(group: Group, settings: ContactorWelded, load: Load) -> Verdict:
    """By the meter where there is a command, else by the lamps."""
    pillar = group.head
    command = None if pillar is None else pillar.good.get("contactor_command")
    if pillar is None or command is None:
        # A pillar's reading brings nothing new about its lamps, nor about their sky.
        lamp = None if group.latest is pillar else group.latest
        return UNDECIDED if lamp is None else _by_lamps(group.everyone(), settings, lamp)
    watts = load_of(pillar)
    if group.latest is not pillar or watts is None or not load.plates:
        return UNDECIDED
    if command is True:
        return UNDECIDED
    if watts > settings.share * load.plates:
        return MET
    return NORMAL if watts < settings.back * load.plates else BETWEEN


def quiet(group: Group, settings: ContactorWelded, _load: Load) -> bool:
    """A lamp says nothing where there is a command, nor by night, nor while it is dark itself."""
    latest, pillar = group.latest, group.head
    if latest.device.kind != "lamp":
        return False
    if pillar is not None and "contactor_command" in pillar.good:
        return True
    return reads(latest, "power", 0.0, burns_from(facts(latest))) or latest.sun() <= settings.sun


def day_lit(members: Iterable[Seen]) -> tuple[int, int]:
    """How many of a feeder's answering lamps burn uncommanded, of how many."""
    lit = count = 0
    for one in members:
        power = number(one, "power")
        if one.device.kind != "lamp" or one.silent is not None or power is None:
            continue
        if facts(one).tunnel or one.good.get("switch_command") is True:
            continue
        count += 1
        lit += burns(power, facts(one))
    return lit, count


def _by_lamps(members: Iterable[Seen], settings: ContactorWelded, latest: Seen) -> Verdict:
    if latest.sun() <= settings.sun or dark(latest):
        return UNDECIDED
    lit, count = day_lit(members)
    if count < settings.least_lamps:
        return UNDECIDED
    return MET if lit >= settings.share_of_lamps * count else NORMAL


def tell(
    group: Group, _settings: ContactorWelded, load: Load, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What flows, or how many burn."""
    pillar, length = group.head, lasted(since, group.t)
    watts = None if pillar is None else load_of(pillar)
    if watts is not None and pillar is not None and pillar.good.get("contactor_command") is False:
        message = (
            f"the contactor is commanded off and {watts:.0f} W flow on, of {load.plates:.0f} W "
            f"in lamps, for {length}"
        )
        return message, {"power": round(watts), "rated": round(load.plates)}
    lit, count = day_lit(group.everyone())
    message = f"{lit} of {count} lamps burn in daylight, not commanded, for {length}"
    return message, {"lit": lit, "answering": count}


RULE = Rule(
    code="contactor_welded",
    kinds=frozenset({"feeder", "lamp"}),
    severity=Severity.MINOR,
    settings=ContactorWelded,
    judge=judge,
    tell=tell,
    points=("power", "power_l1", "power_l2", "power_l3"),
    scope="feeder",
    memory=Load,
    quiet=quiet,
)
