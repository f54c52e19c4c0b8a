"""A controller's clock is wrong.

Source: domain §2: by more than 2 s where it is coordinated, 30 s where it runs free; an offset of
about an hour is daylight saving that it does not know of. Coordinated is what the controller's
point ``coordinated`` says, else the asset. Right again below three quarters of that (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import facts
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

HOUR = 3600.0
ABOUT = 60.0
"""s that an offset may be off an hour and still be daylight saving (E)."""
RIGHT = 0.75


@dataclass(frozen=True, slots=True)
class ClockDrift(Settings):
    """Offsets in s; a minute is longer than a clock takes to be set (E)."""

    on_delay: Duration = 60.0
    readings: int = 3
    coordinated: Duration = 2.0
    free: Duration = 30.0


def limit(seen: Seen, settings: ClockDrift) -> float:
    """How wrong it may be, in s."""
    told = seen.good.get("coordinated")
    coordinated = facts(seen).coordinated if told is None else told is True
    return settings.coordinated if coordinated else settings.free


def judge(seen: Seen, settings: ClockDrift, _memory: None) -> Verdict:
    """By the offset."""
    offset = seen.fresh["clock_offset"]
    if isinstance(offset, bool | str):
        return UNDECIDED
    most = limit(seen, settings)
    if abs(offset) > most:
        return MET
    return NORMAL if abs(offset) <= RIGHT * most else BETWEEN


def tell(
    seen: Seen, settings: ClockDrift, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How wrong, how wrong it may be, and whether that is an hour."""
    offset = float(seen.fresh["clock_offset"])
    saving = abs(abs(offset) - HOUR) <= ABOUT
    message = (
        f"the controller's clock is {abs(offset):.1f} s {'ahead' if offset > 0 else 'behind'} "
        f"for {lasted(since, seen.t)}; at most {limit(seen, settings):.0f} s are expected"
        f"{': daylight saving (DST) not set as here' if saving else ''}"
    )
    return message, {"clock_offset": offset, "dst": saving}


RULE = Rule(
    code="clock_drift",
    kinds=frozenset({"signal"}),
    severity=Severity.WARNING,
    settings=ClockDrift,
    judge=judge,
    tell=tell,
    points=("clock_offset",),
)
