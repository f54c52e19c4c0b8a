"""Why is this silent? As an engineer, an operator and a replay see it, on real wires."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.edge.clock import SYSTEM
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, Event, Reading
from gateway.recording import Row, read, record
from tests.parts.commands import eventually
from tests.parts.modbus import Script, registers, slave
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.process import free_port

SITE = """\
schema = 1
[gateway]
id = "gw"
site = "here"
latitude = 14.5
longitude = 121.0
timezone = "Asia/Manila"
data_dir = "data"
[mqtt]
url = "mqtt://localhost"
[rules.comm_loss]
on_delay = "0s"
[bus.b]
{bus}
[[device]]
id = "lamp-5"
profile = "lamp.toml"
bus = "b"
unit = {unit}
"""
LAMP = """\
schema = 1
kind = "lamp"
vendor = "Test"
model = "lamp"
driver = "modbus"
every = "200ms"
identity = [{{ table = "holding", address = 0, equals = {equals} }}]
points = [{{ name = "power", table = "holding", address = 6 }}]
"""


def site(folder: Path, bus: str, unit: int = 5, equals: int = 0) -> Path:
    (folder / "lamp.toml").write_text(LAMP.format(equals=equals))
    file = folder / "site.toml"
    file.write_text(SITE.format(bus=bus, unit=unit))
    return file


def rtu(port: str) -> str:
    return f'driver = "modbus-rtu"\nport = "{port}"\nbaudrate = 115200\ntimeout = "100ms"'


def tcp(port: int) -> str:
    return f'driver = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}'


def honest(frame: bytes) -> bytes:
    return registers(frame, lambda a: a)


async def asked(file: Path, *words: str) -> tuple[int, str]:
    """``wayside read`` as a user calls it: its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "read", str(file), *words),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize(
    ("script", "symptom", "says", "first"),
    [
        (lambda _: [], "silent", "nothing comes back (no answer in 0.1 s)", "power"),
        (
            lambda f: [(0, honest(f)[:-1] + b"\x55")],
            "garbled",
            "what comes back is damaged (bad CRC)",
            "baud rate",
        ),
        (
            lambda f: [(0, honest(b"\x07" + f[1:]))],
            "stranger",
            "somebody else answers (unit 7 answered for 5)",
            "unit number",
        ),
    ],
)
async def test_read_says_why_and_what_to_try(
    tmp_path: Path, script: Script, symptom: str, says: str, first: str
) -> None:
    with slave(script) as line:
        file = site(tmp_path, rtu(line.port))
        code, text = await asked(file)
        _, data = await asked(file, "--json")
    assert code == 3
    lines = text.splitlines()
    assert lines[1] == f"  silent: {says}"
    assert lines[2].startswith("  try: ")
    assert first in lines[2]
    (told,) = json.loads(data)
    assert told["silent"] == says
    assert told["diagnosis"]["symptom"] == symptom
    assert told["diagnosis"]["text"] == says
    assert told["diagnosis"]["since"] == told["t"]
    assert [f"  try: {advice}" for advice in told["diagnosis"]["try"]] == lines[2:]


async def test_read_says_that_it_is_another_device(tmp_path: Path) -> None:
    port = free_port()
    async with pymodbus_tcp(port):
        file = site(tmp_path, tcp(port), unit=2, equals=0x5753)
        code, text = await asked(file)
        _, data = await asked(file, "--json")
    difference = "holding 0 holds 0x07D0, the profile says 0x5753"
    assert code == 0, "it answered"
    assert "power     2006 (uncertain)" in text
    assert f"identity  bad: {difference}" in text
    assert "  try: Compare the label on the device" in text
    (told,) = json.loads(data)
    assert (told["uncertain"], told["bad"]) == (["power"], {"identity": difference})
    assert told["diagnosis"]["symptom"] == "mismatch"


async def test_a_healthy_device_is_not_talked_about(tmp_path: Path) -> None:
    port = free_port()
    async with pymodbus_tcp(port):
        code, data = await asked(site(tmp_path, tcp(port), unit=2, equals=2000), "--json")
    (told,) = json.loads(data)
    assert code == 0
    assert told.keys() == {"device", "t", "values", "uncertain", "bad"}
    assert (told["values"], told["uncertain"], told["bad"]) == ({"power": 2006}, [], {})


# ---------------------------------------------------------------- while it is polled


@asynccontextmanager
async def polling(subject: Site) -> AsyncIterator[tuple[list[Reading], list[Event]]]:
    readings: list[Reading] = []
    events: list[Event] = []
    (bus,) = subject.buses.values()
    poller = Poller(
        bus,
        readings.append,
        clock=SYSTEM,
        slots=Slots(SYSTEM),
        chance=lambda: 0.5,
        pulse=Pulse(),
        tell=events.append,
    )
    task = asyncio.create_task(poller.run())
    try:
        yield readings, events
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def rules() -> dict[str, type]:
    return {code: rule.settings for code, rule in load_rules().items()}


def alarms(subject: Site, rows: Iterable[Row]) -> list[Alarm]:
    """What the fault engine says of these readings, at the edge or in a replay."""
    engine = FaultEngine(subject.devices, load_rules(), 14.5, 121.0, subject.rules)
    readings = [row for row in rows if isinstance(row, Reading)]
    said = [outcome for reading in readings for outcome in engine.feed(reading)]
    return [outcome for outcome in said if isinstance(outcome, Alarm)]


def replayed(subject: Site, file: Path, readings: Sequence[Reading]) -> list[Alarm]:
    with record(file) as recorder:
        for reading in readings:
            recorder.write(reading)
    return alarms(subject, read(file))


def twins(is_alone: Callable[[], bool]) -> Script:
    """Two devices answer as unit 5, 20 ms apart, and now and then at the same moment."""
    count = 0

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        nonlocal count
        count += 1
        mine, others = honest(frame), registers(frame, lambda a: 500 + a)
        if is_alone():
            return [(0.0, mine)]
        if count % 4 == 0:
            return [(0.0, bytes(x & y for x, y in zip(mine, others, strict=True)))]
        return [(0.0, mine), (0.02, others)]

    return script


async def test_two_devices_with_one_number_are_told_apart_from_a_bad_line(tmp_path: Path) -> None:
    alone = False
    with slave(twins(lambda: alone)) as line:
        subject = load_site(site(tmp_path, rtu(line.port)), rules())
        async with polling(subject) as (readings, events):
            await eventually("twelve polls", lambda: len(readings) >= 12)
            shared = list(readings)
            alone = True
            await eventually("the end of it", lambda: "until" in events[-1].values)
    assert [event.values["symptom"] for event in events] == ["shared"] * 2
    believed = [reading for reading in shared if reading.silent is None]
    assert len(believed) <= 1, "only before anybody could know"
    assert all(reading.values == {"power": 6} for reading in believed)
    assert {str(r.silent)[:32] for r in shared[2:]} == {"two devices answer as this one ("}
    assert readings[-1].values == {"power": 6}
    assert not readings[-1].uncertain

    (raised, *_) = live = alarms(subject, readings)
    assert raised.code == "comm_loss"
    assert "two devices answer as this one" in raised.message
    assert replayed(subject, tmp_path / "what.jsonl", readings) == live


async def test_a_swapped_device_is_an_alarm_until_it_is_the_right_one(tmp_path: Path) -> None:
    there = 0x1234
    quiet = False

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        return [] if quiet else [(0.0, registers(frame, lambda a: a or there))]

    with slave(script) as line:
        subject = load_site(site(tmp_path, rtu(line.port), equals=0x5753), rules())
        async with polling(subject) as (readings, events):
            await eventually("some readings", lambda: len(readings) >= 4)
            quiet = True
            await eventually("silence", lambda: bool(readings[-1].silent))
            there, quiet = 0x5753, False
            await eventually("it is itself", lambda: "until" in events[-1].values)
    assert all("identity" in r.bad and r.uncertain == set(r.values) for r in readings[:4])
    assert [event.values["symptom"] for event in events] == ["mismatch", "mismatch"]
    live = alarms(subject, readings)
    assert [(one.code, one.state.value) for one in live] == [
        ("config_mismatch", "unacknowledged"),
        ("config_mismatch", "returned"),
    ]
    assert "holding 0 holds 0x1234, the profile says 0x5753" in live[0].message
    assert replayed(subject, tmp_path / "what.jsonl", readings) == live
