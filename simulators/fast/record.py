"""The loop that makes a recording: read everybody when due, and do what the scenario says.

Around a fault's begin, first sight and end, its device and that device's group can be read every
few seconds (``near``), so that rules that need close readings get them where something happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.config import load_site
from gateway.faults.rules import load_rules
from gateway.model import Kind, Millis
from gateway.recording import Note, encode
from gateway.units import format_duration
from simulators.devices.contract import Values, powered
from simulators.fast.rows import Writer, befallen, unpowered
from simulators.fast.sink import Sink, sink
from simulators.fast.stage import Stage
from simulators.faults import Label
from simulators.faults.happenings import collections
from simulators.scenario import Player, Scenario, Witness
from simulators.town.city import file_of
from simulators.town.district import make
from simulators.town.plan import Asset, District
from simulators.town.sitefile import Style
from simulators.world import DAY, SteppedClock, World

START = datetime(2026, 3, 2)  # noqa: DTZ001  # a Monday, in the time of whatever place
"""When a recording begins if its scenario does not say."""
NEAR_FOR: Millis = 1_200_000
"""ms a device is read closely after something happened to it: longer than most rules' delays."""
LONGER: Mapping[str, Millis] = {"lamp_cycling": 5_400_000}
"""The same for faults whose rules count events over a longer time."""
KINDS: tuple[Kind, ...] = ("lamp", "feeder", "signal", "bin")
_NEIGHBOURS = 2
"""Lamps to either side that are read closely with a lamp."""
_TELL = 2.0
"""Seconds between two words about the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is wanted; ``every`` and ``near`` in ms, ``days`` overrides the scenario's duration.

    ``every`` is one period for everybody, or one for each kind. ``folder`` gets the district's
    site file and profiles, for whoever replays the recording.
    """

    file: Path
    folder: Path
    labels: Path | None = None
    devices: int | None = None
    days: float | None = None
    seed: int | None = None
    every: Millis | Mapping[Kind, Millis] = 300_000
    near: Millis | None = None

    def period(self, kind: Kind) -> Millis:
        """The ms between two readings of a device of that kind."""
        return self.every if isinstance(self.every, int) else self.every[kind]


@dataclass(frozen=True, slots=True)
class Result:
    """What was made: ``readings`` rows and ``labels`` in ``seconds``."""

    site: Path
    readings: int
    labels: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "site": str(self.site),
            "readings": self.readings,
            "labels": self.labels,
            "seconds": round(self.seconds, 3),
        }


def record(scenario: Scenario, options: Options, tell: Callable[[str], None]) -> Result:
    """Make a recording; ``tell`` hears how far it is.

    Raises:
        ValueError: a district cannot have that many devices.
        OSError: a file exists already or cannot be written.
    """
    began = time.monotonic()
    scenario = replace(scenario, start=scenario.start or START)
    place, start = scenario.begins(0)
    lasts = (scenario.duration or 86_400.0) * 1000 if options.days is None else options.days * DAY
    seed = scenario.seed if options.seed is None else options.seed
    every: dict[str, str] = {kind: format_duration(options.period(kind) / 1000) for kind in KINDS}
    district = make(
        scenario.sizes(options.devices),
        folder=options.folder,
        now=start,
        seed=seed,
        place=place,
        style=Style(quick=False, every=every),
        wires=False,
    )
    world = World(
        place.latitude,
        place.longitude,
        clock=SteppedClock(start),
        seed=seed,
        zone=place.timezone,
    )
    with sink(options.file) as out:
        desk = Recording(Stage(district, world), out, options)
        desk.run(scenario, start, start + round(lasts), tell)
    if options.labels is not None:
        told = sorted([*desk.labels, *desk.happened], key=lambda label: label.at)
        options.labels.write_bytes(b"".join(map(desk.label_line, told)))
    seconds = time.monotonic() - began
    return Result(district.site_file, desk.readings, len(desk.labels), seconds)


@dataclass(slots=True)
class Reader:
    """One device to be read: its desk, its writer, and whether it is left out for now."""

    asset: Asset
    line: Callable[[Millis, Values], bytes]
    absent: int = 0


@dataclass(slots=True)
class Shift:
    """By how many ms the gateway's clock is off from a moment of the world on."""

    since: Millis
    by: Millis


@dataclass(slots=True)
class Recording:
    """A recording under way."""

    stage: Stage
    out: Sink
    options: Options
    readings: int = 0
    _readers: dict[str, Reader] = field(default_factory=dict)
    _near: dict[str, Millis] = field(default_factory=dict)
    _shifts: list[Shift] = field(default_factory=list)

    def __post_init__(self) -> None:
        district = self.stage.district
        settings = {code: rule.settings for code, rule in load_rules().items()}
        devices = {device.id: device for device in load_site(district.site_file, settings).devices}
        for asset in district.assets:
            device, profile = devices[asset.id], file_of(asset.profile, district.folder)
            line = Writer(device, profile, self.stage.desks[asset.id].device.values()).line
            self._readers[asset.id] = Reader(asset, line)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every fault so far."""
        return self.stage.injector.labels

    @property
    def happened(self) -> list[Label]:
        """Every collection so far."""
        return collections(desk.device for desk in self.stage.desks.values())

    def run(
        self, scenario: Scenario, start: Millis, end: Millis, tell: Callable[[str], None]
    ) -> None:
        """Record from ``start`` to ``end``."""
        witness = Witness(
            say=tell, note=self._note, absent=self._leave, back=self._back, step=self._step
        )
        player = Player(scenario, self.stage, start, ends=end, witness=witness)
        clock = self.stage.world.clock
        assert isinstance(clock, SteppedClock)  # noqa: S101  # ours, made above
        rounds = self._rounds()
        due = dict.fromkeys(rounds, start)
        near, next_near = self.options.near, None
        progress = Progress(start, end, tell)
        while True:
            moments = (*due.values(), player.due, next_near)
            t = min((one for one in moments if one is not None), default=end + 1)
            if t > end:
                break
            clock.move(t)
            player.run(t)
            if near is not None:
                self._approach(self.stage.injector.news(), t)
            now = [every for every, at in due.items() if at == t]
            for every in now:
                self._read(rounds[every], t)
                due[every] += every
                progress.reached(t, self.readings)
            if t == next_near:
                close = [self._readers[device] for device in self._near]
                self._read([one for one in close if self._period(one) not in now], t)
            if near is not None and (next_near is None or t >= next_near):
                self._near = {one: until for one, until in self._near.items() if until > t}
                next_near = t + near if self._near else None

    def _rounds(self) -> Mapping[Millis, Sequence[Reader]]:
        """The devices by their period, in the order of the district."""
        rounds: dict[Millis, list[Reader]] = {}
        for reader in self._readers.values():
            rounds.setdefault(self._period(reader), []).append(reader)
        return rounds

    def _period(self, reader: Reader) -> Millis:
        return self.options.period(reader.asset.kind)

    def _read(self, readers: Iterable[Reader], t: Millis) -> None:
        """A row of each device, in the order of the district."""
        desks, lines = self.stage.desks, []
        stamp = self._stamp(t)
        for reader in readers:
            if reader.absent:
                continue
            desk = desks[reader.asset.id]
            device = desk.device
            device.advance(t)
            if not powered(device):
                lines.append(unpowered(stamp, device))
                continue
            row = reader.line(stamp, device.values())
            lines.append(befallen(desk, row) if desk.troubled else row)
        self.readings += len(lines)
        self.out.write(b"".join(lines))

    def _approach(self, news: Iterable[Label], t: Millis) -> None:
        for label in news:
            for device in group_of(label.device, self.stage.district):
                until = t + LONGER.get(label.fault, NEAR_FOR)
                self._near[device] = max(until, self._near.get(device, 0))
        if news:
            order = self._readers
            self._near = {one: self._near[one] for one in order if one in self._near}

    def _stamp(self, t: Millis) -> Millis:
        """What the gateway's clock says at a moment of the world."""
        return t + (self._shifts[-1].by if self._shifts else 0)

    def _note(self, t: Millis, word: str, fields: Mapping[str, Any]) -> None:
        self.out.write(encode(Note(self._stamp(t), word, fields)) + b"\n")

    def _step(self, t: Millis, by: Millis) -> None:
        before = self._stamp(t)
        self._shifts.append(Shift(t, (self._shifts[-1].by if self._shifts else 0) + by))
        self._note(t, "clock", {"from": before})

    def _leave(self, devices: frozenset[str]) -> None:
        for device in devices:
            self._readers[device].absent += 1

    def _back(self, devices: frozenset[str]) -> None:
        for device in devices:
            self._readers[device].absent -= 1

    def label_line(self, label: Label) -> bytes:
        """A label as a line, its times as the gateway's clock would say them."""
        told = label.as_dict()
        for key in ("at", "shows", "until"):
            if told[key] is not None:
                told[key] = self._said(told[key])
        told["stretches"] = [list(map(self._said, one)) for one in label.stretches]
        return orjson.dumps(told) + b"\n"

    def _said(self, t: Millis) -> Millis:
        """A moment of the past as the gateway's clock would say it now."""
        return t + sum(one.by for one in self._shifts[-1:] if one.since <= t)


def group_of(device: str, district: District) -> list[str]:
    """The devices whose readings tell about a fault of one: feeder, neighbours, stand."""
    assets = {asset.id: asset for asset in district.assets}
    one = assets[device]
    if one.kind == "lamp":
        return [
            asset.id
            for asset in district.assets
            if asset.kind in {"lamp", "feeder"}
            and asset.facts.feeder == one.facts.feeder
            and (asset.kind == "feeder" or _beside(asset, one))
        ]
    if one.kind == "feeder":
        fed = (asset for asset in district.assets if asset.kind in {"lamp", "feeder"})
        return [asset.id for asset in fed if asset.facts.feeder == one.facts.feeder]
    if one.kind == "bin":
        bins = (asset for asset in district.assets if asset.kind == "bin")
        return [asset.id for asset in bins if asset.facts.stand == one.facts.stand]
    return [device]


def _beside(lamp: Asset, other: Asset) -> bool:
    return bool(abs((lamp.facts.position or 0) - (other.facts.position or 0)) <= _NEIGHBOURS)


class Progress:
    """Says now and then how far a recording is, and how long the rest will take."""

    def __init__(self, start: Millis, end: Millis, tell: Callable[[str], None]) -> None:
        self._start, self._end, self._tell = start, end, tell
        self._began = self._told = time.monotonic()

    def reached(self, t: Millis, readings: int) -> None:
        """The recording has come to ``t``."""
        now = time.monotonic()
        if now - self._told < _TELL or t <= self._start:
            return
        self._told = now
        share = (t - self._start) / (self._end - self._start)
        left = (now - self._began) * (1 - share) / share
        self._tell(f"{share:.0%}, {readings} readings, {left:.0f} s left")
