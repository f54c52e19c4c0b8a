"""Is every emptied bin noticed, and nothing else taken for a collection?

A district's bins are recorded for six weeks, several times over, while every fault and nuisance a
bin can have befalls some of them. The crew keeps its rounds, comes late, leaves what it cannot
lift, fetches a full bin in between, and now and then empties one poorly. Each emptying leaves a
label; the ``collected`` events of the engine that runs at the edge are held against them.

An event says at which reading the fall was seen. It tells of a collection of its bin that happened
before that reading, after the last level known before it or at most ``ECHOES`` polls earlier,
because a wrong echo may hide an empty bin for a reading or two. Each event tells of one collection
and each collection is told of once. *Precision* is the share of events that tell of one, *recall*
the share of collections that are told of, among those the sensors could tell and
were heard: a fall by less than 25 points without the stand, before a ranger that is blocked or
stuck, or while the bin or its bus is silent, is not in either.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from gateway.config.site import Site
from gateway.faults.rules.bin.collected import NOTICE
from gateway.field.replay import Player
from gateway.model import Event, Millis, Reading
from gateway.recording import read
from simulators.faults import Label
from simulators.faults.happenings import COLLECTION
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.detection.part import Part, made

DISTRICTS = 4
PART = Part("collections", "bin", "bins = 40", 42, 300, 5, 1.0)
POLL: Millis = 300_000
ECHOES = 2
HOLE: Millis = 1_800_000
"""ms without a level in which a crew may come and go, and the bin fill again, unnoticed."""
LEAST = 0.99
"""Precision and recall (the project's promise; published random forests: 99.1 and 98.2 %)."""
_KEPT = 16
"""Times of a bin's levels that are kept: more than lie between a fall and its event."""


Hole: TypeAlias = tuple[str, Millis, Millis]
"""A bin, and two levels of it between which none was known for longer than ``HOLE``."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event: a bin's level was known at ``known`` (0: never), and had fallen at ``at``."""

    device: str
    known: Millis
    at: Millis


@dataclass
class Tally:
    """Collections that could be told, how many were; events, how many told of one."""

    happened: int = 0
    due: int = 0
    found: int = 0
    events: int = 0
    true: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take another district in."""
        for name in ("happened", "due", "found", "events", "true", "examples"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        counts = (self.happened, self.due, self.due - self.found)
        of_events = (self.events, self.events - self.true)
        shares = (f"{self.recall:.2%}", f"{self.precision:.2%}")
        return (name, *(f"{count:,}" for count in (*counts, *of_events)), *shares)

    @property
    def recall(self) -> float:
        """The share of collections that are told of; 0 if there are none."""
        return self.found / self.due if self.due else 0.0

    @property
    def precision(self) -> float:
        """The share of events that tell of a collection; 0 if there are none."""
        return self.true / self.events if self.events else 0.0


def told(site: Site, recording: Path) -> tuple[list[Told], list[Hole]]:
    """What the engine makes of a recording, and where it has no levels."""
    player, found, holes, end = Player(site), list[Told](), list[Hole](), 0
    levels: dict[str, deque[Millis]] = defaultdict(lambda: deque([0], maxlen=_KEPT))
    for row in read(recording, player.kinds):
        end = row.t
        if isinstance(row, Reading) and has_level(row):
            if row.t - levels[row.device][-1] > HOLE:
                holes.append((row.device, levels[row.device][-1], row.t))
            levels[row.device].append(row.t)
        for outcome in player.play(row):
            if isinstance(outcome, Event) and outcome.event == NOTICE.event:
                at = cast("Millis", outcome.values["at"])
                known = max((t for t in levels[outcome.device] if t < at), default=0)
                found.append(Told(outcome.device, known, at))
    holes += [(device, known[-1] - ECHOES * POLL, end) for device, known in levels.items()]
    return found, holes


def has_level(reading: Reading) -> bool:
    """Whether a reading has a good level."""
    return "fill_level" in reading.values and "fill_level" not in reading.uncertain


def judge(labels: Sequence[Label], events: Sequence[Told], holes: Sequence[Hole]) -> Tally:
    """Hold the events against the collections."""
    tally = Tally(events=len(events))
    waiting = {(label.device, label.at): label for label in labels if label.fault == COLLECTION}
    tally.happened = len(waiting)
    due = {key for key, label in waiting.items() if _due(label, holes)}
    tally.due = len(due)
    for event in events:
        possible = [
            at
            for device, at in waiting
            if device == event.device and event.known - ECHOES * POLL <= at <= event.at
        ]
        if not possible:
            tally.examples.append(f"FALSE {event.at} {event.device}")
            continue
        tally.true += 1
        key = event.device, max(possible)
        tally.found += key in due
        del waiting[key]
    missed = sorted(due & waiting.keys())
    tally.examples += [f"MISSED {at} {device}" for device, at in missed]
    return tally


def _due(label: Label, holes: Sequence[Hole]) -> bool:
    """Whether the sensors could tell, and were heard around it."""
    unheard = (name == label.device and a <= label.at <= b for name, a, b in holes)
    return label.shows is not None and not any(unheard)


def run(seed: int, share: float) -> Tally:
    """Record a district, replay it, and count."""
    with made(PART, seed, share) as one:
        return judge(one.labels, *told(one.site, one.recording))


def measure(seed: int, share: float = 1.0) -> Verdict:
    """Every district, two at a time."""
    whole, rows = Tally(), []
    with ProcessPoolExecutor(2) as pool:
        seeds = range(seed, seed + DISTRICTS)
        for number, tally in enumerate(pool.map(run, seeds, [share] * DISTRICTS), 1):
            whole.add(tally)
            rows.append(tally.row(f"district {number}"))
            progress(f"{number} of {DISTRICTS}: recall {whole.recall:.4f}")
    for example in whole.examples[:40]:
        progress(example)
    return verdict(whole, rows, share)


def verdict(tally: Tally, rows: Sequence[tuple[str, ...]], share: float = 1.0) -> Verdict:
    """The table, and which bound was not kept."""
    broken = [
        f"{name} {found:.2%}, not {LEAST:.0%}"
        for name, found in (("recall", tally.recall), ("precision", tally.precision))
        if found < LEAST
    ]
    says = (
        f"{DISTRICTS} districts of 40 bins, {PART.days * share:.0f} days each, read every five "
        "minutes, with every fault and nuisance of a bin once a year each. *Could be told* leaves "
        "out falls by less than 25 points without the stand, rangers that are blocked or stuck, "
        f"and bins that were not heard around it. Bound of recall and precision: {LEAST:.0%}."
    )
    head = (
        "", "collections", "could be told", "missed", "events", "false", "recall", "precision",
    )  # fmt: skip
    bound = ("bound", "", "", "", "", "", f"≥ {LEAST:.0%}", f"≥ {LEAST:.0%}")
    every = [*rows, tally.row("together"), bound]
    return Verdict(Table("Is every emptied bin noticed?", says, head, every), broken)
