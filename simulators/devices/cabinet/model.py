"""The cabinet as a device: its points as they are read, and what may break in it."""

from __future__ import annotations

from gateway.model import Kind, Millis
from simulators.devices.cabinet import shown
from simulators.devices.cabinet.breakages import BREAKAGES
from simulators.devices.cabinet.junction import Junction
from simulators.devices.cabinet.regimes import CONTROL
from simulators.devices.contract import CommandRefused, Values


class Cabinet(Junction):
    """One junction with its cabinet (``simulators.devices.contract.Simulated``)."""

    kind: Kind = "signal"

    def values(self) -> Values:
        """The cabinet's points, all of one moment."""
        return shown.now(self)

    def intended(self) -> Values:
        """The same as its controller has it, which knows no lamps: the groups as they are meant."""
        values = shown.now(self)
        meant = self.layout.red if self.regime.mode != "control" else self.sequence.aspects
        values.update(zip(shown.keys("group", self.layout.groups), meant, strict=True))
        return values

    def command(self, name: str, value: float) -> None:
        """A signal cabinet takes no commands."""
        raise CommandRefused(f"{name} = {value:g}")

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault; what it does is its entry in ``breakages``."""
        self.broken[fault] = self.t
        what = BREAKAGES[fault]
        what.begin(self, over)
        if what.lasts is not None:
            since = self.t
            self.later(what.lasts, lambda: self._over(fault, since))
        self.touched()

    def _over(self, fault: str, since: Millis) -> None:
        """It ends by itself, unless it was ended before, or another of its kind has begun since."""
        if self.broken.get(fault) == since:
            self.repair(fault)

    def repair(self, fault: str, /) -> None:
        """End a fault."""
        if self.broken.pop(fault, None) is not None:
            BREAKAGES[fault].end(self)
            self.touched()

    def shows(self, fault: str, /) -> bool:
        """Whether a fault that has begun is to be seen now."""
        return fault in self.broken and BREAKAGES[fault].shows(self)

    def tells(self, fault: str, /) -> bool:
        """Whether it has what can fail: conflicting pairs, for some faults."""
        return bool(self.outputs.conflicts) or not BREAKAGES[fault].of_pairs

    def could_show(self, fault: str, /) -> bool:
        """Whether it would be seen: most faults only while the junction is in control."""
        in_time = self.regime is CONTROL or not BREAKAGES[fault].in_control
        return in_time and self.tells(fault)
