"""The lamps of a junction, what they draw, and the monitor that watches their currents.

Every group has two or three heads, so one dead lamp leaves its group lit and its current short: the
lamp monitor compares the current of what should burn with what does, and keeps a bit for each group
until somebody replaces the lamp. It watches the load switches, which a flasher bypasses, and so
sees nothing in flash.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from simulators.devices.cabinet.plan import Aspect, Aspects

Colour: TypeAlias = Literal["red", "yellow", "green"]

WATTS: dict[Colour, float] = {"red": 9.0, "yellow": 11.0, "green": 9.0}
"""One LED head of 200 to 300 mm (E)."""
_SHORT = 0.8
"""The share of its expected current below which a colour has a dead lamp (E)."""
LIT: dict[Aspect, tuple[Colour, ...]] = {
    "dark": (),
    "red": ("red",),
    "red_yellow": ("red", "yellow"),
    "green": ("green",),
    "green_flash": ("green",),
    "yellow": ("yellow",),
    "yellow_flash": ("yellow",),
    "red_flash": ("red",),
}
GO = frozenset({"green", "green_flash"})


class Lamps:
    """The heads of each group; ``dead`` says how many of a group's colour are out."""

    def __init__(self, heads: tuple[int, ...]) -> None:
        self.heads = heads
        self.dead: dict[tuple[int, Colour], int] = {}
        self.flagged: dict[int, Colour] = {}

    def current(self, group: int, aspect: Aspect, volts: float) -> float:
        """A that a group's lamps draw; groups count from 1."""
        if not volts:
            return 0.0
        return (
            sum(
                WATTS[colour] * (self.heads[group - 1] - self.dead.get((group, colour), 0))
                for colour in LIT[aspect]
            )
            / volts
        )

    def power(self, aspects: Aspects) -> float:
        """W that all of them take."""
        return 230.0 * sum(self.current(n, aspect, 230.0) for n, aspect in enumerate(aspects, 1))

    def watch(self, meant: Aspects, shown: Aspects) -> bool:
        """The lamp monitor looks: flag each group that draws too little; whether any is new."""
        before = len(self.flagged)
        for group, (want, have) in enumerate(zip(meant, shown, strict=True), 1):
            if group in self.flagged or (want is have and not self.dead):
                continue
            for colour in LIT[want]:
                whole = self.heads[group - 1]
                burn = 0 if have == "dark" else whole - self.dead.get((group, colour), 0)
                if burn < _SHORT * whole:
                    self.flagged[group] = colour
        return len(self.flagged) > before
