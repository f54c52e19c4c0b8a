"""Which alarm explains which: one cause, one alarm (domain §4).

A *parent* is an alarm that brings others with it: a feeder without supply makes its lamps silent
and dark. ``TAKES`` says which codes a parent's code takes in; ``Kin`` says whose: the utility's are
all feeders and cabinets, a bus's its devices, a feeder's its lamps, a junction's its own signals
and detectors. Codes of ``NEVER`` are dangers of their own and are never taken in.

A child that is raised while its parent stands, or at most ``window`` before it, is *suppressed*.
One that is older keeps standing, *unverified*: nobody can tell any more whether it is still so.
While a parent's condition is seen but not yet established, its children's raises wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from gateway.faults import topology
from gateway.model import Alarm, Device, Millis, Severity

Key: TypeAlias = tuple[str, str]
"""An alarm's subject and code."""

NEVER = frozenset(
    {
        "pole_down",
        "leakage",
        "neutral_loss",
        "bin_fire",
        "conflicting_greens",
        "conflict_monitor_fault",
        "door_open",
    }
)

SILENCE = frozenset({"comm_loss", "comm_degraded", "bad_data"})
DARK_LAMP = frozenset(
    {
        "lamp_failure",
        "power_high",
        "power_low",
        "power_factor_low",
        "voltage_low",
        "lamp_cycling",
    }
)
AT_THE_JUNCTION = frozenset(
    {
        "lamp_fault",
        "signal_dark",
        "detector_stuck_on",
        "detector_no_activity",
        "detector_erratic",
        "ped_button_stuck",
        "coordination_fault",
        "cycle_fault",
        "plan_mismatch",
        "phase_not_served",
    }
)

TAKES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "utility_outage": frozenset(
            {"feeder_outage", "on_battery", "supply_failure", "junction_dark", "undervoltage"}
        ),
        "bus_down": SILENCE,
        "feeder_outage": SILENCE
        | DARK_LAMP
        | {"contactor_open", "feeder_underload", "phase_loss", "cable_break", "bus_down"},
        "phase_loss": SILENCE | DARK_LAMP,
        "contactor_open": SILENCE | DARK_LAMP | {"feeder_underload", "bus_down"},  # (E)
        "feeder_underload": frozenset({"comm_loss"}),  # (E): fuses on a switched supply
        "contactor_welded": frozenset({"day_burner", "relay_stuck"}),
        "cable_break": SILENCE | DARK_LAMP | {"feeder_underload"},  # (E)
        "flash_mode": AT_THE_JUNCTION,
        "junction_dark": AT_THE_JUNCTION,
    }
)

BEHIND = frozenset({"contactor_open", "feeder_underload", "cable_break"})
"""What happens behind a pillar's meter: it silences lamps, never the pillar itself."""

CAUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        code: tuple(parent for parent, taken in TAKES.items() if code in taken)
        for code in sorted(frozenset().union(*TAKES.values()))
    }
)
"""The other way round: what may explain a code."""

ANNOUNCE: Millis = 60_000
"""ms for which an alarm that a parent may explain is kept from the horn and the table."""


def window(period: Millis) -> Millis:
    """How many ms may lie between a child and its parent, by the child's poll."""
    return max(120_000, 3 * period + 30_000)


def announced(alarm: Alarm) -> Millis:
    """When an alarm is due to be announced, unless it is suppressed by then."""
    waits = alarm.code in CAUSES and alarm.severity is not Severity.CRITICAL
    return alarm.raised + (ANNOUNCE if waits else 0)


def key_of(cause: str | None) -> Key | None:
    """The parent's key in an alarm's ``cause``, ``"pillar-1/feeder_outage"``."""
    subject, slash, code = (cause or "").rpartition("/")
    return (subject, code) if slash else None


class Kin:
    """Who is above whom on a site."""

    def __init__(self, devices: Iterable[Device]) -> None:
        every = tuple(devices)
        above: dict[str, dict[str, None]] = {device.id: {} for device in every}
        fed: dict[str, str] = {}
        self._facts = {device.id: device.facts for device in every}
        found = topology.groups(every)
        for (scope, name), members in found.items():
            if scope not in topology.PARENTS:
                continue
            subject = topology.subject(scope, name, topology.head(scope, members))
            above.setdefault(subject, {})
            for device in members:
                if device.id != subject:
                    above[device.id][subject] = None
                if scope == "feeder":
                    fed[device.id] = subject
                    above[subject][topology.UTILITY] = None
        for (scope, name), members in found.items():
            feeders = {fed.get(device.id) for device in members}
            if scope == "bus" and len(feeders) == 1:  # a line along one feeder dies with it
                above[f"bus:{name}"].update({one: None for one in feeders if one is not None})
        lines: dict[tuple[str, ...], tuple[str, ...]] = {}  # one for all that hang on the same
        self._above = {
            subject: lines.setdefault(tuple(parents), tuple(parents))
            for subject, parents in above.items()
        }

    def _line(self, subject: str) -> tuple[str, ...]:
        """A subject and who is above it, the nearest first."""
        return subject, *self._above.get(subject, ())

    def parents(self, subject: str, code: str) -> Iterator[Key]:
        """The alarms that would explain this one, the nearest first."""
        if code in NEVER:
            return
        for parent in CAUSES.get(code, ()):
            for above in self._line(subject):
                if not _before_it(subject, code, above, parent):
                    yield above, parent

    def explains(self, parent: Alarm, subject: str, code: str) -> bool:
        """Whether a standing alarm explains one of that code about that subject."""
        if code in NEVER or code not in TAKES.get(parent.code, ()):
            return False
        if parent.device not in self._line(subject):
            return False
        if _before_it(subject, code, parent.device, parent.code):
            return False
        return self._holds(parent, subject)

    def _holds(self, parent: Alarm, subject: str) -> bool:
        """Whether a lamp is on the phase, or behind the break, that its feeder's alarm names."""
        facts = self._facts.get(subject)
        lost, own = parent.values.get("phase"), getattr(facts, "phase", None)
        first, place = parent.values.get("first_dead"), getattr(facts, "position", None)
        if isinstance(first, int) and place is not None and place < first:
            return False
        return lost is None or own is None or own == lost


def _before_it(subject: str, code: str, above: str, parent: str) -> bool:
    """Whether an alarm of the pillar would have to explain its own silence by what is behind it."""
    return subject == above and parent in BEHIND and code in SILENCE
