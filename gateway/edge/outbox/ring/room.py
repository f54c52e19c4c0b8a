"""How room is made in a ring that may not grow (invariant 8).

Each step lets go of a slice and says which records are to be carried forward in the batch that
makes it durable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring.batch import MOST_RUNS, Damaged, Run
from gateway.edge.outbox.ring.block import ROOM
from gateway.edge.outbox.ring.ring import Ring
from gateway.edge.outbox.ring.shelf import Lying

FULL = "the outbox is full"

_SLICE = 64
"""A ring that is full gives up this fraction of itself at a time: few losses, not many."""

_WORTH = 4
"""So many batches that hold little are worth gathering: they need one block for four."""


def make(ring: Ring, blocks: int) -> bool:
    """See to it that so many blocks and a reserve are free; whether batches were written for it.

    The reserve is what lets a full ring write the cursor that frees more (invariant 5). Raises
    OSError as the disk does; then nothing more is let go of until what was is durable.
    """
    written = False
    while ring.space.free() <= blocks + _slice(ring):
        unsynced = ring.space.hurry()
        if ring.space.free() > blocks + _slice(ring) or ring.grow():
            continue
        carried = [] if unsynced else step(ring)
        if carried is None:
            break
        ring.commit(ring.encoded(carried), carried)
        written = True
    return written


def _slice(ring: Ring) -> int:
    blocks = ring.space.blocks
    return max(2, min(8, blocks // 8), blocks // _SLICE)


def step(ring: Ring) -> list[Run] | None:
    """Let go of a slice; the records to carry forward. None if nothing is left to let go of."""
    telemetry = {run.place for run in ring.lanes[Lane.TELEMETRY].runs()}
    events = _events_by_place(ring)
    alone = events.keys() - telemetry
    parts = ring.space.parts
    scattered = {place for place in alone if events[place] * 4 <= parts(place) * ROOM}
    gathered = _fitting(ring, {place: events[place] for place in scattered})
    if len(gathered) >= _WORTH:
        return _carried(ring, gathered)
    crowded = 2 * sum(map(parts, alone)) > ring.space.blocks
    lane = Lane.EVENTS if crowded or not telemetry else Lane.TELEMETRY
    victims = _oldest(ring, lane)
    if not victims:
        return None
    ring.lose(lane, victims, FULL)
    left = {run.place for run in victims} & events.keys() if lane is Lane.TELEMETRY else set()
    return _carried(ring, _fitting(ring, {place: events[place] for place in left}))


def _events_by_place(ring: Ring) -> Counter[int]:
    """How many bytes of events lie in each batch."""
    found: Counter[int] = Counter()
    for run in ring.lanes[Lane.EVENTS].runs():
        found[run.place] += run.bytes
    return found


def _oldest(ring: Ring, lane: Lane) -> list[Lying]:
    """The oldest runs of a lane that lie in at least a slice of the ring."""
    goal = _slice(ring)
    victims: list[Lying] = []
    for run in ring.lanes[lane].runs():
        if goal <= 0:
            break
        victims.append(run)
        goal -= ring.space.parts(run.place)
    return victims


def _fitting(ring: Ring, sizes: Mapping[int, int]) -> set[int]:
    """The places that hold least, as many as there is room to carry forward."""
    room = (ring.space.free() - 4) * ROOM // 2
    chosen: set[int] = set()
    for place in sorted(sizes, key=sizes.__getitem__):
        room -= sizes[place] + 64
        if room < 0:
            break
        chosen.add(place)
    return chosen


def _carried(ring: Ring, places: Collection[int]) -> list[Run]:
    """The events that lie at these places."""
    runs: list[Run] = []
    for lying in ring.lanes[Lane.EVENTS].runs():
        if lying.place not in places:
            continue
        if len(runs) == MOST_RUNS:
            break
        try:
            bodies = ring.bodies(Lane.EVENTS, lying)
        except (Damaged, OSError):  # it will be found out when it is read
            continue
        if runs and runs[-1].last == lying.first - 1:
            before = runs.pop()
            runs.append(before._replace(bodies=[*before.bodies, *bodies]))
        else:
            runs.append(Run(Lane.EVENTS, lying.first, bodies))
    return runs
