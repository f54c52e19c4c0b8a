"""A district: which devices stand where, on which wires, and the files a gateway needs for them.

``make`` lays out streets around a town square (``streets``): lamps on two RS-485 lines and on
Modbus TCP, a tunnel whose lamps always burn, feeder pillars at the heads of the streets, signal
cabinets at their crossings, and stands of bins on Modbus and on MaxBotix serial lines. It is as
large as ``sizes`` says. It writes ``site.toml``, ``lamps.csv``, the profiles (``sitefile``) and
``map.geojson``, and returns what ``simulators.wires.servers.serve`` brings to life.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, count, cycle, islice
from pathlib import Path

from gateway.assets import BinFacts, FeederFacts, SignalFacts
from gateway.model import KINDS, Kind, Millis
from simulators.devices.cabinet.schedule import WEEK
from simulators.ports import free_ports
from simulators.town import sitefile
from simulators.town.lighting import CIRCUITS, TUNNEL, Circuit, lamp_facts
from simulators.town.places import Place, sunniest
from simulators.town.plan import SENSOR_PACE, Asset, District, DriverName, Endpoint, Pace
from simulators.town.sitefile import Style
from simulators.town.sizes import Sizes, sizes_of
from simulators.town.stands import SERIAL, Standing, stands_of
from simulators.town.streets import grid_of
from simulators.world.waste import Use

_PER_LINE = 8
_PER_ENDPOINT = 50
_FOUR_ARMS = ((1, 3), (1, 4), (2, 3), (2, 4))
_DUAL_RING = tuple(
    (one, other)
    for one, other in combinations(range(1, 9), 2)
    if not (one <= 4 < other and (one - 1) // 2 == (other - 5) // 2)
)
"""Phases 1 and 2 go with 5 and 6, phases 3 and 4 with 7 and 8: NEMA's eight phases."""
_SNMP = "signal-snmp"
_NIGHT_FLASH = "mon-sun 23:30-05:00"
_CELLS = 12
"""Of a cabinet's battery: 24 V."""
_LINE = Pace(baudrate=57_600)
DEMONSTRATION = Style()


def make(  # noqa: PLR0913  # a district is placed, sized, wired and written in one go
    devices: int | Sizes = 32,
    *,
    folder: Path,
    now: Millis,
    seed: int = 1,
    place: Place | None = None,
    broker: str = "mqtt://127.0.0.1:1883",
    ports: Iterator[int] | None = None,
    style: Style = DEMONSTRATION,
    wires: bool = True,
) -> District:
    """Lay a district out, write its files to ``folder``, and describe it.

    ``place`` is where the sun is highest ``now`` unless said otherwise; ``ports`` yields the TCP
    ports to serve on. Without ``wires`` nobody will serve it: its ports are names only, and the
    same for the same sizes.

    Raises:
        ValueError: fewer or more devices than a district can have.
    """
    sizes = devices if isinstance(devices, Sizes) else sizes_of(devices)
    folder.mkdir(parents=True, exist_ok=True)
    ports = ports or (free_ports() if wires else count(20_000))
    draft = _Draft(place or sunniest(now), folder.resolve(), sizes, seed, ports)
    draft.lamps_and_pillars()
    draft.cabinets()
    draft.bins()
    district = draft.district()
    sitefile.write(district, broker, style)
    return district


class _Draft:
    """A district being laid out."""

    def __init__(
        self, place: Place, folder: Path, sizes: Sizes, seed: int, ports: Iterator[int]
    ) -> None:
        self._place = place
        self._folder = folder
        self._sizes = sizes
        self._seed = seed
        self._ports = ports
        self._tunnel = bool(sizes.tunnel)
        self._rows = (sizes.tunnel, *sizes.streets) if self._tunnel else sizes.streets
        self._grid = grid_of(place, seed, self._rows, sizes.cabinets, tunnel=self._tunnel)
        self._endpoints: list[Endpoint] = []
        self._assets: list[Asset] = []
        self._units: dict[str, int] = {}

    def district(self) -> District:
        """What was laid out; a wire on which nothing hangs is not strung."""
        used = tuple(one for one in self._endpoints if one.name in self._units)
        ways = tuple(self._grid.ways())
        return District(self._place, self._seed, self._folder, used, tuple(self._assets), ways)

    def _tcp(self, name: str, driver: DriverName = "modbus-tcp") -> str:
        self._endpoints.append(Endpoint(name, driver, port=next(self._ports)))
        return name

    def _serial(self, name: str, driver: DriverName, pace: Pace) -> str:
        path = self._folder / f"tty-{name}"
        self._endpoints.append(Endpoint(name, driver, path=path, pace=pace))
        return name

    def _stand(
        self,
        name: str,
        bus: str,
        facts: object,
        where: tuple[float, float],
        profile: str,
        use: Use = "residential",
    ) -> None:
        """Put a device on a bus, at the next free unit number; one that is alone needs none."""
        unit = self._units[bus] = self._units.get(bus, 0) + 1
        kind: Kind = next(kind for kind in KINDS if profile.startswith(kind))
        number = None if profile in {SERIAL, _SNMP} else unit
        file = f"profiles/{profile}.toml"
        self._assets.append(Asset(name, kind, file, bus, number, facts, *where, use=use))

    def _lamp_buses(self) -> Iterator[str]:
        """The bus of each lamp in turn: the two lines and TCP by turns, TCP when they are full."""
        lines = [self._serial(f"lamps-{x}", "modbus-rtu", _LINE) for x in ("a", "b")]
        first = self._tcp("lamps-1")
        yield from islice(cycle([*lines, first]), 3 * _PER_LINE)
        yield from [first] * (_PER_ENDPOINT - _PER_LINE)
        yield from self._tcp_buses("lamps", 2)

    def _tcp_buses(self, name: str, number: int) -> Iterator[str]:
        """The bus of each device in turn, fifty on each."""
        while True:
            yield from [self._tcp(name if number == 1 else f"{name}-{number}")] * _PER_ENDPOINT
            number += 1

    def lamps_and_pillars(self) -> None:
        """A tunnel and streets: a pillar at the head of each, lamps on alternate sides."""
        buses = self._lamp_buses()
        number = 0
        for row, lamps in enumerate(self._rows):
            for position in range(1, lamps + 1):
                number += 1
                facts = lamp_facts(f"F{row + 1}", position, self._circuit(row))
                where = self._grid.lamp(row, position)
                self._stand(f"lamp-{number:04d}", next(buses), facts, where, "lamp")
        pillars = self._tcp_buses("pillars", 1)
        for row, _ in enumerate(self._rows):
            feeder = f"F{row + 1}"
            facts_of = FeederFacts(feeder=feeder, supply=self._circuit(row).supply)
            where = self._grid.pillar(row)
            self._stand(f"pillar-{feeder.lower()}", next(pillars), facts_of, where, "feeder")

    def _circuit(self, row: int) -> Circuit:
        if self._tunnel and row == 0:
            return TUNNEL
        return CIRCUITS[(row - self._tunnel) % len(CIRCUITS)]

    def cabinets(self) -> None:
        """A signal cabinet at each crossing, each with its own network address."""
        for number in range(1, self._sizes.cabinets + 1):
            snmp = number > self._sizes.cabinets - self._sizes.snmp
            bus = self._tcp(f"cabinet-{number}", "ntcip" if snmp else "modbus-tcp")
            facts = SignalFacts(
                conflicts=_DUAL_RING if snmp else _FOUR_ARMS,
                planned_flash=_NIGHT_FLASH if number % 3 == 0 else None,
                plans=WEEK,
                dark_ok=(4,) if number % 2 == 0 and not snmp else (),
                battery_cells=_CELLS,
            )
            where = self._grid.crossing(number - 1)
            self._stand(f"cabinet-{number}", bus, facts, where, _SNMP if snmp else "signal")

    def bins(self) -> None:
        """Stands of bins at squares and stops; those of one stand speak by serial sensors."""
        buses = self._tcp_buses("bins", 1)
        for number, one in enumerate(stands_of(self._sizes.bins), 1):
            name = f"bin-{number}"
            alone = one.profile == SERIAL
            bus = self._serial(name, "maxbotix", SENSOR_PACE) if alone else next(buses)
            self._bin(name, bus, one)

    def _bin(self, name: str, bus: str, one: Standing) -> None:
        facts = BinFacts(
            empty_distance=1_800.0,
            full_distance=400.0,
            dead_band=300.0,
            stand=one.stand,
            stream=one.stream,
            capacity=one.capacity,
            collection=one.collection,
        )
        where = self._grid.stop(one.number, one.place)
        self._stand(name, bus, facts, where, one.profile, one.use)
