"""A district without wires: its devices, and at the place of each wire a desk that notes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model import Millis, Reading
from simulators.devices.contract import Served, Simulated, served
from simulators.faults import Injector
from simulators.town.city import buses_of, devices_of, file_of
from simulators.town.plan import District
from simulators.wires.maps import Map, read_map
from simulators.wires.mishaps import MISHAPS
from simulators.wires.trouble import Bus, Trouble, possible
from simulators.world import World


@dataclass(slots=True, eq=False)
class Desk:
    """Where a device is read without a wire; faults of the wire befall what is read."""

    device: Simulated
    bus: Bus
    plan: Map
    served: Served = field(default_factory=served)
    trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.bus.wire, self.bus.chance)

    @property
    def mute(self) -> bool:
        """Whether it says nothing at all."""
        return "silent" in self.trouble

    @property
    def troubled(self) -> bool:
        """Whether a reading has to pass by ``reads``."""
        return self.trouble.any or self.bus.trouble.any

    def reads(self, reading: Reading) -> Reading:
        """A poll of the device, as the wire would have brought it."""
        return self.bus.trouble.reads(self.trouble.reads(reading))

    def sample(self, now: Millis) -> None:
        """Bring the device to ``now`` and keep what it shows."""
        self.device.advance(now)
        self.served.append((now, self.device.values()))

    def senses(self, fault: str, /) -> bool:
        """A device knows itself which points its profile has; the wire is as it would be."""
        return fault not in MISHAPS or possible(fault, self.bus, self.plan)

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of the wire; one of the bus befalls all on it."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).break_down(fault, over)

    def repair(self, fault: str, /) -> None:
        """End it."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).repair(fault)

    def shows(self, fault: str, /) -> bool:
        """Whether a fault of the wire can be noticed now."""
        return (self.bus if MISHAPS[fault].of_bus else self.trouble).shows(fault)


class Stage:
    """Every device of a district by its id, and the faults injected so far."""

    def __init__(self, district: District, world: World) -> None:
        self.district = district
        self.world = world
        devices = devices_of(district, world)
        buses = buses_of(district, world)
        profiles = {asset.profile for asset in district.assets}
        maps = {one: read_map(file_of(one, district.folder)) for one in profiles}
        self.desks: Mapping[str, Desk] = {
            asset.id: Desk(devices[asset.id], buses[asset.bus], maps[asset.profile])
            for asset in district.assets
        }
        self.injector = Injector(self.desks, world, district.subject)
