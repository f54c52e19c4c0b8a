"""A district: which devices stand where, on which wires, and the files a gateway needs for them.

``make`` lays out a few streets around a town square: lamps on two RS-485 lines and on Modbus TCP,
a tunnel whose lamps always burn, feeder pillars, two signal cabinets, and bins on Modbus and on
MaxBotix serial lines. More devices mean more lamps, on more feeders and TCP endpoints. It writes
``site.toml``, ``lamps.csv`` and the profiles (``simulators.town.sitefile``) and returns what
``simulators.wires.servers.serve`` brings to life.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.model import Kind, Millis
from simulators.process import may_listen
from simulators.town import sitefile
from simulators.town.places import Place, Street, moved, sunniest
from simulators.town.plan import SENSOR_PACE, Asset, District, DriverName, Endpoint, Pace
from simulators.world import PHASES

LEAST, MOST = 12, 2_000
"""How many devices a district can have."""
_SIGNALS = 2
_BINS = (2, 2)
"""On Modbus, on serial lines of their own."""
_TUNNEL = 6
_PER_FEEDER = 80
_PER_LINE = 8
_PER_ENDPOINT = 50
_SPACING = 30.0
"""Metres between two lamps."""
_POWERS = (70.0, 100.0, 40.0)
_FOUR_ARMS = ((1, 3), (1, 4), (2, 3), (2, 4))
_STREAMS = ("glass", "paper")
_ROUNDS = "Mon,Wed,Fri 06:30"
_LINE = Pace(baudrate=57_600)


def free_ports(first: int = 20_000, last: int = 32_000) -> Iterator[int]:
    """Ports on loopback free to listen on, from below those the system gives to clients."""
    chance = random.SystemRandom()
    taken: set[int] = set()
    while True:
        port = chance.randint(first, last)
        if port not in taken and may_listen(port):
            taken.add(port)
            yield port


def make(
    devices: int = 32,
    *,
    folder: Path,
    now: Millis,
    seed: int = 1,
    place: Place | None = None,
    broker: str = "mqtt://127.0.0.1:1883",
    ports: Iterator[int] | None = None,
) -> District:
    """Lay a district out, write its files to ``folder``, and describe it.

    ``place`` is where the sun is highest ``now`` unless said otherwise; ``ports`` yields the TCP
    ports to serve on.

    Raises:
        ValueError: fewer or more devices than a district can have.
    """
    if not LEAST <= devices <= MOST:
        raise ValueError(f"a district has {LEAST} to {MOST} devices, not {devices}")
    folder.mkdir(parents=True, exist_ok=True)
    draft = _Draft(place or sunniest(now), folder.resolve(), ports or free_ports())
    draft.lamps_and_pillars(devices - _SIGNALS - sum(_BINS))
    draft.cabinets()
    draft.bins()
    district = District(
        draft.place, seed, draft.folder, tuple(draft.endpoints), tuple(draft.assets)
    )
    sitefile.write(district, broker)
    return district


def shares(lights: int) -> tuple[int, list[int]]:
    """How many of ``lights`` lamps and pillars are tunnel lamps, and the lamps of each street.

    Every feeder costs a pillar and carries at most 80 lamps.
    """
    streets = 1
    while lights - 1 - streets - _TUNNEL > _PER_FEEDER * streets:
        streets += 1
    lamps = lights - 1 - streets
    tunnel = min(_TUNNEL, lamps // 2)
    each, more = divmod(lamps - tunnel, streets)
    return tunnel, [each + (number < more) for number in range(streets)]


class _Draft:
    """A district being laid out."""

    def __init__(self, place: Place, folder: Path, ports: Iterator[int]) -> None:
        self.place = place
        self.folder = folder
        self.endpoints: list[Endpoint] = []
        self.assets: list[Asset] = []
        self._ports = ports
        self._units: dict[str, int] = {}

    def _tcp(self, name: str) -> str:
        self.endpoints.append(Endpoint(name, "modbus-tcp", port=next(self._ports)))
        return name

    def _serial(self, name: str, driver: DriverName, pace: Pace) -> str:
        path = self.folder / f"tty-{name}"
        self.endpoints.append(Endpoint(name, driver, path=path, pace=pace))
        return name

    def _place(
        self, name: str, kind: Kind, bus: str, facts: object, where: tuple[float, float],
        profile: str | None = None, *, nameless: bool = False,
    ) -> None:  # fmt: skip
        """Put a device on a bus, at the next free unit number."""
        unit = self._units[bus] = self._units.get(bus, 0) + 1
        file = f"profiles/{profile or kind}.toml"
        self.assets.append(Asset(name, kind, file, bus, None if nameless else unit, facts, *where))

    def _lamp_buses(self) -> Iterator[str]:
        """The bus of each lamp in turn: the two lines and TCP by turns, TCP when they are full."""
        lines = [self._serial(f"lamps-{x}", "modbus-rtu", _LINE) for x in ("a", "b")]
        first = self._tcp("lamps-1")
        yield from islice(cycle([*lines, first]), 3 * _PER_LINE)
        yield from [first] * (_PER_ENDPOINT - _PER_LINE)
        number = 2
        while True:
            yield from [self._tcp(f"lamps-{number}")] * _PER_ENDPOINT
            number += 1

    def lamps_and_pillars(self, lights: int) -> None:
        """A tunnel and its streets: a pillar at the head of each, lamps on alternate sides."""
        tunnel, streets = shares(lights)
        buses = self._lamp_buses()
        number = 0
        pillars: list[tuple[str, tuple[float, float]]] = []
        for row, count in enumerate([tunnel, *streets]):
            feeder = f"F{row + 1}"
            begin = moved(self.place.latitude, self.place.longitude, 140.0 * row, 60.0 * row)
            street = Street(*begin, bearing=75.0)
            pillars.append((feeder, street.at(-8.0, 6.0)))
            for position in range(1, count + 1):
                number += 1
                facts = LampFacts(
                    rated_power=150.0 if row == 0 else _POWERS[row % len(_POWERS)],
                    control="command" if row == 0 else "photocell",
                    feeder=feeder,
                    phase=PHASES[(position - 1) % 3],
                    position=position,
                    tunnel=row == 0,
                )
                where = street.at(position * _SPACING, 6.0 if position % 2 else -6.0)
                self._place(f"lamp-{number:04d}", "lamp", next(buses), facts, where)
        self._tcp("pillars")
        for feeder, where in pillars:
            facts_of = FeederFacts(feeder=feeder)
            self._place(f"pillar-{feeder.lower()}", "feeder", "pillars", facts_of, where)

    def cabinets(self) -> None:
        """A signal cabinet at each of two crossings, each with its own network address."""
        for number in range(1, _SIGNALS + 1):
            bus = self._tcp(f"cabinet-{number}")
            facts = SignalFacts(conflicts=_FOUR_ARMS)
            where = moved(self.place.latitude, self.place.longitude, -90.0, 180.0 * number)
            self._place(f"cabinet-{number}", "signal", bus, facts, where)

    def bins(self) -> None:
        """Bins around the square: a stand on Modbus, a stand of serial sensors."""
        bus = self._tcp("bins")
        for number in range(1, sum(_BINS) + 1):
            serial = number > _BINS[0]
            if serial:
                bus = self._serial(f"bin-{number}", "maxbotix", SENSOR_PACE)
            facts = BinFacts(
                empty_distance=1_800.0,
                full_distance=400.0,
                dead_band=300.0,
                stand="square-2" if serial else "square-1",
                stream=_STREAMS[(number - 1) // 2],
                collection=_ROUNDS,
            )
            where = moved(self.place.latitude, self.place.longitude, -30.0, 4.0 * number)
            profile = "bin-serial" if serial else ("bin", "bin-gps")[number % 2]
            self._place(f"bin-{number}", "bin", bus, facts, where, profile, nameless=serial)
