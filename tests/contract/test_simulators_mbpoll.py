"""mbpoll, a master that is not ours and not Python, on every table of a simulated device.

The same device hangs on Modbus TCP and on a serial line; one profile names all four tables, values
of one and of two registers in both word orders, and commands to coils and registers. What mbpoll
shows is what the device was made to hold, and what it writes the device obeys.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from gateway.model import Kind, Value
from simulators.devices.contract import CommandRefused
from simulators.town.plan import Pace
from simulators.wires.line import Line
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path
from simulators.wires.registers import Image
from simulators.wires.tcp import listening
from simulators.world import SteppedClock
from tests.parts.mbpoll import Said, mbpoll
from tests.parts.process import free_port

PROFILE = """\
schema = 1
kind = "other"
vendor = "V"
model = "every table"
driver = "modbus"
points = [
  { name = "relay",  table = "coil",     address = 3, count = 3 },
  { name = "door",   table = "discrete", address = 0, count = 10 },
  { name = "flow",   table = "input",    address = 7,  type = "int16",   scale = 0.1 },
  { name = "total",  table = "input",    address = 10, type = "uint32" },
  { name = "swept",  table = "input",    address = 12, type = "uint32",  order = "CDAB" },
  { name = "speed",  table = "holding",  address = 20, type = "float32" },
  { name = "torque", table = "holding",  address = 22, type = "float32", order = "CDAB" },
  { name = "level",  table = "holding",  address = 30 },
  { name = "alarm",  table = "holding",  address = 31, bit = 5 },
]
[commands.switch]
table = "coil"
address = 3
[commands.set_level]
table = "holding"
address = 30
[commands.set_speed]
table = "holding"
address = 20
type = "float32"
"""


class Machine:
    """A device that shows what it was told, and refuses a level over 1000."""

    name = "it"
    kind: Kind = "other"

    def __init__(self) -> None:
        self.shown: dict[str, Value | None] = {
            **{f"relay_{n}": n == 2 for n in (1, 2, 3)},
            **{f"door_{n}": n % 3 == 1 for n in range(1, 11)},
            "flow": -12.5,
            "total": 70_000,
            "swept": 70_001,
            "speed": 1.5,
            "torque": -2.25,
            "level": 40_000,
            "alarm": True,
        }

    def advance(self, t: int) -> None:
        """Nothing changes by itself."""

    def values(self) -> Mapping[str, Value | None]:
        return self.shown

    def command(self, name: str, value: float) -> None:
        if name == "set_level" and value > 1000:
            raise CommandRefused
        point = {"switch": "relay_1", "set_level": "level", "set_speed": "speed"}[name]
        self.shown[point] = value == 1 if name == "switch" else value

    def break_down(self, fault: str, over: float, /) -> None:
        raise AssertionError(fault, over)

    def repair(self, fault: str, /) -> None:
        raise AssertionError(fault)

    def shows(self, fault: str, /) -> bool:
        raise AssertionError(fault)

    def tells(self, fault: str, /) -> bool:
        raise AssertionError(fault)

    def could_show(self, fault: str, /) -> bool:
        raise AssertionError(fault)


class Master:
    """mbpoll at one end of a wire, asking unit 1."""

    def __init__(self, where: int | Path, machine: Machine) -> None:
        self.where, self.machine = where, machine

    async def __call__(self, *words: str, unit: int = 1) -> Said:
        return await mbpoll(self.where, *words, unit=unit, baudrate=57_600)

    async def reads(self, *words: str) -> list[float]:
        said = await self(*words)
        assert said.values, said.output
        return list(said.values.values())


@pytest.fixture(params=["tcp", "rtu"])
async def master(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Master]:
    file = tmp_path / "every-table.toml"
    file.write_text(PROFILE)
    clock, machine = SteppedClock(0), Machine()
    units = Units([Unit(1, machine, Image(read_map(file)))], clock)
    if request.param == "tcp":
        port = free_port()
        async with listening(port, units):
            yield Master(port, machine)
        return
    line = tmp_path / "tty-line"
    with at_path(line, Line(units, Pace(57_600))):
        yield Master(line, machine)


async def test_bits_of_both_tables(master: Master) -> None:
    assert await master.reads("-t", "0", "-r", "3", "-c", "3") == [0, 1, 0]
    doors = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert await master.reads("-t", "1", "-r", "0", "-c", "10") == doors


async def test_registers_of_both_tables(master: Master) -> None:
    assert await master.reads("-t", "3", "-r", "7") == [65536 - 125]
    assert await master.reads("-t", "3:int", "-B", "-r", "10") == [70_000]
    assert await master.reads("-t", "3:int", "-r", "12") == [70_001]
    assert await master.reads("-t", "4:float", "-B", "-r", "20") == [1.5]
    assert await master.reads("-t", "4:float", "-r", "22") == [-2.25]
    assert await master.reads("-t", "4", "-r", "30", "-c", "2") == [40_000, 1 << 5]


async def test_what_it_writes_is_obeyed(master: Master) -> None:
    """Functions 5, 6 and, for a value of two registers, 16."""
    for words in (
        ("-t", "0", "-r", "3", "=1"),
        ("-t", "4", "-r", "30", "=77"),
        ("-t", "4:float", "-B", "-r", "20", "=6.5"),
    ):
        said = await master(*words)
        assert "Written 1 references" in said.output, said.output
    shows = master.machine.shown
    assert (shows["relay_1"], shows["level"], shows["speed"]) == (True, 77, 6.5)
    assert await master.reads("-t", "0", "-r", "3", "-c", "3") == [1, 1, 0]
    assert await master.reads("-t", "4", "-r", "30") == [77]
    assert await master.reads("-t", "4:float", "-B", "-r", "20") == [6.5]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-t", "3", "-r", "500"), "Illegal data address"),
        (("-t", "0", "-r", "3", "-c", "9"), "Illegal data address"),
        (("-t", "4", "-r", "31", "=1"), "Illegal data address"),
        (("-t", "4", "-r", "30", "=1001"), "Illegal data value"),
    ],
    ids=["no such register", "past the last coil", "nobody may write this", "too much"],
)
async def test_what_it_may_not_is_refused(
    master: Master, words: tuple[str, ...], says: str
) -> None:
    said = await master(*words)
    assert says in said.output
    assert not said.values


async def test_a_unit_that_is_not_there(master: Master) -> None:
    said = await master("-t", "3", "-r", "7", unit=9)
    assert not said.values
    silent = isinstance(master.where, Path)
    assert ("timed out" if silent else "Target device failed to respond") in said.output
    assert await master.reads("-t", "3", "-r", "7") == [65536 - 125]
