"""What is recorded to be judged: parts, each a district of one sort and a stretch of time.

In a part every fault its devices can have befalls some of them by chance, nuisances included. It is
recorded without wires; the recording is gone once it was read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rules import load_rules
from gateway.model import Kind, Millis
from simulators import fast
from simulators.faults import FAULTS, Label
from simulators.scenario import read

ANNOUNCED = {"maintenance", "relamping"}
"""What comes with a work order, and is meant to alarm without one."""
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


def faults_of(kind: str) -> frozenset[str]:
    """Every fault and nuisance that can befall a kind of device unannounced."""
    found = {name for name, kinds in FAULTS.items() if any(kind in one.kinds for one in kinds)}
    return frozenset(found - ANNOUNCED)


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
