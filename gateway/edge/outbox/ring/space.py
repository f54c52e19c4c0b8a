"""Which blocks are free, which are held, and where the next batch goes.

A batch holds its blocks while one of its records waits or while it is the newest. Blocks let go
*cool* until the cursor that let go of them is synced (invariant 3), and a few flushes longer while
there is room: should the newest batches be damaged, what an older cursor speaks of is still there.

The hand goes round over the free blocks of a *window*: as many extents as hold twice what is held.
What lies beyond is used only when the window is full, and given back to the disk once it is empty,
so a file that was long is short again after its backlog.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

_FREE, _HELD, _COOLING = 0, 1, 2
_REST = 4  # flushes


class Space:
    """The blocks of a file, at most ``most``; ``extent`` is the step of its growth."""

    def __init__(self, blocks: int, most: int, extent: int) -> None:
        self.most = most
        self.extent = extent
        self.hand = 0
        self._state = bytearray(blocks)
        self._live = array("I", bytes(4 * blocks))
        self._parts = array("I", bytes(4 * blocks))
        self._after = array("I", bytes(4 * blocks))
        self._cooling: deque[list[int]] = deque([[]])
        self._used = 0

    @property
    def blocks(self) -> int:
        """How many there are."""
        return len(self._state)

    def free(self) -> int:
        """How many are free within the bound."""
        if self.blocks <= self.most:
            return self.blocks - self._used
        return self._state.count(_FREE, 0, self.most)

    def is_held(self, place: int) -> bool:
        """Whether something there is needed, or was a moment ago."""
        return self._state[place] != _FREE

    def parts(self, place: int) -> int:
        """How many blocks the batch there holds."""
        return self._parts[place]

    def live(self, place: int) -> int:
        """How many records of the batch there wait, and one more for the newest batch."""
        return self._live[place]

    # --- holding and letting go

    def hold(self, places: Sequence[int], records: int) -> None:
        """A batch lies there, and so many of its records wait."""
        for place, after in pairwise((*places, places[-1])):
            self._used += self._state[place] == _FREE
            self._state[place] = _HELD
            self._after[place] = after
        self._parts[places[0]] = len(places)
        self._live[places[0]] = records

    def let_go(self, place: int, records: int) -> None:
        """So many records of the batch there are no longer needed."""
        self._live[place] -= records
        if not self._live[place]:
            for part in self.chain(place):
                self._state[part] = _COOLING
                self._cooling[-1].append(part)
            self._parts[place] = 0

    def chain(self, place: int) -> Iterator[int]:
        """The blocks of the batch that begins there."""
        for _ in range(self._parts[place]):
            yield place
            place = self._after[place]

    def synced(self) -> None:
        """What was let go of is durably so: free what has cooled."""
        self._cooling.append([])
        self._thaw(_REST)

    def hurry(self) -> bool:
        """Room is scarce: free what is durably let go of; whether a sync would free more."""
        self._thaw(1)
        return bool(self._cooling[-1])

    def _thaw(self, leave: int) -> None:
        while len(self._cooling) > leave:
            thawed = self._cooling.popleft()
            self._used -= len(thawed)
            for place in thawed:
                self._state[place] = _FREE

    # --- taking

    def next(self, count: int) -> list[int]:
        """The next free blocks from the hand on; fewer if there are not so many."""
        window = min(self._window(), self.most)
        turns = [(self.hand, self.hand + 1), (self.hand + 1, window), (0, min(self.hand, window))]
        turns += [(window, min(self.blocks, self.most))]
        found: list[int] = []
        for start, end in turns:
            place = self._state.find(_FREE, start, end)
            while place >= 0 and len(found) < count:
                if place != self.hand or not found:
                    found.append(place)
                place = self._state.find(_FREE, place + 1, end)
        return found

    def _window(self) -> int:
        return max(1, -(-2 * self._used // self.extent)) * self.extent

    def superfluous(self) -> int | None:
        """How long the file may be instead, if much of its end is free."""
        window = min(self._window(), self.most)
        slack = 0 if self.blocks > self.most else 2 * self.extent
        if self.blocks <= window + slack or self.hand >= window:
            return None
        end = max(self._state.rfind(_HELD), self._state.rfind(_COOLING))
        return window if end < window else None

    def resize(self, blocks: int) -> None:
        """The file has so many blocks now; new ones are free."""
        more = blocks - self.blocks
        if more < 0:
            for column in (self._live, self._parts, self._after):
                del column[blocks:]
            del self._state[blocks:]
        else:
            self._state.extend(bytes(more))
            for column in (self._live, self._parts, self._after):
                column.frombytes(bytes(4 * more))
