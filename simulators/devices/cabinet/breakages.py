"""The ways a cabinet can break: one entry a fault, with what it does and when it is to be seen.

Those without a code are nuisances: ordinary life that looks like a fault, of which nobody may raise
an alarm. What a fault does is in ``damage``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.model import Millis
from simulators.devices.cabinet import damage as do
from simulators.devices.cabinet.junction import Junction
from simulators.devices.cabinet.power import LOW, SAGGING
from simulators.devices.contract import Fault

CHILDREN = (
    "lamp_fault", "detector_stuck_on", "detector_no_activity", "detector_erratic",
    "coordination_fault", "phase_not_served",
)  # fmt: skip
"""What a junction that flashes or is dark takes in (domain.md §2 and §4)."""
_GROUPS = ("signal_dark", "all_red_stuck", "long_yellow", "short_yellow")
_QUEUES = ("detector_stuck_on", "phase_not_served")
"""Who is not served for an hour stands on his loop for an hour."""
_VAGUER = ("supply_failure", "voltage_low")
_LONG, _SHORT = 12_000, 1_500
"""ms of a yellow beyond 10 s, and of one below 2.7 s."""
_DIP = 1_000
_GLANCE = 45_000
_BY_HAND = 1_800_000
"""ms somebody works at a junction that flashes meanwhile; beyond an hour it was forgotten."""
_PREEMPT = 45_000
"""ms of an ordinary pre-emption by a bus or a fire engine."""
_TRAIN = 180_000
"""ms in which a train goes by (E)."""
_HOUR_MOVES = 240_000
"""ms by which a controller is early or late when the hour of the year moves (E)."""
_HOT, _WARM = 73.0, 60.0
"""°C of a cabinet whose fan died, and of a sound one in the sun; the threshold is 65."""
_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Breakage:
    """How a fault begins (in so many seconds), how it ends, and when it shows.

    ``in_control``: only in control mode; ``of_pairs``: only where groups are in conflict. One that
    ``lasts`` so many ms ends by itself then, if nobody ends it before.
    """

    begin: Callable[[Junction, float], object]
    end: Callable[[Junction], object]
    shows: Callable[[Junction], bool]
    in_control: bool = False
    of_pairs: bool = False
    lasts: Millis | None = None


def ordered(regime: str, mode: str, cause: str, lasts: Millis | None = None) -> Breakage:
    """Somebody, or something, asks for another regime."""
    return Breakage(
        lambda c, _: c.orders.add(regime),
        lambda c: c.orders.discard(regime),
        lambda c: (c.regime.mode, c.regime.cause) == (mode, cause),
        lasts=lasts,
    )


def complained(*bits: str) -> Breakage:
    """The controller sets bits of its own."""
    return Breakage(
        lambda c, _: c.bits.update(bits),
        lambda c: c.bits.difference_update(bits),
        lambda c: all(c.shown[bit] for bit in bits),
    )


def yellows(ms: int, shows: Callable[[Junction], bool]) -> Breakage:
    """Every yellow lasts that long."""
    return Breakage(lambda c, _: do.set_yellow(c, ms), do.right_yellow, shows, in_control=True)


def rests(where: Literal["green", "red"]) -> Breakage:
    """The plan of the hour is actuated, nobody comes, and the junction rests."""
    return Breakage(
        lambda c, _: do.free(c, where),
        lambda c: do.free(c, ""),
        lambda c: c.regime.mode == "control" and c.sequence.resting,
        in_control=True,
    )


def _signal(
    name: str,
    code: str | None,
    what: Breakage,
    *,
    must_not: tuple[str, ...] = (),
    may: tuple[str, ...] = (),
) -> tuple[Fault, Breakage]:
    return Fault(name, frozenset({"signal"}), code, must_not=must_not, may=may), what


_OUTPUTS = (
    _signal("conflicting_greens", "conflicting_greens", Breakage(
        lambda c, _: do.short(c, blind=True), do.unshort,
        lambda c: c.outputs.conflict_in(c.aspects), in_control=True, of_pairs=True,
    ), may=("conflict_monitor_fault",)),
    _signal("caught_conflict", "flash_mode", Breakage(
        lambda c, _: do.short(c, blind=False), do.unshort,
        lambda c: c.regime.cause == "mmu", in_control=True, of_pairs=True,
    ), must_not=("conflicting_greens", *CHILDREN, *_GROUPS)),
    _signal("junction_dark", "junction_dark", Breakage(
        lambda c, _: do.breaker(c, is_open=True), lambda c: do.breaker(c, is_open=False),
        lambda c: do.controls(c) and set(c.aspects) == {"dark"}, in_control=True,
    ), must_not=(*CHILDREN, *_GROUPS)),
    _signal("signal_dark", "signal_dark", Breakage(
        lambda c, _: do.dark(c), do.light,
        lambda c: c.regime.mode == "control" and c.outputs.dark_group > 0, in_control=True,
    ), must_not=("junction_dark",), may=("lamp_fault",)),
    _signal("lamp_fault_red", "lamp_fault", Breakage(
        lambda c, _: do.dead_lamp(c, "red"), lambda c: do.relamp(c, red=True),
        lambda c: do.flag(c, red=True), in_control=True,
    ), must_not=("signal_dark",)),
    _signal("lamp_fault", "lamp_fault", Breakage(
        lambda c, _: do.dead_lamp(c, "green"), lambda c: do.relamp(c, red=False),
        lambda c: do.flag(c, red=False), in_control=True,
    ), must_not=("signal_dark",)),
    _signal("conflict_monitor_fault", "conflict_monitor_fault", Breakage(
        lambda c, _: do.monitor(c, ok=False),
            lambda c: do.monitor(c, ok=True),
            lambda c: not c.outputs.monitor_ok,
    )),
)  # fmt: skip
_SEQUENCE = (
    _signal("flash_mode", "flash_mode", ordered("mmu", "flash", "mmu"),
            must_not=(*CHILDREN, *_GROUPS, "junction_dark")),
    _signal("controller_fault", "flash_mode", ordered("fault_monitor", "flash", "fault_monitor"),
            must_not=(*CHILDREN, *_GROUPS, "junction_dark")),
    _signal("forgotten_flash", "flash_mode", ordered("manual", "flash", "manual"),
            must_not=(*CHILDREN, *_GROUPS)),
    _signal("all_red_stuck", "all_red_stuck", Breakage(
        lambda c, _: do.stick_red(c, stuck=True),
        lambda c: do.stick_red(c, stuck=False), do.standstill, in_control=True,
    ), may=_QUEUES),
    _signal("phase_not_served", "phase_not_served", Breakage(
        lambda c, _: do.omit(c), do.serve, do.unserved, in_control=True,
    ), must_not=("all_red_stuck",), may=("detector_stuck_on",)),
    _signal("long_yellow", "long_yellow", yellows(_LONG, do.long_yellow)),
    _signal("short_yellow", "short_yellow", yellows(_SHORT, do.short_yellow)),
    _signal("preempt_stuck", "preempt_stuck", Breakage(
        lambda c, _: do.preempt(c), do.resume,
        lambda c: c.shown["preempt"] is True, in_control=True,
    ), may=_QUEUES),
    _signal("stop_time", "stop_time", Breakage(
        lambda c, _: do.stop(c, stop=True),
        lambda c: do.stop(c, stop=False),
        lambda c: c.shown["stop_time"] is True, in_control=True,
    ), may=_QUEUES),
    _signal("cycle_fault", "cycle_fault", complained("cycle_fault")),
    _signal("cycle_failed", "cycle_fault", complained("cycle_fault", "cycle_failed")),
    _signal("coordination_fault", "coordination_fault", complained("coordination_fault")),
    _signal("coordination_failed", "coordination_fault",
            complained("coordination_fault", "coordination_failed")),
    _signal("plan_mismatch", "plan_mismatch", Breakage(
        lambda c, _: do.other_plan(c), do.right_plan,
        do.mismatched, in_control=True,
    )),
)  # fmt: skip
_INPUTS = (
    _signal("detector_stuck_on", "detector_stuck_on", Breakage(
        lambda c, _: do.ill(c, "on"), lambda c: do.cure(c, "on"),
        lambda c: do.controls(c) and "on" in c.approaches.ill.values(), in_control=True,
    )),
    _signal("detector_no_activity", "detector_no_activity", Breakage(
        lambda c, _: do.ill(c, "off"), lambda c: do.cure(c, "off"),
        lambda c: do.controls(c) and c.approaches.unseen > 0, in_control=True,
    )),
    _signal("detector_erratic", "detector_erratic", Breakage(
        lambda c, _: do.ill(c, "chatter"), lambda c: do.cure(c, "chatter"),
        lambda c: any(bit.startswith("detector_fault") for bit in c.bits),
    ), must_not=("detector_stuck_on", "detector_no_activity")),
    _signal("ped_button_stuck", "ped_button_stuck", Breakage(
        lambda c, _: do.button(c, 0), lambda c: do.button(c, -1),
        lambda c: do.controls(c) and c.approaches.stuck_button >= 0, in_control=True,
    )),
)  # fmt: skip
_CABINET = (
    _signal("on_battery", "on_battery", Breakage(
        lambda c, _: do.fuse(c, whole=False), lambda c: do.fuse(c, whole=True),
        lambda c: c.power.on_battery,
    ), must_not=_VAGUER, may=("battery_low", "junction_dark")),
    _signal("battery_low", "battery_low", Breakage(
        do.weak_battery, do.charge, lambda c: c.power.on_battery and c.power.surely < LOW,
    ), must_not=_VAGUER, may=("on_battery", "junction_dark")),
    _signal("charger_fault", "charger_fault", Breakage(
        do.no_charger, do.charger, lambda c: not c.power.on_battery and c.power.surely < SAGGING,
    ), must_not=("on_battery", "battery_low")),
    _signal("cabinet_overtemperature", "cabinet_overtemperature", Breakage(
        lambda c, over: do.heat(c, over, _HOT), do.cool, lambda c: c.power.temperature > 65,
    )),
    _signal("door_open", "door_open", Breakage(
        lambda c, _: do.door(c, is_open=True), lambda c: do.door(c, is_open=False),
        lambda c: c.door_open,
    )),
    _signal("clock_drift", "clock_drift", Breakage(do.drift, do.set_clock, do.drifted),
            may=("coordination_fault", "plan_mismatch")),
    _signal("clock_dst", "clock_drift", Breakage(
        lambda c, _: do.shift(c, _HOUR), do.set_clock, do.drifted,
    ), may=("plan_mismatch",)),
)  # fmt: skip
_NUISANCES = (
    _signal("planned_flash", None, ordered("planned", "flash", "automatic")),
    _signal("manual_flash", None, ordered("manual", "flash", "manual", _BY_HAND)),
    _signal("preempt_flash", None, ordered("preempt_flash", "flash", "preempt", _TRAIN)),
    _signal("lamp_test", None, ordered("test", "test", "none")),
    _signal("switched_off", None, ordered("standby", "standby", "none")),
    _signal("preemption", None, Breakage(
        lambda c, _: do.preempt(c), do.resume,
        lambda c: c.shown["preempt"] is True, in_control=True, lasts=_PREEMPT,
    )),
    _signal("power_dip", None, Breakage(
        lambda c, _: c.start_up(_DIP), lambda _: None, lambda c: c.regime.mode == "startup",
    )),
    _signal("door_glance", None, Breakage(
        lambda c, _: do.door(c, is_open=True), lambda c: do.door(c, is_open=False),
        lambda c: c.door_open, lasts=_GLANCE,
    )),
    _signal("maintenance", None, Breakage(
        lambda c, _: do.door(c, is_open=True), lambda c: do.door(c, is_open=False),
        lambda c: c.door_open,
    )),
    _signal("quiet_night", None, Breakage(
        lambda c, _: do.quiet(c, quiet=True), lambda c: do.quiet(c, quiet=False),
        lambda c: c.approaches.quiet,
    )),
    _signal("green_rest", None, rests("green")),
    _signal("red_rest", None, rests("red")),
    _signal("dst_change", None, Breakage(
        lambda c, _: do.shift_plan(c, _HOUR), lambda c: do.shift_plan(c, 0),
        lambda c: c.plan_shift != 0, lasts=_HOUR_MOVES,
    )),
    _signal("sunny_cabinet", None, Breakage(
        lambda c, over: do.heat(c, over, _WARM), do.cool,
        lambda c: _WARM - 5 < c.power.temperature <= 65,
    )),
)  # fmt: skip

_ALL = (*_OUTPUTS, *_SEQUENCE, *_INPUTS, *_CABINET, *_NUISANCES)
FAULTS: tuple[Fault, ...] = tuple(fault for fault, _ in _ALL)
BREAKAGES: Mapping[str, Breakage] = {fault.name: what for fault, what in _ALL}
