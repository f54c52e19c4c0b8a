"""What ails a device that gives no good answer: one plain diagnosis out of many failed polls.

A *finding* is what one failed poll tells, a symptom and what was seen. The findings of a device,
one after the other, make a *course*:

- It begins with the first failed poll and counts them. A good poll ends it, except that two devices
  with one number now and then answer well: there it takes ``CLEAN`` good polls in a row.
- Its symptom is the one most of the latest ``RECENT`` findings show; while two are equally many it
  stays what it was. So one odd poll changes nothing.
- Two devices that answer at the same moment damage each other's bytes, so damaged answers are
  counted as two devices' once those were told apart among them.
- It is worth telling after ``SURE`` failed polls; at once where one is proof.

Nothing here reads a clock: moments are told, in ms UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gateway.driver import BadResponse, LinkDown, NoResponse, Symptom
from gateway.model import Millis

RECENT = 5
CLEAN = 10
SURE = 3
"""As many silent polls as open a breaker, and as ``comm_loss`` counts."""

PROOF = frozenset({Symptom.SHARED, Symptom.MISMATCH})
"""What is seen once or not at all; everything else a disturbance can imitate."""

WORDS: Mapping[Symptom, str] = {
    Symptom.SILENT: "nothing comes back",
    Symptom.GARBLED: "what comes back is damaged",
    Symptom.STRANGER: "somebody else answers",
    Symptom.SHARED: "two devices answer as this one",
    Symptom.REFUSED: "it answers only to refuse",
    Symptom.UNREACHED: "it cannot be reached",
    Symptom.MISMATCH: "it is not what its profile describes",
}

_UNSAID = {LinkDown: "link down", NoResponse: "no response", BadResponse: "bad response"}


class Finding(NamedTuple):
    """What one failed poll tells."""

    symptom: Symptom
    text: str

    @property
    def sentence(self) -> str:
        """In words: ``"what comes back is damaged (bad CRC)"``."""
        return f"{WORDS[self.symptom]} ({self.text})"


def finding(error: LinkDown | NoResponse | BadResponse) -> Finding:
    """What an error of a link tells."""
    return Finding(error.symptom, str(error) or _UNSAID.get(type(error), "no reason given"))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What ails a device, since when, and what to try, the likeliest first."""

    symptom: Symptom
    text: str
    since: Millis
    polls: int
    advice: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """As events and ``wayside read --json`` have it (contracts §2, §6)."""
        return {
            "symptom": self.symptom.value,
            "text": self.text,
            "since": self.since,
            "try": list(self.advice),
        }


@dataclass(frozen=True, slots=True)
class Course:
    """A device's failed polls: since when, how many, the latest findings, and what they come to.

    ``good`` counts the good polls since the latest of them.
    """

    since: Millis
    polls: int
    recent: tuple[Finding, ...]
    symptom: Symptom
    good: int = 0

    @property
    def sure(self) -> bool:
        """Whether it is worth telling."""
        return self.polls >= SURE or self.symptom in PROOF

    @property
    def latest(self) -> Finding:
        """The latest finding of the symptom."""
        return next(one for one in reversed(self.recent) if one.symptom is self.symptom)

    @property
    def sentence(self) -> str:
        """The symptom, and what the latest poll saw."""
        seen = self.recent[-1]
        if seen.symptom is self.symptom:
            return seen.sentence
        return f"{WORDS[self.symptom]} (this time: {seen.text})"

    def diagnosis(self, advice: Mapping[Symptom, tuple[str, ...]]) -> Diagnosis:
        """In the form that people get it."""
        tries = advice.get(self.symptom, ())
        return Diagnosis(self.symptom, self.latest.sentence, self.since, self.polls, tries)


def failed(course: Course | None, found: Finding, t: Millis) -> Course:
    """The course after a poll without a good answer, at ``t``."""
    if course is None:
        return Course(t, 1, (found,), found.symptom)
    recent = (*course.recent[1 - RECENT :], found)
    symptom = _majority(recent, course.symptom)
    return Course(course.since, course.polls + 1, recent, symptom)


def answered(course: Course) -> Course | None:
    """The course after a good poll; None if it is over."""
    if course.symptom is not Symptom.SHARED or course.good + 1 >= CLEAN:
        return None
    return replace(course, good=course.good + 1)


def _majority(recent: Sequence[Finding], before: Symptom) -> Symptom:
    seen = Counter(one.symptom for one in recent)
    if seen[Symptom.SHARED]:
        seen[Symptom.SHARED] += seen.pop(Symptom.GARBLED, 0)
    most = max(seen.values())
    if seen[before] == most:
        return before
    return next(one.symptom for one in reversed(recent) if seen[one.symptom] == most)
