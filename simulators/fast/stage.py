"""A district without wires: its devices, and at the place of each wire a desk that notes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model import Millis
from simulators.devices.contract import Served, Simulated, served
from simulators.faults import Injector
from simulators.town.city import devices_of
from simulators.town.plan import District
from simulators.world import World


@dataclass(slots=True, eq=False)
class Desk:
    """Where a device is read without a wire; faults of the wire befall what is read."""

    device: Simulated
    mute: bool = False
    served: Served = field(default_factory=served)

    def sample(self, now: Millis) -> None:
        """Bring the device to ``now`` and keep what it shows."""
        self.device.advance(now)
        self.served.append((now, self.device.values()))

    def senses(self, _fault: str, /) -> bool:
        """A device knows itself which points its profile has."""
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


class Stage:
    """Every device of a district by its id, and the faults injected so far."""

    def __init__(self, district: District, world: World) -> None:
        self.district = district
        self.world = world
        devices = devices_of(district, world)
        self.desks: Mapping[str, Desk] = {
            asset.id: Desk(devices[asset.id]) for asset in district.assets
        }
        self.injector = Injector(self.desks, world, district.subject)
