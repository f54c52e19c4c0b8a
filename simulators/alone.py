"""``wayside sim``: the simulators alone, for any gateway to poll, until stopped.

The site file and every address are told, then each fault as it begins, shows and ends. Beside the
scenario, faults can be injected by hand (``simulators.control``).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulators.control import listening
from simulators.faults.labels import Chronicle
from simulators.scenario import Scenario
from simulators.town.district import make
from simulators.town.plan import District
from simulators.wires.servers import serve
from simulators.world import RealClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for; None: as the scenario says."""

    folder: Path
    devices: int | None = None
    seed: int | None = None
    speed: float | None = None
    as_json: bool = False


async def run(scenario: Scenario, options: Options, stop: asyncio.Event) -> None:
    """Lay out a district, serve it and play a scenario until ``stop`` is set or it is over.

    Prints text for people, or one JSON object a line.

    Raises:
        ValueError: a district cannot have that many devices.
        OSError: a port is taken, or the folder cannot be written.
    """
    place, start = scenario.begins(RealClock().now())
    clock = RealClock(start, options.speed or scenario.speed)
    district = make(
        scenario.sizes(options.devices),
        folder=options.folder,
        now=start,
        seed=scenario.seed if options.seed is None else options.seed,
        place=place,
    )

    def say(data: dict[str, Any], text: str) -> None:
        sys.stdout.write((orjson.dumps(data).decode() if options.as_json else text) + "\n")
        sys.stdout.flush()

    def note(text: str) -> None:
        say({"note": text}, text)

    async with (
        serve(district, scenario=scenario, clock=clock, begins=start, note=note) as city,
        listening(options.folder, city.injector),
    ):
        say(described(district, scenario), "\n".join(told(district, scenario)))
        chronicle, lasts = Chronicle(), scenario.duration
        while not stop.is_set() and (lasts is None or clock.now() < start + lasts * 1000):
            news = city.injector.news()
            if options.as_json:
                for label in news:
                    say(label.as_dict(), "")
            else:
                for label, phase in chronicle.news(news):
                    say({}, f"{label.device}: {label.fault} {phase}")
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
