"""Devices of one kind as a gateway sees them through days in which hardly anything is wrong.

Lamps follow the sun and are dimmed after eleven; pillars carry them; bins fill by day and are
emptied on their rounds; junctions run a plan of forty seconds. Numbers scatter as measured ones do,
and each is an object of its own, as a driver makes them. One poll in two hundred gets no answer,
one in five hundred brings a value that cannot be used, of one of four points. A device's points are
all read together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.model import Device, Kind, Millis, Point, Reading, Value
from gateway.sun import elevation

START: Millis = 1_774_022_400_000
"""Midnight in Manila, in March."""

PLACE = (14.5547, 121.0244)
DAY: Millis = 86_400_000
CYCLE = 40
GROUPS = range(1, 9)
STAGES = ((2, 6), (4, 8), (1, 5), (3, 7))
"""Groups that are green together, ten seconds each, the last three of them yellow."""

OF = {
    name: {n: f"{name}_{n}" for n in GROUPS}
    for name in (
        "group",
        "vehicle_call",
        "ped_call",
        "detector",
        "detector_fault",
        "lamp_fault",
    )
} | {name: {n: f"{name}_l{n}" for n in (1, 2, 3)} for name in ("voltage", "current", "power")}
"""Names of points, made once, as a profile makes them."""

LAMPS = 25
"""To a feeder; devices to a bus are twice as many."""

BAD, SILENT = 500, 200


@dataclass
class City:
    """``count`` devices of a kind, polled every ``every`` seconds, with what stands around them.

    Lamps have their pillars ``around``, and pillars their lamps.
    """

    kind: Kind
    count: int
    every: float
    seed: int = 1
    devices: Sequence[Device] = field(init=False)
    around: Sequence[Device] = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._meters: dict[str, tuple[Millis, float, float]] = {}
        self.devices = _made(self.kind, self.count, self.every)
        self.around = {
            "lamp": lambda: _made("feeder", -(-self.count // LAMPS), self.every),
            "feeder": lambda: _made("lamp", self.count * LAMPS, self.every),
        }.get(self.kind, tuple)()

    def round(self, t: Millis, devices: Sequence[Device]) -> list[Reading]:
        """A reading of each, within the second after ``t``."""
        sky = elevation(*PLACE, t)
        return [
            self._reading(one, number, t + number * 1000 // len(devices), sky)
            for number, one in enumerate(devices)
        ]

    def rounds(self, begin: Millis, end: Millis, step: Millis) -> Iterator[list[Reading]]:
        """A round every ``step`` ms, those around first."""
        for t in range(begin, end, step):
            yield self.round(t, self.around) + self.round(t, self.devices)

    def _reading(self, one: Device, number: int, t: Millis, sky: float) -> Reading:
        if self._chance.random() < 1 / SILENT:
            return Reading(one.id, one.kind, t, silent="timeout")
        values = SHOWS[one.kind](self._chance, number, t, sky)
        if one.kind == "lamp":
            values["energy"] = self._counted(one.id, t, float(values["power"]))
        bad = {}
        if self._chance.random() < 1 / BAD:
            name = self._chance.choice(list(values)[:4])
            bad = {name: "not a number"}
            del values[name]
        return Reading(one.id, one.kind, t, values, bad=bad)

    def forget(self) -> None:
        """Its meters, which are no engine's."""
        self._meters.clear()

    def _counted(self, lamp: str, t: Millis, power: float) -> float:
        """A lamp's meter in kWh."""
        last, energy, before = self._meters.get(lamp, (t, 1000.0, power))
        energy += (power + before) / 2 * (t - last) / 3.6e9
        self._meters[lamp] = (t, energy, power)
        return energy


def _made(kind: Kind, count: int, every: float) -> tuple[Device, ...]:
    names = SHOWS[kind](random.Random(1), 0, START, 0.0)
    points = tuple(Point(name, None, every) for name in names)
    return tuple(
        Device(
            f"{kind}-{number}",
            kind,
            f"b-{number // (2 * LAMPS)}",
            "",
            None,
            None,
            points,
            facts=_facts(kind, number),
            latitude=PLACE[0],
            longitude=PLACE[1],
        )
        for number in range(count)
    )


def _facts(kind: Kind, number: int) -> object:
    if kind == "lamp":
        control: Literal["command", "photocell"] = "photocell" if number % 2 else "command"
        return LampFacts(
            rated_power=70.0,
            control=control,
            feeder=f"F{number // LAMPS}",
            phase=("L1", "L2", "L3")[number % 3],
            position=number % LAMPS,
        )
    if kind == "feeder":
        return FeederFacts(feeder=f"F{number}")
    if kind == "bin":
        return BinFacts(
            empty_distance=1800.0,
            full_distance=400.0,
            stand=f"s-{number // 8}",
            stream=("glass", "paper", "cans", "rest")[number % 4],
            collection="06:30",
        )
    conflicts = tuple((a, b) for a in (1, 2, 5, 6) for b in (3, 4, 7, 8))
    return SignalFacts(conflicts=conflicts, battery_cells=12)


def _around(chance: random.Random, mean: float, share: float = 0.01) -> float:
    """A measured value: within about a share of its mean."""
    return round(mean * (1 + share * (chance.random() - chance.random())), 3)


def _lamp(chance: random.Random, number: int, t: Millis, sky: float) -> dict[str, Value]:
    lit, hour = sky < -0.5, _hour(t)
    dim = 50.0 if hour >= 23 or hour < 5 else 100.0
    power = _around(chance, 0.7 * dim * (0.95 + 0.1 * (number % 7) / 7)) if lit else 0.4
    voltage, factor = _around(chance, 229.0), _around(chance, 0.95 if dim > 50 else 0.91, 0.005)
    return {
        "switch_state": lit,
        "switch_command": lit,
        "dim_level": _around(chance, dim, 0.0),
        "power": power,
        "voltage": voltage,
        "current": power / voltage / factor,
        "power_factor": factor,
        "frequency": _around(chance, 50.0, 0.0005),
        "energy": 1000.0 + number,
        "burn_hours": 4000.0 + t % (30 * DAY) / 3.6e6 / 2,
        "switch_count": 900 + t // DAY % 100,
        "driver_temperature": _around(chance, 52.0 if lit else 31.0),
        "leakage_current": _around(chance, 1.0, 0.2),
        "tilt": _around(chance, 0.6 + number % 5 / 10, 0.1),
        "door_open": False,
        "illuminance": 8.0 if lit else _around(chance, 300.0 + 900.0 * max(sky, 0.0)),
        "lamp_failure_flag": False,
        "driver_failure_flag": False,
        "relay_failure_flag": False,
        "signal": _around(chance, -71.0, 0.05),
    }


def _pillar(chance: random.Random, _number: int, t: Millis, sky: float) -> dict[str, Value]:
    dim = 50.0 if _hour(t) >= 23 or _hour(t) < 5 else 100.0
    watts = LAMPS / 3 * (0.7 * dim if sky < -0.5 else 0.4)
    phases = [_around(chance, watts) for _ in range(3)]
    return {
        **{OF["voltage"][n]: _around(chance, 231.0) for n in (1, 2, 3)},
        **{OF["current"][n]: _around(chance, watts / 220) for n in (1, 2, 3)},
        **{OF["power"][n]: phases[n - 1] for n in (1, 2, 3)},
        "power": sum(phases),
        "energy": 98765.0 + t % (30 * DAY) / 1e7,
        "power_factor": _around(chance, 0.97),
        "leakage_current": _around(chance, 12.0),
        "contactor_command": True,
        "contactor_state": True,
        "door_open": False,
        "on_battery": False,
    }


def _bin(chance: random.Random, number: int, t: Millis, _sky: float) -> dict[str, Value]:
    since = (_hour(t) - 6.75) % 24
    full = 2.0 + (45.0 + number % 9 * 3) * since / 24
    level = round(full + chance.random() - chance.random(), 1)
    return {
        "distance": 1800.0 - 14.0 * level,
        "fill_level": level,
        "temperature": _around(chance, 27.0 - 4 * math.cos(_hour(t) / 12 * math.pi), 0.02),
        "tilt": _around(chance, 1.0, 0.3),
        "lid_open": chance.random() < 0.02,
        "battery": _around(chance, 88.0),
        "battery_voltage": _around(chance, 3.6),
        "weight": round(_around(chance, 4.0 + 0.3 * level, 0.05), 1),
        "latitude": PLACE[0] + chance.random() / 1e5,
        "longitude": PLACE[1] + chance.random() / 1e5,
        "signal": _around(chance, -90.0, 0.05),
    }


def _cabinet(chance: random.Random, number: int, t: Millis, _sky: float) -> dict[str, Value]:
    second = (t // 1000 + number) % CYCLE
    stage, within = divmod(second, CYCLE // len(STAGES))
    go = "green" if within < 7 else "yellow"
    green = STAGES[stage]
    return {
        **{OF["group"][n]: go if n in green else "red" for n in GROUPS},
        **{OF["vehicle_call"][n]: n not in green and chance.random() < 0.6 for n in GROUPS},
        **{OF["ped_call"][n]: n not in green and chance.random() < 0.2 for n in (2, 4, 6, 8)},
        **{OF["detector"][n]: chance.random() < 0.15 for n in GROUPS},
        **{OF["detector_fault"][n]: False for n in GROUPS},
        **{OF["lamp_fault"][n]: False for n in GROUPS},
        "mode": "control",
        "flash_cause": "none",
        "plan": 1,
        "cycle_time": float(CYCLE),
        "cycle_counter": t // 1000 // CYCLE % 65536,
        "preempt": False,
        "stop_time": False,
        "conflict_monitor_ok": True,
        "coordination_fault": False,
        "cycle_fault": False,
        "door_open": False,
        "cabinet_temperature": _around(chance, 31.0),
        "supply_voltage": _around(chance, 230.0),
        "battery_voltage": _around(chance, 27.0, 0.002),
        "on_battery": False,
        "clock_offset": _around(chance, 0.1),
    }


def _hour(t: Millis) -> float:
    """The hour of the day in Manila."""
    return (t - START) % DAY / 3_600_000


SHOWS: Mapping[str, Callable[[random.Random, int, Millis, float], dict[str, Value]]] = {
    "lamp": _lamp,
    "feeder": _pillar,
    "bin": _bin,
    "signal": _cabinet,
}
