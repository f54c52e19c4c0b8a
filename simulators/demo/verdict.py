"""Was every injected fault found, and nothing else? Pure: labels and alarms in, verdict out.

A fault is *found* when its subject raises its code between the injection and a while after its end.
A raise that no label explains is a false alarm; so is one that a label says must not be. A nuisance
has no code: there is nothing to find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.model import Millis
from simulators.faults import Label

DUE = 12_000
"""How long the slowest rule may take with a demo's delays: a fault that grows, its delay, and
three readings; in ms."""
_AFTERGLOW = 15_000
"""How long after a fault's end its alarm may still come, in ms."""


@dataclass(frozen=True, slots=True)
class Raise:
    """An alarm that came up: of which device, which code, and when."""

    device: str
    code: str
    at: Millis


@dataclass(frozen=True, slots=True)
class Found:
    """An injected fault and how long it took to be found; None if it was not."""

    device: str
    fault: str
    code: str
    at: Millis
    detected_after_ms: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Alarms by code, every injected fault, and the two counts that ought to be zero."""

    alarms: dict[str, int]
    injected: tuple[Found, ...]
    missed: int
    false_alarms: int


def judge(labels: Sequence[Label], raises: Iterable[Raise], ended: Millis | None = None) -> Verdict:
    """Hold the alarms against the truth.

    A fault is missed if it was not found though it was due when the watching ``ended`` (None: long
    after the last fault).
    """
    seen = sorted(set(raises), key=lambda one: one.at)
    injected = tuple(_found(label, label.code, seen) for label in labels if label.code is not None)
    return Verdict(
        alarms=dict(sorted(Counter(one.code for one in seen).items())),
        injected=injected,
        missed=sum(
            one.detected_after_ms is None and (ended is None or one.at + DUE <= ended)
            for one in injected
        ),
        false_alarms=sum(not any(explains(label, one) for label in labels) for one in seen),
    )


def explains(label: Label, one: Raise) -> bool:
    """Whether this fault is why that alarm came up: it must bring it, or may."""
    if one.at < label.at or (label.until is not None and one.at > label.until + _AFTERGLOW):
        return False
    return brings(label, one) or one.code in label.may


def brings(label: Label, one: Raise) -> bool:
    """Whether that is the alarm the fault must bring."""
    return (label.subject, label.code) == (one.device, one.code)


def _found(label: Label, code: str, seen: Sequence[Raise]) -> Found:
    first = next((one for one in seen if brings(label, one) and explains(label, one)), None)
    after = None if first is None else first.at - label.at
    return Found(label.device, label.fault, code, label.at, after)
