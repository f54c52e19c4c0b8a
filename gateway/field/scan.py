"""Who is on a bus: what ``wayside scan`` asks, and what it makes of the answers.

The driver's survey sweeps the units; then each that answered is asked what it is. Nothing is
written to any device. What was found is kept as it comes in, so that an impatient Ctrl-C costs only
the rest.

Where a line's settings are not known, all of them are tried on the few units that devices leave the
factory with, and the others only where somebody answered, or everywhere if nobody did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from gateway.driver import Driver, Link, LinkDown, Sighting, Survey
from gateway.field.progress import Step, Tell
from gateway.field.recognise import Recogniser
from gateway.field.target import duration, parse_units, settings, target
from gateway.problems import ConfigurationError, Problem

_COMMON = frozenset(range(1, 11))
"""Unit numbers that devices leave the factory with, or that somebody sets first."""
_GENEROUS = 3.0
"""How much longer than its first answer a device's other answers may take."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to scan: units of a wire, with each of ``settings``, the driver's options.

    ``patience`` in seconds a unit, or the driver's choice; ``profiles`` are tried beside the
    library's.
    """

    driver: Driver
    settings: tuple[Any, ...]
    units: tuple[int, ...]
    patience: float | None = None
    profiles: tuple[str, ...] = ()


def wanted(
    url: str,
    units: str,
    *,
    timeout: str | None = None,
    baudrates: str | None = None,
    parities: str | None = None,
    profiles: tuple[str, ...] = (),
) -> Wanted:
    """What a command line asks for, as it was written there.

    Raises:
        ConfigurationError: part of it makes no sense.
    """
    aim = target(url)
    if aim.driver.survey is None:
        problem = f"{aim.driver.name} has no way to look for devices"
        hint = "describe the bus in a site file and try wayside read"
        raise ConfigurationError([Problem(url, 0, "", problem, hint)])
    choices = {"baudrate": ("--baudrates", baudrates), "parity": ("--parities", parities)}
    return Wanted(
        driver=aim.driver,
        settings=settings(aim.options, choices),
        units=parse_units(units, aim.driver.device),
        patience=duration("--timeout", timeout),
        profiles=profiles,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody on the bus, as ``wayside scan --json`` prints it (contracts §2)."""

    unit: int
    profile: str | None = None
    identity: str = ""
    latency_ms: float
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What a scan has found so far: devices, remarks about the wire, and what ended it early."""

    devices: dict[tuple[int, int], Found] = field(default_factory=dict)  # by setting and unit
    remarks: list[str] = field(default_factory=list)
    broken: str | None = None

    @property
    def found(self) -> list[Found]:
        """The devices, by unit."""
        return sorted(self.devices.values(), key=lambda each: each.unit)


async def scan(wanted: Wanted, outcome: Outcome, tell: Tell) -> None:
    """Scan until all is asked or the wire is gone; ``outcome`` holds what is known at any time."""
    await _Scan(wanted, outcome, tell).run()


class _Scan:
    """A scan under way."""

    def __init__(self, wanted: Wanted, outcome: Outcome, tell: Tell) -> None:
        assert wanted.driver.survey is not None  # noqa: S101  # the caller has looked
        self.outcome = outcome
        self._wanted = wanted
        self._survey: Survey = wanted.driver.survey
        self._tell = tell
        self._done = 0
        self._total = len(wanted.units) * len(wanted.settings)
        self._recogniser = Recogniser(wanted.driver, self._survey, wanted.profiles)

    async def run(self) -> None:
        try:
            for number, units in self._rounds():
                await self._round(number, units)
        except LinkDown as down:
            self.outcome.broken = str(down) or "the wire is gone"

    def _rounds(self) -> Iterator[tuple[int, Sequence[int]]]:
        """Which units to ask with which of the settings, told as the scan goes on."""
        units = self._wanted.units
        settings = range(len(self._wanted.settings))
        first = [unit for unit in units if unit in _COMMON] if len(settings) > 1 else []
        if first:
            yield from ((number, first) for number in settings)
        heard = [n for n in settings if any(number == n for number, _ in self.outcome.devices)]
        rest = [unit for unit in units if unit not in first]
        self._total -= len(rest) * (len(settings) - len(heard)) if heard else 0
        if rest:
            yield from ((number, rest) for number in heard or settings)

    async def _round(self, number: int, units: Sequence[int]) -> None:
        options = self._wanted.settings[number]
        async with self._wanted.driver.open(options) as link:
            seen: dict[int, Sighting] = {}
            async for each in self._survey.sweep(link, options, units, self._wanted.patience):
                if isinstance(each, str):
                    self._remark(number, each)
                else:
                    seen[each.unit] = each
                    self._saw(number, each, asked=len(seen), of=len(units))
            self._done += len(units)
            there = [each for each in seen.values() if each.latency is not None and each.legible]
            self._total += len(there)
            for each in there:
                self._step(f"unit {each.unit}: what is it?")
                await self._recognise(link, number, each)
                self._done += 1
        self._step("done")

    def _saw(self, number: int, seen: Sighting, *, asked: int, of: int) -> None:
        if seen.latency is None:
            self.outcome.devices.pop((number, seen.unit), None)
        else:
            self.outcome.devices[number, seen.unit] = Found(
                unit=seen.unit,
                latency_ms=round(seen.latency * 1000, 1),
                notes=(*seen.notes, *self._setting(number)),
            )
        self._step(f"unit {seen.unit}", min(asked, of))

    def _setting(self, number: int) -> tuple[str, ...]:
        """With which of several settings it was."""
        told = self._told(number)
        return (f"answers at {told}",) if told else ()

    def _told(self, number: int) -> str:
        every = self._wanted.settings
        keys = [f.name for f in fields(every[0])]
        varied = [key for key in keys if len({getattr(one, key) for one in every}) > 1]
        return ", ".join(f"{key} {getattr(every[number], key)}" for key in varied)

    def _remark(self, number: int, text: str) -> None:
        told = self._told(number)
        self.outcome.remarks.append(f"{told}: {text}" if told else text)

    def _step(self, doing: str, asked: int = 0) -> None:
        self._tell(Step(doing, self._done + asked, self._total, len(self.outcome.devices)))

    async def _recognise(self, link: Link, number: int, seen: Sighting) -> None:
        unit = self._unit(self._wanted.settings[number], seen)
        known = await self._recogniser.recognise(link, unit)
        found = self.outcome.devices[number, seen.unit]
        self.outcome.devices[number, seen.unit] = replace(
            found,
            profile=known.profile,
            identity=known.identity,
            notes=(*found.notes, *known.notes),
        )

    def _unit(self, options: Any, seen: Sighting) -> Any:  # noqa: ANN401  # the driver's
        """A unit to go on talking to, with the patience its first answer asks for."""
        kind = self._wanted.driver.device
        if all(one.name != "timeout" for one in fields(kind)):
            return kind(unit=seen.unit)
        usual = float(getattr(options, "timeout", 0.0))
        patience = max(usual, self._wanted.patience or 0.0, _GENEROUS * (seen.latency or 0.0))
        return kind(unit=seen.unit, timeout=patience)


def as_json(found: Found) -> dict[str, Any]:
    """A device as ``wayside scan --json`` prints it."""
    return asdict(found)


def as_text(found: Sequence[Found]) -> str:
    """A table for people; what is odd stands below the device."""
    head = ("unit", "profile", "says it is", "answers in")
    rows = [
        (str(one.unit), one.profile or "?", one.identity or "-", f"{one.latency_ms:.0f} ms")
        for one in found
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_row(head, widths)]
    for row, one in zip(rows, found, strict=True):
        lines += [_row(row, widths), *(f"      · {note}" for note in one.notes)]
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    unit, *others = cells
    return "  ".join(
        [unit.rjust(widths[0]), *(c.ljust(w) for c, w in zip(others, widths[1:], strict=True))]
    ).rstrip()


def nobody(wanted: Wanted) -> str:
    """What to try when nobody answered."""
    tries = ["is it powered, and is this the right port", "are A and B swapped"]
    if len(wanted.settings) == 1 and hasattr(wanted.settings[0], "baudrate"):
        tries.append("is it another speed: --baudrates 2400,9600,19200 --parities N,E,O")
    tries.append("does it need longer: --timeout 1s")
    return f"nobody answered of {len(wanted.units)} units asked\n    → {'; '.join(tries)}?"
