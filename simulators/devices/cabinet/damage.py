"""What can be done to a cabinet, and how one sees it: the hands and eyes of ``breakages``."""

from __future__ import annotations

from typing import Literal

from simulators.devices.cabinet.detectors import Ill
from simulators.devices.cabinet.junction import Junction
from simulators.devices.cabinet.lamps import Colour
from simulators.devices.cabinet.power import LOW, METER, OPEN, charge_at
from simulators.devices.cabinet.sequence import FOREVER

_CHATTER_BIT = 30_000
"""ms of chatter after which the controller's diagnosis says so (E)."""
_CLOCK_FREE, _CLOCK_COORDINATED = 30.0, 2.0
"""s a controller's clock may be off (domain.md §2)."""
_NO_GLIMPSE = 3_500
"""ms that a green must still burn for a conflict in it to be seen by whoever looks (E)."""
_YELLOW_LEAST, _YELLOW_MOST = 2_700, 10_000
"""ms of a yellow (domain.md §2)."""


# Outputs


def short(cabinet: Junction, *, blind: bool) -> None:
    """The cables of two greens that conflict touch: either lights both.

    Where one of them burns and will for a while, at once; else from the next one on, so that it is
    never a glimpse.
    """
    outputs, pair = cabinet.outputs, cabinet.outputs.conflicts[0]
    burns = any(cabinet.meant[group - 1] == "green" for group in pair)
    if burns and cabinet.sequence.until - cabinet.t >= _NO_GLIMPSE:
        outputs.short = pair
    else:
        outputs.worn = pair
    outputs.blind = blind


def unshort(cabinet: Junction) -> None:
    """The cables are apart, and somebody resets the monitor."""
    cabinet.outputs.worn = cabinet.outputs.short = frozenset()
    cabinet.outputs.blind = False
    cabinet.order("mmu")


def breaker(cabinet: Junction, *, is_open: bool) -> None:
    """The breaker of all lamps trips, or is reset with the lamp monitor."""
    cabinet.outputs.breaker_open = is_open
    if not is_open:
        cabinet.lamps.flagged.clear()


def dark(cabinet: Junction) -> None:
    """The load switch of a group is dead; of one that does not rest dark."""
    resting = set(cabinet.facts.dark_ok)
    found = [group for group in cabinet.layout.driven if group not in resting]
    cabinet.outputs.dark_group = cabinet.picks.choice(found)


def light(cabinet: Junction) -> None:
    """A new load switch."""
    cabinet.outputs.dark_group = 0
    cabinet.lamps.flagged.clear()


def dead_lamp(cabinet: Junction, colour: Colour) -> None:
    """One head of one group loses a colour."""
    cabinet.lamps.dead[cabinet.picks.choice(cabinet.layout.driven), colour] = 1


def relamp(cabinet: Junction, *, red: bool) -> None:
    """New heads for the dead reds (or for the others), and a reset of the lamp monitor."""
    dead = cabinet.lamps.dead
    for place in [place for place in dead if (place[1] == "red") is red]:
        del dead[place]
    cabinet.lamps.flagged.clear()


def flag(cabinet: Junction, *, red: bool) -> bool:
    """Whether the lamp monitor has flagged a red, or any other colour."""
    colours = cabinet.lamps.flagged.values()
    return any((colour == "red") is red for colour in colours)


# Sequence


def set_yellow(cabinet: Junction, ms: int) -> None:
    """Every stage that vehicles have gets another yellow, in ms."""
    stages = cabinet.layout.stages
    driven = [n for n, stage in enumerate(stages) if not set(stage) <= cabinet.layout.pedestrian]
    cabinet.sequence.yellows = dict.fromkeys(driven, ms)
    cabinet.sequence.shortest = FOREVER


def right_yellow(cabinet: Junction) -> None:
    """The plan's own again."""
    cabinet.sequence.yellows.clear()
    cabinet.sequence.shortest = FOREVER


def omit(cabinet: Junction) -> None:
    """The controller forgets a group."""
    group = cabinet.picks.choice(cabinet.layout.driven)
    cabinet.sequence.omitted = cabinet.approaches.omitted = group


def serve(cabinet: Junction) -> None:
    """It remembers."""
    cabinet.sequence.omitted = cabinet.approaches.omitted = 0


def unserved(cabinet: Junction) -> bool:
    """Somebody waits whom it forgot."""
    group = cabinet.sequence.omitted
    return controls(cabinet) and cabinet.approaches.vehicle_call(group - 1)


def preempt(cabinet: Junction) -> None:
    """A pre-emption comes."""
    cabinet.sequence.preempted = True


def resume(cabinet: Junction) -> None:
    """It ends, unless the input is stuck."""
    if "preempt_stuck" not in cabinet.broken:
        cabinet.sequence.preempted = False
        cabinet.reconsider()
        cabinet.rethink()


def standstill(cabinet: Junction) -> bool:
    """All red though somebody waits, for longer than an all-red between two stages."""
    steps, stages = cabinet.sequence, range(len(cabinet.layout.stages))
    held = cabinet.t - steps.since > 3 * cabinet.layout.all_red
    waiting = any(cabinet.approaches.calls(stage) for stage in stages)
    return controls(cabinet) and steps.running.kind == "all_red" and held and waiting


def controls(cabinet: Junction) -> bool:
    """Whether the junction is in control."""
    return cabinet.regime.mode == "control"


def long_yellow(cabinet: Junction) -> bool:
    """Whether a yellow runs that has lasted for too long."""
    steps = cabinet.sequence
    yellow = controls(cabinet) and steps.running.kind == "yellow"
    return yellow and cabinet.t - steps.since > _YELLOW_MOST


def short_yellow(cabinet: Junction) -> bool:
    """Whether a yellow was too short: nobody knows before it has ended."""
    return controls(cabinet) and cabinet.sequence.shortest < _YELLOW_LEAST


# Inputs


def ill(cabinet: Junction, how: Ill) -> None:
    """A loop is stuck on, dead (off), or chatters."""
    lane = cabinet.picks.choice(cabinet.layout.driven) - 1
    cabinet.approaches.ill[lane] = how
    cabinet.approaches.unseen = 0
    if how == "chatter":
        cabinet.later(_CHATTER_BIT, lambda: diagnose(cabinet, lane))


def diagnose(cabinet: Junction, lane: int) -> None:
    """The controller notices a chatter."""
    if cabinet.approaches.ill.get(lane) == "chatter":
        cabinet.bits.add(f"detector_fault_{lane + 1}")
        cabinet.reconsider()


def cure(cabinet: Junction, how: Ill) -> None:
    """The loops that were ill in that way are well."""
    ill = cabinet.approaches.ill
    for lane in [lane for lane, what in ill.items() if what == how]:
        del ill[lane]
        cabinet.bits.discard(f"detector_fault_{lane + 1}")


def button(cabinet: Junction, which: int) -> None:
    """A button's contact is stuck; -1: none."""
    cabinet.approaches.stuck_button = which


def quiet(cabinet: Junction, *, quiet: bool) -> None:
    """Nobody comes, or everybody again."""
    cabinet.approaches.quiet = quiet
    cabinet.approaches.busy(cabinet.t, cabinet.world.traffic(cabinet.t))


# Controller, clock and power


def other_plan(cabinet: Junction) -> None:
    """It runs another plan than that of the hour."""
    others = [p for p in cabinet.timetable.plans if p.number != cabinet.scheduled(cabinet.t).number]
    cabinet.forced_plan = cabinet.picks.choice(others).number


def mismatched(cabinet: Junction) -> bool:
    """Another plan runs than the schedule asks for, and that is our doing."""
    plan, forced = cabinet.sequence.plan.number, cabinet.forced_plan
    return controls(cabinet) and plan == forced != cabinet.scheduled(cabinet.t).number


def free(cabinet: Junction, where: Literal["green", "red", ""]) -> None:
    """The plan of the hour is actuated, and nobody comes; "" ends it."""
    cabinet.free = where
    quiet(cabinet, quiet=bool(where))


def drift(cabinet: Junction, over: float) -> None:
    """The clock runs off, to 40 s within ``over``."""
    cabinet.drift = (_CLOCK_FREE + 10) / max(over, 1.0)


def set_clock(cabinet: Junction) -> None:
    """Somebody sets it."""
    cabinet.drift, cabinet.offset, cabinet.clock_shift = 0.0, 0.1, 0


def drifted(cabinet: Junction) -> bool:
    """Whether it is off by more than its rule allows."""
    limit = _CLOCK_COORDINATED if cabinet.shown["coordinated"] else _CLOCK_FREE
    return abs(cabinet.offset + cabinet.clock_shift / 1000) > limit


def fuse(cabinet: Junction, *, whole: bool) -> None:
    """The cabinet's own fuse: the mains are gone for it alone."""
    cabinet.power.fuse = whole


def weak_battery(cabinet: Junction, over: float) -> None:
    """Old cells: surely at 1.95 V after ``over`` seconds, and alive for an hour or so."""
    power = cabinet.power
    power.fuse = False
    drawn = 200.0 / power.voltage * over / 3_600 / power.capacity
    power.charge = max(0.2, min(1.0, charge_at(LOW - METER / power.cells) + drawn))


def charge(cabinet: Junction) -> None:
    """The mains are back, and the battery is a new one."""
    cabinet.power.fuse, cabinet.power.charge, cabinet.power.cell = True, 0.9, 2.25


def no_charger(cabinet: Junction, over: float) -> None:
    """The charger dies; the cells fall to rest."""
    cabinet.power.charger = False
    cabinet.power.surface = over or 1_200.0


def charger(cabinet: Junction) -> None:
    """A new charger."""
    cabinet.power.charger, cabinet.power.cell = True, max(cabinet.power.cell, OPEN + 0.1)


def heat(cabinet: Junction, over: float, goal: float) -> None:
    """The inside warms to ``goal`` °C within ``over``."""
    power = cabinet.power
    power.hottest = goal
    power.heating = max(0.0, goal - power.temperature) / max(over, 1.0)


def cool(cabinet: Junction) -> None:
    """It cools down by itself."""
    cabinet.power.heating = 0.0


def door(cabinet: Junction, *, is_open: bool) -> None:
    """Somebody opens or closes the door."""
    cabinet.door_open = is_open


def monitor(cabinet: Junction, *, ok: bool) -> None:
    """The conflict monitor says that it is broken, or that it is well."""
    cabinet.outputs.monitor_ok = ok


def stick_red(cabinet: Junction, *, stuck: bool) -> None:
    """The next all-red does not end."""
    cabinet.sequence.stuck_red = stuck


def stop(cabinet: Junction, *, stop: bool) -> None:
    """The timers stand still from the next green on."""
    cabinet.sequence.stop = stop


def right_plan(cabinet: Junction) -> None:
    """It follows its schedule again."""
    cabinet.forced_plan = 0


def shift(cabinet: Junction, ms: int) -> None:
    """The clock is wrong by a round figure."""
    cabinet.clock_shift = ms


def shift_plan(cabinet: Junction, ms: int) -> None:
    """The local hour has moved, and the plans with it; the clock itself is right."""
    cabinet.plan_shift = ms
