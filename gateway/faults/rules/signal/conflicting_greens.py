"""Two signal groups that must never be green together were seen green together.

Source: domain §2: two conflicting groups green (or green_flash; yellow counts only with
``yellow_conflicts``) in two successive single-request reads. Only states seen in one and the same
reading are compared, never a value of an earlier poll. Critical and latched. The gateway is
advisory: the conflict monitor acts in hardware within 450 ms.

Two groups that conflict do so once a cycle, so its end must last for five minutes (E), longer than
any cycle: a junction in conflict is one alarm, not one a minute.

While the controller says it is starting up or under test its lamps mean nothing and the rule is
undecided; in every other mode, or none known, it judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import ASPECTS, GO, LAMPS_MEAN_NOTHING
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class ConflictingGreens(Settings):
    """How long no pair may conflict before the condition is over."""

    off_delay: Duration = 300.0


GO_OR_YELLOW = GO | {"yellow"}


@lru_cache(maxsize=256)
def _pairs(conflicts: tuple[tuple[int, int], ...]) -> tuple[tuple[str, str], ...]:
    """The points of conflicting groups; one for all cabinets of a plan: there may be a thousand."""
    return tuple((intern(f"group_{a}"), intern(f"group_{b}")) for a, b in conflicts)


class Conflicts:
    """The pairs of points to compare, written out once; remembers nothing."""

    __slots__ = ("go", "pairs")

    def __init__(self, seen: Seen) -> None:
        facts = seen.device.facts
        self.go = GO_OR_YELLOW if facts.yellow_conflicts else GO
        self.pairs = _pairs(facts.conflicts)

    def see(self, seen: Seen) -> None:
        """Nothing to remember."""

    def violated(self, seen: Seen) -> Iterator[tuple[str, str]]:
        """The pairs seen green together in this very reading."""
        fresh, go = seen.fresh, self.go
        for pair in self.pairs:
            if fresh.get(pair[0]) in go and fresh.get(pair[1]) in go:
                yield pair


def judge(seen: Seen, _settings: ConflictingGreens, conflicts: Conflicts) -> Verdict:
    """Met when any pair conflicts; normal only when every pair was seen and none does."""
    if not conflicts.pairs or seen.good.get("mode") in LAMPS_MEAN_NOTHING:
        return UNDECIDED
    if any(conflicts.violated(seen)):
        return MET
    fresh = seen.fresh
    known = all(fresh.get(a) in ASPECTS and fresh.get(b) in ASPECTS for a, b in conflicts.pairs)
    return NORMAL if known else UNDECIDED


def parts(seen: Seen, _settings: ConflictingGreens, conflicts: Conflicts) -> list[str]:
    """The pairs that conflict."""
    return ["-".join(pair) for pair in conflicts.violated(seen)]


def tell(
    seen: Seen, _settings: ConflictingGreens, conflicts: Conflicts, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which pairs, and what each group showed."""
    violated = list(conflicts.violated(seen))
    pairs = ", ".join(f"{a[6:]} and {b[6:]}" for a, b in violated)
    message = f"groups {pairs} go together and must never: seen in successive readings"
    return message, {point: seen.fresh[point] for pair in violated for point in pair}


RULE = Rule(
    code="conflicting_greens",
    kinds=frozenset({"signal"}),
    severity=Severity.CRITICAL,
    settings=ConflictingGreens,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=Conflicts,
    latched=True,
    parts=parts,
)
