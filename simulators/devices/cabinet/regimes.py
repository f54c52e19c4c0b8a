"""What a cabinet does as a whole: off, starting up, one of the flashes, test, standby, control.

``mode`` and ``flash_cause`` are the points' words for it (domain.md §2). A cabinet keeps the
regimes somebody or something asks for, and the first of them in ``REGIMES`` rules; only in control,
when nothing else is asked for, does the sequence run.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from gateway.model import Millis
from simulators.devices.cabinet.plan import Aspects, Layout

START_FLASH: Millis = 10_000
START_RED: Millis = 6_000
"""A start-up: flash, then all-red, less than 30 s together (domain.md §2)."""


@dataclass(frozen=True, slots=True)
class Regime:
    """A regime, the points' words for it, and what it shows; "" is what the sequence means."""

    name: str
    mode: str
    cause: str
    shows: Literal["dark", "flash", "red", "green", ""]

    def aspects(self, layout: Layout) -> Aspects:
        """What the groups show; a lamp test lights the greens."""
        if self.shows == "flash":
            return layout.flash
        if self.shows == "red":
            return layout.red
        return ("green" if self.shows == "green" else "dark",) * layout.groups


REGIMES = (
    Regime("off", "failure", "none", "dark"),
    Regime("start_flash", "startup", "startup", "flash"),
    Regime("start_red", "startup", "startup", "red"),
    Regime("mmu", "flash", "mmu", "flash"),
    Regime("fault_monitor", "flash", "fault_monitor", "flash"),
    Regime("manual", "flash", "manual", "flash"),
    Regime("preempt_flash", "flash", "preempt", "flash"),
    Regime("test", "test", "none", "green"),
    Regime("standby", "standby", "none", "dark"),
    Regime("automatic", "flash", "automatic", "flash"),
    Regime("planned", "flash", "automatic", "flash"),
)
CONTROL = Regime("control", "control", "none", "")


def ruling(orders: Collection[str]) -> Regime:
    """The regime that follows from what is asked for."""
    return next((one for one in REGIMES if one.name in orders), CONTROL) if orders else CONTROL
