"""A simulated lamp on a line of its own: ``python -m tests.bench._line BAUDRATE PATH``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.assets import LampFacts
from simulators.devices.lamp import Lamp
from simulators.town.plan import Pace
from simulators.town.sitefile import profile_file
from simulators.wires.line import Line
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path
from simulators.wires.registers import Image
from simulators.world import RealClock, World


async def _main(baudrate: str, path: str) -> None:
    clock = RealClock()
    lamp = Lamp("lamp", LampFacts(rated_power=100, tunnel=True), World(14.6, 121.0, clock=clock))
    units = Units([Unit(1, lamp, Image(read_map(profile_file("lamp/generic"))))], clock)
    with at_path(Path(path), Line(units, Pace(int(baudrate)))):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
