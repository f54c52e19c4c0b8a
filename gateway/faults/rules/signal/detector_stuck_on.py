"""A vehicle detector is occupied for longer than any queue stands.

Source: domain §2: on for more than 30 min at the stop line, 10 min at an advance detector
(``advance_detectors``), in control mode: while a junction flashes or is dark its queues are
another matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import SLOWEST_INPUT, Lasting, controlled, facts, members, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 10 * 60_000
"""ms: a detector whose values are missing for longer begins anew, as its shorter delay says."""


@dataclass(frozen=True, slots=True)
class DetectorStuckOn(Settings):
    """``on_delay`` at the stop line, ``advance`` at advance detectors, in seconds."""

    on_delay: Duration = 1800.0
    advance: Duration = 600.0
    readings: int = 1


class Occupied(Lasting):
    """For how long each detector is occupied, and which are advance detectors."""

    __slots__ = ("advance",)

    def __init__(self, seen: Seen) -> None:
        self.advance = {f"detector_{number}" for number in facts(seen).advance_detectors}
        super().__init__(members(seen, "detector_"), frozenset({True}), PATIENCE, controlled)


def delay(settings: DetectorStuckOn, occupied: Occupied) -> Callable[[str], float]:
    """How long a detector may be on."""
    return lambda name: settings.advance if name in occupied.advance else settings.on_delay


def judge(seen: Seen, settings: DetectorStuckOn, occupied: Occupied) -> Verdict:
    """Certain while a detector is on for too long; each must have been off to be well."""
    return occupied.verdict(seen, delay(settings, occupied))


def parts(seen: Seen, settings: DetectorStuckOn, occupied: Occupied) -> list[str]:
    """The detectors that are stuck."""
    return occupied.overdue(seen, delay(settings, occupied))


def tell(
    seen: Seen, settings: DetectorStuckOn, occupied: Occupied, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which detectors, for how long, and how long they may be."""
    names = parts(seen, settings, occupied)
    least = min((delay(settings, occupied)(name) for name in names), default=0.0) / 60
    message = (
        f"{occupied.told(names, 'detector', seen.t)} on without a break; "
        f"at most {least:.0f} min are expected"
    )
    return message, {"detectors": numbers(names), "since": occupied.since(names, since)}


RULE = Rule(
    code="detector_stuck_on",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=DetectorStuckOn,
    judge=judge,
    tell=tell,
    points=("detector_*",),
    at_least_every=SLOWEST_INPUT,
    needs=(("detector_1",),),
    memory=Occupied,
    parts=parts,
)
