"""Which rules cannot judge which devices, and why: missing points, polls that are too slow.

A rule without its points is silent, and silence looks like health; so ``wayside check -v`` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.faults.rule import Catalogue, Entry
from gateway.model import Device, Millis


def periods(device: Device) -> dict[str, Millis]:
    """The period of each of a device's points in ms; a derived one has its source's."""
    every = {point.name: round(point.every * 1000) for point in device.points}
    for derived in device.derived:
        every[derived.name] = every.get(derived.source, min(every.values(), default=0))
    return every


def present_points(rule: Entry, names: Iterable[str]) -> list[str]:
    """Those of these points that the rule looks at."""
    return [name for name in names if any(fnmatchcase(name, point) for point in rule.points)]


def lacking(rule: Entry, every: Sequence[Iterable[str]]) -> tuple[str, ...]:
    """The points that the nearest of the rule's alternatives lacks; empty if it can judge.

    ``every`` gives the points of each device it would look at together.
    """
    there = {name for names in every for name in names}
    needs = rule.needs
    if not needs:
        if rule.hears_silence or not rule.points or present_points(rule, there):
            return ()
        return rule.points
    short = [
        tuple(point for point in need if not any(fnmatchcase(name, point) for name in there))
        for need in needs
    ]
    return min(short, key=len)


@dataclass(frozen=True, slots=True)
class Blind:
    """A rule that cannot judge ``devices``, and why."""

    code: str
    why: str
    devices: tuple[str, ...]


def blind_spots(devices: Iterable[Device], rules: Catalogue) -> list[Blind]:
    """Every rule of a device's kind that can never judge it, devices of one make together.

    Rules of a feeder, bus or stand have the points of all their members, so they are not named.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for device in devices:
        every = periods(device)
        for name, rule in rules.items():
            if rule.scope == "device" and device.kind in rule.kinds:
                why = _why(rule, every)
                if why:
                    found.setdefault((name, why), []).append(device.id)
    return [Blind(code, why, tuple(names)) for (code, why), names in sorted(found.items())]


def _why(rule: Entry, every: Mapping[str, Millis]) -> str:
    missing = lacking(rule, [every])
    if missing:
        joined = " and " if rule.needs else " or "
        return f"no point {joined.join(missing)}"
    if rule.at_least_every is not None:
        polled = min((every[point] for point in present_points(rule, every)), default=0)
        if polled > rule.at_least_every * 1000:
            return f"polled every {polled / 1000:g} s; it needs {rule.at_least_every:g} s or less"
    return ""
