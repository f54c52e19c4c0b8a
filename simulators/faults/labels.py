"""The truth about what was broken: one label a fault.

A label holds what a fault engine is measured by: what broke, when, from when that was to be seen,
until when, which alarm of whom it must bring, and which it must not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gateway.model import Millis


@dataclass(frozen=True, slots=True)
class Label:
    """What was broken: ``code`` must be raised for ``subject``; None: nothing may be raised.

    ``at`` is when it was injected, ``shows`` the first moment its condition was to be seen (None so
    far), ``until`` when it was repaired (None while it lasts); all ms UTC. ``must_not`` and ``may``
    are the fault's (``simulators.devices.contract.Fault``).
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

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def as_text(self) -> str:
        """For people."""
        return f"{self.device}: {self.fault} {self.word}"

    @property
    def word(self) -> str:
        """How far it has come: ``begins``, ``shows``, ``ends``."""
        if self.until is not None:
            return "ends"
        return "begins" if self.shows is None else "shows"
