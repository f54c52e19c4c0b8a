"""When a fault is due: how long its rule needs, has learnt, or can say nothing.

What the labels and the rules' own settings say, and nothing of what was raised. Delays that are no
setting have their reasons beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.config.site import Site
from gateway.faults.rule import Rule
from gateway.faults.rules import load_rules
from gateway.model import Millis
from gateway.weekly import within
from simulators.faults import Label

DAY = 86_400_000
LEARNS = {
    "pole_tilt": 1.0,
    "heavy_load": 20.0,
    "power_factor_low": 3.0,
    "power_high": 3.0,
    "detector_no_activity": 14.0,
    "leakage_trend": 8.0,
}
"""Days in which a rule learns what is usual before it can tell: what a dimmed lamp draws, say, for
by its plate it may be off by 35 % (domain §1)."""
WAITS = {"collection_missed": "late", "sensor_stuck": "still"}
"""Rules whose own delay is another setting than ``on_delay``."""
OF_THE_ASSET: Mapping[str, Millis] = {
    "preempt_stuck": 600_000,
    "phase_not_served": 2 * 120_000,
    "plan_mismatch": 3 * 120_000,
    "comm_degraded": 15 * 60_000,
    "photocell_fault": 4 * DAY,
    "energy_drift": 8 * DAY,
    "lamp_cycling": 3_600_000,
    "leakage_trend": 7 * DAY,
    "detector_no_activity": DAY // 2,
}
"""Delays that are no setting: they follow from an asset's facts, here from their defaults, are the
time that is looked back on, or what a night takes in which a silent loop says nothing."""
OF_THE_FAULT: Mapping[str, Millis] = {"forgotten_flash": 3_600_000, "no_echo": 3_600_000}
"""A code may have another delay for one of its causes."""
IN_CONTROL = frozenset({
    "conflicting_greens", "junction_dark", "signal_dark", "all_red_stuck", "phase_not_served",
    "long_yellow", "short_yellow", "plan_mismatch", "detector_stuck_on", "ped_button_stuck",
})  # fmt: skip
"""Codes that say something only of a junction in control: what a planned flash ends begins anew."""


def takes(code: str, fault: str, poll: Millis) -> Millis:
    """How long a fault must show to be told at that poll: its rule's delay, and two polls."""
    return OF_THE_FAULT.get(fault, delay_of(code)) + 2 * poll


def is_blind(code: str, poll: Millis) -> bool:
    """Whether a rule cannot judge by that poll; ``wayside check -v`` says so of each device."""
    slowest = getattr(load_rules()[code], "at_least_every", None)
    return slowest is not None and poll > slowest * 1000


def delay_of(code: str) -> Millis:
    """A rule's own delay in ms."""
    if code in OF_THE_ASSET:
        return OF_THE_ASSET[code]
    rule = load_rules()[code]
    assert isinstance(rule, Rule)
    settings = rule.settings()
    own = getattr(settings, WAITS[code]) if code in WAITS else settings.on_delay
    return round(own * 1000)


def interrupted(label: Label, site: Site, needs: Millis) -> bool:
    """Whether the junction flashes by plan before its rule had the time it needs."""
    facts = next((one.facts for one in site.devices if one.id == label.device), None)
    flash = getattr(facts, "planned_flash", None)
    if label.code not in IN_CONTROL or label.shows is None or flash is None:
        return False
    zone = ZoneInfo(site.gateway.timezone)
    until = label.shows + needs
    moments = (
        datetime.fromtimestamp(t / 1000, zone) for t in (*range(label.shows, until, 60_000), until)
    )
    return any(within(flash, now.weekday(), now.hour * 60 + now.minute) for now in moments)
