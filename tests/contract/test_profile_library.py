"""The library's profiles of other people's devices, each read from a device that serves its map.

The registers are laid out by the simulators, which read a profile with eyes of their own and encode
by pymodbus's conversions; where the manufacturer prints an exchange, its bytes are the test.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus.plan import Read
from gateway import registry
from gateway.config import load_site
from gateway.config.site import Site
from gateway.field.read import poll_once
from gateway.model import Derived, Point, Reading, Value
from gateway.profile import load_profile, profile_names, specimen
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit, Units
from simulators.wires.registers import Image
from simulators.wires.tcp import listening
from simulators.world import SteppedClock
from tests.parts.fixed import Fixed
from tests.parts.modbus import Slave, registers, sealed, slave
from tests.parts.process import free_port

LIBRARY = registry.folder() / "profiles"

PHASES: dict[str, Value] = {
    "voltage_l1": 230.1,
    "voltage_l2": 231.2,
    "voltage_l3": 229.9,
    "current_l1": 4.35,
    "current_l2": 4.36,
    "current_l3": 0.0,
    "power_l1": 950.4,
    "power_l2": -951.6,
    "power_l3": 0.0,
}
METER: dict[str, Value] = PHASES | {
    "power": 1902.0,
    "power_factor": 0.95,
    "frequency": 49.9,
    "energy": 12345.6,
    "energy_export": 0.3,
}
ONE_PHASE = {name: METER[name] for name in METER if not name.endswith(("_l2", "_l3"))}
ONE_PHASE["power"] = ONE_PHASE["power_l1"]
SUNSPEC: dict[str, Value] = METER | {
    "manufacturer": "Acme",
    "model": "Three Phase 5000",
    "version": "1.02",
    "serial_number": "0815",
    "current": 8.7,
}
# Where SunSpec's map may begin, and the two lengths of its common model.
SUNSPEC_MAPS = {
    f"feeder/sunspec-meter{length}{at}": (base, shorter)
    for length, shorter in (("", 0), ("-65", 1))
    for at, base in (("", 40000), ("-at-50000", 50000), ("-at-0", 0))
}
# SunSpec meters choose their own exponents; these count their amperes in hundredths.
AMPERES = {ref: base + 76 - shorter for ref, (base, shorter) in SUNSPEC_MAPS.items()}
AMPERES["feeder/sunspec-meter-1ph"] = 40076

DEVICES: Mapping[str, Mapping[str, Value]] = {
    "feeder/eastron-sdm630": METER,
    "feeder/eastron-sdm120": ONE_PHASE,
    "feeder/carlo-gavazzi-em340": METER,
    **dict.fromkeys(SUNSPEC_MAPS, SUNSPEC),
    "feeder/sunspec-meter-float": SUNSPEC,
    "feeder/sunspec-meter-1ph": {
        n: v for n, v in SUNSPEC.items() if not n.endswith(("_l2", "_l3"))
    },
    "bin/dfrobot-sen0492": {"distance": 1803},
    "bin/apg-mnu": {"distance": 1234, "temperature": -7},
}
SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.b]
{bus}
[[device]]
id = "it"
profile = "{profile}"
bus = "b"
{device}
"""
BIN = "empty_distance = 2000\nfull_distance = 400"


def image(ref: str) -> Image:
    amperes = AMPERES.get(ref)
    return Image(
        read_map(LIBRARY / f"{ref}.toml"), powers={("holding", amperes): -2} if amperes else None
    )


@asynccontextmanager
async def served(ref: str, values: Mapping[str, Value | None]) -> AsyncIterator[tuple[int, Image]]:
    shown = image(ref)
    unit = Unit(1, Fixed(shown.map.kind, values), shown)
    port = free_port()
    async with listening(port, Units([unit], SteppedClock(0))):
        yield port, shown


def site(folder: Path, ref: str, bus: str, device: str = "unit = 1") -> Site:
    file = folder / "site.toml"
    facts = BIN if ref.startswith("bin/") else ""
    file.write_text(SITE.format(bus=bus, profile=ref, device=f"{device}\n{facts}"))
    return load_site(file, {})


def on_tcp(port: int) -> str:
    return f'driver = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout = "2s"'


def on_serial(line: Slave) -> str:
    return f'driver = "modbus-rtu"\nport = "{line.port}"\ntimeout = "2s"'


async def reading_of(
    ref: str, folder: Path, values: Mapping[str, Value | None]
) -> tuple[Reading, Image]:
    async with served(ref, values) as (port, shown):
        (reading,) = await poll_once(site(folder, ref, on_tcp(port)))
    return reading, shown


@pytest.mark.parametrize("ref", DEVICES)
async def test_every_value_arrives_as_the_device_holds_it(ref: str, tmp_path: Path) -> None:
    reading, shown = await reading_of(ref, tmp_path, DEVICES[ref])
    assert not reading.silent
    assert not reading.bad
    assert not reading.uncertain
    assert set(reading.values) - {"fill_level"} == set(DEVICES[ref])
    for name, value in DEVICES[ref].items():
        found = reading.values[name]
        if isinstance(value, str):
            assert found == value == shown.shown[name]
        else:
            assert found == pytest.approx(shown.shown[name], rel=1e-6)
            assert found == pytest.approx(value, rel=0.02, abs=0.06), name


@pytest.mark.parametrize("ref", DEVICES)
def test_it_costs_few_requests(ref: str) -> None:
    profile = load_profile(ref, Path())
    driver = registry.driver_of("modbus")
    subject = specimen(profile, driver)
    assert subject is not None
    reads: list[Read] = [block.request for block in driver.plan(subject, profile.points)]
    assert all(read.end - read.start <= profile.traits.max_registers for read in reads)
    assert not any(read.far for read in reads)
    assert len(reads) <= 3


@pytest.mark.parametrize("ref", SUNSPEC_MAPS)
def test_the_sunspec_profiles_differ_by_where_the_map_and_the_meter_begin(ref: str) -> None:
    first, other = (
        tomllib.loads((LIBRARY / f"{name}.toml").read_text())
        for name in ("feeder/sunspec-meter", ref)
    )
    base, shorter = SUNSPEC_MAPS[ref]

    def moved(address: int) -> int:
        return address - 40000 + base - shorter * (address >= 40070)

    def shifted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        out = []
        for row in rows:
            move: dict[str, Any] = {"address": moved(row["address"])}
            if "scale_register" in row:
                move["scale_register"] = {"address": moved(row["scale_register"]["address"])}
            out.append(row | move)
        return out

    assert shifted(first["points"]) == other["points"]
    assert shifted(first["identity"]) == other["identity"]


async def test_what_a_sunspec_meter_does_not_implement_is_no_value(tmp_path: Path) -> None:
    lacks = ("voltage_l3", "power_l3", "power_factor")
    values = {n: None if n in lacks else value for n, value in SUNSPEC.items()}
    reading, _ = await reading_of("feeder/sunspec-meter", tmp_path, values)
    assert dict(reading.bad) == dict.fromkeys(lacks, "no value (-32768)")
    assert reading.values["current_l1"] == 4.35
    assert reading.values["voltage_l1"] == 230.1


async def test_the_level_of_a_bin(tmp_path: Path) -> None:
    reading, _ = await reading_of("bin/apg-mnu", tmp_path, {"distance": 800, "temperature": 20})
    assert reading.values["fill_level"] == 75


async def test_what_an_em340_cannot_show_is_no_value(tmp_path: Path) -> None:
    values: dict[str, Value | None] = {**METER, "power_l2": None}
    reading, _ = await reading_of("feeder/carlo-gavazzi-em340", tmp_path, values)
    assert dict(reading.bad) == {"power_l2": "no value (2147483647)"}


async def test_a_float_that_a_sunspec_meter_does_not_implement_is_no_value(tmp_path: Path) -> None:
    values: dict[str, Value | None] = {**SUNSPEC, "power_l3": None}
    reading, _ = await reading_of("feeder/sunspec-meter-float", tmp_path, values)
    assert dict(reading.bad) == {"power_l3": "not a number"}


@pytest.mark.parametrize("distance", [0, 39, 4001, 65535])
async def test_what_the_laser_cannot_see_is_no_distance(distance: int, tmp_path: Path) -> None:
    reading, _ = await reading_of("bin/dfrobot-sen0492", tmp_path, {"distance": distance})
    assert set(reading.bad) == {"distance", "fill_level"}


FAR = """\
schema = 1
kind = "other"
vendor = "V"
model = "M"
driver = "modbus"
max_registers = 8
points = [
  { name = "volts", table = "input", address = 10, scale_register = { address = 60 } },
  { name = "amps",  table = "input", address = 11, scale_register = { address = 60 } },
  { name = "watts", table = "input", address = 12, scale_register = { address = 61 } },
]
"""


async def test_an_exponent_too_far_for_one_request_is_read_in_the_same_poll(
    tmp_path: Path,
) -> None:
    file = tmp_path / "far.toml"
    file.write_text(FAR)
    shown = Image(read_map(file), powers={("input", 61): 2})
    unit = Unit(1, Fixed("other", {"volts": 230.1, "amps": 4.3, "watts": 1200}), shown)
    port = free_port()
    async with listening(port, Units([unit], SteppedClock(0))):
        found = site(tmp_path, "far.toml", on_tcp(port))
        assert len(found.buses["b"].driver.plan(found.devices[0], found.devices[0].points)) == 1
        (reading,) = await poll_once(found)
        assert dict(reading.values) == {"volts": 230.1, "amps": 4.3, "watts": 1200}
        file.write_text(FAR.replace("address = 61", "address = 99"))
        (reading,) = await poll_once(site(tmp_path, "far.toml", on_tcp(port)))
    assert dict(reading.values) == {"volts": 230.1, "amps": 4.3}
    assert reading.bad == {"watts": "its scale register: illegal address"}


# ---------------------------------------------------------------- as their makers print it


async def heard_and_read(folder: Path, ref: str, unit: int, said: bytes) -> tuple[bytes, Reading]:
    """What we ask of a device on a serial line, and what we make of these bytes."""
    with slave(lambda _: [(0, said)]) as line:
        (reading,) = await poll_once(site(folder, ref, on_serial(line), f"unit = {unit}"))
        return line.heard[0], reading


async def test_the_exchange_that_dfrobot_prints(tmp_path: Path) -> None:
    said = bytes.fromhex("50 03 02 07 0B 06 7F")
    heard, reading = await heard_and_read(tmp_path, "bin/dfrobot-sen0492", 0x50, said)
    assert heard == bytes.fromhex("50 03 00 34 00 01 C8 45")
    assert reading.values["distance"] == 1803


async def test_the_float_that_eastron_prints(tmp_path: Path) -> None:
    """Its manuals answer 43 66 33 34 for 230.2 V at register 30001."""
    words = {0: 0x4366, 1: 0x3334}
    profile = tmp_path / "meter.toml"
    text = (LIBRARY / "feeder/eastron-sdm630.toml").read_text()
    first = text.index('{ name = "voltage_l2"')
    profile.write_text(text[:first] + "]\n")
    said = registers(bytes.fromhex("01 04 00 00 00 02"), lambda address: words[address])
    assert said == bytes.fromhex("01 04 04 43 66 33 34 1B 38")
    heard, reading = await heard_and_read(tmp_path, "meter.toml", 1, said)
    assert heard == bytes.fromhex("01 04 00 00 00 02 71 CB")
    assert reading.values["voltage_l1"] == pytest.approx(230.2, rel=1e-6)


async def test_apg_gets_its_300_ms_between_transactions(tmp_path: Path) -> None:
    """``delay`` is a key of the device; the pause begins when its answer has come."""
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    def script(frame: bytes) -> Iterable[tuple[float, bytes]]:
        asked.append(loop.time())
        yield 0, sealed(1, 4, 6, 4, 0xD2, 0, 0, 0xFF, 0xF9)

    with slave(script) as line:
        found = site(tmp_path, "bin/apg-mnu", on_serial(line), 'unit = 1\ndelay = "300ms"')
        bus, device = found.buses["b"], found.devices[0]
        (block,) = bus.driver.plan(device, device.points)
        async with bus.driver.open(bus.options) as link:
            for _ in range(3):
                assert list(await link.read(block)) == [1234, -7]
    assert all(later - before >= 0.3 for before, later in pairwise(asked))
    assert line.heard[0] == bytes.fromhex("01 04 01 2B 00 03") + line.heard[0][-2:]


# ---------------------------------------------------------------- the library as a whole


#: The points the rules and the console know (docs/domain.md), by kind, arrays without their number.
CANONICAL: Mapping[str, str] = {
    "lamp": "switch_state switch_command dim_level power voltage current power_factor frequency "
    "energy burn_hours switch_count driver_temperature leakage_current tilt door_open illuminance "
    "lamp_failure_flag driver_failure_flag relay_failure_flag",
    "feeder": "voltage_l1 voltage_l2 voltage_l3 current_l1 current_l2 current_l3 power_l1 power_l2 "
    "power_l3 power energy power_factor leakage_current contactor_command contactor_state "
    "door_open on_battery",
    "signal": "group detector detector_fault lamp_fault mode flash_cause plan cycle_time "
    "cycle_counter vehicle_call ped_call preempt stop_time coordination_fault cycle_fault "
    "conflict_monitor_ok door_open cabinet_temperature supply_voltage battery_voltage on_battery "
    "clock_offset",
    "bin": "distance fill_level temperature tilt lid_open battery battery_voltage weight latitude "
    "longitude signal",
}
#: What else the library publishes: values no rule needs, worth having where a device gives them.
BESIDES: Mapping[str, str] = {
    "feeder": "frequency energy_export current manufacturer model version serial_number",
    "signal": "alarm_hardware_serious alarm_hardware alarm_configuration_serious "
    "alarm_configuration alarm_synchronisation alarm_safety alarm_communication alarm_dead_lock "
    "alarm_other alarm_push_button alarm_lamp_serious alarm_lamp alarm_detector "
    "alarm_detector_logic alarm_detector_serious alarm_detector_logic_serious control_source "
    "battery_low_flag coordination_failed cycle_failed local_free coordinated",
}
UNITS: Mapping[str, str] = {
    r"(supply_|battery_)?voltage(_l[123])?": "V",
    r"current(_l[123])?": "A",
    r"leakage_current": "mA",
    r"power(_l[123])?": "W",
    r"energy(_export)?": "kWh",
    r"frequency": "Hz",
    r"burn_hours": "h",
    r"(driver_|cabinet_)?temperature": "°C",
    r"tilt|latitude|longitude": "°",
    r"weight": "kg",
    r"signal": "dBm",
    r"illuminance": "lx",
    r"distance": "mm",
    r"dim_level|fill_level|battery": "%",
    r"cycle_time|clock_offset": "s",
}


@pytest.mark.parametrize("name", profile_names())
def test_points_have_the_names_and_units_that_everybody_knows(name: str) -> None:
    profile = load_profile(name, Path())
    known = {*CANONICAL[profile.kind].split(), *BESIDES.get(profile.kind, "").split()}
    every: tuple[Point | Derived, ...] = (*profile.points, *profile.derived)
    for point in every:
        stem = re.sub(r"_\d+$", "", point.name)
        assert stem in known, point.name
        units = [unit for pattern, unit in UNITS.items() if re.fullmatch(pattern, stem)]
        assert point.unit == (units[0] if units else ""), point.name


def test_the_signal_cabinet_has_every_point_of_the_vocabulary() -> None:
    """Groups, detectors and alarms as RSMP knows them, and the cabinet's own health."""
    points = load_profile("signal/generic", Path()).points
    assert {re.sub(r"_\d+$", "", p.name) for p in points} >= set(CANONICAL["signal"].split())


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_says_where_its_map_comes_from(name: str) -> None:
    text = (LIBRARY / f"{name}.toml").read_text()
    head = text[: text.index("schema = 1")]
    assert all(line.startswith("#") for line in head.splitlines() if line)
    assert "# Source: " in head or "Wayside's own published map" in head


def test_every_profile_of_somebody_elses_device_is_read_in_a_test() -> None:
    elsewhere = {"bin/maxbotix-mb7389", "signal/ntcip-1202"}  # drivers with tests of their own
    ours = {name for name in profile_names() if "/generic" in name}  # by the simulators
    assert set(profile_names()) == {*DEVICES, *elsewhere, *ours}
