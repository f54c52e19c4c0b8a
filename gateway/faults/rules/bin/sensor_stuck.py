"""A bin's level sensor says the same for a week while the other bins fill.

Source: domain §3: no change for 7 days while peers move. A living sensor scatters by millimetres,
so the same value to the last digit is a dead one; and of the gateway's other bins at least half
must have moved by 5 points or more meanwhile (E), or it is the city that rests. A week on, a bin
with a weekly round stands where it stood; so the others are looked at every hour, and one that has
once moved has moved. A living sensor is never still for an hour, and costs no look at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import NOTHING, Millis, Severity, Value
from gateway.units import Duration

PEERS = 8
"""Peers compared with: more tell nothing more."""

MOVED = 5.0
"""Points of %."""

LOOK = 3_600_000
"""ms between two looks at the others."""


@dataclass(frozen=True, slots=True)
class SensorStuck(Settings):
    """``still`` in s: how long the very same value is suspicious."""

    still: Duration = 604_800.0


class Still:
    """Since when the level is the very same, and what its peers have done since.

    ``peers`` are the levels of those that have not moved yet, ``moved`` is how many have.
    """

    kept_as: ClassVar[str] = "bin_still/2"
    __slots__ = ("_looked", "level", "moved", "peers", "since")

    def __init__(self, _seen: Seen) -> None:
        self.level: float | None = None
        self.since: Millis = 0
        self.peers: Mapping[str, float] = NOTHING
        self.moved = 0
        self._looked: Millis = 0

    @property
    def known(self) -> int:
        """How many peers it is compared with."""
        return self.moved + len(self.peers)

    def begin(self) -> None:
        """The same value after a pause is still the same value."""

    def see(self, seen: Seen) -> None:
        """Notice any change, and while there is none, what the others do."""
        level = number(seen, "fill_level")
        if level is not None and level != self.level:
            self.level, self.since, self._looked = level, seen.t, seen.t
            self.peers, self.moved = NOTHING, 0
        elif seen.t - self._looked >= LOOK and self.level is not None:
            self._looked = seen.t
            self._look(seen)

    def _look(self, seen: Seen) -> None:
        now = levels(seen)
        if not self.known:
            self.peers = dict(list(now.items())[:PEERS])
            return
        before = self.peers
        self.peers = {
            name: level
            for name, level in before.items()
            if name not in now or abs(now[name] - level) < MOVED
        }
        self.moved += len(before) - len(self.peers)

    def dump(self) -> list[Any] | None:
        """The value, since when, the levels of the peers, and how many have moved."""
        return None if self.level is None else [self.level, self.since, self.peers, self.moved]

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up a dump; raises as ``gateway.faults.rule.Learnt`` says."""
        level, since, peers, moved = value
        self.level, self.since, self.moved = float(level), int(since), int(moved)
        self.peers = {str(name): float(at) for name, at in list(peers.items())[:PEERS]}


def levels(seen: Seen) -> dict[str, float]:
    """What the other bins of the gateway show now."""
    return {
        one.device.id: level
        for one in seen.members("kind")
        if one is not seen and isinstance(level := one.good.get("fill_level"), int | float)
    }


def judge(seen: Seen, settings: SensorStuck, still: Still) -> Verdict:
    """By how long nothing has moved here, and whether it did elsewhere."""
    if "fill_level" not in seen.fresh or still.level is None:
        return UNDECIDED
    if seen.t == still.since:
        return NORMAL
    if seen.t - still.since < settings.still * 1000:
        return BETWEEN
    if not still.known:
        return UNDECIDED
    return MET if 2 * still.moved >= still.known else BETWEEN


def tell(
    seen: Seen, _settings: SensorStuck, still: Still, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What it says, for how long, and what the others do."""
    days = (seen.t - still.since) / 86_400_000
    message = (
        f"{still.level:.1f} % to the last digit for {days:.0f} days, "
        f"while {still.moved} of {still.known} other bins moved"
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
