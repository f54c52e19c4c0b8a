"""Bringing a district to life: its devices on TCP ports and ptys, in one process and one loop.

``serve`` opens every wire, plays the scenario if there is one, and yields the ``City``. ``run`` is
``wayside sim``: the simulators alone, for any gateway to poll.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from gateway.model import Millis
from simulators.devices.contract import Station
from simulators.faults import Label
from simulators.scenario import Scenario, play
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.plan import District, Endpoint
from simulators.wires.line import Line
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path
from simulators.wires.pty import pty_at
from simulators.wires.sensor import Sensor, SensorLine
from simulators.wires.tcp import listening
from simulators.world import Clock, RealClock, World

Start: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


@asynccontextmanager
async def serve(
    district: District,
    *,
    scenario: Scenario | None = None,
    clock: Clock | None = None,
    remember: int = 4,
    ends: Millis | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[City]:
    """Serve a district until the block ends.

    ``remember`` looks at each device are kept for ``City.served``; the scenario begins no fault
    after ``ends``, and ``note`` is told of one that found no device.

    Raises:
        OSError: a port is taken.
    """
    place = district.place
    clock = clock or RealClock()
    world = World(
        place.latitude,
        place.longitude,
        clock=clock,
        seed=district.seed,
        zone=place.timezone,
    )
    city = City(district, world, remember)
    by_bus: dict[str, list[Station]] = {endpoint.name: [] for endpoint in district.endpoints}
    for asset in district.assets:
        by_bus[asset.bus].append(city.stations[asset.id])
    async with AsyncExitStack() as stack:
        start = await stack.enter_async_context(background())
        for endpoint in district.endpoints:
            await _open(endpoint, by_bus[endpoint.name], clock, stack, start)
        start(play(scenario or Scenario(name="nothing"), city, ends=ends, note=note))
        yield city


@asynccontextmanager
async def background() -> AsyncIterator[Start]:
    """Yields a function that starts work; the work ends with the block, its failure ends both.

    What the block or the work raised comes out as it is, not wrapped in a group of one.
    """
    tasks: list[asyncio.Task[None]] = []
    try:
        async with asyncio.TaskGroup() as group:
            try:
                yield lambda work: tasks.append(group.create_task(work))
            finally:
                for task in tasks:
                    task.cancel()
    except BaseExceptionGroup as errors:
        if len(errors.exceptions) > 1:
            raise
        raise errors.exceptions[0] from errors.exceptions[0].__cause__


async def _open(
    endpoint: Endpoint,
    stations: Sequence[Station],
    clock: Clock,
    stack: AsyncExitStack,
    start: Start,
) -> None:
    """Open one wire with what hangs on it; ``stack`` closes it."""
    units = Units([one for one in stations if isinstance(one, Unit)], clock)
    if endpoint.path is None:
        await stack.enter_async_context(listening(endpoint.port, units))
        return
    if endpoint.driver == "modbus-rtu":
        stack.enter_context(at_path(endpoint.path, Line(units, endpoint.pace)))
        return
    wire = stack.enter_context(pty_at(endpoint.path))
    for sensor in stations:
        if isinstance(sensor, Sensor):
            start(SensorLine(wire, sensor, clock).talk())


async def run(
    scenario: Scenario,
    *,
    folder: Path,
    stop: asyncio.Event,
    devices: int = 32,
    as_json: bool = False,
) -> None:
    """Lay out a district in ``folder``, serve it and play a scenario until ``stop`` is set.

    Prints the site file and every address, then each fault as it begins and ends: text for people,
    or one JSON object a line.

    Raises:
        ValueError: a district cannot have that many devices.
        OSError: a port is taken, or the folder cannot be written.
    """
    district = make(devices, folder=folder, now=RealClock().now(), seed=scenario.seed)

    def say(data: dict[str, Any], text: str) -> None:
        sys.stdout.write((orjson.dumps(data).decode() if as_json else text) + "\n")
        sys.stdout.flush()

    def note(text: str) -> None:
        say({"note": text}, text)

    async with serve(district, scenario=scenario, note=note) as city:
        say(described(district, scenario), "\n".join(told(district, scenario)))
        known: tuple[Label, ...] = ()
        while not stop.is_set():
            for label in city.labels:
                if label not in known:
                    say(label.as_dict(), label.as_text())
            known = city.labels
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.2)


def described(district: District, scenario: Scenario) -> dict[str, Any]:
    """A district for programs: its files, and each bus with its address and devices."""
    return {
        "site": str(district.site_file),
        "place": district.place.name,
        "scenario": scenario.name,
        "buses": [
            {
                "name": endpoint.name,
                "driver": endpoint.driver,
                "address": endpoint.address,
                "devices": [asset.id for asset in district.assets if asset.bus == endpoint.name],
            }
            for endpoint in district.endpoints
        ],
    }


def told(district: District, scenario: Scenario) -> Iterator[str]:
    """The same for people."""
    yield f"{len(district.assets)} devices in {district.place.name}, scenario {scenario.name}"
    yield f"site file: {district.site_file}"
    for bus in described(district, scenario)["buses"]:
        count = len(bus["devices"])
        devices = bus["devices"][0] if count == 1 else f"{count} devices"
        yield f"  {bus['name']:<12} {bus['driver']:<11} {bus['address']:<40} {devices}"
