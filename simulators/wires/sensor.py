"""A MaxBotix sensor on a serial line of its own: it talks without being asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random

from gateway.model import Millis
from simulators.devices.contract import Served, Simulated, served
from simulators.wires.mishaps import MISHAPS
from simulators.wires.pty import Wire
from simulators.wires.trouble import Bus, Trouble, possible
from simulators.world import Clock

_NEAREST, _FARTHEST = 300, 5_000
"""mm an MB7389 can report."""
_PERIOD = 0.15
"""s between two readings of an HRXL-MaxSonar-WR (6.7 a second, datasheet)."""


@dataclass(slots=True, eq=False)
class Sensor:
    """A device that is alone on its line and has one thing to say: its ``distance`` in mm."""

    device: Simulated
    digits: int = 4
    served: Served = field(default_factory=served)
    bus: Bus = field(default_factory=lambda: Bus("", "sensor", Random(0)))
    trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.bus.wire, self.bus.chance)

    @property
    def mute(self) -> bool:
        """Whether it says nothing at all."""
        return "silent" in self.trouble

    def sample(self, now: Millis) -> int:
        """The distance as the sensor reports it: the largest where there is no echo."""
        self.device.advance(now)
        distance = self.device.values()["distance"]
        blind = "no_echo" in self.trouble
        found = _FARTHEST if distance is None or blind else round(float(distance))
        reported = max(_NEAREST, min(_FARTHEST, found))
        self.served.append((now, {"distance": None if blind else reported}))
        return reported

    def senses(self, fault: str, /) -> bool:
        """A bin knows by itself what its sensor can tell; of the wire's faults its own."""
        return fault not in MISHAPS or possible(fault, self.bus)

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of the wire."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).break_down(fault, over)

    def repair(self, fault: str, /) -> None:
        """End it."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).repair(fault)

    def shows(self, fault: str, /) -> bool:
        """Whether a fault of the wire can be noticed now."""
        return (self.bus if MISHAPS[fault].of_bus else self.trouble).shows(fault)


class SensorLine:
    """A MaxBotix sensor: ``R``, the distance in mm, a carriage return, about seven times a second.

    What is nearer than 300 mm it reports as 300 (HRXL-MaxSonar-WR datasheet).
    """

    def __init__(self, wire: Wire, sensor: Sensor, clock: Clock) -> None:
        self._wire = wire
        self._sensor = sensor
        self._clock = clock

    async def talk(self) -> None:
        """Say a reading every 150 ms, for ever."""
        while True:
            if not self._sensor.mute:
                now = self._clock.now()
                distance = self._sensor.sample(now)
                frame = f"R{distance:0{self._sensor.digits}d}\r".encode("ascii")
                for spoken in self._sensor.trouble.says(frame, now):
                    self._wire.say(spoken.frame)
            await asyncio.sleep(_PERIOD)
