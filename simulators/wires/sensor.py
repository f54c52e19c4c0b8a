"""A MaxBotix sensor on a serial line of its own: it talks without being asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.model import Millis
from simulators.devices.contract import Served, Simulated, served
from simulators.wires.pty import Wire
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
    mute: bool = False
    served: Served = field(default_factory=served)

    def sample(self, now: Millis) -> int:
        """The distance as the sensor reports it: the largest where there is no echo."""
        self.device.advance(now)
        distance = self.device.values()["distance"]
        found = _FARTHEST if distance is None else round(float(distance))
        reported = max(_NEAREST, min(_FARTHEST, found))
        self.served.append((now, {"distance": reported}))
        return reported

    def senses(self, _fault: str, /) -> bool:
        """A bin knows by itself what its sensor can tell."""
        return True

    def break_down(self, _fault: str, _over: float, /) -> None:
        """Begin ``silent``."""
        self.mute = True

    def repair(self, _fault: str, /) -> None:
        """End it."""
        self.mute = False

    def shows(self, _fault: str, /) -> bool:
        """Silence is noticed at once."""
        return self.mute


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
                distance = self._sensor.sample(self._clock.now())
                self._wire.say(f"R{distance:0{self._sensor.digits}d}\r".encode("ascii"))
            await asyncio.sleep(_PERIOD)
