"""The simulators on serial lines: an RS-485 bus with its pace and its silences, and sensors."""

from __future__ import annotations

import asyncio
import os
import re
import select
import termios
import time
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.framer import FramerRTU

from gateway.assets import BinFacts, LampFacts
from simulators.devices.bin import RANGERS, Bin
from simulators.devices.lamp import Lamp
from simulators.town.city import City
from simulators.town.plan import Pace
from simulators.town.sitefile import profile_file
from simulators.wires.line import Line
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.ports import at_path
from simulators.wires.pty import pty_at
from simulators.wires.registers import Image
from simulators.wires.sensor import Sensor
from simulators.world import SteppedClock, World
from tests.parts.mbpoll import mbpoll
from tests.parts.simulated import MORNING, path, simulated, step


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with simulated(tmp_path) as served:
        yield served


def framed(*octets: int) -> bytes:
    """A frame with its checksum, by pymodbus's reckoning."""
    body = bytes(octets)
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


class Master:
    """The near end of a line, as a bare file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def say(self, frame: bytes) -> None:
        os.write(self._fd, frame)

    def _hear(self, count: int, patience: float) -> bytes:
        heard, deadline = b"", time.monotonic() + patience
        while len(heard) < count and (left := deadline - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                heard += os.read(self._fd, count - len(heard))
        return heard

    async def hear(self, count: int, patience: float = 0.5) -> bytes:
        """Up to ``count`` characters, or as many as came before patience was over."""
        return await asyncio.to_thread(self._hear, count, patience)


@contextmanager
def opened(line: Path) -> Iterator[Master]:
    fd = os.open(line, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(fd)
        yield Master(fd)
    finally:
        os.close(fd)


@contextmanager
def lamp_line(folder: Path, pace: Pace) -> Iterator[tuple[Path, dict[int, Unit]]]:
    """A line of its own with lamps 1 and 2."""
    clock = SteppedClock(MORNING)
    world = World(14.5547, 121.0244, clock=clock)
    plan = read_map(profile_file("lamp/generic"))
    facts = LampFacts(rated_power=100, tunnel=True)
    units = [Unit(n, Lamp(f"lamp-{n}", facts, world), Image(plan)) for n in (1, 2)]
    line = folder / "tty-line"
    with at_path(line, Line(Units(units, clock), pace)):
        yield line, {unit.number: unit for unit in units}


async def test_mbpoll_reads_a_lamp(city: City) -> None:
    said = await mbpoll(path(city, "lamps-a"), "-t", "3", "-r", "0", "-c", "8", unit=1)
    shown = city.served("lamp-0001")[-1][1]
    scaled = {"voltage": 0.1, "current": 0.001, "power": 0.1, "power_factor": 0.001}
    for address, (point, scale) in enumerate(scaled.items()):
        assert said.values[address] * scale == pytest.approx(shown[point])


async def test_mbpoll_dims_a_lamp(city: City) -> None:
    line = path(city, "lamps-a")
    assert "Written" in (await mbpoll(line, "-t", "4", "-r", "101", "=40", unit=1)).output
    step(city, 5)
    assert (await mbpoll(line, "-t", "4", "-r", "101", unit=1)).values == {101: 40}
    assert city.value("lamp-0001", "power") == pytest.approx(150 * 0.4, rel=0.06)


async def test_pymodbus_reads_every_lamp_of_a_line(city: City) -> None:
    master = AsyncModbusSerialClient(
        str(path(city, "lamps-b")), baudrate=57_600, timeout=0.5, retries=0
    )
    await master.connect()
    lamps = [asset for asset in city.district.assets if asset.bus == "lamps-b"]
    assert lamps
    for lamp in lamps:
        assert lamp.unit is not None
        answer = await master.read_input_registers(10, count=4, device_id=lamp.unit)
        words = list(answer.registers)
        counters = master.convert_from_registers(words, master.DATATYPE.UINT32)
        assert isinstance(counters, list)
        shown = city.served(lamp.id)[-1][1]
        found = [float(counters[0]) * 0.001, float(counters[1]) * 0.1]
        assert found == pytest.approx([shown["energy"], shown["burn_hours"]])
    master.close()


async def test_absent_and_mute_units_are_silent_and_their_neighbours_are_not(city: City) -> None:
    line = path(city, "lamps-a")
    city.inject("lamp-0001", "silent")
    with opened(line) as master:
        for unit, answers in ((1, False), (2, True), (99, False), (2, True)):
            master.say(framed(unit, 3, 0, 0, 0, 1))
            heard = await master.hear(7, 0.3)
            assert heard == (framed(unit, 3, 2, 0x57, 0x53) if answers else b"")
        city.repair("lamp-0001", "silent")
        master.say(framed(1, 3, 0, 0, 0, 1))
        assert await master.hear(7) == framed(1, 3, 2, 0x57, 0x53)


async def test_a_broadcast_is_obeyed_by_all_and_answered_by_none(tmp_path: Path) -> None:
    with lamp_line(tmp_path, Pace(115_200)) as (line, units), opened(line) as master:
        master.say(framed(0, 6, 0, 101, 0, 30))
        assert await master.hear(1, 0.1) == b""
        assert [unit.device.values()["dim_level"] for unit in units.values()] == [30, 30]


async def test_an_unknown_function_is_refused_by_its_unit_only(tmp_path: Path) -> None:
    with lamp_line(tmp_path, Pace(115_200)) as (line, _), opened(line) as master:
        master.say(framed(1, 0x63, 1, 2, 3))
        assert await master.hear(5) == framed(1, 0xE3, 1)
        master.say(framed(7, 0x63, 1, 2, 3))
        assert await master.hear(5, 0.1) == b""


async def test_garbage_is_forgotten_after_a_silence(tmp_path: Path) -> None:
    with lamp_line(tmp_path, Pace(115_200)) as (line, _), opened(line) as master:
        for garbage in (
            b"\x01\x03",
            framed(1, 3, 0, 0, 0, 1)[:-1] + b"\xff",
            bytes(9),
            b"\xff" * 300,
        ):
            master.say(garbage)
            assert await master.hear(1, 0.05) == b""
            master.say(framed(1, 3, 0, 0, 0, 1))
            assert await master.hear(7) == framed(1, 3, 2, 0x57, 0x53)


async def test_what_a_master_says_while_a_unit_answers_is_lost(tmp_path: Path) -> None:
    with lamp_line(tmp_path, Pace(9_600)) as (line, _), opened(line) as master:
        master.say(framed(1, 4, 0, 0, 0, 17))
        assert await master.hear(1)
        master.say(framed(2, 3, 0, 0, 0, 1))
        rest = await master.hear(100, 0.2)
        assert len(rest) == 5 + 34 - 1


@pytest.mark.alone
@pytest.mark.parametrize(
    ("pace", "bits"),
    [(Pace(9_600), 10), (Pace(9_600, "E"), 11), (Pace(19_200, "N", 2), 11)],
    ids=["9600 8N1", "9600 8E1", "19200 8N2"],
)
async def test_an_answer_takes_the_time_its_characters_take(
    pace: Pace, bits: int, tmp_path: Path
) -> None:
    request, answer = framed(1, 4, 0, 0, 0, 17), 5 + 2 * 17
    wire_time = (len(request) + answer) * bits / pace.baudrate
    with lamp_line(tmp_path, pace) as (line, _), opened(line) as master:
        taken, first = [], []
        for _ in range(5):
            began = time.monotonic()
            master.say(request)
            assert await master.hear(1)
            first.append(time.monotonic() - began)
            assert len(await master.hear(answer - 1)) == answer - 1
            taken.append(time.monotonic() - began)
    assert min(first) >= (len(request) + 1) * bits / pace.baudrate
    assert min(taken) >= wire_time
    assert min(taken) <= wire_time + 0.015, "the turnaround and the loop's own time"


async def test_the_path_is_there_while_the_line_is_and_gone_after(tmp_path: Path) -> None:
    line = tmp_path / "tty-street"
    line.write_text("left by a run that was killed")
    with pty_at(line):
        assert line.is_symlink()
        assert line.is_char_device()
    assert not line.is_symlink()


async def test_a_client_may_come_and_go(city: City) -> None:
    for _ in range(3):
        with opened(path(city, "lamps-a")) as master:
            master.say(framed(1, 3, 0, 0, 0, 1))
            assert await master.hear(7) == framed(1, 3, 2, 0x57, 0x53)


async def test_a_sensor_says_its_distance_several_times_a_second(city: City) -> None:
    with opened(path(city, "bin-3")) as master:
        began = time.monotonic()
        heard = (await master.hear(30, 2)).decode()
        taken = time.monotonic() - began
    frames = re.findall(r"R(\d{4})\r", heard)
    assert len(frames) >= 4
    assert taken == pytest.approx(0.15 * len(frames), abs=0.3)
    bin_ = city.stations["bin-3"].device
    assert isinstance(bin_, Bin)
    assert all(abs(int(frame) - bin_.distance) <= 6 for frame in frames)


@pytest.mark.parametrize(("fill", "said"), [(0, 1800), (50, 1000), (95, 300), (-240, 5000)])
def test_a_sensor_reports_within_its_range(fill: float, said: int) -> None:
    clock = SteppedClock(MORNING)
    facts = BinFacts(empty_distance=1800, full_distance=200)
    world = World(14.5547, 121.0244, clock=clock)
    bin_ = Bin("bin", facts, world, ranger=RANGERS["bin/maxbotix-mb7389"])
    bin_.waste.fill = fill
    assert Sensor(bin_).sample(clock.now()) == pytest.approx(said, abs=6)


async def test_a_mute_sensor_says_nothing(city: City) -> None:
    city.inject("bin-3", "silent")
    with opened(path(city, "bin-3")) as master:
        flush(path(city, "bin-3"))
        assert await master.hear(1, 0.4) == b""


def flush(line: Path) -> None:
    """Throw away what came before."""
    with line.open("rb", buffering=0) as port:
        termios.tcflush(port, termios.TCIFLUSH)


async def test_a_line_nobody_reads_loses_its_oldest_words(tmp_path: Path) -> None:
    with pty_at(tmp_path / "tty") as wire:
        for number in range(5_000):
            wire.say(b"R%04d\r" % number)
        with opened(tmp_path / "tty") as master:
            heard = await master.hear(100_000, 0.1)
    frames = re.findall(rb"R(\d{4})\r", heard)
    assert frames[-1] == b"4999"
    assert len(frames) < 5_000
