"""What was told, held against the labels of what was true.

- a label is *due* if its condition showed for as long as its rule needs, and two polls more, and
  did not begin before its rule can have learnt what is usual (``due``). A lamp's or a pillar's must
  have shown so long at a stretch: what begins five minutes before dawn is due at dusk;
- one that is missed is not due if a graver alarm stood for it then, or nobody could read its device
  and an alarm said so (``standing``);
- it is *found* if its subject raises its code from then on until half an hour after its end, or if
  that alarm stood from an earlier fault all the while;
- an alarm is *false* if no label about its subject, or about what that is part of, asks for its
  code or allows it; one that its cause takes in within its grouping window is not announced.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.config.site import Site
from gateway.model import Kind, Millis
from simulators.faults import Label
from tests.detection.due import DAY, LEARNS, interrupted, is_blind, takes
from tests.detection.standing import Hiding, Spell

AFTERGLOW = 1_800_000
"""ms after a fault's end in which its alarm may still come."""
TAKEN_IN = 1_200_000
"""ms: the longest grouping window of a device that is polled every five minutes (domain §4)."""


class Polled(Protocol):
    """What was recorded, as far as the judge must know: how often."""

    def poll(self, kind: Kind, /) -> Millis:
        """The ms between two readings of a device of that kind."""


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
