"""The real pollers on the real clock, for tests: every bus of a site, and what they read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from gateway.config.site import Site
from gateway.edge.clock import SYSTEM
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Reading


@asynccontextmanager
async def polling(site: Site) -> AsyncIterator[tuple[dict[str, Poller], list[Reading]]]:
    """Poll every bus until the block ends; the pollers by bus, and their readings as they come."""
    readings: list[Reading] = []
    slots = Slots(SYSTEM)
    pollers = {
        bus.name: Poller(
            bus, readings.append, clock=SYSTEM, slots=slots, chance=lambda: 0.5, pulse=Pulse()
        )
        for bus in site.buses.values()
    }
    tasks = [asyncio.create_task(poller.run()) for poller in pollers.values()]
    try:
        yield pollers, readings
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


def of(readings: Sequence[Reading], device: str) -> list[Reading]:
    """The readings of one device."""
    return [reading for reading in readings if reading.device == device]
