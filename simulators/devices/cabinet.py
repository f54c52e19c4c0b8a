"""A signal cabinet: fixed-time signal groups, detectors and calls, and its own health.

``Plan`` is a pure function from a moment to the aspects of all groups. It builds its stages from
the list of conflicting pairs, so a healthy plan cannot show two of them green; each stage ends in
yellow and all-red. Vehicles arrive by chance, busier by day, queue at red and leave at green; that
moves detectors and calls.

Fault: ``conflicting_greens`` (a group's output is stuck at green against the running stage, and
the conflict monitor does not act).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, pi
from random import Random

from gateway.assets import SignalFacts
from gateway.model import Kind, Millis
from simulators.devices.contract import CommandRefused, Fault, Values
from simulators.world import DAY, World, steps

YELLOW, ALL_RED = 3.0, 2.0
"""Seconds; MUTCD asks for a yellow of 3 to 6 s."""
_FLOW = 0.5
"""Vehicles a second that leave a queue at green."""
_MEMORY = 120_000
"""ms of traffic worth catching up with after a pause."""

FAULTS = (Fault("conflicting_greens", frozenset({"signal"}), "conflicting_greens"),)

ALARMS = (
    "hardware_serious",
    "hardware",
    "configuration_serious",
    "configuration",
    "synchronisation",
    "safety",
    "communication",
    "dead_lock",
    "other",
    "push_button",
    "lamp_serious",
    "lamp",
    "detector",
    "detector_logic",
    "detector_serious",
    "detector_logic_serious",
)
"""What the controller may complain of (RSMP's A0001 to A0304); this one never does."""


def stages_of(groups: int, conflicts: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Groups 1…n gathered into as few stages as a first fit finds, none with a conflict inside."""
    hostile = {frozenset(pair) for pair in conflicts}
    stages: list[list[int]] = []
    for group in range(1, groups + 1):
        for stage in stages:
            if all(frozenset((group, other)) not in hostile for other in stage):
                stage.append(group)
                break
        else:
            stages.append([group])
    return tuple(map(tuple, stages))


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages with their green times in seconds."""

    groups: int
    stages: tuple[tuple[int, ...], ...]
    greens: tuple[float, ...]

    @property
    def cycle(self) -> float:
        """Length in seconds."""
        return sum(self.greens) + len(self.stages) * (YELLOW + ALL_RED)

    def aspects(self, second: float) -> list[str]:
        """The aspect of each group that many seconds after a cycle began."""
        second %= self.cycle
        shown = ["red"] * self.groups
        for stage, green in zip(self.stages, self.greens, strict=True):
            if second < green + YELLOW:
                for group in stage:
                    shown[group - 1] = "green" if second < green else "yellow"
                break
            second -= green + YELLOW + ALL_RED
            if second < 0:
                break
        return shown


class Cabinet:
    """One junction of ``groups`` signal groups, a detector each, two pedestrian buttons."""

    kind: Kind = "signal"

    def __init__(self, name: str, facts: SignalFacts, world: World, groups: int = 4) -> None:
        self.name = name
        self._conflicts = tuple(sorted({frozenset(pair) for pair in facts.conflicts}, key=sorted))
        self._world = world
        self._mains = world.supply(None)
        self._chance: Random = world.chance(name)
        stages = stages_of(groups, facts.conflicts)
        greens = tuple(float(self._chance.randint(10, 16)) for _ in stages)
        self.plan = Plan(groups, stages, greens)
        self.faults: set[str] = set()
        self._t = world.clock.now()
        self._began = self._t - round(self._chance.uniform(0, self.plan.cycle) * 1000)
        self._offset = self._chance.uniform(-0.2, 0.2)
        self._queues = [0.0] * groups
        self._passing = [False] * groups
        self._buttons = [False, False]

    def aspects(self) -> list[str]:
        """What every group shows at this moment, faults included."""
        shown = self.plan.aspects((self._t - self._began) / 1000)
        greens = {group for group, aspect in enumerate(shown, 1) if aspect == "green"}
        if "conflicting_greens" in self.faults:
            for pair in self._conflicts:
                if len(pair & greens) == 1:
                    shown[min(pair - greens) - 1] = "green"
                    break
        return shown

    def advance(self, t: Millis) -> None:
        """Bring lamps and traffic to ``t``."""
        self._t = max(self._t, t - _MEMORY)
        for end, seconds in steps(self._t, t, longest=1_000):
            self._t = end
            self._drive(seconds)

    def _drive(self, seconds: float) -> None:
        """Arrivals, departures and button presses in one step of at most a second."""
        chance = self._chance
        hour = (self._t % DAY) / 3_600_000 + self._world.longitude / 15
        arrivals = 0.08 - 0.06 * cos(2 * pi * (hour - 3) / 24)
        for number, aspect in enumerate(self.plan.aspects((self._t - self._began) / 1000)):
            arrives = chance.random() < arrivals * seconds
            green = aspect == "green"
            leaves = _FLOW * seconds if green else 0.0
            self._passing[number] = arrives or (green and self._queues[number] > 0)
            self._queues[number] = max(0.0, self._queues[number] + arrives - leaves)
            if number < len(self._buttons):
                pressed = chance.random() < 0.01 * seconds
                self._buttons[number] = not green and (pressed or self._buttons[number])

    def values(self) -> Values:
        """The cabinet's points, all of one moment."""
        aspects = self.aspects()
        values: dict[str, float | bool | str | None] = {}
        for number, aspect in enumerate(aspects, 1):
            waiting = self._queues[number - 1] > 0
            values[f"group_{number}"] = aspect
            values[f"detector_{number}"] = waiting or self._passing[number - 1]
            values[f"vehicle_call_{number}"] = waiting and aspect != "green"
            values[f"detector_fault_{number}"] = values[f"lamp_fault_{number}"] = False
        for number, pressed in enumerate(self._buttons, 1):
            values[f"ped_call_{number}"] = pressed
        return values | {
            "mode": "control",
            "flash_cause": "none",
            "plan": 1,
            "cycle_time": self.plan.cycle,
            "cycle_counter": int((self._t - self._began) / 1000 // self.plan.cycle),
            "clock_offset": self._offset + self._chance.uniform(-0.01, 0.01),
            "cabinet_temperature": self._world.temperature(self._t) + 6,
            "supply_voltage": self._mains.incoming("L1", self._t),
            "battery_voltage": 27.2 + self._chance.uniform(-0.05, 0.05),
            "conflict_monitor_ok": True,
            "preempt": False,
            "stop_time": False,
            "coordination_fault": False,
            "cycle_fault": False,
            "door_open": False,
            "on_battery": False,
            **{f"alarm_{what}": False for what in ALARMS},
        }

    def command(self, name: str, value: float) -> None:
        """A signal cabinet takes no commands."""
        raise CommandRefused(f"{name} = {value:g}")

    def break_down(self, fault: str, _over: float, /) -> None:
        """Begin ``conflicting_greens``; it shows at the next green."""
        self.faults.add(fault)

    def repair(self, fault: str, /) -> None:
        """End a fault."""
        self.faults.discard(fault)

    def shows(self, fault: str, /) -> bool:
        """Whether two groups in conflict are green now."""
        greens = {group for group, aspect in enumerate(self.aspects(), 1) if aspect == "green"}
        return fault in self.faults and any(pair <= greens for pair in self._conflicts)

    def could_show(self, _fault: str, /) -> bool:
        """At the next green, if any groups are in conflict."""
        return bool(self._conflicts)
