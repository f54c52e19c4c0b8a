"""A signal group's yellow is too short to stop in.

Source: domain §2: less than 2.7 s, measured at 10 Hz or faster (the MUTCD asks for 3 s at least).
A yellow is measured from the last reading before it to the first after it, which is the longest it
can have been; one with a hole of more than two polls in it, one that began out of another aspect
than green, and one outside control mode are not measured. Over when the group's next yellow is long
enough; after a restart, when two of its longest cycles passed without a short one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import GO, TWICE, controlled, facts, members, named, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

EVERY = 0.1


@dataclass(frozen=True, slots=True)
class ShortYellow(Settings):
    """``least``: how long a yellow must last, in seconds."""

    readings: int = 1
    least: Duration = 2.7


class Yellows:
    """How long each group's latest yellow was, in ms; and since when they are watched."""

    __slots__ = ("_began", "_groups", "_last", "_shown", "began", "lengths")

    def __init__(self, seen: Seen) -> None:
        self._groups = members(seen, "group_")
        self._shown: dict[str, Value] = {}
        self._last: Millis = 0
        self._began: dict[str, Millis] = {}
        self.began: Millis = 0
        self.lengths: dict[str, Millis] = {}

    def see(self, seen: Seen) -> None:
        """Measure each yellow that ends."""
        fresh, last = seen.fresh, self._last
        if not fresh:
            return
        self.began = self.began or seen.t
        self._last = seen.t
        if seen.t - last > TWICE * EVERY * 1000 or not controlled(seen):
            self._shown.clear()
            self._began.clear()
        shown, began = self._shown, self._began
        for group in self._groups:
            aspect, before = fresh.get(group), shown.get(group)
            if aspect is None:
                shown.pop(group, None)
                began.pop(group, None)
                continue
            if aspect != before:
                if aspect == "yellow" and before in GO:
                    began[group] = last
                elif before == "yellow" and group in began:
                    self.lengths[group] = seen.t - began.pop(group)
                shown[group] = aspect


def judge(seen: Seen, settings: ShortYellow, yellows: Yellows) -> Verdict:
    """By the latest yellow of each group."""
    if not yellows.lengths:
        return UNDECIDED
    if parts(seen, settings, yellows):
        return CERTAIN
    watched = seen.t - yellows.began
    return NORMAL if watched >= 2 * facts(seen).longest_cycle * 1000 else BETWEEN


def parts(_seen: Seen, settings: ShortYellow, yellows: Yellows) -> list[str]:
    """The groups whose latest yellow was too short."""
    return [group for group, length in yellows.lengths.items() if length < settings.least * 1000]


def tell(
    seen: Seen, settings: ShortYellow, yellows: Yellows, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which groups, and how short at most."""
    names = sorted(parts(seen, settings, yellows))
    shortest = min((yellows.lengths[name] for name in names), default=0) / 1000
    message = (
        f"{named('group', names)} yellow for at most {shortest:.1f} s; "
        f"at least {settings.least:.1f} s are expected"
    )
    return message, {"groups": numbers(names), "yellow": shortest}


RULE = Rule(
    code="short_yellow",
    kinds=frozenset({"signal"}),
    severity=Severity.MAJOR,
    settings=ShortYellow,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=Yellows,
    parts=parts,
    at_least_every=EVERY,
)
