"""Bringing a district to life: its devices on TCP ports and ptys, in one process and one loop.

``serve`` opens every wire, plays the scenario if there is one, and yields the ``City``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from gateway.model import Millis
from simulators.devices.contract import Station
from simulators.scenario import Scenario, play
from simulators.town.city import City
from simulators.town.plan import District, Endpoint
from simulators.wires.line import Framing, Line
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path, behind_tcp
from simulators.wires.pty import pty_at
from simulators.wires.sensor import Sensor, SensorLine
from simulators.wires.tcp import listening
from simulators.wires.trouble import Bus
from simulators.world import Clock, RealClock, World

Start: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


@asynccontextmanager
async def serve(
    district: District,
    *,
    scenario: Scenario | None = None,
    clock: Clock | None = None,
    remember: int = 4,
    begins: Millis | None = None,
    ends: Millis | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[City]:
    """Serve a district until the block ends.

    ``remember`` looks at each device are kept for ``City.served``; the scenario ``begins`` then (or
    now) and begins no fault after ``ends``, and ``note`` is told of one that found no device.

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
            await _open(
                endpoint, city.buses[endpoint.name], by_bus[endpoint.name], clock, stack, start
            )
        start(play(scenario or Scenario(name="nothing"), city, start=begins, ends=ends, note=note))
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
    bus: Bus,
    stations: Sequence[Station],
    clock: Clock,
    stack: AsyncExitStack,
    start: Start,
) -> None:
    """Open one wire with what hangs on it; ``stack`` closes it."""
    if endpoint.driver == "ntcip":
        from simulators.wires.snmp import Controller, answering  # noqa: PLC0415  # with the extra

        for one in stations:
            if isinstance(one, Controller):
                await stack.enter_async_context(answering(endpoint.port, one, clock))
        return
    units = Units([one for one in stations if isinstance(one, Unit)], clock, bus)
    if endpoint.driver == "modbus-tcp":
        await stack.enter_async_context(listening(endpoint.port, units))
    elif endpoint.path is None:
        line = Line(units, endpoint.pace, chance=bus.chance)
        await stack.enter_async_context(behind_tcp(endpoint.port, line))
    elif endpoint.driver != "maxbotix":
        framing: Framing = "ascii" if endpoint.driver == "modbus-ascii" else "rtu"
        line = Line(units, endpoint.pace, framing, bus.chance)
        stack.enter_context(at_path(endpoint.path, line))
    else:
        wire = stack.enter_context(pty_at(endpoint.path))
        for sensor in stations:
            if isinstance(sensor, Sensor):
                start(SensorLine(wire, sensor, clock).talk())
