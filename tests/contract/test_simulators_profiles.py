"""Every shipped profile, served by the simulated device it is for and read by the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.field.read import poll_once
from gateway.model import Kind
from gateway.profile import load_profile, profile_names
from simulators.devices.bin import RANGERS, Bin
from simulators.devices.cabinet import Cabinet
from simulators.devices.contract import Simulated, Values
from simulators.devices.feeder import Feeder
from simulators.devices.lamp import Lamp
from simulators.town.plan import PROFILES
from simulators.wires.modbus import Unit, Units
from simulators.wires.tcp import listening
from simulators.world import PHASES, SteppedClock, World
from tests.contract.test_profile_library import image, on_tcp, site
from tests.parts.process import free_port
from tests.parts.simulated import MAKATI, MORNING

OTHER_WIRES = {
    "bin/maxbotix-mb7389": "test_simulators_serial.py",
    "signal/ntcip-1202": "test_simulators_snmp.py",
}
"""Not on Modbus: read from a simulated device in tests of their own."""
MODBUS = [name for name in profile_names() if name not in OTHER_WIRES]


class OnePhase(Feeder):
    """A pillar seen by a meter of one phase: all it knows is L1."""

    def values(self) -> Values:
        shown = super().values()
        return {**shown, "power": shown["power_l1"], "current": shown["current_l1"]}


def pillar(ref: str, world: World) -> Simulated:
    """A feeder whose three tunnel lamps burn."""
    facts = [LampFacts(rated_power=150.0, feeder="F1", phase=p, tunnel=True) for p in PHASES]
    lamps = [Lamp(f"lamp-{number}", one, world) for number, one in enumerate(facts)]
    single = "voltage_l2" not in {point.name for point in load_profile(ref, Path()).points}
    make = OnePhase if single else Feeder
    return make("pillar", FeederFacts(feeder="F1"), world, lamps)


def container(ref: str, world: World) -> Simulated:
    facts = BinFacts(empty_distance=2_000.0, full_distance=400.0)
    return Bin("bin", facts, world, ranger=RANGERS[ref], position=(14.5, 121.0))


DEVICES: Mapping[Kind, Callable[[str, World], Simulated]] = {
    "lamp": lambda _, world: Lamp("lamp", LampFacts(), world),
    "feeder": pillar,
    "signal": lambda _, world: Cabinet("cabinet", SignalFacts(conflicts=((1, 2),)), world),
    "bin": container,
}


@pytest.mark.parametrize("ref", MODBUS)
async def test_a_simulated_device_shows_every_point_of_the_profile(
    ref: str, tmp_path: Path
) -> None:
    clock = SteppedClock(MORNING)
    world = World(MAKATI.latitude, MAKATI.longitude, clock=clock, zone=MAKATI.timezone)
    shown = image(ref)
    device = DEVICES[shown.map.kind](ref, world)
    device.advance(clock.step(120))
    port = free_port()
    async with listening(port, Units([Unit(1, device, shown)], clock)):
        (reading,) = await poll_once(site(tmp_path, ref, on_tcp(port)))
    profile = load_profile(ref, Path())
    assert not reading.silent
    assert not reading.bad
    points = {point.name for point in profile.points}
    assert points | {point.name for point in profile.derived} == set(reading.values)
    for point in profile.points:
        found, truth = reading.values[point.name], shown.shown[point.name]
        same = found == truth
        assert same or found == pytest.approx(truth, rel=1e-6), point.name


@pytest.mark.parametrize("ref", OTHER_WIRES)
def test_what_is_on_another_wire_is_read_there(ref: str) -> None:
    assert ref in PROFILES.values(), "districts have some"
    assert "simulated" in (Path(__file__).parent / OTHER_WIRES[ref]).read_text()
