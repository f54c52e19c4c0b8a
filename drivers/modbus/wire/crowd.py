"""Whether a device bears questions that are under way together.

Some servers take one question from what the network hands them at once and drop the rest; others
keep only the latest. To whoever asked, that is silence. So a question that stayed silent while
others were under way puts its unit in doubt, and while there is a doubt the wire asks one question
at a time. If the unit in doubt stays silent when it is asked alone, it is simply not there. If it
answers, that is a proof; a doubt after ``PROOFS`` of them is the last: from then on the wire asks
one question at a time for as long as it is open, and says so.

Nothing here reads a clock; times are seconds of a monotonic one.
"""

from __future__ import annotations

PROOFS = 2
MEMORY = 3600.0
"""Seconds a proof counts: now and then an answer gets lost without anybody's fault."""
ABSENT = 600.0
"""Seconds a unit that was silent when asked alone is in no doubt again: it is not there. Then one
more question alone tells whether that is still so."""
DOUBT = 60.0
"""Seconds a doubt lasts at most, should its unit not be asked again."""


class Crowd:
    """What is known of one endpoint; ``careful`` while it is to be asked one question at a time."""

    def __init__(self) -> None:
        self.careful = False
        self.settled = False
        self._doubts: dict[int, float] = {}
        self._absent: dict[int, float] = {}
        self._proofs: list[float] = []

    def silent(self, unit: int, now: float) -> str:
        """A unit did not answer while others were asked; what to add to the text that says so."""
        if self.settled or now < self._absent.get(unit, now):
            return ""
        self._proofs = [proof for proof in self._proofs if now - proof < MEMORY]
        self.careful = True
        if len(self._proofs) < PROOFS:
            self._doubts[unit] = now + DOUBT
            return "; others were asked at the same time, so it is asked alone next"
        self.settled = True
        return (
            f"; {PROOFS} times before it answered when it was asked alone, so from now on one "
            "question is asked at a time, as pipeline = 1 does"
        )

    def alone(self, unit: int, now: float, *, answered: bool) -> None:
        """What a unit did when it was asked alone."""
        doubted = self._doubts.pop(unit, None) is not None
        if answered:
            self._absent.pop(unit, None)
            if doubted:
                self._proofs.append(now)
        else:
            self._absent[unit] = now + ABSENT
        self._doubts = {unit: until for unit, until in self._doubts.items() if now < until}
        self.careful = self.settled or bool(self._doubts)
