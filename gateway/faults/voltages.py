"""Voltages of lamps and pillars as shares of nominal, and what the rules about them share.

Source: domain §1; the band of ±10 % is that of EN 50160.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.faults.bands import above as over
from gateway.faults.bands import below as under
from gateway.faults.feeders import PHASES, energised
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Seen, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Value

SUPPLIED = ("voltage", *PHASES)
"""Points that say how a device is supplied."""

GONE = 0.7
"""Share of the nominal voltage below which there is no supply (domain §1)."""


def shares(seen: Seen, values: Mapping[str, Value] | None = None) -> dict[str, float]:
    """Every voltage of the latest reading, or of ``values``, by point, as a share of nominal."""
    nominal = seen.device.facts.nominal_voltage
    values = seen.fresh if values is None else values
    return {
        point: volts / nominal
        for point in SUPPLIED
        if isinstance(volts := values.get(point), int | float) and volts is not True
    }


def judge_voltage(seen: Seen, limit: float, back: float, *, above: bool) -> Verdict:
    """Met if any supplied phase is beyond ``limit``, normal if every one is short of ``back``."""
    found = shares(seen)
    if not found or min(found.values()) < GONE or not energised(seen):
        return UNDECIDED
    if seen.alarmed("feeder_outage"):
        return UNDECIDED  # it is not supplied before its supply is seen to be back
    judged = over if above else under
    said = {judged(share, limit, back) for share in found.values()}
    if MET in said:
        told = seen.device.kind == "lamp" and _pillar_says_so(seen, limit, above=above)
        return UNDECIDED if told else MET
    return BETWEEN if BETWEEN in said else NORMAL


def _pillar_says_so(seen: Seen, limit: float, *, above: bool) -> bool:
    """Whether the pillar measures the same of the lamp's phase, of any if that is not known."""
    facts = seen.device.facts
    points = PHASES if facts.phase is None else (f"voltage_{facts.phase.lower()}",)
    for one in seen.members("feeder"):
        if one.device.kind == "feeder" and one.silent is None:
            nominal = one.device.facts.nominal_voltage
            for point in points:
                volts = one.good.get(point)
                if isinstance(volts, int | float):
                    share = volts / nominal
                    # A lamp at the end of a cable is a little lower than its pillar.
                    if share > limit - 0.01 if above else share < limit + 0.05:
                        return True
    return False


def tell_voltage(seen: Seen, since: Millis) -> tuple[str, Mapping[str, Value]]:
    """Every voltage, what is nominal, for how long."""
    volts = {point: seen.fresh[point] for point in shares(seen)}
    told = ", ".join(
        f"{point[-2:].upper()} {value:.0f} V" if point != "voltage" else f"{value:.0f} V"
        for point, value in volts.items()
    )
    nominal = seen.device.facts.nominal_voltage
    return f"{told} of {nominal:.0f} V for {lasted(since, seen.t)}", volts
