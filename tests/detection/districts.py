"""Every fault of the catalogue, on labelled recordings of simulated districts.

Each *part* is a district of one sort and a stretch of time, in which every fault its devices can
have befalls some of them by chance, nuisances included. It is recorded without wires, read through
the same engine as at the edge with the rules' own defaults, and held against its labels:

- a label is *due* if its condition showed for as long as its rule needs, and two polls more, and
  did not begin before its rule can have learnt what is usual. A lamp's or a pillar's must have
  shown so long at a stretch: what begins five minutes before dawn is due at dusk;
- one that is missed is not due if a graver alarm stood for it then, or nobody could read its device
  and an alarm said so (``standing``);
- it is *found* if its subject raises its code from then on until half an hour after its end, or if
  that alarm stood from an earlier fault all the while;
- an alarm is *false* if no label about its subject, or about what that is part of, asks for its
  code or allows it; one that its cause takes in within its grouping window is not announced.

A recording is made, read and thrown away part by part, so that two hundred years of devices need
little room; two parts run side by side. Tune with one seed, make the table with another.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rule import Rule
from gateway.faults.rules import load_rules
from gateway.field.replay import transitions
from gateway.model import Kind, Millis
from gateway.weekly import within
from simulators import fast
from simulators.faults import FAULTS, Label
from simulators.scenario import read
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.detection.standing import Hiding, Spell

DAY = 86_400_000
YEAR = 365.0
AFTERGLOW = 1_800_000
"""ms after a fault's end in which its alarm may still come."""

TAKEN_IN = 1_200_000
"""ms: the longest grouping window of a device that is polled every five minutes (domain §4)."""

LEARNS = {
    "pole_tilt": 1.0,
    "heavy_load": 20.0,
    "power_factor_low": 3.0,
    "power_high": 3.0,
    "detector_no_activity": 14.0,
    "leakage_trend": 8.0,
}
"""Days in which a rule learns what is usual before it can tell: what a dimmed lamp draws, say, for
by its plate it may be off by 35 % (domain §1)."""

WAITS = {"collection_missed": "late", "sensor_stuck": "still"}
"""Rules whose own delay is another setting than ``on_delay``."""

ANNOUNCED = {"maintenance", "relamping"}
"""What comes with a work order, and is meant to alarm without one."""

FALSE_PER_1000_DAYS = 1.0
LASTS = {
    "battery_low": "2d", "bin_removed": "40h", "collection_missed": "4d", "contactor_open": "12h",
    "energy_drift": "11d", "leakage_trend": "10d", "photocell_fault": "8d", "sensor_blocked": "20h",
    "sensor_stuck": "10d", "heavy_load": "2d",
}  # fmt: skip
"""How long a fault lasts, on average, where it needs more than half a day to be told."""
AT_CABINETS = {
    "charger_fault": "36h", "detector_no_activity": "20h", "forgotten_flash": "2h",
    "battery_low": "40m",
}  # fmt: skip
"""The same of cabinets, whose faults are told within the hour but for these."""
BY_THE_MINUTE = frozenset({"charger_fault", "detector_no_activity"})
"""Faults of cabinets that are told in a day or more, and so on recordings of weeks."""
AT_LAMPS = frozenset(
    {"lamp_cycling", "lamp_failure", "lossy", "meter_spikes", "partial_gaps", "test_switching"}
)
"""A lamp that goes out and comes back, which only readings of a minute tell, and what looks like it
to them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Devices by kind, days, seconds between readings, and the kind whose faults befall them.

    ``rate`` is of each fault, per device and year. ``only`` these faults befall them, if any are
    named, and last for ``lasts`` on average where no table of this module says otherwise.
    """

    name: str
    kind: str
    sizes: str
    days: float
    every: float
    near: float | None
    rate: float
    only: frozenset[str] = frozenset()
    lasts: str = "12h"

    @property
    def befalls(self) -> frozenset[str]:
        """The faults and nuisances that may befall its devices."""
        return self.only or faults_of(self.kind)

    def lasts_of(self, fault: str) -> str:
        """How long a fault lasts on average, give or take a half."""
        table = AT_CABINETS if self.kind == "signal" else LASTS
        return table.get(fault, self.lasts)

    def scenario(self, seed: int) -> str:
        """The scenario as its file says it."""
        befalls = [
            f'[[random]]\nfault = "{name}"\nkind = "{self.kind}"\nrate = {self.rate}\n'
            f'for = "{self.lasts_of(name)}"\nover = "2m"\n'
            for name in sorted(self.befalls)
        ]
        head = f'schema = 1\ndescription = "{self.name}"\nseed = {seed}\n[district]\n{self.sizes}\n'
        return "\n".join([head, *befalls])

    def poll(self, _kind: Kind) -> Millis:
        """The ms between two readings of a device, of whatever kind."""
        return round(self.every * 1000)


class Polled(Protocol):
    """What was recorded, as far as the judge must know: how often."""

    def poll(self, kind: Kind, /) -> Millis:
        """The ms between two readings of a device of that kind."""


def faults_of(kind: str) -> frozenset[str]:
    """Every fault and nuisance that can befall a kind of device unannounced."""
    found = {name for name, kinds in FAULTS.items() if any(kind in one.kinds for one in kinds)}
    return frozenset(found - ANNOUNCED)


@dataclass
class Tally:
    """What came of some labels: by code how many were due, found, and after how many ms."""

    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    delays: dict[str, list[Millis]] = field(default_factory=lambda: defaultdict(list))
    over: Counter[str] = field(default_factory=Counter)
    not_due: int = 0
    readings: int = 0
    device_days: float = 0.0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take another part in."""
        for name in ("due", "found", "false", "over"):
            getattr(self, name).update(getattr(other, name))
        for code, delays in other.delays.items():
            self.delays[code] += delays
        self.not_due += other.not_due
        self.readings += other.readings
        self.device_days += other.device_days
        self.examples += other.examples


@dataclass(frozen=True, slots=True)
class Made:
    """A recording of a district, with its site and the labels of all that happened in it."""

    site: Site
    recording: Path
    labels: Sequence[Label]
    readings: int


@contextmanager
def made(part: Part, seed: int, share: float) -> Iterator[Made]:
    """Record a part; the recording is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wayside-detection-") as folder:
        place = Path(folder)
        (place / "scenario.toml").write_text(part.scenario(seed), encoding="utf-8")
        labels = place / "labels.jsonl"
        options = fast.Options(
            file=place / "recording.jsonl",
            folder=place / "district",
            labels=labels,
            days=part.days * share,
            seed=seed,
            every=round(part.every * 1000),
            near=None if part.near is None else round(part.near * 1000),
        )
        done = fast.record(read(place / "scenario.toml"), options, lambda _: None)
        rules = load_rules()
        site = load_site(done.site, {code: rule.settings for code, rule in rules.items()})
        truth = [Label(**orjson.loads(line)) for line in labels.read_bytes().splitlines()]
        yield Made(site, options.file, truth, done.readings)


def run(part: Part, seed: int, share: float) -> Tally:
    """Record a part, replay it, and count."""
    with made(part, seed, share) as one:
        tally = judge(part, one.site, one.labels, transitions(one.site, one.recording))
    tally.readings = one.readings
    tally.device_days = len(one.site.devices) * part.days * share
    return tally


def judge(
    part: Polled, site: Site, labels: Sequence[Label], told: Iterable[Mapping[str, Any]]
) -> Tally:
    """Hold what was told against the labels."""
    tally = Tally()
    raised: dict[tuple[str, str], list[Millis]] = defaultdict(list)
    told = list(told)
    alarms = [one for one in told if one["transition"] == "raise"]
    for one in alarms:
        raised[one["device"], one["code"]].append(one["t"])
    taken_in: dict[tuple[str, str], list[Millis]] = defaultdict(list)
    for one in told:
        if one["transition"] == "suppress":
            taken_in[one["device"], one["code"]].append(one["t"])
    polls = {device.id: part.poll(device.kind) for device in site.devices}
    first = min((label.at for label in labels), default=0)
    around, hiding = relations(site), Hiding(site, told)
    lights = {device.id for device in site.devices if device.kind in {"lamp", "feeder"}}
    unseen = [() if one.code is None else hiding.of(one.subject, one.code) for one in labels]
    for label, hidden in zip(labels, unseen, strict=True):
        if label.code is not None:
            poll = polls[label.device]
            needs = takes(label.code, label.fault, poll)
            cut = interrupted(label, site, needs)
            times = () if cut else _stretches(label, needs, by_night=label.device in lights)
            sought = Sought(label, poll, times, hidden, hiding.stood(label))
            begun = learns_from(label, labels, first)
            _find(sought, raised[label.subject, label.code], begun, tally)
    early = [
        [*hidden, (label.at, (label.shows or label.at) + polls[label.device])]
        for label, hidden in zip(labels, unseen, strict=True)
    ]  # a pillar notices a poll later that it was switched, and so waits a poll longer
    for one in alarms:
        after = taken_in[one["device"], one["code"]]
        if any(0 <= t - one["t"] <= TAKEN_IN for t in after):
            continue
        pairs = zip(labels, early, strict=True)
        if not any(explains(label, one, around, hidden) for label, hidden in pairs):
            tally.false[one["code"]] += 1
            tally.examples.append(f"{one['t']} {one['device']} {one['code']}: {one['message']}")
    return tally


@dataclass(frozen=True, slots=True)
class Sought:
    """A label, how often its device is read, when it was to be seen, and when it was hidden.

    ``stood``: its alarm was there before the fault, and as long as that lasted.
    """

    label: Label
    poll: Millis
    stretches: Sequence[tuple[Millis, Millis]]
    hidden: Sequence[Spell]
    stood: bool = False

    def excused(self, since: Millis, until: Millis) -> bool:
        """Whether it was hidden in some of that time."""
        return any(begin <= until and end >= since for begin, end in self.hidden)

    def delay(self, found: Millis) -> Millis:
        """How long it took, from when it was to be seen and not hidden any more."""
        since = self.stretches[0][0]
        ends = [
            round(end) for begin, end in self.hidden if begin <= found and since <= end <= found
        ]
        return found - max([since, *ends])


def _stretches(label: Label, needs: Millis, *, by_night: bool) -> Sequence[tuple[Millis, Millis]]:
    """The stretches in which it showed for as long as its rule needs.

    What rules of several nights look back on, and what comes and goes with a junction's cycle, is
    taken from its first to its last moment.
    """
    if label.shows is None or label.until is None:
        return ()
    whole = [(label.shows, label.until)]
    each = label.stretches if by_night and needs < DAY else whole
    return [(since, until) for since, until in each if until - since >= needs]


def learns_from(label: Label, labels: Iterable[Label], first: Millis) -> Millis:
    """From when on its rule learns what is usual: a leak that was there at first spoils it."""
    for other in labels:
        same = (other.subject, other.code) == (label.subject, label.code)
        if label.code == "leakage_trend" and same and other.at < label.at:
            spoilt = other.at < first + LEARNS["leakage_trend"] * DAY
            first = (other.until or label.at) if spoilt else first
    return first


def _find(sought: Sought, raises: Sequence[Millis], first: Millis, tally: Tally) -> None:
    label, poll = sought.label, sought.poll
    code = str(label.code)
    needs = takes(code, label.fault, poll)
    learnt = first + LEARNS.get(code, 0.0) * DAY
    if is_blind(code, poll) or not sought.stretches or label.until is None or label.at < learnt:
        tally.not_due += 1
        return
    found = [t for t in raises if label.at <= t <= label.until + AFTERGLOW]
    if (
        not found
        and not sought.stood
        and all(sought.excused(since, since + needs) for since, _ in sought.stretches)
    ):
        tally.not_due += 1
        return
    tally.due[code] += 1
    if sought.stood:
        tally.found[code] += 1
        return
    if not found:
        tally.examples.append(f"MISSED {label.shows} {label.subject} {code} by {label.fault}")
        return
    tally.found[code] += 1
    delay = sought.delay(found[0])
    tally.delays[code].append(delay)
    tally.over[code] += delay > needs
    if delay > needs:
        tally.examples.append(f"LATE {label.shows} {label.subject} {code} by {label.fault}")


OF_THE_ASSET: Mapping[str, Millis] = {
    "preempt_stuck": 600_000,
    "phase_not_served": 2 * 120_000,
    "plan_mismatch": 3 * 120_000,
    "comm_degraded": 15 * 60_000,
    "photocell_fault": 4 * DAY,
    "energy_drift": 8 * DAY,
    "lamp_cycling": 3_600_000,
    "leakage_trend": 7 * DAY,
    "detector_no_activity": DAY // 2,
}
"""Delays that are no setting: they follow from an asset's facts, here from their defaults, are the
time that is looked back on, or what a night takes in which a silent loop says nothing."""
OF_THE_FAULT: Mapping[str, Millis] = {"forgotten_flash": 3_600_000, "no_echo": 3_600_000}
"""A code may have another delay for one of its causes."""


IN_CONTROL = frozenset({
    "conflicting_greens", "junction_dark", "signal_dark", "all_red_stuck", "phase_not_served",
    "long_yellow", "short_yellow", "plan_mismatch", "detector_stuck_on", "ped_button_stuck",
})  # fmt: skip
"""Codes that say something only of a junction in control: what a planned flash ends begins anew."""


def interrupted(label: Label, site: Site, needs: Millis) -> bool:
    """Whether the junction flashes by plan before its rule had the time it needs."""
    facts = next((one.facts for one in site.devices if one.id == label.device), None)
    flash = getattr(facts, "planned_flash", None)
    if label.code not in IN_CONTROL or label.shows is None or flash is None:
        return False
    zone = ZoneInfo(site.gateway.timezone)
    until = label.shows + needs
    moments = (
        datetime.fromtimestamp(t / 1000, zone) for t in (*range(label.shows, until, 60_000), until)
    )
    return any(within(flash, now.weekday(), now.hour * 60 + now.minute) for now in moments)


def takes(code: str, fault: str, poll: Millis) -> Millis:
    """How long a fault must show to be told at that poll: its rule's delay, and two polls."""
    return OF_THE_FAULT.get(fault, delay_of(code)) + 2 * poll


def is_blind(code: str, poll: Millis) -> bool:
    """Whether a rule cannot judge by that poll; ``wayside check -v`` says so of each device."""
    slowest = getattr(load_rules()[code], "at_least_every", None)
    return slowest is not None and poll > slowest * 1000


def delay_of(code: str) -> Millis:
    """A rule's own delay in ms."""
    if code in OF_THE_ASSET:
        return OF_THE_ASSET[code]
    rule = load_rules()[code]
    assert isinstance(rule, Rule)
    settings = rule.settings()
    own = getattr(settings, WAITS[code]) if code in WAITS else settings.on_delay
    return round(own * 1000)


def relations(site: Site) -> Mapping[str, frozenset[str]]:
    """Of each subject, the names of everything it is part of, itself included."""
    found: dict[str, frozenset[str]] = {}
    pillars = {d.facts.feeder: d.id for d in site.devices if d.kind == "feeder"}
    for device in site.devices:
        feeder = getattr(device.facts, "feeder", None)
        stand = getattr(device.facts, "stand", None)
        names = {device.id, f"bus:{device.bus}", f"feeder:{feeder}", f"stand:{stand}"}
        found[device.id] = frozenset(names | {pillars.get(feeder, device.id)})
    for device in site.devices:
        for name in found[device.id]:
            found[name] = found.get(name, frozenset({name})) | {device.id}
    return found


def explains(
    label: Label,
    alarm: Mapping[str, Any],
    around: Mapping[str, frozenset[str]],
    unseen: Sequence[Spell] = (),
) -> bool:
    """Whether a label asks for an alarm, or allows it; ``unseen``: when another alarm hid it.

    A cable that is cut by day silences its lamps hours before a load is lacking that tells why, and
    a pillar on a dead bus cannot say that its feeder is out: until a fault shows, and while it is
    hidden, nobody can lay its silence to it.
    """
    t, code, subject = alarm["t"], alarm["code"], alarm["device"]
    if t < label.at or (label.until is not None and t > label.until + AFTERGLOW):
        return False
    if (subject, code) == (label.subject, label.code):
        return True
    names = around.get(subject, frozenset({subject}))
    early = label.shows is None or t < label.shows
    hidden = early or any(begin <= t <= end for begin, end in unseen)
    allowed = (*label.may, "comm_loss") if hidden and label.code is not None else label.may
    return code in allowed and not names.isdisjoint({label.device, label.subject})


def parts(seed: int) -> list[tuple[Part, int]]:
    """What is recorded: ≥ 200 years of lamps, feeders and bins at 5 min, ≥ 200 signal-days."""
    lamps = "lamps = 240\nfeeders = 6"
    streets = "lamps = 140\nfeeders = 7"  # one of each way to light them (simulators.town.lighting)
    bins = "bins = 120"
    signals = "cabinets = 10"
    usual = faults_of("signal") - BY_THE_MINUTE
    weeks = BY_THE_MINUTE | {"ped_button_stuck"}
    yellows = frozenset({"short_yellow", "long_yellow", "preemption", "power_dip"})
    found: list[tuple[Part, int]] = []
    for number in range(4):
        found.append((Part("lamps", "lamp", lamps, 45, 300, 5, 0.5), seed + number))
        found.append((Part("feeders", "feeder", streets, 30, 300, 5, 10.0), seed + number))
        found.append((Part("bins", "bin", bins, 45, 300, 5, 1.0), seed + number))
        one = Part("signals", "signal", signals, 5, 1, None, 200.0, usual, "1h")
        found.append((one, seed + number))
    more = (
        Part("lamps by the minute", "lamp", "lamps = 60\nfeeders = 3", 10, 60, 5, 20.0, AT_LAMPS),
        Part("signals in weeks", "signal", "cabinets = 6", 24, 30, None, 120.0, weeks, "1h"),
        Part("signals in detail", "signal", "cabinets = 4", 0.05, 0.1, None, 2e4, yellows, "6m"),
    )
    return found + [(part, seed) for part in more]


def measure(seed: int, share: float = 1.0) -> Verdict:
    """Every part, two at a time."""
    whole = Tally()
    kinds: Counter[str] = Counter()
    jobs = parts(seed)
    with ProcessPoolExecutor(2) as pool:
        running = [pool.submit(run, part, each, share) for part, each in jobs]
        for number, (future, (part, _)) in enumerate(zip(running, jobs, strict=True), 1):
            tally = future.result()
            whole.add(tally)
            kinds[part.name] += round(tally.device_days)
            progress(f"{number} of {len(jobs)}: {part.name}, {sum(whole.false.values())} false")
    for example in whole.examples[:40]:
        progress(example)
    return verdict(whole, kinds)


def verdict(tally: Tally, kinds: Mapping[str, int]) -> Verdict:
    """The table by code, and what was not kept."""
    rows = [_row(code, tally) for code in sorted({*tally.due, *tally.false})]
    missed = sum(tally.due.values()) - sum(tally.found.values())
    false = 1000 * sum(tally.false.values()) / max(tally.device_days, 1.0)
    rows.append(
        (
            "together", str(sum(tally.due.values())), str(missed), str(sum(tally.false.values())),
            f"{false:.2f} false in 1 000 device-days", "", "",
        )
    )  # fmt: skip
    broken = []
    if missed:
        broken.append(f"{missed} of {sum(tally.due.values())} faults were not found")
    if false > FALSE_PER_1000_DAYS:
        broken.append(f"{false:.2f} false alarms in 1 000 device-days, not {FALSE_PER_1000_DAYS}")
    late = sum(tally.over.values())
    if late > sum(tally.found.values()) / 100:
        broken.append(f"{late} alarms came later than their rule's delay and two polls")
    stretch = ", ".join(f"{days:,} days of {name}" for name, days in kinds.items())
    says = (
        f"{tally.readings:,} readings: {stretch}. Labels that did not show for long enough, or "
        f"while a graver alarm stood for them: {tally.not_due}. Delay is from when the fault was "
        "to be seen; its bound is the rule's own delay and two polls."
    )
    head = ("code", "due", "missed", "false", "median delay", "p99", "bound")
    return Verdict(Table("What the rules find in simulated districts", says, head, rows), broken)


def _row(code: str, tally: Tally) -> tuple[str, ...]:
    delays = sorted(tally.delays[code])
    middle = f"{delays[len(delays) // 2] / 1000:.0f} s" if delays else "-"
    late = (
        f"{delays[min(len(delays) - 1, len(delays) * 99 // 100)] / 1000:.0f} s" if delays else "-"
    )
    due, found = tally.due[code], tally.found[code]
    bound = f"{delay_of(code) / 1000:.0f} s + 2 polls"
    return code, str(due), str(due - found), str(tally.false[code]), middle, late, bound
