"""Every bin of a stream at a stand is full: whoever brings glass finds no room for it.

Source: domain §3: all bins of one stream (glass, paper …) at a stand at 90 % or more, levels being
medians of three readings; over when one of them is seen below 85 % (E). One bin alone is no stand:
that it is full is its own alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import Level
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Group, Rule, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class StandFull(Settings):
    """Levels in %; ``least`` bins of a stream make a stand."""

    on_delay: Duration = 1800.0
    full: float = 90.0
    below: float = 85.0
    least: int = 2

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.below > self.full:
            raise ValueError("below is more than full; a stand cannot be both")


class Levels:
    """The level of every bin of the stand, by stream and bin."""

    __slots__ = ("_read", "streams")

    def __init__(self, group: Group) -> None:
        self.streams: dict[str, dict[str, Level]] = {}
        self._read: dict[str, Millis] = {}
        for one in group.everyone():
            stream = one.device.facts.stream
            if stream is not None:
                self.streams.setdefault(stream, {})[one.device.id] = Level(one)

    def see(self, group: Group) -> None:
        """Take in every level that is new; a group is not looked at for each of its readings."""
        for one in group.everyone():
            name = one.device.id
            level = self.streams.get(one.device.facts.stream, {}).get(name)
            if level is not None and self._read.get(name) != one.t:
                self._read[name] = one.t
                level.see(one)


def of_stream(levels: Mapping[str, Level], settings: StandFull) -> Verdict:
    """What the bins of one stream say together."""
    said = {level.judge(settings.full, settings.below) for level in levels.values()}
    for verdict in (NORMAL, UNDECIDED, BETWEEN):
        if verdict in said:
            return verdict
    return MET


def verdicts(settings: StandFull, levels: Levels) -> dict[str, Verdict]:
    """What each stream says that has bins enough."""
    return {
        stream: of_stream(bins, settings)
        for stream, bins in levels.streams.items()
        if len(bins) >= settings.least
    }


def judge(_group: Group, settings: StandFull, levels: Levels) -> Verdict:
    """Met for any stream; normal only if every stream is seen to have room."""
    said = set(verdicts(settings, levels).values())
    for verdict in (MET, UNDECIDED, BETWEEN):
        if verdict in said:
            return verdict
    return NORMAL if said else UNDECIDED


def tell(
    group: Group, settings: StandFull, levels: Levels, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which streams, with how many bins, since when."""
    full = [stream for stream, said in verdicts(settings, levels).items() if said is MET]
    bins = sum(len(levels.streams[stream]) for stream in full)
    message = (
        f"no room for {' and '.join(full)} at stand {group.name}: all {bins} bins at least "
        f"{settings.full:.0f} % full for {lasted(since, group.t)}"
    )
    return message, {"streams": ", ".join(full), "bins": bins}


RULE = Rule(
    code="stand_full",
    kinds=frozenset({"bin"}),
    severity=Severity.MINOR,
    settings=StandFull,
    judge=judge,
    tell=tell,
    points=("fill_level",),
    scope="stand",
    memory=Levels,
)
