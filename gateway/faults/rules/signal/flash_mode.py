"""A junction flashes: for a fault, or longer than anybody wants it to.

Source: domain §2: flash by the fault monitor or the MMU is critical; manual flash of more than
60 min, a warning; automatic flash, pre-emption and planned flash are events, told when they begin;
start-up is neither. The cause is the controller's own word. Where it gives none the junction
flashes by plan within its calendar (``planned_flash``), and for a fault at any other time: without
a calendar it never flashes by plan (E). A cabinet that reports no mode flashes when a group does
and none shows anything but flashing or dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import (
    BETWEEN,
    CERTAIN,
    MET,
    NORMAL,
    UNDECIDED,
    Notice,
    Rule,
    Seen,
    Settings,
    Switch,
    Verdict,
)
from gateway.faults.signals import FLASHING, facts, members, offers
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration
from gateway.weekly import within

FOR_A_FAULT = frozenset({"fault_monitor", "mmu"})
WANTED = frozenset({"automatic", "preempt", "planned"})
POINTS = ("mode", "flash_cause", "group_*")
GAP = 60_000
"""ms, or three periods: a flash may have ended and begun again in a longer hole (E)."""


@dataclass(frozen=True, slots=True)
class FlashMode(Settings):
    """``manual``: how long a person may leave it flashing, in seconds."""

    manual: Duration = 3600.0


class Flash:
    """Why the junction flashes, since when, and for how many readings.

    ``cause`` is the controller's, or ``planned`` or ``unknown``; ``none`` while it does not flash,
    None while nobody knows.
    """

    __slots__ = ("_groups", "_last", "cause", "readings", "since")

    def __init__(self, seen: Seen) -> None:
        self._groups = () if offers(seen, "mode") else members(seen, "group_")
        self._last: Millis = 0
        self.cause: str | None = None
        self.since: Millis = 0
        self.readings = 0

    def see(self, seen: Seen) -> None:
        """Follow the cause."""
        if not seen.fresh:
            return
        cause = self._cause(seen)
        if cause is None:
            return
        if cause != self.cause or seen.t - self._last > max(GAP, 3 * seen.period):
            self.cause, self.since, self.readings = cause, seen.t, 0
        self.readings += 1
        self._last = seen.t

    def _cause(self, seen: Seen) -> str | None:
        told = seen.fresh.get("flash_cause")
        if told is not None and told != "none":
            return str(told)
        mode = seen.fresh.get("mode")
        if mode is None and self._groups:
            mode = self._by_groups(seen)
        if mode is None:
            return None
        if mode != "flash":
            return "none"
        calendar = facts(seen).planned_flash
        if calendar is not None:
            now = seen.local()
            if within(calendar, now.weekday(), now.hour * 60 + now.minute):
                return "planned"
        return "unknown"

    def _by_groups(self, seen: Seen) -> str | None:
        shown = [seen.fresh.get(group) for group in self._groups]
        if None in shown:
            return None
        flashes = any(aspect in FLASHING for aspect in shown)
        others = any(aspect not in FLASHING and aspect != "dark" for aspect in shown)
        return "flash" if flashes and not others else "control"


def judge(seen: Seen, settings: FlashMode, flash: Flash) -> Verdict:
    """By the cause; what is wanted neither raises nor clears."""
    cause = flash.cause
    if cause is None:
        return UNDECIDED
    if cause == "none":
        return NORMAL if seen.good.get("mode", "control") in {"control", "standby"} else BETWEEN
    if cause in FOR_A_FAULT or cause == "unknown":
        return MET
    long = seen.t - flash.since >= settings.manual * 1000
    return CERTAIN if cause == "manual" and long else BETWEEN


def grade(_seen: Seen, _settings: FlashMode, flash: Flash) -> Severity:
    """A person's is a warning."""
    return Severity.WARNING if flash.cause == "manual" else Severity.CRITICAL


def tell(
    seen: Seen, settings: FlashMode, flash: Flash, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Why it flashes, since when."""
    cause = flash.cause or "unknown"
    length = lasted(flash.since, seen.t)
    values: dict[str, Value] = {"flash_cause": cause, "since": min(since, flash.since)}
    if cause == "manual":
        return f"flashes by hand for {length}; at most {settings.manual / 60:.0f} min", values
    if cause == "unknown":
        return f"flashes outside its plan for {length}, and the controller gives no cause", values
    by = "the conflict monitor (MMU)" if cause == "mmu" else "its fault monitor"
    return f"{by} has put the junction in flash, for {length}", values


def notice(seen: Seen, _settings: Switch, flash: Flash) -> tuple[str, Mapping[str, Value]] | None:
    """Wanted flash, told with the second reading of it."""
    if flash.readings != 2 or flash.cause not in WANTED or flash.since == seen.t:
        return None
    why = {"automatic": "by its time switch", "preempt": "for a pre-emption", "planned": "by plan"}
    return f"flashes {why[flash.cause]}", {"flash_cause": flash.cause, "since": flash.since}


RULE = Rule(
    code="flash_mode",
    kinds=frozenset({"signal"}),
    severity=Severity.CRITICAL,
    settings=FlashMode,
    judge=judge,
    tell=tell,
    points=POINTS,
    memory=Flash,
    grade=grade,
    needs=(("mode",), ("flash_cause",), ("group_*",)),
)
NOTICE = Notice(
    event="flash",
    kinds=frozenset({"signal"}),
    notice=notice,
    points=POINTS,
    memory=Flash,
)
