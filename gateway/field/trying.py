"""What other settings would have made of a recording: alarms more, fewer, earlier, later.

Both settings judge the same rows in one pass. An alarm of the one and an alarm of the other are the
same if they are of one device and code and their times overlap, or touch by less than ``NEAR``.
What is suppressed is no alarm here: it is told of by the one that explains it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from gateway.config.rules import Overrides, read_rules
from gateway.config.site import Site
from gateway.faults.telling import Telling, Transition
from gateway.field.replay import Player, played
from gateway.model import Millis
from gateway.problems import ConfigurationError, Problem
from gateway.tables.document import read_document
from gateway.tables.shape import shape

Change: TypeAlias = Literal["added", "gone", "earlier", "later", "same"]

NEAR: Millis = 60_000
"""ms between the end of one and the begin of the other within which they are one alarm (E)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesKeys:
    """The top of a file of settings to try."""

    rules: Mapping[str, Mapping[str, Any]]


def read_settings(path: Path, kinds: Mapping[str, type]) -> Overrides:
    """The settings to try: a TOML file of ``[rules.CODE]`` tables, as in a site file.

    Raises ConfigurationError with every mistake in it.
    """
    document = read_document(path)
    problems: list[Problem] = []
    shape(RulesKeys).read(document.table, document.spot, problems)
    found = read_rules(document.table.get("rules"), kinds, document.spot.at("rules"), problems)
    if problems:
        raise ConfigurationError(problems)
    return found


def with_settings(site: Site, settings: Overrides) -> Site:
    """The site with these settings instead of its own; a device's own still count."""
    codes = {*site.rules, *settings}
    rules = {code: {**site.rules.get(code, {}), **settings.get(code, {})} for code in codes}
    return replace(site, rules=rules)


@dataclass(slots=True)
class Spell:
    """One alarm from its raise to its end; ``end`` is infinite while it stands."""

    raised: Transition
    end: float = math.inf

    @property
    def t(self) -> Millis:
        """When it was raised."""
        t: Millis = self.raised["t"]
        return t

    def meets(self, other: Spell) -> bool:
        """Whether both are one alarm, seen by different settings."""
        return self.t <= other.end + NEAR and other.t <= self.end + NEAR


class Spells:
    """The alarms of one set of settings, by device and code."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[Spell]] = {}
        self._telling = Telling()

    def take(self, outcomes: Iterable[Any]) -> None:
        """What the engine said."""
        for told in filter(None, map(self._telling.of, outcomes)):
            spells = self.found.setdefault((told["device"], told["code"]), [])
            if told["transition"] == "raise":
                spells.append(Spell(told))
            elif spells and told["transition"] in {"clear", "suppress"}:
                spells[-1].end = min(spells[-1].end, told["t"])


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one alarm: ``was`` by the site's settings, ``now`` by those tried."""

    change: Change
    was: Transition | None
    now: Transition | None

    def as_json(self) -> dict[str, Any]:
        """One object, times in ms UTC; ``t`` or ``was`` is null where there was no alarm."""
        told = self.now or self.was or {}
        return {
            "change": self.change,
            "device": told["device"],
            "code": told["code"],
            "severity": told["severity"],
            "t": self.now and self.now["t"],
            "was": self.was and self.was["t"],
            "message": told["message"],
        }


def differences(site: Site, recording: Path, settings: Overrides) -> list[Difference]:
    """Every alarm that either makes of the recording, in the order of time.

    Raises as ``gateway.field.replay.transitions`` does.
    """
    players = (Player(site), Player(with_settings(site, settings)))
    spells = (Spells(), Spells())
    for outcomes in played(players, recording):
        for one, said in zip(spells, outcomes, strict=True):
            one.take(said)
    before, after = (one.found for one in spells)
    found = [
        difference
        for key in dict.fromkeys([*before, *after])
        for difference in _compared(before.get(key, []), after.get(key, []))
    ]
    return sorted(found, key=_when)


def _when(one: Difference) -> Millis:
    first: Millis = min(told["t"] for told in (one.was, one.now) if told is not None)
    return first


def _compared(before: list[Spell], after: list[Spell]) -> Iterator[Difference]:
    """The alarms of one device and code: pairs that meet, and those alone."""
    left = list(after)
    for was in before:
        now = next((one for one in left if one.meets(was)), None)
        if now is None:
            yield Difference("gone", was.raised, None)
            continue
        left.remove(now)
        change: Change = "same"
        if now.t != was.t:
            change = "earlier" if now.t < was.t else "later"
        yield Difference(change, was.raised, now.raised)
    for now in left:
        yield Difference("added", None, now.raised)


def as_text(one: Difference, timezone: str = "UTC") -> str:
    """One line for people."""
    told = one.now or one.was or {}
    zone = ZoneInfo(timezone)

    def at(t: Millis) -> str:
        return f"{datetime.fromtimestamp(t / 1000, zone):%Y-%m-%d %H:%M:%S}"

    moved = ""
    if one.was is not None and one.now is not None:
        moved = f" by {abs(one.now['t'] - one.was['t']) / 1000:g} s"
    what = f"{told['severity']} {told['code']}"
    return f"{at(told['t'])}  {told['device']}  {one.change}{moved}: {what}: {told['message']}"


def summary(found: Iterable[Difference]) -> str:
    """How many of each."""
    counts = Counter(one.change for one in found)
    order: tuple[Change, ...] = ("added", "gone", "earlier", "later", "same")
    return ", ".join(f"{counts[change]} {change}" for change in order)
