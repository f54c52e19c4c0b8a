"""The gateway runs out of room for what it must not lose.

Source: domain §4. The disk of ``data_dir`` has less than 200 MB left, or the outbox holds more than
90 % of what it may (E), for 5 min; over from 250 MB and below 80 % on (E). A full outbox drops its
oldest telemetry first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import number
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class StorageLow(Settings):
    """``least`` and ``enough`` MB of disk; ``most`` and ``well`` % of the outbox."""

    on_delay: Duration = 300.0
    readings: int = 3
    least: float = 200.0
    enough: float = 250.0
    most: float = 90.0
    well: float = 80.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.least > self.enough:
            raise ValueError("least is more than enough; a disk cannot be both")
        if self.well > self.most:
            raise ValueError("well is more than most; an outbox cannot be both")


def judge(seen: Seen, settings: StorageLow, _memory: None) -> Verdict:
    """By the disk and by the outbox, as far as they are known."""
    free, full = number(seen, "disk_free"), number(seen, "queue_full")
    verdicts = set()
    if free is not None:
        short = free < settings.least
        verdicts.add(MET if short else NORMAL if free >= settings.enough else BETWEEN)
    if full is not None:
        verdicts.add(MET if full > settings.most else NORMAL if full < settings.well else BETWEEN)
    return next((one for one in (MET, BETWEEN, NORMAL) if one in verdicts), UNDECIDED)


def tell(
    seen: Seen, settings: StorageLow, _memory: None, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which of the two, and for how long."""
    found = {name: number(seen, name) for name in ("disk_free", "queue_full")}
    values = {name: value for name, value in found.items() if value is not None}
    reasons = []
    if values.get("disk_free", settings.least) < settings.least:
        reasons.append(f"{values['disk_free']:.0f} MB of disk left")
    if values.get("queue_full", 0.0) > settings.most:
        reasons.append(f"the outbox is {values['queue_full']:.0f} % full")
    return f"{' and '.join(reasons)}, for {lasted(since, seen.t)}", values


RULE = Rule(
    code="storage_low",
    kinds=frozenset({"gateway"}),
    severity=Severity.MINOR,
    settings=StorageLow,
    judge=judge,
    tell=tell,
    points=("disk_free", "queue_full"),
)
