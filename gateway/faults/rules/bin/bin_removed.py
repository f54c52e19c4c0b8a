"""A bin is gone, and its sensor looks into the open.

Source: domain §3: no target within the sensor's range for 24 h, and tilted (by more than 20°, as
``bin_tilt`` has it). A sensor without a target says its largest distance, which a profile's
``invalid`` makes a bad value: missing waste is never an empty bin. A single good distance shows
that there is a bin again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class BinRemoved(Settings):
    """``askew`` in degrees."""

    on_delay: Duration = 86_400.0
    askew: float = 20.0


def judge(seen: Seen, settings: BinRemoved, _memory: None) -> Verdict:
    """By a distance that is none, and the tilt."""
    if "distance" in seen.fresh:
        return NORMAL
    tilt = number(seen, "tilt")
    if "distance" not in seen.bad or tilt is None:
        return UNDECIDED
    return MET if tilt > settings.askew else BETWEEN


def tell(
    seen: Seen, _settings: BinRemoved, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What is missing, since when."""
    tilt = number(seen, "tilt") or 0.0
    message = (
        f"its sensor has seen nothing within its range for {lasted(since, seen.t)} and hangs at "
        f"{tilt:.0f}°: the bin is gone, or the sensor has come off"
    )
    return message, {"tilt": round(tilt, 1)}


RULE = Rule(
    code="bin_removed",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=BinRemoved,
    judge=judge,
    tell=tell,
    points=("distance", "tilt"),
    replaces=("bin_tilt",),
)
