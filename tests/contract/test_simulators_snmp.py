"""A simulated controller over real SNMP: read by our driver and by net-snmp's own tools.

Its objects are encoded by other code than ours decodes them with, and from another reading of the
profile, so that a mistake of one side does not hide in its mirror.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from gateway.assets import SignalFacts
from gateway.config import load_site
from gateway.faults.rules import load_rules
from gateway.field.read import poll_once
from gateway.model import Reading
from gateway.profile import load_profile
from simulators.devices.cabinet import Cabinet
from simulators.town.district import make
from simulators.town.sitefile import profile_file
from simulators.town.sizes import Sizes
from simulators.wires.mib import read_mib
from simulators.wires.servers import serve
from simulators.wires.snmp import Controller, answering
from simulators.world import SteppedClock
from tests.parts.junctions import NEMA, junction
from tests.parts.process import program
from tests.parts.simulated import MAKATI, MORNING
from tests.parts.snmp import ASC, read_cabinet


class Street:
    """A controller on a port, its clock, and a gateway's site that reads it."""

    def __init__(
        self,
        cabinet: Cabinet,
        controller: Controller,
        clock: SteppedClock,
        port: int,
        folder: Path,
    ) -> None:
        self.controller, self.clock, self.port = controller, clock, port
        self.cabinet = cabinet
        self._folder = folder

    async def read(self, version: str = "2c") -> Reading:
        return await read_cabinet(self._folder, self.port, version)

    async def ask(self, tool: str, *oids: str, community: str = "public") -> str:
        """What net-snmp's own client makes of it."""
        words = ["-v2c", "-c", community, "-m", "", "-On", "-Oqe", "-t", "1", "-r", "0"]
        child = await asyncio.create_subprocess_exec(
            program(tool, "snmp"), *words, f"127.0.0.1:{self.port}", *oids,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "MIBS": ""},
        )  # fmt: skip
        out, _ = await child.communicate()
        return out.decode()


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    facts = SignalFacts(conflicts=NEMA, battery_cells=12)
    cabinet, clock = junction(facts=facts)
    mib = read_mib(profile_file("signal/ntcip-1202"))
    controller = Controller(cabinet, cabinet.intended, mib)
    async with answering(0, controller, clock) as port:
        yield Street(cabinet, controller, clock, port, folder)


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_every_point_of_the_profile_arrives_as_it_was_served(
    version: str, tmp_path: Path
) -> None:
    async with street(tmp_path) as here:
        names = {point.name for point in load_profile("signal/ntcip-1202", Path()).points}
        for _ in range(60):
            here.clock.step(7)
            reading = await here.read(version)
            assert not reading.bad
            assert not reading.uncertain
            assert set(reading.values) == names
            assert reading.values == here.controller.served[-1][1]
            values = here.cabinet.intended()
            assert reading.values == {name: values[name] for name in names}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("flash_mode", {"mode": "flash", "flash_cause": "mmu"}),
        ("controller_fault", {"mode": "flash", "flash_cause": "fault_monitor"}),
        ("manual_flash", {"flash_cause": "manual", "control_source": "manual"}),
        ("planned_flash", {"flash_cause": "automatic"}),
        ("preempt_flash", {"flash_cause": "preempt"}),
        ("power_dip", {"mode": "startup", "flash_cause": "startup"}),
        ("stop_time", {"stop_time": True}),
        ("coordination_failed", {"coordination_fault": True, "coordination_failed": True}),
        ("cycle_failed", {"cycle_fault": True, "cycle_failed": True}),
        ("battery_low", {"battery_low_flag": True}),
        ("plan_mismatch", {"plan": 2}),
        ("green_rest", {"local_free": True, "coordinated": False}),
    ],
)
async def test_what_breaks_is_read_by_our_driver(
    fault: str, expected: dict[str, object], tmp_path: Path
) -> None:
    async with street(tmp_path) as here:
        before = await here.read()
        assert {name: before.values[name] for name in expected} != expected
        here.cabinet.picks = Random(4)
        here.cabinet.break_down(fault, 0)
        for _ in range(200):
            here.clock.step(1)
            here.controller.sample(here.clock.now())
            if here.cabinet.shows(fault):
                break
        after = await here.read()
        assert {name: after.values[name] for name in expected} == expected


async def test_a_conflict_of_the_lamps_is_nothing_the_controller_knows_of(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        here.cabinet.break_down("conflicting_greens", 0)
        for _ in range(120):
            here.clock.step(1)
            here.controller.sample(here.clock.now())
        assert here.cabinet.shows("conflicting_greens")
        reading = await here.read()
        green = {n for n in range(1, 9) if reading.values[f"group_{n}"] == "green"}
        assert not here.cabinet.outputs.short <= green
        assert not here.controller.senses("conflicting_greens")
        assert here.controller.senses("flash_mode")


async def test_local_cycle_zero_is_cleared_by_read_and_comes_with_the_next_cycle(
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as here:
        short = f".{ASC}.3.9.0"
        assert (await here.ask("snmpget", short)).strip() == f"{short} 0"
        for _ in range(40):
            here.clock.step(4)
            await here.ask("snmpget", f".{ASC}.3.6.0")
        assert (await here.ask("snmpget", short)).strip() == f"{short} 4"
        assert (await here.ask("snmpget", short)).strip() == f"{short} 0"


async def test_our_driver_leaves_local_cycle_zero_to_who_waits_for_it(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        for _ in range(40):
            here.clock.step(4)
            await here.read()
        short = f".{ASC}.3.9.0"
        assert (await here.ask("snmpget", short)).strip() == f"{short} 4"


async def test_net_snmp_walks_all_objects_and_nothing_more(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        said = await here.ask("snmpwalk", f".{ASC}")
        oids = [line.split()[0].lstrip(".") for line in said.splitlines() if "No more" not in line]
        mib = here.controller.mib.oids
        assert [tuple(map(int, oid.split("."))) for oid in oids] == sorted(mib)


async def test_what_is_not_there_and_who_may_not_ask(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        assert "No Such Object" in await here.ask("snmpget", f".{ASC}.9.9.0")
        assert "Timeout" in await here.ask("snmpget", f".{ASC}.3.6.0", community="private")
        refused = await here.ask("snmpset", f".{ASC}.3.6.0", "i", "3")
        assert "notWritable" in refused
        here.controller.break_down("silent", 0)
        assert (await here.read()).silent is not None
        here.controller.repair("silent")
        assert (await here.read()).silent is None


async def test_garbage_is_met_with_silence(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", here.port)
        )
        chance = Random(1)
        for length in (0, 1, 2, 7, 40, 400):
            for _ in range(20):
                transport.sendto(chance.randbytes(length))
        for cut in range(1, 30):
            transport.sendto(bytes.fromhex("302902010104067075626c6963a01c0204")[:cut])
        await asyncio.sleep(0.05)
        transport.close()
        assert (await here.read()).values["mode"] == "control"


async def test_a_district_may_have_cabinets_on_snmp(tmp_path: Path) -> None:
    sizes = Sizes(lamps=6, cabinets=3, snmp=1, bins=1)
    district = make(sizes, folder=tmp_path, now=MORNING, place=MAKATI)
    async with serve(district, clock=SteppedClock(MORNING)) as city:
        rules = {code: rule.settings for code, rule in load_rules().items()}
        site = load_site(district.site_file, rules)
        readings = {one.device: one for one in await poll_once(site, ["cabinet-1", "cabinet-3"])}
        assert len(site.devices) == 11
        assert city.stations["cabinet-3"].device.kind == "signal"
        over_snmp, over_modbus = readings["cabinet-3"], readings["cabinet-1"]
        assert over_snmp.values == city.served("cabinet-3")[-1][1]
        assert over_snmp.values["mode"] == over_modbus.values["mode"] == "control"
        assert "group_8" in over_snmp.values
        assert "group_8" not in over_modbus.values
        assert "cabinet-3" not in city.injector.candidates("conflicting_greens")
        assert "cabinet-3" in city.injector.candidates("flash_mode")
