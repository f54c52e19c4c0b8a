"""Breaking devices on purpose, and keeping the truth about it.

A fault is injected into one device and leaves a *label*: what broke, when, until when, and which
alarm of which device it must bring. The faults are chosen so that each brings that one alarm and
no other: a failed supply leaves its lamps below the voltage at which they may be judged, a mute
device says nothing else, a stuffed bin stays below overflowing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from gateway.model import Kind, Millis
from gateway.problems import suggest
from simulators.devices.contract import Station
from simulators.devices.lamp import Lamp
from simulators.wires.line import Sensor
from simulators.world import World

_DAYLIGHT = 8.0
"""Degrees of sun from which a burning lamp is a day burner (the rule asks for 6)."""


FaultName: TypeAlias = Literal[
    "lamp_failure",
    "day_burner",
    "feeder_outage",
    "conflicting_greens",
    "bin_full",
    "bin_fire",
    "silent",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break: of which kind of device (any, if None), and the code of its alarm."""

    name: FaultName
    kind: Kind | None
    code: str


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("lamp_failure", "lamp", "lamp_failure"),
        Fault("day_burner", "lamp", "day_burner"),
        Fault("feeder_outage", "feeder", "feeder_outage"),
        Fault("conflicting_greens", "signal", "conflicting_greens"),
        Fault("bin_full", "bin", "bin_full"),
        Fault("bin_fire", "bin", "bin_fire"),
        Fault("silent", None, "comm_loss"),
    )
}


@dataclass(frozen=True, slots=True)
class Label:
    """What was broken: ``code`` must be raised for ``device_of_alarm``.

    ``at`` and ``until`` are ms UTC; ``until`` is None while the fault lasts.
    """

    device: str
    fault: str
    code: str
    device_of_alarm: str
    at: Millis
    until: Millis | None = None

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def as_text(self) -> str:
        """For people."""
        return f"{self.device}: {self.fault} {'begins' if self.until is None else 'ends'}"


class Injector:
    """Breaks and repairs the devices of a district; ``labels`` is the truth so far."""

    def __init__(self, stations: Mapping[str, Station], world: World) -> None:
        self._stations = stations
        self._world = world
        self._labels: list[Label] = []

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every fault so far, in the order they began."""
        return tuple(self._labels)

    def inject(self, device: str, fault: str, over: float = 0.0) -> Label:
        """Break a device now; a fault that grows takes ``over`` seconds to show.

        Raises:
            LookupError: no such device or fault; the text suggests one.
            ValueError: that device cannot have that fault, or has it already.
        """
        kind = fault_named(fault)
        station = self._station(device)
        if kind.kind not in {None, station.device.kind}:
            raise ValueError(f"{device} is a {station.device.kind}: it cannot have {fault}")
        if self._open(device, fault) is not None:
            raise ValueError(f"{device} has {fault} already")
        now = self._world.clock.now()
        station.device.advance(now)
        if fault == "silent":
            station.mute = True
        else:
            station.device.break_down(fault, over)
        label = Label(device, fault, kind.code, device, now)
        self._labels.append(label)
        return label

    def repair(self, device: str, fault: str) -> Label:
        """End a fault now and close its label.

        Raises:
            LookupError: no such device or fault.
            ValueError: it does not have it.
        """
        fault_named(fault)
        station = self._station(device)
        place = self._open(device, fault)
        if place is None:
            raise ValueError(f"{device} does not have {fault}")
        now = self._world.clock.now()
        station.device.advance(now)
        if fault == "silent":
            station.mute = False
        else:
            station.device.repair(fault)
        self._labels[place] = replace(self._labels[place], until=now)
        return self._labels[place]

    def candidates(self, fault: str, kind: Kind | None = None) -> list[str]:
        """The sound devices in which a fault would show at this moment, in the district's order."""
        wanted = FAULTS[fault].kind or kind
        broken = {label.device for label in self._labels if label.until is None}
        now = self._world.clock.now()
        return [
            name
            for name, station in self._stations.items()
            if wanted in {None, station.device.kind}
            and name not in broken
            and self._shows(fault, station, now)
        ]

    def _shows(self, fault: str, station: Station, now: Millis) -> bool:
        device = station.device
        device.advance(now)
        if fault == "lamp_failure" and isinstance(device, Lamp):
            return device.lit
        if fault == "day_burner" and isinstance(device, Lamp):
            supplied = bool(device.voltage) and not device.facts.tunnel
            return supplied and not device.commanded and self._world.sun(now) > _DAYLIGHT
        if fault == "bin_fire":
            return not isinstance(station, Sensor)  # it has no thermometer
        return True

    def _station(self, device: str) -> Station:
        if device not in self._stations:
            raise LookupError(f'no device "{device}"; {suggest(device, self._stations)}')
        return self._stations[device]

    def _open(self, device: str, fault: str) -> int | None:
        for place, label in enumerate(self._labels):
            if (label.device, label.fault, label.until) == (device, fault, None):
                return place
        return None


def fault_named(name: str) -> Fault:
    """A fault; LookupError with a suggestion if there is none of that name."""
    if name not in FAULTS:
        raise LookupError(f'no fault "{name}"; {suggest(name, FAULTS)}')
    return FAULTS[name]
