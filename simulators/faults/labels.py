"""The truth about what was broken: one label a fault.

A label holds what a fault engine is measured by: what broke, when, from when that was to be seen,
until when, which alarm of whom it must bring, and which it must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from gateway.model import Millis

Phase: TypeAlias = Literal["begins", "shows", "ends"]


@dataclass(frozen=True, slots=True)
class Label:
    """What was broken: ``code`` must be raised for ``subject``; None: nothing may be raised.

    ``at`` is when it was injected, ``shows`` the first moment its condition was to be seen (None so
    far), ``until`` when it was repaired (None while it lasts); all ms UTC. ``stretches`` are the
    times, from and until, in which it was to be seen without a break, looked at once a minute: by
    day nobody sees a dead lamp. ``must_not`` and ``may`` are the fault's
    (``simulators.devices.contract.Fault``). ``event`` is what must be told of it where it is no
    fault but something that happens, as the crew's collections do.
    """

    device: str
    fault: str
    code: str | None
    subject: str
    at: Millis
    shows: Millis | None = None
    until: Millis | None = None
    must_not: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    event: str | None = None
    stretches: tuple[tuple[Millis, Millis], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    @property
    def phases(self) -> dict[Phase, Millis]:
        """What has become of it so far, and when."""
        moments: dict[Phase, Millis | None] = {
            "begins": self.at,
            "shows": self.shows,
            "ends": self.until,
        }
        return {phase: t for phase, t in moments.items() if t is not None}


class Chronicle:
    """Tells each phase of each label once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, Millis, Phase]] = set()

    def news(self, labels: Iterable[Label]) -> Iterator[tuple[Label, Phase]]:
        """The phases reached since the last time, in the order of the labels."""
        for label in labels:
            for phase in label.phases:
                key = (label.device, label.fault, label.at, phase)
                if key not in self._told:
                    self._told.add(key)
                    yield label, phase
