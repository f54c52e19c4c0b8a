"""Nobody on a bus answers any more.

Source: domain §4: at least two devices of the bus, every one of them silent at its latest attempt,
seen in three attempts over 30 s. One that answers is proof enough that the bus works. Devices of a
switched feeder that is off, and of a feeder known to be without supply, are silent for a reason of
their own and are not counted. A bus with a single device cannot be told from its device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.faults.feeders import energised
from gateway.faults.rule import MET, NORMAL, UNDECIDED, Group, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import KINDS, Millis, Severity, Value
from gateway.units import Duration

FED = frozenset({"lamp", "feeder"})


@dataclass(frozen=True, slots=True)
class BusDown(Settings):
    """``devices`` are the fewest that tell a bus from a device."""

    on_delay: Duration = 30.0
    readings: int = 3
    devices: int = 2


def judge(group: Group, settings: BusDown, _memory: None) -> Verdict:
    """Normal on any answer; met while all who ought to answer are silent."""
    if group.latest.silent is None:
        return NORMAL
    expected = [one for one in _asked(group) if _ought_to_answer(one)]
    if len(expected) < settings.devices:
        return UNDECIDED
    return MET if all(one.silent is not None for one in expected) else UNDECIDED


def _asked(group: Group) -> Sequence[Seen]:
    """The members that were asked since the start."""
    return [one for one in group.everyone() if one.t]


def _ought_to_answer(one: Seen) -> bool:
    if one.device.kind not in FED:
        return True
    if energised(one) is False:
        return False
    pillars = [other for other in one.members("feeder") if other.device.kind == "feeder"]
    return not any(pillar.alarmed("feeder_outage") for pillar in pillars)


def tell(
    group: Group, _settings: BusDown, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How many are silent, for how long, and what the latest silence was like."""
    silent = [one for one in _asked(group) if one.silent is not None]
    why = group.latest.silent or ""
    message = (
        f"none of {len(silent)} devices on bus {group.name} answers, "
        f"for {lasted(since, group.t)}: {why}"
    )
    return message, {"devices": len(silent), "reason": why}


RULE = Rule(
    code="bus_down",
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.MAJOR,
    settings=BusDown,
    judge=judge,
    tell=tell,
    scope="bus",
    hears_silence=True,
)
