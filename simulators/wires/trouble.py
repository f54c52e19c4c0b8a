"""What is wrong at one place of a wire right now: at a unit, or on the whole bus.

``Trouble`` keeps which mishaps have begun and lets answers pass through them; the mishaps
themselves are values (``mishaps``). A ``Bus`` is a wire as somebody may break it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from gateway.model import Millis, Reading
from simulators.wires.maps import Map
from simulators.wires.mishaps import MISHAPS, Mishap, Spoken, Wire, at_once


class Trouble:
    """The mishaps of one place; ``chance`` decides what is left to it."""

    def __init__(self, wire: Wire, chance: Random) -> None:
        self.wire = wire
        self._chance = chance
        self._has: dict[str, Mishap] = {}
        self._spent: set[str] = set()

    def __contains__(self, fault: str) -> bool:
        return fault in self._has

    def break_down(self, fault: str, _over: float = 0.0, /) -> None:
        """Begin a mishap; none of them grows.

        Raises:
            ValueError: it cannot happen on this wire.
        """
        mishap = MISHAPS[fault]
        if self.wire not in mishap.wires:
            raise ValueError(f"{fault} happens on {', '.join(sorted(mishap.wires))} wires only")
        self._has[fault] = mishap
        self._spent.discard(fault)

    def repair(self, fault: str, /) -> None:
        """End it."""
        self._has.pop(fault, None)

    def shows(self, fault: str, /) -> bool:
        """Whether it can be noticed: it has begun, and one that befalls one answer has done so."""
        mishap = self._has.get(fault)
        return mishap is not None and (not mishap.once or fault in self._spent)

    def reads(self, reading: Reading) -> Reading:
        """What a poll becomes, for whoever has no wire."""
        for name, mishap in self._has.items():
            if name not in self._spent:
                reading = mishap.reads(reading, self._chance)
            if mishap.once:
                self._spent.add(name)
        return reading

    @property
    def any(self) -> bool:
        """Whether anything is wrong at all."""
        return bool(self._has)

    def tells(self, payload: bytes) -> bytes:
        """An answer as the device gives it, with what is wrong with it."""
        for mishap in self._has.values():
            payload = mishap.tells(payload, self._chance)
        return payload

    def says(self, frame: bytes, now: Millis) -> Sequence[Spoken]:
        """What of a frame comes over the wire, and when."""
        said = at_once(frame)
        for name, mishap in self._has.items():
            if name in self._spent:
                continue
            if mishap.once:
                self._spent.add(name)
            says = mishap.says[self.wire]
            said = [
                Spoken(first.after + then.after, then.frame)
                for first in said
                for then in says(first.frame, now, self._chance)
            ]
        return said


class Bus:
    """One wire with its ``members`` devices: what befalls it befalls them all.

    ``watch`` is told when it is unplugged (True) and plugged in again.
    """

    def __init__(self, name: str, wire: Wire, chance: Random, members: int = 1) -> None:
        self.name = name
        self.members = members
        self.trouble = Trouble(wire, chance)
        self.chance = chance
        self.watch: Callable[[bool], None] = lambda _: None

    @property
    def wire(self) -> Wire:
        """What kind of wire it is."""
        return self.trouble.wire

    def __contains__(self, fault: str) -> bool:
        return fault in self.trouble

    def break_down(self, fault: str, over: float = 0.0, /) -> None:
        """Begin a mishap of the whole bus; ValueError as ``Trouble.break_down``."""
        self.trouble.break_down(fault, over)
        if fault == "unplugged":
            self.watch(True)

    def repair(self, fault: str, /) -> None:
        """End it."""
        self.trouble.repair(fault)
        if fault == "unplugged":
            self.watch(False)

    def shows(self, fault: str, /) -> bool:
        """Whether it can be noticed."""
        return self.trouble.shows(fault)


def possible(fault: str, bus: Bus, plan: Map | None = None) -> bool:
    """Whether a mishap can happen to a device with that map on such a bus, and be told.

    Another device is told by the profile's identity only, and that there is no value only where the
    map has a way to say so, of more than an echo. A bus with one device cannot be told from its
    device.
    """
    if fault == "other_device" and plan is not None and not plan.identity:
        return False
    if fault == "no_values" and plan is not None:
        return any(row.can_be_nothing and row.name != "distance" for row in plan.points)
    if MISHAPS[fault].of_bus and bus.members < 2:
        return False
    return bus.wire in MISHAPS[fault].wires
