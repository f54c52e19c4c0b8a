"""Every shipped scenario as an operations centre would have lived through it.

A scenario is recorded without wires and replayed through the engine that runs at the edge, with the
rules' own defaults. Pillars, cabinets and bins are read as often as their shipped profiles say,
lamps each minute, a week's cabinets each ten seconds, and everybody each ten seconds where
something has just happened. Scenarios of the demo, which suit any hour, are played for twenty
minutes and read each second as there; the demo's own site file cuts delays to seconds, and is not
what is judged here: a fault that is over before its rule's own delay is not due. A fault that lasts
for good ends with the recording.

Faults are counted as in ``districts``. Beside them stands the *flood*: the most alarms that were
announced in any ten minutes, whatever their severity (ISA-18.2 and EEMUA 191: ten in ten minutes
are a flood for the one who sits there). An alarm is announced when the horn and the table get it
(``causes.announced``): at once, or a minute later where another may explain it, unless that takes
it in meanwhile. What is suppressed by design, and events, are not announced.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.causes import announced
from gateway.faults.rules import load_rules
from gateway.faults.telling import Telling, Transition
from gateway.field.replay import Player, played
from gateway.model import Alarm, Kind, Millis, State
from simulators import fast
from simulators.fast.record import KINDS, START
from simulators.faults import OF_THE_WIRE, Label
from simulators.scenario import Scenario, load, scenario_names
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.detection.districts import FALSE_PER_1000_DAYS
from tests.detection.due import DAY
from tests.detection.judge import Tally, judge

OF_A_CITY: Mapping[Kind, Millis] = {
    "lamp": 60_000,
    "feeder": 10_000,
    "signal": 1_000,
    "bin": 60_000,
}
"""ms between two readings."""
OF_A_WEEK: Mapping[Kind, Millis] = {**OF_A_CITY, "signal": 10_000}
"""The same where a scenario lasts longer than ``LONG`` days: a million rows are enough."""
LONG = 4.0
OF_THE_DEMO: Mapping[Kind, Millis] = dict.fromkeys(KINDS, 1_000)
NEAR: Millis = 10_000
OF_A_DEMO = 20 / 1440
"""Days: ten rounds of most."""
DEVICES = 100
"""Of a scenario that does not say how large its district is."""
WINDOW: Millis = 600_000
HOUR: Millis = 3_600_000
CYCLES = 4
FLOOD = 10
"""Announced alarms in ten minutes (ISA-18.2, EEMUA 191)."""


@dataclass(frozen=True, slots=True)
class Polls:
    """How often each kind was read."""

    every: Mapping[Kind, Millis]

    def poll(self, kind: Kind, /) -> Millis:
        """The ms between two readings of a device of that kind."""
        return self.every[kind]


@dataclass(slots=True)
class Horn:
    """When each alarm was announced to an operator, from all that became of it."""

    _due: dict[tuple[str, str, Millis], Millis] = field(default_factory=dict)

    def take(self, alarm: Alarm) -> None:
        """An alarm as it stands after one of its steps."""
        key = (alarm.device, alarm.code, alarm.raised)
        if alarm.state is State.UNACKNOWLEDGED:
            due = max(announced(alarm), alarm.t)
            self._due[key] = min(due, self._due.get(key, due))
        elif alarm.state is not State.RETURNED and alarm.t < self._due.get(key, alarm.t):
            del self._due[key]

    @property
    def times(self) -> Sequence[Millis]:
        """The moments, in order."""
        return sorted(self._due.values())

    @property
    def names(self) -> Sequence[str]:
        """What was announced, in order: ``"pillar-f1 feeder_outage"``."""
        order = sorted(self._due, key=lambda key: (self._due[key], key))
        return [f"{device} {code}" for device, code, _ in order]


def most_within(times: Sequence[Millis], window: Millis) -> int:
    """The most of these moments, given in order, that lie within any stretch of a length."""
    most = first = 0
    for last, t in enumerate(times):
        while t - times[first] > window:
            first += 1
        most = max(most, last + 1 - first)
    return most


@dataclass(slots=True)
class Lived:
    """What came of one scenario: alarms by name as announced, and the labels' tally."""

    name: str
    devices: int
    days: float
    tally: Tally
    most: int
    announced: Sequence[str]

    @property
    def row(self) -> tuple[str, ...]:
        """A line of the table."""
        tally = self.tally
        due, found = sum(tally.due.values()), sum(tally.found.values())
        counts = (due, due - found, sum(tally.false.values()), sum(tally.over.values()), self.most)
        return (self.name, str(self.devices), _days(self.days), *map(str, counts))


def _days(days: float) -> str:
    """For people: ``"3"``, ``"15 h"``, ``"20 min"``."""
    if days >= 1:
        return f"{days:.0f}"
    return f"{days * 24:.0f} h" if days * 24 >= 1 else f"{days * 1440:.0f} min"


@dataclass(frozen=True, slots=True)
class Record:
    """A recording with its site and the labels of all that happened in it."""

    site: Site
    file: Path
    labels: Sequence[Label]
    readings: int


def recorded(
    scenario: Scenario, folder: Path, every: Mapping[Kind, Millis], days: float, seed: int
) -> Record:
    """Record a scenario; what lasts for good ends with it."""
    labels = folder / "labels.jsonl"
    options = fast.Options(
        file=folder / "recording.jsonl",
        folder=folder / "district",
        labels=labels,
        devices=DEVICES if scenario.district is None and scenario.devices is None else None,
        days=days,
        seed=seed,
        every=every,
        near=NEAR,
    )
    done = fast.record(scenario, options, lambda _: None)
    rules = load_rules()
    site = load_site(done.site, {code: rule.settings for code, rule in rules.items()})
    truth = [Label(**orjson.loads(line)) for line in labels.read_bytes().splitlines()]
    _, start = replace(scenario, start=scenario.start or START).begins(0)
    end = start + round(days * DAY)
    closed = [replace(one, until=end) if one.until is None else one for one in truth]
    return Record(site, options.file, [cycling(one, closed) for one in closed], done.readings)


def cycling(label: Label, every: Sequence[Label]) -> Label:
    """A lamp that fails four times within an hour, and comes back, cycles (domain §1)."""
    times = [
        one.at
        for one in every
        if (one.device, one.fault) == (label.device, label.fault) and 0 <= label.at - one.at <= HOUR
    ]
    cycles = label.fault == "lamp_failure" and len(times) >= CYCLES
    return replace(label, may=(*label.may, "lamp_cycling")) if cycles else label


def heard(record: Record, hear: Callable[[Alarm], None]) -> Iterator[Transition]:
    """The transitions a recording makes, and every alarm's steps to whoever wants to ``hear``."""
    telling = Telling()
    for (outcomes,) in played((Player(record.site),), record.file):
        for outcome in outcomes:
            if isinstance(outcome, Alarm):
                hear(outcome)
            told = telling.of(outcome)
            if told is not None:
                yield told


def lived(name: str, seed: int, share: float) -> Lived:
    """Record a scenario, replay it, and count."""
    scenario = load(name)
    days = OF_A_DEMO if scenario.duration is None else scenario.duration / 86_400
    of_a_city = OF_A_WEEK if days > LONG else OF_A_CITY
    every = OF_THE_DEMO if scenario.live else of_a_city
    horn = Horn()
    with tempfile.TemporaryDirectory(prefix="wayside-scenario-") as folder:
        record = recorded(scenario, Path(folder), every, days * share, seed)
        tally = judge(Polls(every), record.site, record.labels, heard(record, horn.take))
    devices = len(record.site.devices)
    tally.readings, tally.device_days = record.readings, devices * days * share
    most = most_within(horn.times, WINDOW)
    return Lived(name, devices, days * share, tally, most, horn.names)


def measure(seed: int, share: float = 1.0) -> Verdict:
    """Every scenario, two at a time; each has a seed of its own."""
    names = sorted(scenario_names(), key=lambda name: -(load(name).duration or 0.0))
    found: dict[str, Lived] = {}
    with ProcessPoolExecutor(2) as pool:
        running = [
            pool.submit(lived, name, seed + place, share) for place, name in enumerate(names)
        ]
        for number, (name, future) in enumerate(zip(names, running, strict=True), 1):
            found[name] = one = future.result()
            progress(f"{number} of {len(names)}: {name}, at most {one.most} alarms in 10 minutes")
            for example in one.tally.examples:
                progress(f"{name}: {example}")
    return verdict([found[name] for name in sorted(found)])


def verdict(lives: Sequence[Lived]) -> Verdict:
    """The table by scenario, and what was not kept."""
    whole = Tally()
    for one in lives:
        whole.add(one.tally)
    due, found = sum(whole.due.values()), sum(whole.found.values())
    false, late = sum(whole.false.values()), sum(whole.over.values())
    most = max(one.most for one in lives)
    rows = [one.row for one in lives]
    devices, days = sum(one.devices for one in lives), whole.device_days
    counts = (due, due - found, false, late, most)
    rows.append(("together", str(devices), f"{days:.0f} device-days", *map(str, counts)))
    broken = list(_broken(lives, whole))
    head = ("scenario", "devices", "days", "due", "missed", "false", "late", "most in 10 min")
    title = "Every scenario: what is found, and how many alarms come at once"
    return Verdict(Table(title, _says(whole), head, rows), broken)


def _broken(lives: Iterable[Lived], whole: Tally) -> Iterator[str]:
    for one in lives:
        if one.most >= FLOOD:
            yield f"{one.name}: {one.most} alarms in ten minutes, not under {FLOOD}"
    due, found = sum(whole.due.values()), sum(whole.found.values())
    if due > found:
        codes = Counter(whole.due)
        codes.subtract(whole.found)
        missed = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()) if count)
        yield f"{due - found} of {due} faults were not found: {missed}"
    false = sum(whole.false.values())
    share = 1000 * false / max(whole.device_days, 1.0)
    if share > FALSE_PER_1000_DAYS:
        yield f"{share:.2f} false alarms in 1 000 device-days, not {FALSE_PER_1000_DAYS}"
    late = sum(whole.over.values())
    if late > found / 100:
        yield f"{late} of {found} alarms came later than their rule's delay and two polls"


def _says(whole: Tally) -> str:
    wires = ", ".join(f"`{name}`" for name in sorted(OF_THE_WIRE & _struck()))
    return (
        f"{whole.readings:,} readings: lamps and bins each minute, pillars each 10 s, cabinets "
        "each second (in the week each 10 s), and all that is near a fault each 10 s; the demo's "
        "scenarios for 20 minutes at a reading a second. The rules' own defaults; faults that were "
        f"over before their rule's own delay ({whole.not_due}) are not due: the demo, whose faults "
        "last for seconds, cuts its delays for that. *Late* is later than the rule's own delay and "
        "two polls. *Most in 10 min* are the alarms of any severity that were announced in any ten "
        f"minutes (ISA-18.2, EEMUA 191; the bound is under {FLOOD}): neither what is suppressed by "
        "design nor events, and not what a parent takes in before it is announced, a minute after "
        "it was raised. Nobody acknowledges anything. Recorded without wires: what befalls a wire "
        f"({wires}) is here what the driver would have said of it, and the time that a dead unit "
        "costs its neighbours is not in it; nor is the uplink, which is not the edge's to judge."
    )


def _struck() -> frozenset[str]:
    """Every fault that the shipped scenarios name."""
    every = (load(name) for name in scenario_names())
    return frozenset(trouble.fault for scenario in every for trouble in scenario.fault)
