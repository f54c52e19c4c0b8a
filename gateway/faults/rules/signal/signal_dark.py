"""A signal group shows nothing while its junction works.

Source: domain §2: a group that may not rest dark (``dark_ok``: pedestrian groups, hybrid beacons)
dark for more than 2 s in control mode. Where every group is dark that is another fault. A group
whose red has burnt out is dark in every red only, so it is seen to be well after five minutes
without a dark one (E): two cycles and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, controlled, facts, members, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 5_000
"""ms: a group whose values are missing for longer begins anew (E)."""


@dataclass(frozen=True, slots=True)
class SignalDark(Settings):
    """Each group's own ``on_delay`` counts."""

    on_delay: Duration = 2.0
    off_delay: Duration = 300.0
    readings: int = 1


class Dark(Lasting):
    """For how long each group that may not be is dark."""

    __slots__ = ("others",)

    def __init__(self, seen: Seen) -> None:
        groups = members(seen, "group_")
        resting = {f"group_{number}" for number in facts(seen).dark_ok}
        self.others = tuple(resting.intersection(groups))
        lit = tuple(group for group in groups if group not in resting) if resting else groups
        super().__init__(lit, frozenset({"dark"}), PATIENCE, controlled)


def judge(seen: Seen, settings: SignalDark, dark: Dark) -> Verdict:
    """Certain while a group is dark for too long and another shows that the junction is not."""
    groups = (*dark.of, *dark.others)
    if all(seen.fresh.get(group, "dark") == "dark" for group in groups):
        return UNDECIDED
    return dark.verdict(seen, lambda _: settings.on_delay)


def parts(seen: Seen, settings: SignalDark, dark: Dark) -> list[str]:
    """The dark groups."""
    return dark.overdue(seen, lambda _: settings.on_delay)


def tell(
    seen: Seen, settings: SignalDark, dark: Dark, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which groups, for how long."""
    names = parts(seen, settings, dark)
    message = f"{dark.told(names, 'group', seen.t)} dark while the junction works"
    return message, {"groups": numbers(names), "since": dark.since(names, since)}


RULE = Rule(
    code="signal_dark",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=SignalDark,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=Dark,
    parts=parts,
)
