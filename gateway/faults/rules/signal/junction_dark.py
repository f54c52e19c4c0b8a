"""Every lamp of a junction is dark.

Source: domain §2: every group dark for 3 s, not in an off mode. In standby or under test a junction
may be dark, while it starts for 30 s; in flash the lamps obey the flasher and not the controller's
groups, so that nothing can be said. Dark needs every group in one and the same reading, three
readings long: nothing shorter than two polls is judged. Any lit group shows that it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import ASPECTS, facts, members
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

MAY_BE_DARK = frozenset({"standby", "test", "flash"})


@dataclass(frozen=True, slots=True)
class JunctionDark(Settings):
    """``startup``: how long a start may take, lamps dark, in seconds."""

    on_delay: Duration = 3.0
    readings: int = 3
    startup: Duration = 30.0


class Groups:
    """A junction's groups, and since when its controller is starting."""

    __slots__ = ("names", "starting")

    def __init__(self, seen: Seen) -> None:
        names = members(seen, "group_")
        resting = {f"group_{number}" for number in facts(seen).dark_ok}
        self.names = names if not resting.issuperset(names) else ()
        self.starting: Millis | None = None

    def see(self, seen: Seen) -> None:
        """Note when a start begins."""
        if seen.good.get("mode") != "startup":
            self.starting = None
        elif self.starting is None:
            self.starting = seen.t


def judge(seen: Seen, settings: JunctionDark, groups: Groups) -> Verdict:
    """Met when all groups are seen dark at once, normal when any is lit."""
    fresh = seen.fresh
    for name in groups.names:
        if fresh.get(name, "dark") != "dark":
            return NORMAL if fresh[name] in ASPECTS else UNDECIDED
    if not groups.names or not all(name in fresh for name in groups.names):
        return UNDECIDED
    return UNDECIDED if _may_be(seen, settings, groups) else MET


def _may_be(seen: Seen, settings: JunctionDark, groups: Groups) -> bool:
    if groups.starting is not None:
        return seen.t - groups.starting < settings.startup * 1000
    flashing = seen.good.get("flash_cause") not in {None, "none"}
    return flashing or seen.good.get("mode") in MAY_BE_DARK


def tell(
    seen: Seen, _settings: JunctionDark, groups: Groups, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How many groups, for how long, and what the controller calls its mode."""
    mode = seen.good.get("mode")
    told = "" if mode is None else f" in mode {mode}"
    message = f"all {len(groups.names)} groups are dark{told} for {lasted(since, seen.t)}"
    values: dict[str, Value] = {"groups": len(groups.names)}
    return message, values if mode is None else {**values, "mode": mode}


RULE = Rule(
    code="junction_dark",
    kinds=frozenset({"signal"}),
    severity=Severity.CRITICAL,
    settings=JunctionDark,
    judge=judge,
    tell=tell,
    points=("group_*",),
    memory=Groups,
    replaces=("signal_dark",),
)
