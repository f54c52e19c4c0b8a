"""What the fault engine costs: processor time a reading, memory a device, and how fast it replays.

Every rule of the catalogue is on, every device has every point its kind can have, and all is well:
that is what a gateway does almost all of its life. The readings are made beforehand; their values
move a little, as measured ones do.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.config.site import Bus, GatewayOptions, Site
from gateway.driver import Driver
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.field.replay import transitions
from gateway.model import Device, Kind, Millis, Point, Reading, Value
from gateway.recording import encode
from tests.bench.report import Table

T: Millis = 1_774_011_600_000  # an evening of March in Manila: the lamps burn
PLACE = (14.5547, 121.0244)
ROUNDS, RUNS = 120, 5
GROUPS = range(1, 9)

LAMP: dict[str, Value] = {
    "switch_state": True,
    "switch_command": True,
    "dim_level": 100.0,
    "power": 69.0,
    "voltage": 230.0,
    "current": 0.31,
    "power_factor": 0.96,
    "frequency": 50.0,
    "energy": 1234.5,
    "burn_hours": 4321.0,
    "switch_count": 900,
    "driver_temperature": 52.0,
    "leakage_current": 1.0,
    "tilt": 0.6,
    "door_open": False,
    "illuminance": 3.0,
    "lamp_failure_flag": False,
    "driver_failure_flag": False,
    "relay_failure_flag": False,
    "signal": -71.0,
}
PILLAR: dict[str, Value] = {
    **{f"voltage_l{n}": 231.0 for n in (1, 2, 3)},
    **{f"current_l{n}": 5.1 for n in (1, 2, 3)},
    **{f"power_l{n}": 1150.0 for n in (1, 2, 3)},
    "power": 3450.0,
    "energy": 98765.0,
    "power_factor": 0.97,
    "leakage_current": 12.0,
    "contactor_command": True,
    "contactor_state": True,
    "door_open": False,
    "on_battery": False,
}
BIN: dict[str, Value] = {
    "distance": 1200.0,
    "fill_level": 40.0,
    "temperature": 24.0,
    "tilt": 1.0,
    "lid_open": False,
    "battery": 88.0,
    "battery_voltage": 3.6,
    "weight": 14.0,
    "latitude": 14.5547,
    "longitude": 121.0244,
    "signal": -90.0,
}
CABINET: dict[str, Value] = {
    **{f"group_{n}": "green" if n in {2, 6} else "red" for n in GROUPS},
    **{f"detector_{n}": False for n in GROUPS},
    **{f"detector_fault_{n}": False for n in GROUPS},
    **{f"lamp_fault_{n}": False for n in GROUPS},
    "mode": "control",
    "flash_cause": "none",
    "plan": 1,
    "cycle_time": 40.0,
    "preempt": False,
    "stop_time": False,
    "conflict_monitor_ok": True,
    "coordination_fault": False,
    "cycle_fault": False,
    "door_open": False,
    "cabinet_temperature": 31.0,
    "supply_voltage": 230.0,
    "battery_voltage": 27.0,
    "on_battery": False,
    "clock_offset": 0.1,
}
SHOWS: dict[Kind, dict[str, Value]] = {
    "lamp": LAMP,
    "feeder": PILLAR,
    "bin": BIN,
    "signal": CABINET,
}
CONFLICTS = tuple((a, b) for a in (1, 2, 5, 6) for b in (3, 4, 7, 8))
FACTS = {
    "feeder": FeederFacts(feeder="F1"),
    "bin": BinFacts(empty_distance=1800.0, full_distance=400.0, stand="plaza", stream="glass"),
    "signal": SignalFacts(conflicts=CONFLICTS, battery_cells=12),
}


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = [_cpu(kind, most) for kind, most in _BOUNDS]
    rows += [_memory("lamp", 4), _memory("bin", 4), _memory("signal", 16), _replayed()]
    says = (
        f"{len(load_rules())} rules, notices and estimates, all on; 100 devices of one kind with "
        f"all its points, nothing wrong; processor time, median of {RUNS} runs of "
        f"{ROUNDS * 100} readings. Memory is what Python allocates for a device more after a day "
        "of readings, the device itself not counted."
    )
    return Table("Faults: the cost of judging", says, ("what", "measured", "bound"), rows)


_BOUNDS: Sequence[tuple[Kind, float]] = (("lamp", 20), ("feeder", 20), ("bin", 20), ("signal", 40))


def device(kind: Kind, number: int, every: float) -> Device:
    """A device with every point of its kind; 25 lamps to a feeder."""
    facts = FACTS.get(kind) or LampFacts(
        rated_power=70.0, feeder=f"F{number // 25}", phase="L1", position=number % 25
    )
    points = tuple(Point(name, None, every) for name in SHOWS[kind])
    return Device(
        f"{kind}-{number}", kind, f"b-{number // 50}", "", None, None, points, facts=facts
    )


def _devices(kind: Kind, count: int, every: float) -> list[Device]:
    made: dict[str, tuple[Point, ...]] = {}
    found = []
    for number in range(count):
        one = device(kind, number, every)
        points = made.setdefault(kind, one.points)
        found.append(Device(one.id, kind, one.bus, "", None, None, points, facts=one.facts))
    return found


def readings(devices: Sequence[Device], rounds: int, step: Millis) -> list[Reading]:
    """So many rounds of readings, ``step`` ms apart; numbers move by a thousandth."""
    chance = random.Random(1)
    found = []
    for turn in range(rounds):
        for number, one in enumerate(devices):
            values = {
                name: value * (1 + chance.random() / 1000) if isinstance(value, float) else value
                for name, value in SHOWS[one.kind].items()
            }
            t = T + turn * step + number * step // len(devices)
            found.append(Reading(one.id, one.kind, t, values))
    return found


def _cpu(kind: Kind, most: float) -> tuple[str, str, str]:
    devices = _devices(kind, 100, 10.0)
    rows = readings(devices, ROUNDS + 20, 10_000)
    warm = len(devices) * 20
    costs = []
    for _ in range(RUNS):
        engine = FaultEngine(devices, load_rules(), *PLACE)
        for row in rows[:warm]:
            engine.feed(row)
        began = time.process_time()
        for row in rows[warm:]:
            engine.feed(row)
        costs.append((time.process_time() - began) / (len(rows) - warm) * 1e6)
        if engine.active():
            raise RuntimeError(f"all is well, and yet: {engine.active()[0]}")
    cost = statistics.median(costs)
    points = len(SHOWS[kind])
    bound = f"≤ {most:.0f} µs: {_kept(cost, most)}" if kind == "lamp" else "-"
    return f"a reading of a {kind}, {points} points", f"{cost:.1f} µs", bound


def _kept(found: float, most: float) -> str:
    return "kept" if found <= most else "**short**"


def _memory(kind: Kind, most: float) -> tuple[str, str, str]:
    kilobytes = (_allocated(kind, 200) - _allocated(kind, 100)) / 100 / 1000
    return (
        f"memory of a {kind}",
        f"{kilobytes:.1f} kB",
        f"≤ {most:.0f} kB: {_kept(kilobytes, most)}",
    )


def _allocated(kind: Kind, count: int) -> float:
    """Bytes that an engine of so many devices holds after a day of readings, without them."""
    devices = _devices(kind, count, 300.0)
    gc.collect()
    tracemalloc.start()
    engine = FaultEngine(devices, load_rules(), *PLACE)
    for turn in range(288):
        for number, one in enumerate(devices):
            t = T + turn * 300_000 + number
            engine.feed(Reading(one.id, kind, t, SHOWS[kind]))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def _replayed() -> tuple[str, str, str]:
    devices = tuple(_devices("lamp", 100, 10.0))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "day.jsonl"
        rows = readings(devices, 200, 10_000)
        file.write_bytes(b"".join(encode(row) + b"\n" for row in rows))
        place = GatewayOptions(
            id="gw", site="s", latitude=PLACE[0], longitude=PLACE[1], data_dir=Path(name)
        )
        bus = Bus(name="b", driver=cast("Driver", None), options=None, devices=devices)
        site = Site(file=Path(name) / "site.toml", gateway=place, buses={"b": bus})
        rates = []
        for _ in range(RUNS):
            began = time.process_time()
            list(transitions(site, file))
            rates.append(len(rows) * len(LAMP) / (time.process_time() - began))
    rate = statistics.median(rates)
    least = 500_000
    word = "kept" if rate >= least else "**short**"
    return "replay of lamps' readings", f"{rate:,.0f} values/s", f"≥ {least:,}: {word}"
