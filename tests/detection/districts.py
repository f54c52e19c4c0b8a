"""Every fault of the catalogue, on labelled recordings of simulated districts.

Each part (``part``) is recorded without wires, read through the same engine as at the edge with the
rules' own defaults, held against its labels (``judge``), and thrown away, so that two hundred years
of devices need little room; two parts run side by side. Tune with one seed, make the table with
another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

from gateway.field.replay import transitions
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.detection.due import delay_of
from tests.detection.judge import Tally, judge
from tests.detection.part import Part, made, parts

FALSE_PER_1000_DAYS = 1.0


def run(part: Part, seed: int, share: float) -> Tally:
    """Record a part, replay it, and count."""
    with made(part, seed, share) as one:
        tally = judge(part, one.site, one.labels, transitions(one.site, one.recording))
    tally.readings = one.readings
    tally.device_days = len(one.site.devices) * part.days * share
    return tally


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
    for example in whole.examples:
        progress(example)
    return verdict(whole, kinds)


def verdict(tally: Tally, kinds: Mapping[str, int]) -> Verdict:
    """The table by code, and what was not kept."""
    rows = [_row(code, tally) for code in sorted({*tally.due, *tally.false})]
    missed = sum(tally.due.values()) - sum(tally.found.values())
    false = 1000 * sum(tally.false.values()) / max(tally.device_days, 1.0)
    late = sum(tally.over.values())
    rows.append(
        (
            "together", str(sum(tally.due.values())), str(missed), str(sum(tally.false.values())),
            str(late), f"{false:.2f} false in 1 000 device-days", "", "",
        )
    )  # fmt: skip
    broken = []
    if missed:
        broken.append(f"{missed} of {sum(tally.due.values())} faults were not found")
    if false > FALSE_PER_1000_DAYS:
        broken.append(f"{false:.2f} false alarms in 1 000 device-days, not {FALSE_PER_1000_DAYS}")
    if late > sum(tally.found.values()) / 100:
        broken.append(f"{late} alarms came later than their rule's delay and two polls")
    stretch = ", ".join(f"{days:,} days of {name}" for name, days in kinds.items())
    says = (
        f"{tally.readings:,} readings: {stretch}. Labels that did not show for long enough, or "
        f"while a graver alarm stood for them: {tally.not_due}. Delay is from when the fault was "
        "to be seen; its bound is the rule's own delay and two polls."
    )
    head = ("code", "due", "missed", "false", "late", "median delay", "p99", "bound")
    return Verdict(Table("What the rules find in simulated districts", says, head, rows), broken)


def _row(code: str, tally: Tally) -> tuple[str, ...]:
    delays = sorted(tally.delays[code])
    middle = f"{delays[len(delays) // 2] / 1000:.0f} s" if delays else "-"
    late = (
        f"{delays[min(len(delays) - 1, len(delays) * 99 // 100)] / 1000:.0f} s" if delays else "-"
    )
    due, found = tally.due[code], tally.found[code]
    bound = f"{delay_of(code) / 1000:.0f} s + 2 polls"
    return (
        code,
        str(due),
        str(due - found),
        str(tally.false[code]),
        str(tally.over[code]),
        middle,
        late,
        bound,
    )
