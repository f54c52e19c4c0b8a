"""Breaking devices on purpose, and keeping the truth about it.

``catalogue`` collects every way to break. The ``Injector`` breaks a device, or its wire, and leaves
a *label* (``labels``): what broke, when, until when, and which alarm of whom it must bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gateway.model import Kind, Millis
from gateway.problems import suggest
from simulators.devices.contract import About, Station, powered
from simulators.faults.catalogue import FAULTS, OF_THE_WIRE, fault_of, kinds_of
from simulators.faults.labels import Label
from simulators.world import World

_MINUTE: Millis = 60_000

__all__ = ["FAULTS", "OF_THE_WIRE", "Injector", "Label", "fault_of", "kinds_of"]


class Injector:
    """Breaks and repairs the devices of a district; ``labels`` is the truth so far.

    ``subject`` says whose alarm something about a device is: ``subject("lamp-1", "bus")``.
    """

    def __init__(
        self,
        stations: Mapping[str, Station],
        world: World,
        subject: Callable[[str, About], str],
    ) -> None:
        self._stations = stations
        self._world = world
        self._subject = subject
        self._labels: list[Label] = []
        self._open: dict[tuple[str, str], int] = {}
        self._looks: dict[tuple[str, str], Millis] = {}
        self._in_sight: set[tuple[str, str]] = set()
        self._news: dict[int, None] = {}

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every fault so far, in the order they began."""
        return tuple(self._labels)

    def news(self) -> list[Label]:
        """The labels that are new or have changed since this was last asked, as they stand now."""
        changed, self._news = self._news, {}
        return [self._labels[place] for place in sorted(changed)]

    def inject(self, device: str, fault: str, over: float = 0.0, at: Millis | None = None) -> Label:
        """Break a device; a fault that grows takes ``over`` seconds to show.

        It is labelled as begun ``at`` a moment (now, if not said): when it was due, where time runs
        on by itself and it comes a little late.

        Raises:
            LookupError: no such device or fault; the text suggests one.
            ValueError: that device cannot have that fault, or has it already.
        """
        station = self._station(device)
        kind = fault_of(fault, station.device.kind)
        if kind is None:
            raise ValueError(f"{device} is a {station.device.kind}: it cannot have {fault}")
        if fault in OF_THE_WIRE and not station.senses(fault):
            raise ValueError(f"{fault} cannot happen on the wire of {device}")
        if (device, fault) in self._open:
            raise ValueError(f"{device} has {fault} already")
        now = self._world.clock.now() if at is None else at
        station.device.advance(now)
        (station if fault in OF_THE_WIRE else station.device).break_down(fault, over)
        subject = self._subject(device, kind.about)
        label = Label(device, fault, kind.code, subject, now, must_not=kind.must_not, may=kind.may)
        self._open[device, fault] = len(self._labels)
        self._news[len(self._labels)] = None
        self._labels.append(label)
        self._looks[device, fault] = now
        self._look(device, fault, now)
        return self._labels[-1]

    def repair(self, device: str, fault: str, at: Millis | None = None) -> Label:
        """End a fault (``at`` a moment, or now) and close its label.

        Raises:
            LookupError: no such device or fault.
            ValueError: it does not have it.
        """
        kinds_of(fault)
        station = self._station(device)
        if (device, fault) not in self._open:
            raise ValueError(f"{device} does not have {fault}")
        now = self._world.clock.now() if at is None else at
        self._look(device, fault, now)
        station.device.advance(now)
        place = self._open.pop((device, fault))
        self._looks.pop((device, fault), None)
        self._in_sight.discard((device, fault))
        (station if fault in OF_THE_WIRE else station.device).repair(fault)
        self._labels[place] = replace(self._labels[place], until=now)
        self._news[place] = None
        return self._labels[place]

    @property
    def next_look(self) -> Millis | None:
        """When to look next whether a fault that has begun is to be seen; None: no need."""
        return min(self._looks.values(), default=None)

    def look(self, now: Millis | None = None) -> None:
        """Note of every fault that was due for a look by ``now`` whether it is to be seen by then.

        Whoever moves time calls this at ``next_look``: each second of a fault's first minute, then
        less often, so that the label is good to a sixtieth of what it waited; once it has been
        seen, each whole minute. A look that comes late counts for when it was due: on wires and
        without, labels say the same.
        """
        moment = self._world.clock.now() if now is None else now
        for device, fault in list(self._looks):
            while (due := self._looks.get((device, fault), moment + 1)) <= moment:
                self._look(device, fault, due)

    def _look(self, device: str, fault: str, now: Millis) -> None:
        key = device, fault
        if key not in self._looks:
            return
        place = self._open[key]
        label = self._labels[place]
        if self._to_be_seen(device, fault, label.code, now):
            since = label.stretches[-1][0] if key in self._in_sight else now
            before = label.stretches[: -1 if key in self._in_sight else None]
            self._labels[place] = replace(label, stretches=(*before, (since, now)))
            self._in_sight.add(key)
            if label.shows is None:
                self._labels[place] = replace(self._labels[place], shows=now)
                self._news[place] = None
        else:
            self._in_sight.discard(key)
        self._looks[key] = self._next(self._labels[place], now)
        if label.code is None and key in self._in_sight:
            del self._looks[key]

    @staticmethod
    def _next(label: Label, now: Millis) -> Millis:
        """When to look at it again."""
        if label.shows is not None:
            return (now // _MINUTE + 1) * _MINUTE
        return now + min(_MINUTE, max(1_000, (now - label.at) // _MINUTE * 1_000))

    def _to_be_seen(self, device: str, fault: str, code: str | None, now: Millis) -> bool:
        """Whether what a fault does can be told now, by whoever polls.

        A wire tells nothing while nobody on it has the power to answer. What happens to single
        answers is there from the first, whoever asks.
        """
        station = self._stations[device]
        station.device.advance(now)
        if fault not in OF_THE_WIRE:
            return station.device.shows(fault)
        if code is None:
            return True
        return station.shows(fault) and any(
            powered(one.device) for one in self._concerned(device, fault, now)
        )

    def _concerned(self, device: str, fault: str, now: Millis) -> Iterator[Station]:
        """The stations whose answers a fault of the wire concerns, brought to ``now``."""
        subject = self._labels[self._open[device, fault]].subject
        names = [device] if subject == device else self._stations
        for name in names:
            if name == device or self._subject(name, "bus") == subject:
                station = self._stations[name]
                station.device.advance(now)
                yield station

    def has(self, device: str, fault: str) -> bool:
        """Whether a device has a fault now."""
        return (device, fault) in self._open

    def sound(self, device: str) -> bool:
        """Whether a device has no fault now, nor its bus."""
        return device not in self._broken()

    def _broken(self) -> set[str]:
        """The devices with a fault, and those nobody can see because their bus is down."""
        broken = {device for device, _ in self._open}
        down = {self._labels[place].subject for place in self._open.values()}
        down = {subject for subject in down if subject.startswith("bus:")}
        if down:
            broken |= {one for one in self._stations if self._subject(one, "bus") in down}
        return broken

    def senses(self, device: str, fault: str) -> bool:
        """Whether a fault can be told at the device's wire at all, by the sensors it has."""
        station = self._stations[device]
        own = fault not in OF_THE_WIRE
        return station.senses(fault) and (not own or station.device.tells(fault))

    def candidates(
        self, fault: str, kind: Kind | None = None, at: Millis | None = None
    ) -> list[str]:
        """The sound devices in which a fault would show at a moment, in the district's order."""
        kinds = kinds_of(fault) & (frozenset({kind}) if kind else kinds_of(fault))
        broken = self._broken()
        now = self._world.clock.now() if at is None else at
        return [
            name
            for name, station in self._stations.items()
            if station.device.kind in kinds
            and name not in broken
            and could_show(fault, station, now)
        ]

    def _station(self, device: str) -> Station:
        if device not in self._stations:
            raise LookupError(f'no device "{device}"; {suggest(device, self._stations)}')
        return self._stations[device]


def could_show(fault: str, station: Station, now: Millis) -> bool:
    """Whether a fault would be noticed if it began now."""
    if fault in OF_THE_WIRE:
        return station.senses(fault)
    station.device.advance(now)
    return station.senses(fault) and station.device.could_show(fault)
