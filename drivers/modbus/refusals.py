"""What one unit refuses, remembered, so that it is not asked for again at every poll.

Exceptions say different things, and are kept accordingly:

- *illegal address* of a read of several parts: the read is cut in two from now on; of a single
  part: it is left out. Both for an hour: firmware is updated, devices are swapped.
- *illegal value* of a read of several parts: the same; and if all its pieces are answered, it was
  its length, and nothing of this table as long as that is asked for again.
- *illegal function*: the read is left out, and so is, once it was asked for, every other of its
  table. A device that is still starting may say so too (MODBUS Application Protocol v1.1b3, §7), so
  at first only for a minute, then for two, for four …; and some say it of single ranges, so what
  other reads of the table are answered is not held against them.
- *device failure*, three times running: some devices say so of registers they do not have. Then it
  is worth looking once which part it is (see ``drivers.modbus.link``), at most as often as above.

A read of which nothing is left to ask for is skipped, but only while the unit is heard otherwise:
else nobody would notice that it died. Nothing here reads a clock or a wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Refused, Table
from drivers.modbus.plan import Read
from gateway.driver import Bad

FORGET = 3600.0
"""Seconds after which what was refused is asked for again (an engineering choice; it costs a few
requests an hour)."""

DOUBT = 60.0
"""Seconds a refusal is believed that may pass by itself; every further one doubles them, up to
``FORGET``."""

REPEATED = 3
"""Device failures in a row of the same read that make it worth a search."""

Span: TypeAlias = tuple[Table, int, int]


class Refusals:
    """The memory of one unit. All times are seconds that only go forward."""

    def __init__(self) -> None:
        self._cut: dict[Span, float] = {}
        self._limits: dict[Table, tuple[int, float]] = {}
        self._parts: dict[Span, _Doubted] = {}
        self._reasons: dict[Span, Bad] = {}
        self._failures: dict[Span, int] = {}
        self._searched: dict[Span, _Doubted] = {}
        self._heard = 0
        self._skipped: dict[Span, int] = {}

    # ------------------------------------------------------------ what is known

    def answered(self, read: Read) -> None:
        """The unit gave values."""
        self._heard += 1
        self._failures.pop(_span(read), None)
        for part in read.parts if self._parts else ():
            self._parts.pop((read.table, part.start, part.end), None)

    def spoke(self) -> None:
        """The unit answered, if only to refuse."""
        self._heard += 1

    def skips(self, read: Read, now: float) -> bool:
        """Whether nothing is left to ask for, and the unit was heard since it was last skipped."""
        if len(self.left_out(read, now)) < len(read.parts):
            return False
        skipped = self._skipped.get(_span(read), -1)
        self._skipped[_span(read)] = self._heard
        return skipped != self._heard

    def left_out(self, read: Read, now: float) -> Mapping[tuple[int, int], Bad]:
        """The parts of a read not to be asked for, by their addresses, and why."""
        spans = [(read.table, part.start, part.end) for part in read.parts]
        return {
            (span[1], span[2]): self._reasons[span]
            for span in spans
            if span in self._parts and self._parts[span].until > now
        }

    def cuts(self, read: Read, now: float) -> bool:
        """Whether to ask for a read of several parts in two pieces."""
        if len(read.parts) == 1:
            return False
        longest, until = self._limits.get(read.table, (0, now))
        too_long = until > now and read.end - read.start > longest
        return too_long or self._cut.get(_span(read), now) > now

    # ------------------------------------------------------------ what is learnt

    def cut(self, read: Read, now: float) -> None:
        """A read of several parts was refused: its pieces are asked for instead."""
        self._cut[_span(read)] = now + FORGET

    def limit(self, read: Read, now: float) -> None:
        """A read was refused, and all its pieces answered: it was too long."""
        longest, until = self._limits.get(read.table, (0, now))
        shorter = read.end - read.start - 1
        longest = min(longest, shorter) if until > now else shorter
        self._limits[read.table] = longest, now + FORGET

    def leave_out(self, read: Read, code: int, now: float) -> None:
        """All parts of a read were refused."""
        first = FORGET if code == pdu.ILLEGAL_ADDRESS else DOUBT
        for part in read.parts:
            span = read.table, part.start, part.end
            self._parts.setdefault(span, _Doubted(first)).again(now)
            self._reasons[span] = no(code)

    def failed(self, read: Read, now: float) -> bool:
        """A read failed; whether it did so often enough, and long enough ago, for a search."""
        span = _span(read)
        self._failures[span] = self._failures.get(span, 0) + 1
        due = self._failures[span] >= REPEATED and len(read.parts) > 1
        searched = self._searched.get(span)
        return due and (searched is None or searched.until <= now)

    def searched(self, read: Read, now: float) -> None:
        """A search was made: not again before long."""
        self._searched.setdefault(_span(read), _Doubted(DOUBT)).again(now)


class _Doubted:
    """A fact that is believed for a while, twice as long each time it proves true."""

    def __init__(self, first: float) -> None:
        self._next = first
        self.until = 0.0

    def again(self, now: float) -> None:
        """It is so, or still so."""
        self.until = now + self._next
        self._next = min(2 * self._next, FORGET)


def no(code: int) -> Bad:
    """What a device's exception makes of a value."""
    return Bad(str(Refused(code)), refused=True)


def _span(read: Read) -> Span:
    return read.table, read.start, read.end
