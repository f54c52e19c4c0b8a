"""From what a controller means to what its lamps show, past whatever is broken on the way.

The green cables of two groups in conflict can touch (``short``): each then lights with the other.
What is ``worn`` gives way as a lamp is switched on (E), and touches from the next green on.
The breaker of all lamps can be open, the load switch of a group dead (``dark_group``). A monitor
that is ``blind`` says that it is well, and sees nothing.
"""

from __future__ import annotations

from gateway.model import Millis
from simulators.devices.cabinet.lamps import GO
from simulators.devices.cabinet.plan import Aspect, Aspects

DARK: Aspect = "dark"
TRIP: Millis = 300
"""From a conflict to flash; NEMA TS 2 and domain.md §2 ask for less than 450 ms."""


class Outputs:
    """The load switches of a cabinet, and the conflict monitor that watches them."""

    def __init__(self, conflicts: tuple[frozenset[int], ...]) -> None:
        self.conflicts = conflicts
        self.worn: frozenset[int] = frozenset()
        self.short: frozenset[int] = frozenset()
        self.breaker_open = False
        self.dark_group = 0
        self.monitor_ok = True
        self.blind = False

    @property
    def sound(self) -> bool:
        """Whether the lamps show what is meant."""
        return not (self.worn or self.short or self.breaker_open or self.dark_group)

    @property
    def guarded(self) -> bool:
        """Whether a conflict would be noticed here."""
        return self.monitor_ok and not self.blind

    def passed_on(self, meant: Aspects) -> Aspects:
        """What the lamps show."""
        if self.sound:
            return meant
        if self.breaker_open:
            return (DARK,) * len(meant)
        spoilt = list(meant)
        if self.worn and not any(meant[group - 1] == "green" for group in self.worn):
            self.short, self.worn = self.worn, frozenset()
        if any(meant[group - 1] == "green" for group in self.short):
            for group in self.short:
                spoilt[group - 1] = "green"
        if self.dark_group:
            spoilt[self.dark_group - 1] = "dark"
        return tuple(spoilt)

    def conflict_in(self, aspects: Aspects) -> bool:
        """Whether two groups that must never go together do."""
        green = {group for group, aspect in enumerate(aspects, 1) if aspect in GO}
        return any(pair <= green for pair in self.conflicts)
