"""A signal group's yellow does not end.

Source: domain §2: yellow for more than 10 s (the MUTCD's range is 3 to 6 s), in control mode.
Judged from aspects that were seen: a yellow of which no reading tells for 5 s is not counted on, so
that the lost end of one never makes a long one. Over after five minutes (E) without a long one,
which is more than two cycles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, controlled, members, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 5_000
"""ms: a group whose values are missing for longer begins anew (E)."""


@dataclass(frozen=True, slots=True)
class LongYellow(Settings):
    """``on_delay``: how long a yellow may last, in seconds."""

    on_delay: Duration = 10.0
    off_delay: Duration = 300.0
    readings: int = 1


def yellows(seen: Seen) -> Lasting:
    """For how long each group is yellow."""
    return Lasting(members(seen, "group_"), frozenset({"yellow"}), PATIENCE, controlled)


def judge(seen: Seen, settings: LongYellow, yellow: Lasting) -> Verdict:
    """Certain while a yellow is too long."""
    return yellow.verdict(seen, lambda _: settings.on_delay)


def parts(seen: Seen, settings: LongYellow, yellow: Lasting) -> list[str]:
    """The groups that stay yellow."""
    return yellow.overdue(seen, lambda _: settings.on_delay)


def tell(
    seen: Seen, settings: LongYellow, yellow: Lasting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which groups, for how long, and how long it may be."""
    names = parts(seen, settings, yellow)
    message = (
        f"{yellow.told(names, 'group', seen.t)} yellow; "
        f"at most {settings.on_delay:.0f} s are expected"
    )
    return message, {"groups": numbers(names), "since": yellow.since(names, since)}


RULE = Rule(
    code="long_yellow",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=LongYellow,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=yellows,
    parts=parts,
)
