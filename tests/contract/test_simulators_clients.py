"""Every kind of device and every shipped profile, read by masters that are not ours.

mbpoll (C, libmodbus) and modbus-serial (Node) read all registers of each device, on Modbus TCP and
on a serial line; the words are decoded here by hand, from the profile as somebody would have it on
paper. Every value must be the one the simulator served.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from gateway import registry
from gateway.model import Value
from simulators.town.plan import Pace
from simulators.wires.line import Line
from simulators.wires.maps import Map, Row, read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path
from simulators.wires.registers import Image
from simulators.wires.tcp import listening
from simulators.world import SteppedClock
from tests.parts.fixed import Fixed
from tests.parts.foreign_servers import NODE, ROOT
from tests.parts.mbpoll import mbpoll
from tests.parts.process import free_port, program
from tests.parts.simulated import MORNING, simulated

BAUDRATE = 57_600
LIBRARY = registry.folder() / "profiles"
PROFILES = [
    file.relative_to(LIBRARY).with_suffix("").as_posix()
    for file in sorted(LIBRARY.rglob("*.toml"))
    if read_map(file).family == "modbus"
]
TABLES = {"coil": "0", "discrete": "1", "input": "3", "holding": "4"}
FORMATS = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "uint64": ">Q",
    "float32": ">f", "float64": ">d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """One read: so many registers or bits of a unit from an address on."""

    unit: int
    table: str
    address: int
    count: int


Where: TypeAlias = int | Path
Reader: TypeAlias = Callable[[Where, Sequence[Read]], Awaitable[list[list[int]]]]


async def by_mbpoll(where: Where, reads: Sequence[Read]) -> list[list[int]]:
    said = []
    for read in reads:
        words = ("-t", TABLES[read.table], "-r", str(read.address), "-c", str(read.count))
        found = await mbpoll(where, *words, unit=read.unit, baudrate=BAUDRATE)
        assert len(found.values) == read.count, found.output
        said.append([int(value) for value in found.values.values()])
    return said


async def by_modbus_serial(where: Where, reads: Sequence[Read]) -> list[list[int]]:
    if not (NODE / "node_modules").exists():
        pytest.fail("tests/parts/node is not installed: run `make test`, or tests/install-parts.sh")
    port = f"tcp:{where}" if isinstance(where, int) else f"rtu:{where}:{BAUDRATE}"
    process = await asyncio.create_subprocess_exec(
        program("node", "nodejs"),
        str(NODE / "modbus_serial_client.js"),
        port,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, trouble = await process.communicate(
        json.dumps([asdict(read) for read in reads]).encode()
    )
    assert process.returncode == 0, trouble.decode()
    said: list[list[int]] = json.loads(output)
    return said


READERS = pytest.mark.parametrize("reader", [by_mbpoll, by_modbus_serial])


def reads_of(plan: Map, unit: int) -> list[Read]:
    """A read for each point, and one for each exponent."""
    rows = [Read(unit, row.table, row.address, row.words) for row in plan.points]
    powers = dict.fromkeys(row.power for row in plan.points if row.power is not None)
    return rows + [Read(unit, table, address, 1) for table, address in powers]


def decoded(plan: Map, said: Sequence[Sequence[int]]) -> dict[str, Value | None]:
    """What the words of ``reads_of`` mean."""
    powers = dict.fromkeys(row.power for row in plan.points if row.power is not None)
    exponents = {
        place: struct.unpack(">h", struct.pack(">H", words[0]))[0]
        for place, words in zip(powers, said[len(plan.points) :], strict=True)
    }
    return {
        row.name: value_of(row, words, exponents[row.power] if row.power else 0)
        for row, words in zip(plan.points, said, strict=False)
    }


def value_of(row: Row, words: Sequence[int], exponent: int) -> Value | None:
    if row.table in {"coil", "discrete"}:
        return bool(words[0])
    if row.bit is not None:
        return bool(words[0] >> row.bit & 1)
    wire = struct.pack(f">{len(words)}H", *words)
    if row.type == "string":
        pairs = [wire[i : i + 2][:: 1 if row.order == "AB" else -1] for i in range(0, len(wire), 2)]
        return b"".join(pairs).rstrip(b"\0").decode()
    plain = bytes(wire[row.order.index(letter)] for letter in "ABCDEFGH"[: len(wire)])
    (raw,) = struct.unpack(FORMATS[row.type], plain)
    if row.mask != 0xFFFF:
        raw = (raw & row.mask) >> row.shift
    if raw == row.nothing or raw != raw:  # noqa: PLR0124  # NaN
        return None
    if row.labels:
        return next(label for label, code in row.labels.items() if code == raw)
    return float(raw * 10.0**exponent * row.scale + row.offset)


def assert_served(
    plan: Map, said: Sequence[Sequence[int]], served: dict[str, Value | None]
) -> None:
    found = decoded(plan, said)
    for row in plan.points:
        value, expected = found[row.name], served[row.name]
        if type(value) is float and isinstance(expected, int | float):
            assert value == pytest.approx(expected, rel=1e-6, abs=1e-9), row
        else:
            assert value == expected, row


# --- the devices of a district


@asynccontextmanager
async def district_on(wire: str, folder: Path) -> AsyncIterator[tuple[Where, dict[int, Unit]]]:
    """One device of each kind in a district, at one TCP port or on one line."""
    async with simulated(folder / "district", 40) as city:
        kinds: dict[str, Unit] = {}
        for asset in city.district.assets:
            station = city.stations[asset.id]
            if isinstance(station, Unit):
                kinds.setdefault(asset.profile, station)
        units = {
            number: Unit(number, one.device, Image(one.image.map))
            for number, one in enumerate(kinds.values(), 1)
        }
        assert {one.device.kind for one in units.values()} == {"lamp", "feeder", "signal", "bin"}
        async with wired(wire, folder, Units(units.values(), city.world.clock)) as where:
            yield where, units


@asynccontextmanager
async def wired(wire: str, folder: Path, units: Units) -> AsyncIterator[Where]:
    if wire == "tcp":
        port = free_port()
        async with listening(port, units):
            yield port
    else:
        with at_path(folder / "tty", Line(units, Pace(BAUDRATE))):
            yield folder / "tty"


@READERS
@pytest.mark.parametrize("wire", ["tcp", "rtu"])
async def test_each_kind_of_device_is_read_as_it_was_served(
    wire: str, reader: Reader, tmp_path: Path
) -> None:
    async with district_on(wire, tmp_path) as (where, units):
        for number, unit in units.items():
            said = await reader(where, reads_of(unit.image.map, number))
            assert_served(unit.image.map, said, dict(unit.served[-1][1]))


# --- every profile of the library


def sample(row: Row) -> Value | None:
    """Something to show at a point: its last label, a text, a truth, else its register's number."""
    if row.labels:
        return [*row.labels][-1]
    if row.type == "string":
        return "AB-1"[: 2 * row.length]
    if row.bit is not None or row.type == "bool":
        return row.address % 2 == 0
    return float(20 + row.address % 50)


@READERS
@pytest.mark.parametrize("ref", PROFILES)
async def test_each_shipped_profile_is_read_as_it_was_served(
    ref: str, reader: Reader, tmp_path: Path
) -> None:
    plan = read_map(LIBRARY / f"{ref}.toml")
    values = {row.name: sample(row) for row in plan.points}
    unit = Unit(1, Fixed(plan.kind, values), Image(plan))
    async with wired("tcp", tmp_path, Units([unit], SteppedClock(MORNING))) as where:
        said = await reader(where, reads_of(plan, 1))
    assert_served(plan, said, dict(unit.served[-1][1]))
