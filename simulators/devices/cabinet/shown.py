"""What a cabinet's points say: one dictionary, brought up to date where something changed.

``now`` copies it for whoever asks and adds what moves all the time (loops, calls, noise), so that a
reading costs little; the copy is the caller's own.
"""

from __future__ import annotations

from functools import lru_cache

from gateway.model import Value
from simulators.devices.cabinet.equipment import Equipment
from simulators.devices.cabinet.plan import Actuated, Fixed
from simulators.devices.cabinet.power import METER

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
"""What the controller may complain of (RSMP's A0001 to A0304)."""

BITS = ("coordination_fault", "coordination_failed", "cycle_fault", "cycle_failed")


@lru_cache
def keys(name: str, count: int) -> tuple[str, ...]:
    """``name_1`` to ``name_count``."""
    return tuple(f"{name}_{number}" for number in range(1, count + 1))


def whole(cabinet: Equipment) -> dict[str, Value | None]:
    """Every point, before anything has been looked at."""
    groups = cabinet.layout.groups
    names = [*keys("detector_fault", groups), *keys("lamp_fault", groups), *BITS]
    names += keys("ped_call", max(2, cabinet.approaches.buttons))
    names += [f"alarm_{what}" for what in ALARMS]
    return {**dict.fromkeys(keys("group", groups), "dark"), **dict.fromkeys(names, False)}


def lights(cabinet: Equipment) -> None:
    """The groups, the cycle and the pre-emption changed."""
    shown, steps = cabinet.shown, cabinet.sequence
    shown.update(zip(keys("group", cabinet.layout.groups), cabinet.aspects, strict=True))
    plan = steps.plan
    fixed = isinstance(plan, Fixed)
    shown["plan"] = plan.number
    shown["cycle_time"] = plan.cycle(cabinet.layout) / 1000 if isinstance(plan, Fixed) else 0.0
    shown["cycle_counter"] = steps.counter
    shown["coordinated"] = fixed and steps.in_step and cabinet.regime.mode == "control"
    shown["local_free"] = isinstance(plan, Actuated)
    shown["stop_time"] = steps.stopped


def status(cabinet: Equipment) -> None:
    """The regime, a switch or a bit changed."""
    shown, bits, regime = cabinet.shown, cabinet.bits, cabinet.regime
    shown["mode"], shown["flash_cause"] = regime.mode, regime.cause
    shown["control_source"] = "manual" if regime.name == "manual" else "timebase"
    shown["conflict_monitor_ok"] = cabinet.outputs.monitor_ok
    shown["door_open"] = cabinet.door_open
    shown["preempt"] = cabinet.sequence.preempted or regime.name == "preempt_flash"
    flagged = cabinet.lamps.flagged
    groups = cabinet.layout.groups
    for group, key in enumerate(keys("lamp_fault", groups), 1):
        shown[key] = group in flagged
    for key in keys("detector_fault", groups):
        shown[key] = key in bits
    for key in BITS:
        shown[key] = key in bits
    red = "red" in flagged.values()
    shown["alarm_lamp_serious"], shown["alarm_lamp"] = red, bool(flagged) and not red
    shown["alarm_safety"] = regime.name in {"mmu", "fault_monitor"}
    shown["alarm_hardware_serious"] = not cabinet.outputs.monitor_ok
    shown["alarm_synchronisation"] = "coordination_fault" in bits
    shown["alarm_detector_logic"] = any(shown[key] for key in keys("detector_fault", groups))
    lights(cabinet)


def slow(cabinet: Equipment) -> None:
    """Climate and power were looked at."""
    shown, power = cabinet.shown, cabinet.power
    shown["cabinet_temperature"] = power.temperature
    shown["on_battery"] = power.on_battery
    shown["battery_low_flag"] = power.on_battery and power.cell < 1.95


def now(cabinet: Equipment) -> dict[str, Value | None]:
    """All points at this moment, with each call's own noise."""
    t, approaches, power = cabinet.t, cabinet.approaches, cabinet.power
    shown = cabinet.shown.copy()
    on, called = approaches.on, approaches.vehicle_call
    groups = cabinet.layout.groups
    detectors, calls = keys("detector", groups), keys("vehicle_call", groups)
    for lane in range(groups):
        shown[detectors[lane]] = on(lane, t)
        shown[calls[lane]] = called(lane)
    buttons = approaches.buttons
    for button, key in enumerate(keys("ped_call", buttons)):
        shown[key] = approaches.ped_call(button)
    noise = cabinet.noise.random() - 0.5
    shown["clock_offset"] = cabinet.offset + cabinet.clock_shift / 1000 + 0.02 * noise
    shown["supply_voltage"] = cabinet.volts if power.fuse else 0.0
    shown["battery_voltage"] = power.voltage + 2 * METER * noise
    return shown
