"""A living district: its devices built from the plan, and the handle to look at and break them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path

from gateway.assets import BinFacts
from gateway.model import Millis, Value
from simulators.devices.bin import RANGERS, ULTRASONIC, Bin, Stand
from simulators.devices.cabinet import Cabinet
from simulators.devices.contract import Simulated, Station, Values
from simulators.devices.feeder import Feeder
from simulators.devices.lamp import Lamp
from simulators.faults import Injector, Label
from simulators.town.plan import Asset, District
from simulators.town.sitefile import profile_file
from simulators.wires.maps import Map, read_map
from simulators.wires.mib import read_mib
from simulators.wires.modbus import Unit
from simulators.wires.registers import Image
from simulators.wires.sensor import Sensor
from simulators.wires.trouble import Bus
from simulators.world import World
from simulators.world.calendar import read_calendar


class City:
    """Every device by its id, the faults injected so far, and the truth about each value."""

    def __init__(self, district: District, world: World, remember: int = 4) -> None:
        self.district = district
        self.world = world
        self.buses = buses_of(district, world)
        self.stations = stations_of(district, world, self.buses, remember)
        self.injector = Injector(self.stations, world, district.subject)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every fault so far, in the order they began."""
        return self.injector.labels

    def inject(self, device: str, fault: str, over: float = 0.0) -> Label:
        """Break a device now; see ``Injector.inject``."""
        return self.injector.inject(device, fault, over)

    def repair(self, device: str, fault: str) -> Label:
        """End a fault now; see ``Injector.repair``."""
        return self.injector.repair(device, fault)

    def values(self, device: str) -> Values:
        """What all sensors of a device show now, before any rounding to a register."""
        simulated = self.stations[device].device
        simulated.advance(self.world.clock.now())
        return simulated.values()

    def value(self, device: str, point: str) -> Value | None:
        """What one of them shows."""
        return self.values(device)[point]

    def served(self, device: str) -> tuple[tuple[Millis, Values], ...]:
        """The last looks somebody took at a device: when, and what a correct client must find."""
        return tuple(self.stations[device].served)


def buses_of(district: District, world: World) -> Mapping[str, Bus]:
    """Every wire of a plan as somebody may break it, by its name."""
    members = Counter(asset.bus for asset in district.assets)
    return {
        one.name: Bus(
            one.name, one.wire, world.chance(f"bus/{one.name}"), members=members[one.name]
        )
        for one in district.endpoints
    }


def stations_of(
    district: District, world: World, buses: Mapping[str, Bus], remember: int
) -> Mapping[str, Station]:
    """Every device of a plan, in its order, as it meets its wire."""
    devices = devices_of(district, world)
    maps: dict[str, Map] = {}
    found: dict[str, Station] = {}
    for asset in district.assets:
        plan = maps.get(asset.profile)
        if plan is None:
            plan = maps[asset.profile] = read_map(Path(district.folder, asset.profile))
        found[asset.id] = station_of(asset, devices[asset.id], plan, buses[asset.bus], remember)
    return found


def station_of(asset: Asset, device: Simulated, plan: Map, bus: Bus, remember: int) -> Station:
    """One device with its registers, its objects, or its voice."""
    if plan.family == "ntcip" and isinstance(device, Cabinet):
        from simulators.wires.snmp import Controller  # noqa: PLC0415  # only with the extra

        mib = read_mib(plan.file)
        return Controller(device, device.intended, mib, served=deque(maxlen=remember), bus=bus)
    if asset.unit is None:
        return Sensor(device, digits=plan.digits, served=deque(maxlen=remember), bus=bus)
    return Unit(asset.unit, device, Image(plan), served=deque(maxlen=remember), bus=bus)


def devices_of(district: District, world: World) -> Mapping[str, Simulated]:
    """The physics of every device; a pillar knows the lamps of its feeder."""
    lamps: dict[str, Lamp] = {
        asset.id: Lamp(asset.id, asset.facts, world)
        for asset in district.assets
        if asset.kind == "lamp"
    }
    found: dict[str, Simulated] = {**lamps}
    for asset in district.assets:
        if asset.kind == "feeder":
            fed = [lamp for lamp in lamps.values() if lamp.facts.feeder == asset.facts.feeder]
            found[asset.id] = Feeder(asset.id, asset.facts, world, fed)
        elif asset.kind == "signal":
            found[asset.id] = Cabinet(asset.id, asset.facts, world)
    return {**found, **bins_of(district, world)}


def bins_of(district: District, world: World) -> Mapping[str, Simulated]:
    """The bins, those of a stand and a calendar in the care of one crew."""
    stands: dict[tuple[str | None, str | None], Stand] = {}
    found: dict[str, Simulated] = {}
    for asset in district.assets:
        if asset.kind != "bin":
            continue
        facts: BinFacts = asset.facts
        name, when = facts.stand or asset.id, facts.collection
        stand = stands.get((name, when))
        if stand is None:
            plan = read_calendar(when, world.zone) if when else None
            stand = stands[name, when] = Stand(name, world.seed, plan, world.clock.now())
        found[asset.id] = Bin(
            asset.id,
            facts,
            world,
            ranger=RANGERS.get(asset.shipped, ULTRASONIC),
            use=asset.use,
            stand=stand,
            position=(asset.latitude, asset.longitude),
            points=points_of(asset.shipped, district.folder),
        )
    return found


def points_of(profile: str, folder: Path) -> frozenset[str]:
    """The points a bin's profile reads: its registers, or the one thing a serial sensor says."""
    plan = read_map(file_of(profile, folder))
    return frozenset(row.name for row in plan.points) or frozenset({"distance"})


def file_of(profile: str, folder: Path) -> Path:
    """The file of a profile as a district names it: one of its own, or a shipped one."""
    return folder / profile if profile.endswith(".toml") else profile_file(profile)
