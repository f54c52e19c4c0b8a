"""Batches read back: all parts of one, checked and joined, and the last few remembered.

What was just written is what is asked for next, so in good times nothing is read from the disk.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring.batch import Body, Damaged, Run
from gateway.edge.outbox.ring.block import whole
from gateway.edge.outbox.ring.files import File

_MOST_BYTES = 2_000_000


def load(file: File, ring: int, places: Iterable[int]) -> bytes:
    """The bytes of the batch in these blocks.

    Raises:
        Damaged: one of them is not whole, or is another's.
        OSError: one cannot be read.
    """
    number, bodies = 0, []
    for part, place in enumerate(places):
        found = whole(file.read(place), place)
        if found is None:
            raise Damaged(f"block {place} is not as it was written")
        mark, body = found
        number = number or mark.number
        if (mark.ring, mark.number, mark.part) != (ring, number, part):
            raise Damaged(f"block {place} belongs elsewhere")
        bodies.append(body)
    return b"".join(bodies)


class Recent:
    """The runs of the batches read or written last, by place; at most so many bytes of them."""

    def __init__(self) -> None:
        self._runs: OrderedDict[int, tuple[Sequence[Run], int]] = OrderedDict()
        self._bytes = 0

    def get(self, place: int) -> Sequence[Run] | None:
        """The runs of a batch, if remembered."""
        found = self._runs.get(place)
        return None if found is None else found[0]

    def put(self, place: int, runs: Sequence[Run]) -> None:
        """Remember them, and forget what was there."""
        self.forget(place)
        size = sum(len(body.body) + 100 for run in runs for body in run.bodies)
        self._runs[place] = runs, size
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self.forget(next(iter(self._runs)))

    def forget(self, place: int) -> None:
        """Something else is there now, or too much is remembered."""
        self._bytes -= self._runs.pop(place, ((), 0))[1]


def within(runs: Iterable[Run], lane: Lane, first: int, last: int) -> list[Body]:
    """The records ``first`` … ``last`` of a lane; Damaged if they are not there."""
    for run in runs:
        if run.lane is lane and run.first <= first and last <= run.last:
            return list(run.bodies[first - run.first : last - run.first + 1])
    raise Damaged("a batch does not hold what its table said")
