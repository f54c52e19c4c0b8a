"""``wayside scan`` on real wires: whom it finds, what it makes of them, what it says of the bus."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pymodbus.framer import FramerType

from drivers.modbus import survey
from gateway.field import scan as room
from gateway.field.progress import Step
from gateway.field.scan import Found, Outcome
from gateway.model import Value
from simulators.wires.modbus import Units
from simulators.wires.tcp import listening
from simulators.world import SteppedClock
from tests.parts import simulated as district
from tests.parts.fixed import fixed
from tests.parts.modbus import Slave, registers, sealed, slave
from tests.parts.modbus_servers import pymodbus_serial, pymodbus_tcp, serial_cable, umodbus_tcp
from tests.parts.process import free_port


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow devices and other masters are a little quicker here than in the street."""
    monkeypatch.setattr(survey, "LISTEN", 0.3)
    monkeypatch.setattr(survey, "TIME_TO_SPARE", 0.4)


async def scanned(url: str, units: str, **keys: Any) -> Outcome:
    """What a scan finds, with every profile of the library."""
    steps: list[Step] = []
    outcome = Outcome()
    await room.scan(room.wanted(url, units, **keys), outcome, steps.append)
    assert all(0 <= step.done <= step.total for step in steps)
    return outcome


def who(outcome: Outcome) -> dict[int, str | None]:
    return {found.unit: found.profile for found in outcome.found}


def only(outcome: Outcome) -> Found:
    (found,) = outcome.found
    return found


def on_line(line: Slave, **keys: object) -> str:
    options = {"baudrate": 115200, **keys}
    return f"modbus-rtu://{line.port}?" + "&".join(f"{k}={v}" for k, v in options.items())


# ---------------------------------------------------------------- our own devices


async def test_a_tcp_endpoint_and_a_serial_line_of_the_district(tmp_path: Path) -> None:
    async with district.simulated(tmp_path) as city:
        tcp = await scanned(f"modbus-tcp://127.0.0.1:{district.port(city, 'lamps-1')}", "1-247")
        path = district.path(city, "lamps-a")
        line = await scanned(f"modbus-rtu://{path}?baudrate=57600", "1-6", timeout="60ms")
        for outcome, bus in ((tcp, "lamps-1"), (line, "lamps-a")):
            there = {a.unit for a in city.district.assets if a.bus == bus}
            assert who(outcome) == dict.fromkeys(there, "lamp/generic")
            assert {found.identity for found in outcome.found} == {"Generic Modbus lamp controller"}
            assert all(not found.notes and found.latency_ms > 0 for found in outcome.found)
            assert not outcome.remarks


# ---------------------------------------------------------------- servers that are not ours


async def test_pymodbus_on_a_serial_line_says_who_it_is(tmp_path: Path) -> None:
    with serial_cable(tmp_path) as (ours, theirs):
        async with pymodbus_serial(theirs, 19200):
            outcome = await scanned(f"modbus-rtu://{ours}?baudrate=19200", "1-5", timeout="100ms")
    assert [found.unit for found in outcome.found] == [1, 2, 3]
    assert not any(found.profile for found in outcome.found)


async def test_pymodbus_in_ascii(tmp_path: Path) -> None:
    with serial_cable(tmp_path) as (ours, theirs):
        async with pymodbus_serial(theirs, 19200, FramerType.ASCII):
            outcome = await scanned(f"modbus-ascii://{ours}?baudrate=19200", "2-5", timeout="150ms")
    assert [found.unit for found in outcome.found] == [2, 3]


async def test_pymodbus_behind_a_serial_server() -> None:
    port = free_port()
    async with pymodbus_tcp(port, FramerType.RTU):
        outcome = await scanned(f"modbus-rtu-tcp://127.0.0.1:{port}", "1-5", timeout="100ms")
    assert [found.unit for found in outcome.found] == [1, 2, 3]


async def test_pymodbus_on_tcp_refuses_for_units_that_are_not_there() -> None:
    port = free_port()
    async with pymodbus_tcp(port):
        outcome = await scanned(f"modbus-tcp://127.0.0.1:{port}", "1-247")
    assert [found.unit for found in outcome.found] == [1, 2, 3]


async def test_umodbus_on_tcp_refuses_for_units_that_are_not_there() -> None:
    port = free_port()
    async with umodbus_tcp(port):
        outcome = await scanned(f"modbus-tcp://127.0.0.1:{port}", "1-247", timeout="300ms")
    assert [found.unit for found in outcome.found] == [1, 2, 3]


# ---------------------------------------------------------------- an endpoint for every unit


@contextlib.asynccontextmanager
async def endpoint(answer: Callable[[int, bytes], bytes | None]) -> AsyncIterator[str]:
    """A Modbus TCP server that says to (unit, PDU) whatever it is told to; its URL."""
    handlers: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(cast("asyncio.Task[Any]", asyncio.current_task()))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(7)
                pdu = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
                said = answer(head[6], pdu)
                if said is not None:
                    writer.write(head[:4] + (len(said) + 1).to_bytes(2, "big") + head[6:7] + said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"modbus-tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*handlers)  # each ends with its client


def refusing(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))


class TestAnEndpoint:
    async def test_that_answers_for_every_unit_is_one_device(self) -> None:
        def answer(_: int, pdu: bytes) -> bytes:
            return b"\x03\x02\x00\x07" if pdu[0] == 3 and pdu[4] == 1 else refusing(pdu[0], 2)

        async with endpoint(answer) as url:
            found = only(await scanned(url, "1-247"))
        assert found.unit == 1
        assert "every unit number" in found.notes[0]

    async def test_whose_every_unit_counts_on_is_one_device(self) -> None:
        count = 0

        def answer(_: int, pdu: bytes) -> bytes:
            nonlocal count
            count += 1
            return b"\x03\x02" + count.to_bytes(2, "big") if pdu[0] == 3 else refusing(pdu[0], 1)

        async with endpoint(answer) as url:
            assert only(await scanned(url, "3-20")).unit == 3

    async def test_that_refuses_every_unit_alike_may_be_one_device(self) -> None:
        async with endpoint(lambda _, pdu: refusing(pdu[0], 2)) as url:
            found = only(await scanned(url, "1-20"))
        assert "every unit number" in found.notes[0]

    async def test_that_refuses_for_absent_units_still_shows_the_others(self) -> None:
        def answer(unit: int, pdu: bytes) -> bytes:
            return b"\x03\x02\x00\x00" if unit == 7 and pdu[0] == 3 else refusing(pdu[0], 2)

        async with endpoint(answer) as url:
            found = only(await scanned(url, "1-20"))
        assert (found.unit, found.notes) == (7, ())

    @pytest.mark.parametrize("code", [10, 11])
    async def test_that_is_a_gateway_says_who_is_not_there(self, code: int) -> None:
        def answer(unit: int, pdu: bytes) -> bytes:
            return refusing(pdu[0], 1 if unit == 7 else code)

        async with endpoint(answer) as url:
            assert only(await scanned(url, "1-20")).unit == 7

    async def test_that_is_silent_for_absent_units(self) -> None:
        def answer(unit: int, pdu: bytes) -> bytes | None:
            return refusing(pdu[0], 6) if unit == 2 else None

        async with endpoint(answer) as url:
            assert only(await scanned(url, "1-4", timeout="50ms")).unit == 2

    async def test_says_who_it_is(self) -> None:
        def answer(_: int, pdu: bytes) -> bytes:
            if pdu[0] != 43:
                return refusing(pdu[0], 1)
            objects = [b"Eastron", b"SDM630", b"V1.2"]
            told = b"".join(bytes((i, len(o))) + o for i, o in enumerate(objects))
            return b"\x2b\x0e\x01\x01\x00\x00\x03" + told

        async with endpoint(answer) as url:
            found = only(await scanned(url, "1"))
        assert (found.identity, found.profile) == ("Eastron SDM630 V1.2", "feeder/eastron-sdm630")

    async def test_says_it_by_its_server_id(self) -> None:
        def answer(_: int, pdu: bytes) -> bytes:
            told = b"\x42PM5560 v2\xff"
            return bytes((17, len(told))) + told if pdu[0] == 17 else refusing(pdu[0], 1)

        async with endpoint(answer) as url:
            assert only(await scanned(url, "1")).identity == "BPM5560 v2"


# ---------------------------------------------------------------- what they look like

METER: dict[str, Value | None] = {
    **dict.fromkeys(("voltage_l1", "voltage_l2", "voltage_l3"), 231.2),
    **dict.fromkeys(("current_l1", "current_l2"), 4.36),
    **dict.fromkeys(("power_l1", "power_l2", "power"), 951.6),
    "power_factor": 0.95,
    "frequency": 49.9,
    "energy": 12345.6,
}


async def test_a_profile_is_guessed_from_the_registers_and_said_to_be_a_guess() -> None:
    port = free_port()
    units = [
        fixed(1, "feeder/eastron-sdm630", METER),
        fixed(2, "feeder/eastron-sdm120", METER),
        fixed(3, "feeder/carlo-gavazzi-em340", METER),
        fixed(4, "feeder/sunspec-meter", {**METER, "manufacturer": "Acme"}),
        fixed(5, "bin/dfrobot-sen0492", {"distance": 1803}),
    ]
    async with listening(port, Units(units, SteppedClock(0))):
        outcome = await scanned(f"modbus-tcp://127.0.0.1:{port}", "1-8")
    assert who(outcome) == {
        1: "feeder/eastron-sdm630",
        2: "feeder/eastron-sdm120",
        3: "feeder/carlo-gavazzi-em340",
        4: "feeder/sunspec-meter",
        5: None,
    }
    notes = {found.unit: " ".join(found.notes) for found in outcome.found}
    assert all("a guess" in notes[unit] for unit in (1, 2, 3))
    assert not notes[4]  # it says "SunS"
    assert "could be bin/dfrobot-sen0492" in notes[5]


async def test_a_device_full_of_zeros_is_not_guessed_at() -> None:
    def answer(_: int, pdu: bytes) -> bytes:
        if pdu[0] not in {3, 4}:
            return refusing(pdu[0], 1)
        return bytes((pdu[0], 2 * pdu[4], *bytes(2 * pdu[4])))

    async with endpoint(answer) as url:
        assert only(await scanned(url, "1")).profile is None


async def test_ones_own_profile_is_looked_for_too(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'schema = 1\nkind = "other"\nvendor = "V"\nmodel = "M"\ndriver = "modbus"\n'
        "identity = [{ table = 'holding', address = 3, equals = 7 }]\n"
        "points = [{ name = 'x', table = 'holding', address = 0 }]\n"
    )

    def answer(_: int, pdu: bytes) -> bytes:
        return b"\x03\x02\x00\x07" if pdu == b"\x03\x00\x03\x00\x01" else refusing(pdu[0], 2)

    async with endpoint(answer) as url:
        found = only(await scanned(url, "1", profiles=(str(file),)))
    assert (found.profile, found.identity) == (str(file), "V M")


# ---------------------------------------------------------------- lines that misbehave


def at(*units: int) -> Callable[[bytes], Iterable[tuple[float, bytes]]]:
    """Units that answer what they are asked, if it is about registers."""

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        if frame[0] not in units:
            return []
        if frame[1] not in {3, 4}:
            return [(0.0, sealed(frame[0], frame[1] | 0x80, 1))]
        return [(0.0, registers(frame, lambda _: 0))]

    return script


def refusal(frame: bytes, of: int) -> list[bytes]:
    """The answer of a unit that refuses everything."""
    return [sealed(of, frame[1] | 0x80, 2)] if frame[0] == of else []


class TestALine:
    async def test_with_nobody_on_it(self) -> None:
        with slave(lambda _: []) as line:
            outcome = await scanned(on_line(line), "1-9", timeout="20ms")
        assert (outcome.found, outcome.remarks, outcome.broken) == ([], [], None)

    async def test_that_cannot_be_opened(self, tmp_path: Path) -> None:
        outcome = await scanned(f"modbus-rtu://{tmp_path}/none", "1-9")
        assert outcome.broken is not None
        assert "No such file" in outcome.broken

    async def test_whose_devices_only_refuse(self) -> None:
        with slave(lambda frame: [(0.0, said) for said in refusal(frame, of=5)]) as line:
            assert only(await scanned(on_line(line), "4-6", timeout="20ms")).unit == 5

    async def test_with_a_device_slower_than_the_patience(self) -> None:
        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            return [(0.12, refused) for refused in refusal(frame, of=5)]

        with slave(script) as line:
            found = only(await scanned(on_line(line), "1-9", timeout="100ms"))
        assert found.unit == 5
        assert "slow" in found.notes[0]

    async def test_with_a_slow_device_at_the_end(self) -> None:
        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            return [(0.12, refused) for refused in refusal(frame, of=9)]

        with slave(script) as line:
            assert only(await scanned(on_line(line), "1-9", timeout="100ms")).unit == 9

    async def test_with_two_devices_at_one_number(self) -> None:
        turns = 0

        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            nonlocal turns
            turns += 1
            for _, said in at(5)(frame):
                garbled = bytes((*said[:3], said[3] ^ 0xFF, *said[4:]))
                yield (0.0, garbled if turns % 2 else said)

        with slave(script) as line:
            found = only(await scanned(on_line(line), "5-9", timeout="100ms"))
        assert found.unit == 5
        assert "two devices with this number" in found.notes[0]

    @pytest.mark.alone
    async def test_with_two_devices_that_answer_one_after_the_other(self) -> None:
        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            for _, said in at(5)(frame):
                yield (0.0, said)
                yield (0.01, said)

        with slave(script) as line:
            found = only(await scanned(on_line(line), "5-7", timeout="50ms"))
        assert found.unit == 5
        assert "two devices with this number" in found.notes[0]

    async def test_with_one_that_never_says_anything_whole(self) -> None:
        with slave(lambda f: [(0.0, b"\x05\x03\x02\x00\x07\xff\xff")] if f[0] == 5 else []) as line:
            found = only(await scanned(on_line(line), "1-9", timeout="100ms"))
        assert found.unit == 5
        assert "could not be read (bad CRC)" in found.notes[0]

    async def test_of_garbage_is_given_up_soon(self) -> None:
        with slave(lambda _: [(0.0, b"\xfe\x00\xf8\x00\xfc")]) as line:
            outcome = await scanned(on_line(line), "1-247", timeout="20ms")
            assert len(line.heard) < 20
        assert not outcome.found
        assert "another baud rate or parity" in outcome.remarks[0]

    async def test_with_another_master(self) -> None:
        with slave(at(2)) as line, chatter(line, sealed(9, 3, 0, 0, 0, 1)):
            outcome = await scanned(on_line(line), "1-3", timeout="100ms")
            assert not line.heard
        assert "another master" in outcome.remarks[0]

    async def test_with_a_talker_of_another_kind(self) -> None:
        with slave(lambda _: []) as line, chatter(line, b"R1803\r"):
            outcome = await scanned(on_line(line), "1-2", timeout="100ms")
        assert "nobody asked for" in outcome.remarks[0]

    async def test_that_is_pulled_out_keeps_what_was_found(self) -> None:
        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            if frame[0] == 3:
                threading.Thread(target=line.unplug).start()
            return at(1)(frame)

        with slave(script) as line:
            outcome = await scanned(on_line(line), "1-247", timeout="50ms")
        assert [found.unit for found in outcome.found] == [1]
        assert outcome.broken


@contextlib.contextmanager
def chatter(line: Slave, said: bytes) -> Iterator[None]:
    """Somebody who talks on the line now and then, whatever others do."""
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.11):
            line.say(said)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# ---------------------------------------------------------------- settings nobody wrote down


def speed(port: str) -> int:
    """The speed a serial port is set to; a pty keeps that, but no parity."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        return int(termios.tcgetattr(fd)[4])
    finally:
        os.close(fd)


class TestSettings:
    async def test_are_found_with_the_device(self) -> None:
        asked: set[int] = set()

        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            if speed(line.port) != termios.B19200:
                return []
            asked.add(frame[0])
            return at(3, 12)(frame)

        with slave(script) as line:
            url = on_line(line, baudrate=9600)
            outcome = await scanned(url, "1-14", baudrates="9600,19200", timeout="20ms")
        assert who(outcome) == {3: None, 12: None}
        assert {"answers at baudrate 19200"} == {
            note for found in outcome.found for note in found.notes if "answers at" in note
        }
        assert asked == set(range(1, 15))

    async def test_are_asked_for_the_rest_only_where_somebody_answered(self) -> None:
        asked: list[tuple[int, int]] = []

        def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
            baudrate = speed(line.port)
            asked.append((baudrate, frame[0]))
            return at(3)(frame) if baudrate == termios.B19200 else []

        with slave(script) as line:
            await scanned(on_line(line), "1-14", baudrates="9600,19200", timeout="20ms")
        assert {unit for baudrate, unit in asked if baudrate == termios.B9600} == set(range(1, 11))
        assert {unit for baudrate, unit in asked if baudrate == termios.B19200} == set(range(1, 15))


# ---------------------------------------------------------------- never


async def test_nothing_is_ever_written() -> None:
    heard: set[int] = set()

    def answer(_: int, pdu: bytes) -> bytes:
        heard.add(pdu[0])
        return refusing(pdu[0], 2)

    async with endpoint(answer) as url:
        await scanned(url, "1-20")
    with slave(at(1, 2)) as line:
        await scanned(on_line(line), "1-4", timeout="20ms")
        heard |= {frame[1] for frame in line.heard}
    assert heard <= {1, 2, 3, 4, 17, 43}
