"""Counters that begin again: what they count goes on.

A counter runs through ``size`` raw values and then begins again at its lowest. What is published is
the raw value plus what earlier rounds have counted, its *carry*. All of it is whole raw units, so
that a tenth of a kilowatt-hour stays a tenth however often the counter has wrapped.

Two successive readings say what happened between them; with the range cut into tenths:

- it rose: it counted;
- it fell from the top tenth into the bottom tenth: it *wrapped*. A counter that gains at most a
  tenth of its range between two readings always wraps this way, and one that restarts from zero is
  mistaken for it only if it happened to stand in its top tenth;
- it fell by a tenth of the range or more otherwise: it was *reset* (exchanged, restarted): the
  published value goes on from what the device says, without a carry;
- it fell by less: a correction, or two registers read while the carry between them was on its way;
  the carry stays;
- it rose from the bottom tenth into the top one: the way back over a wrap, or a slip of one
  reading. It is shown as it is, and believed when the next reading says so again; so one slip
  either way leaves no trace.

The last three are uncertain once. What a restart of the gateway needs is a tally that stood in the
same tenth, so it is worth keeping only when a counter passes into another (``place``), and memory
cards are spared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.model import Counter

#: A counter's range is judged in so many parts.
PARTS = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a counter stood last, and what its earlier rounds counted: raw units.

    They count ``10 ** exponent`` each. With ``leapt`` the latest reading was a leap from the bottom
    tenth into the top one, and ``last`` is still the one before it.
    """

    last: float
    carry: float = 0
    exponent: float = 0
    leapt: bool = False

    def place(self, counter: Counter) -> tuple[int, float, float]:
        """What of a tally a restart must not lose: its tenth, its carry, its unit."""
        return _part(counter, self.last), self.carry, self.exponent


def count_on(
    counter: Counter, tally: Tally | None, raw: float, exponent: float = 0
) -> tuple[Tally, bool]:
    """The tally after a raw value, and whether that value can be judged by.

    The published number is ``raw + carry`` of the new tally, in raw units.
    """
    if tally is None:
        return Tally(raw, 0, exponent), True
    before = _in_units(tally, exponent)
    was, now = _part(counter, before.last), _part(counter, raw)
    if raw >= before.last:
        if was > 0 or now < PARTS - 1:
            return Tally(raw, before.carry, exponent), True
        if not before.leapt:
            return replace(before, leapt=True), False
        return Tally(raw, max(0, before.carry - counter.size), exponent), True
    if was >= PARTS - 1 and now == 0:
        return Tally(raw, before.carry + counter.size, exponent), True
    deep = PARTS * (before.last - raw) >= counter.size
    return Tally(raw, 0 if deep else before.carry, exponent), False


def _part(counter: Counter, raw: float) -> int:
    """Which tenth of the range it is, from 0; beyond either end counts as the nearest."""
    part = int(PARTS * (raw - counter.low) // counter.size)
    return max(0, min(PARTS - 1, part))


def _in_units(tally: Tally, exponent: float) -> Tally:
    """The tally in units of another power of ten: a device may move its decimal point."""
    by = tally.exponent - exponent
    if not by:
        return tally
    if by > 0:
        return replace(
            tally, last=tally.last * 10**by, carry=tally.carry * 10**by, exponent=exponent
        )
    return replace(tally, last=tally.last / 10**-by, carry=tally.carry / 10**-by, exponent=exponent)
