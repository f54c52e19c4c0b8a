"""The plan of a district as values: its wires, its devices, where they stand.

``town.district`` draws it, ``town.sitefile`` writes it down for a gateway, and
``wires.servers`` builds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from gateway.model import Kind
from simulators.devices.contract import About
from simulators.town.places import Place
from simulators.wires.mishaps import Wire
from simulators.world.waste import Use

PROFILES = {
    "lamp": "lamp/generic",
    "feeder": "feeder/generic",
    "signal": "signal/generic",
    "signal-snmp": "signal/ntcip-1202",
    "bin": "bin/generic",
    "bin-gps": "bin/generic-gps",
    "bin-serial": "bin/maxbotix-mb7389",
    "bin-laser": "bin/dfrobot-sen0492",
    "bin-ultrasonic": "bin/apg-mnu",
}
"""The shipped profile behind each file of a district's ``profiles``."""

DriverName: TypeAlias = Literal[
    "modbus-tcp", "modbus-rtu", "modbus-rtu-tcp", "modbus-ascii", "maxbotix", "ntcip"
]
WIRES: Mapping[DriverName, Wire] = {"modbus-tcp": "tcp", "maxbotix": "sensor", "ntcip": "snmp"}
"""What kind of wire a driver speaks on; the others on a serial line."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The character format of a line."""

    baudrate: int = 9600
    parity: str = "N"
    stopbits: int = 1
    bytesize: int = 8

    @property
    def character(self) -> float:
        """Seconds a character takes: a start bit, data bits, parity if any, stop bits."""
        return (1 + self.bytesize + (self.parity != "N") + self.stopbits) / self.baudrate


SENSOR_PACE = Pace(baudrate=9_600)
"""What every MaxBotix sensor speaks."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One wire: a port on loopback (UDP for ``ntcip``, else TCP), or a pty under ``path``."""

    name: str
    driver: DriverName
    port: int = 0
    path: Path | None = None
    pace: Pace = SENSOR_PACE

    @property
    def wire(self) -> Wire:
        """What kind of wire it is, for what can go wrong with it."""
        return WIRES.get(self.driver, "serial")

    @property
    def address(self) -> str:
        """Where a client finds it, for people."""
        if self.path is None:
            return f"127.0.0.1:{self.port}"
        pace = self.pace
        return f"{self.path} {pace.baudrate} {pace.bytesize}{pace.parity}{pace.stopbits}"


@dataclass(frozen=True, slots=True)
class Asset:
    """One device: its row in the gateway's asset register.

    ``use`` is what the gateway does not know: what a bin's place is used for.
    """

    id: str
    kind: Kind
    profile: str
    bus: str
    unit: int | None
    facts: Any
    latitude: float
    longitude: float
    use: Use = "residential"

    @property
    def shipped(self) -> str:
        """The shipped profile its own was made from."""
        return PROFILES.get(Path(self.profile).stem, self.profile)


@dataclass(frozen=True, slots=True)
class Way:
    """A street as a line of (latitude, longitude)."""

    name: str
    kind: Literal["street", "avenue", "tunnel"]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class District:
    """Everything in one place; files stand in ``folder``."""

    place: Place
    seed: int
    folder: Path
    endpoints: tuple[Endpoint, ...]
    assets: tuple[Asset, ...]
    ways: tuple[Way, ...] = ()

    @property
    def site_file(self) -> Path:
        """The gateway's site file."""
        return self.folder / "site.toml"

    @property
    def map_file(self) -> Path:
        """Its streets and devices as GeoJSON."""
        return self.folder / "map.geojson"

    def subject(self, device: str, about: About) -> str:
        """Whose alarm something about a device is, as contracts §6 names it."""
        asset = next(one for one in self.assets if one.id == device)
        if about == "utility":
            return "utility"
        if about == "bus":
            return f"bus:{asset.bus}"
        if about == "stand":
            return f"stand:{asset.facts.stand}"
        if about == "feeder" and asset.kind != "feeder":
            feeder = asset.facts.feeder
            pillars = (one for one in self.assets if one.kind == "feeder")
            found = next((one.id for one in pillars if one.facts.feeder == feeder), None)
            return found or f"feeder:{feeder}"
        return device
