"""A bin's level sensor says the same for a week while the other bins fill.

Source: domain §3: no change for 7 days while peers move. A living sensor scatters by millimetres,
so the same value to the last digit is a dead one; and of the gateway's other bins at least half
must have moved by 5 points or more meanwhile (E), or it is the city that rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PEERS = 8
"""Peers compared with: more tell nothing more."""

MOVED = 5.0
"""Points of %."""


@dataclass(frozen=True, slots=True)
class SensorStuck(Settings):
    """``still`` in s: how long the very same value is suspicious."""

    still: Duration = 604_800.0


class Still:
    """Since when the level is the very same, and where its peers stood then."""

    kept_as: ClassVar[str] = "bin_still/1"
    __slots__ = ("level", "peers", "since")

    def __init__(self, _seen: Seen) -> None:
        self.level: float | None = None
        self.since: Millis = 0
        self.peers: dict[str, float] = {}

    def begin(self) -> None:
        """The same value after a pause is still the same value."""

    def see(self, seen: Seen) -> None:
        """Notice any change."""
        level = number(seen, "fill_level")
        if level is not None and level != self.level:
            self.level, self.since = level, seen.t
            self.peers = {}
        if not self.peers:  # after a start they may answer a little later
            self.peers = levels(seen)

    def dump(self) -> list[Any] | None:
        """The value, since when, and the peers' levels."""
        return None if self.level is None else [self.level, self.since, self.peers]

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        level, since, peers = value
        self.level, self.since = float(level), int(since)
        self.peers = {str(name): float(at) for name, at in list(peers.items())[:PEERS]}


def levels(seen: Seen) -> dict[str, float]:
    """What some other bins of the gateway show now."""
    found: dict[str, float] = {}
    for one in seen.members("kind"):
        level = one.good.get("fill_level")
        if one is not seen and isinstance(level, int | float):
            found[one.device.id] = level
            if len(found) == PEERS:
                break
    return found


def moved(seen: Seen, still: Still) -> tuple[int, int]:
    """How many of the peers have moved meanwhile, of how many."""
    now = levels(seen)
    known = [name for name in still.peers if name in now]
    return sum(abs(now[name] - still.peers[name]) >= MOVED for name in known), len(known)


def judge(seen: Seen, settings: SensorStuck, still: Still) -> Verdict:
    """By how long nothing has moved here, and whether it did elsewhere."""
    if "fill_level" not in seen.fresh or still.level is None:
        return UNDECIDED
    if seen.t == still.since:
        return NORMAL
    if seen.t - still.since < settings.still * 1000:
        return BETWEEN
    peers, known = moved(seen, still)
    if not known:
        return UNDECIDED
    return MET if 2 * peers >= known else BETWEEN


def tell(
    seen: Seen, _settings: SensorStuck, still: Still, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What it says, for how long, and what the others do."""
    days = (seen.t - still.since) / 86_400_000
    peers, known = moved(seen, still)
    message = (
        f"{still.level:.1f} % to the last digit for {days:.0f} days, "
        f"while {peers} of {known} other bins moved"
    )
    return message, {"fill_level": still.level or 0.0, "days": round(days, 1)}


RULE = Rule(
    code="sensor_stuck",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=SensorStuck,
    judge=judge,
    tell=tell,
    points=("fill_level",),
    memory=Still,
)
