"""``[[device]]``: every device of a site, judged against its bus, its profile and the others.

A device's table holds keys of three owners: the common ones (``DeviceKeys``), its bus driver's
``device`` type, and the asset facts of its kind. Which driver and which kind that is, its ``bus``
and ``profile`` say; while one of them is unknown, only the common keys can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.assets import FACTS
from gateway.config.buses import Wire
from gateway.config.facts import contradictions
from gateway.config.rules import Overrides, read_rules
from gateway.driver import Driver
from gateway.model import NOTHING, Device
from gateway.problems import ConfigurationError, Problem, suggest
from gateway.profile import Profile, load_profile, profile_file
from gateway.tables.cells import from_cells
from gateway.tables.document import Spot
from gateway.tables.shape import Shape, shape
from gateway.tables.words import Id, Latitude, Longitude

#: The most devices of a site.
MOST_DEVICES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKeys:
    """The keys every device may have, whatever its driver and its kind."""

    id: Id
    profile: str
    bus: str
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    allow_commands: bool = False
    rules: Mapping[str, Mapping[str, Any]] = NOTHING

    def __post_init__(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            given = "latitude" if self.longitude is None else "longitude"
            raise ValueError(f"{given} stands alone; a place needs latitude and longitude")


class Roster:
    """The devices read so far, by bus, and what they have taken: ids, units, whole buses."""

    def __init__(
        self,
        wires: Mapping[str, Wire],
        rules: Mapping[str, type],
        gateway: str | None,
        problems: list[Problem],
        site_rules: Overrides = NOTHING,
    ) -> None:
        self.devices: dict[str, list[Device]] = {name: [] for name in wires}
        self.rules = rules
        self.wires = wires
        self._gateway = gateway
        self._site_rules = site_rules
        self._problems = problems
        self._profiles: dict[tuple[str, Path], Profile | None] = {}
        self._broken: set[Path] = set()
        self._ids: dict[str, Spot] = {}
        self._places: dict[tuple[str, object], Spot] = {}

    def add(self, table: Mapping[str, Any], spot: Spot, *, cells: bool = False) -> None:
        """One device; with ``cells``, every value is still text from a spreadsheet."""
        if not self._claim_id(table.get("id"), spot):
            return
        driver = self._driver(table.get("bus"), spot)
        profile = self._profile(table.get("profile"), spot)
        if driver and profile and not self._agree(driver, profile, table, spot):
            driver = profile = None
        asked = _asked(driver, profile)
        if cells:
            table = from_cells(table, asked.keys)
        if driver is not None:
            self._claim_place(table, driver, spot)
        parts = asked.read(table, spot, self._problems)
        rules = read_rules(
            table.get("rules"), self.rules, spot.at("rules"), self._problems, self._site_rules
        )
        if parts is not None and driver and profile:
            keys, options, facts = parts
            for at, problem, hint in contradictions(facts, profile):
                self._blame(spot.at(*at), problem, hint)
            self._check_commands(options, profile, spot)
            device = _device(keys, options, facts, profile, rules)
            self.devices[keys.bus].append(self._wired(device))

    def _wired(self, device: Device) -> Device:
        """The device as its wire has it: what a request costs there decides its plan."""
        bus = self.wires[device.bus].options
        if not hasattr(bus, "wired"):
            return device
        return replace(device, traits=bus.wired(device.options, device.traits))

    def _check_commands(self, options: Any, profile: Profile, spot: Spot) -> None:  # noqa: ANN401  # the driver's
        """A profile serves every bus of its family, and not every bus can carry every command."""
        if not hasattr(options, "accept"):
            return
        for name, control in profile.controls.items():
            try:
                options.accept(control.target)
            except ValueError as error:
                problem, _, hint = str(error).partition("; ")
                said = f'command "{name}" of profile "{profile.name}": {problem}'
                self._blame(spot.at("bus"), said, hint)

    def _claim_id(self, name: object, spot: Spot) -> bool:
        """Take an id; False when there are too many devices to go on."""
        if not isinstance(name, str):
            return True  # the check of the device says so
        if name in self._ids:
            first = self._ids[name]
            hint = f"the first is {first.file}:{first.line(first.keys)}"
            self._blame(spot.at("id"), f'a second device is called "{name}"', hint)
        elif name == self._gateway:
            self._blame(spot.at("id"), f'"{name}" is the gateway itself', "give it another id")
        self._ids.setdefault(name, spot)
        if len(self._ids) == MOST_DEVICES + 1:
            self._blame(spot, f"more than {MOST_DEVICES} devices", "use a second gateway")
        return len(self._ids) <= MOST_DEVICES

    def _driver(self, name: object, spot: Spot) -> Driver | None:
        if not isinstance(name, str):
            return None
        if name not in self.wires:
            self._blame(spot.at("bus"), f'no bus is called "{name}"', suggest(name, self.wires))
            return None
        return self.wires[name].driver

    def _profile(self, ref: object, spot: Spot) -> Profile | None:
        if not isinstance(ref, str):
            return None
        key = ref, spot.file.parent
        if key not in self._profiles:
            self._profiles[key] = self._load(*key, spot)
        elif self._profiles[key] is None:
            self._find(*key, spot)  # says again, here, that there is no such profile
        return self._profiles[key]

    def _load(self, ref: str, base: Path, spot: Spot) -> Profile | None:
        file = self._find(ref, base, spot)
        if file is None or file in self._broken:
            return None
        try:
            return load_profile(ref, base)
        except ConfigurationError as error:
            self._broken.add(file)
            self._problems.extend(error.problems)
            return None

    def _find(self, ref: str, base: Path, spot: Spot) -> Path | None:
        try:
            file = profile_file(ref, base)
        except LookupError as error:
            problem, _, hint = str(error).partition("; ")
            self._blame(spot.at("profile"), problem, hint)
            return None
        if file.is_file():
            return file
        hint = "a relative path starts at the file that names it"
        self._blame(spot.at("profile"), f"there is no file {file}", hint)
        return None

    def _agree(
        self, driver: Driver, profile: Profile, table: Mapping[str, Any], spot: Spot
    ) -> bool:
        if profile.family == driver.family:
            return True
        problem = (
            f'profile "{profile.name}" is for {profile.family}, '
            f'and bus "{table["bus"]}" speaks {driver.family}'
        )
        self._blame(spot.at("profile"), problem, "put the device on another bus")
        return False

    def _claim_place(self, table: Mapping[str, Any], driver: Driver, spot: Spot) -> None:
        """Take a unit of a bus, or the whole bus where units have no number.

        Where devices name their source, any number of them may share even that.
        """
        bus, unit = table["bus"], table.get("unit")
        keys = shape(driver.device).keys
        if "source" in keys:
            return
        numbered = "unit" in keys
        if numbered and not isinstance(unit, int):
            return  # the check of the device says so
        first = self._places.setdefault((bus, unit if numbered else None), spot)
        if first is spot:
            return
        where = f"{first.file}:{first.line(first.keys)}"
        if numbered:
            hint = f"it is at {where}; every device of a bus has its own unit"
            self._blame(spot.at("unit"), f'another device of bus "{bus}" has this unit', hint)
        else:
            hint = f"it is at {where}; {driver.name} devices have no address"
            self._blame(spot.at("bus"), f'bus "{bus}" has its one device already', hint)

    def _blame(self, spot: Spot, problem: str, hint: str) -> None:
        self._problems.append(spot.problem(problem, hint))


def _asked(driver: Driver | None, profile: Profile | None) -> Shape:
    """What a device must say, as far as its bus and its profile are known."""
    kinds: list[type] = [DeviceKeys]
    if driver is not None:
        kinds.append(driver.device)
    if profile is not None:
        kinds.append(FACTS[profile.kind])
    return shape(*kinds, strangers=driver is None or profile is None)


def _device(
    keys: DeviceKeys,
    options: object,
    facts: object,
    profile: Profile,
    rules: Mapping[str, Mapping[str, object]],
) -> Device:
    return Device(
        id=keys.id,
        kind=profile.kind,
        bus=keys.bus,
        profile=profile.name,
        options=options,
        traits=profile.traits,
        points=profile.points,
        derived=profile.derived,
        atomic=profile.atomic,
        controls=profile.controls,
        facts=facts,
        latitude=keys.latitude,
        longitude=keys.longitude,
        allow_commands=keys.allow_commands,
        rules=rules,
        vendor=profile.vendor,
        model=profile.model,
    )
