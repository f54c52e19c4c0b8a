"""Simulated junctions for tests, each with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateway.assets import SignalFacts
from gateway.model import Millis
from simulators.devices.cabinet import Cabinet
from simulators.devices.cabinet.plan import Actuated, Aspects, Fixed, Layout, laid_out, stages_of
from simulators.devices.cabinet.schedule import Timetable
from simulators.devices.contract import Values
from simulators.world import SteppedClock, World
from tests.parts.simulated import MORNING

FOUR_ARMS = ((1, 3), (1, 4), (2, 3), (2, 4))
NEMA = tuple(
    (a, b)
    for a in range(1, 9)
    for b in range(a + 1, 9)
    if not ((a in {1, 2} and b in {5, 6}) or (a in {3, 4} and b in {7, 8}))
)
"""Dual ring: phases 1 and 2 go with 5 and 6, phases 3 and 4 with 7 and 8."""
WALKS = (*FOUR_ARMS, (1, 5), (2, 5), (3, 6), (4, 6), (5, 6))
"""Group 5 crosses beside 3 and 4, group 6 beside 1 and 2."""

PLAIN = Layout(4, stages_of(4, FOUR_ARMS))
EUROPEAN = replace(PLAIN, red_yellow=1_000, green_flash=3_000, yellow=4_000, all_red=1_500)
RINGS = Layout(8, stages_of(8, NEMA), flash_red=frozenset({3, 4, 7, 8}))
CROSSING = Layout(6, stages_of(6, WALKS), pedestrian=frozenset({5, 6}), dark_rest=frozenset({5, 6}))
ARROWS = Layout(3, ((1, 2), (3,)), arrows=((3, 0),))
"""Group 3 turns left: its own stage, and a flashing arrow while 1 and 2 go."""


def always(plan: Fixed | Actuated) -> Timetable:
    """One plan, all week."""
    return Timetable((plan,), str(plan.number))


def junction(
    conflicts: tuple[tuple[int, int], ...] = FOUR_ARMS,
    *,
    seed: int = 1,
    start: Millis = MORNING,
    zone: str = "Asia/Manila",
    facts: SignalFacts | None = None,
    **how: Any,
) -> tuple[Cabinet, SteppedClock]:
    """A cabinet in Makati at nine on a Thursday morning."""
    clock = SteppedClock(start)
    world = World(14.5547, 121.0244, clock=clock, seed=seed, zone=zone)
    facts = facts or SignalFacts(conflicts=conflicts, battery_cells=12)
    how = {"layout": laid_out(facts.conflicts, facts.dark_ok)} | how
    return Cabinet("cabinet-1", facts, world, **how), clock


def watched(
    cabinet: Cabinet, clock: SteppedClock, seconds: float, every: float = 1.0
) -> Iterator[Values]:
    """What it shows, look by look."""
    for _ in range(round(seconds / every)):
        cabinet.advance(clock.step(every))
        yield cabinet.values()


def runs(cabinet: Cabinet, clock: SteppedClock, seconds: float) -> list[tuple[Aspects, float]]:
    """The aspects in turn and how long each lasted, to a tenth of a second."""
    found: list[tuple[Aspects, float]] = []
    for _ in watched(cabinet, clock, seconds, 0.1):
        if not found or found[-1][0] != cabinet.aspects:
            found.append((cabinet.aspects, 0.0))
        found[-1] = (found[-1][0], round(found[-1][1] + 0.1, 1))
    return found


def green(aspects: Aspects) -> set[int]:
    """The groups that may go."""
    return {n for n, aspect in enumerate(aspects, 1) if aspect in {"green", "green_flash"}}
