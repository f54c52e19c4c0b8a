"""A pedestrian's button is stuck: somebody seems to push it all the time.

Source: domain §2: a call for more than 5 min (or two of the longest cycles, where that is longer);
or a call in at least 98 % of the cycles between 01:00 and 05:00 local time, when hardly anybody
walks. Cycles are counted by the controller's ``cycle_counter``; fewer than 60 in a night say
nothing (E). The first kind ends when the call does, the second with three cycles in a row without
one (E). Outside control mode, while the program does not run on, and while a group is not served
at all, calls rightly wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import (
    SLOWEST_INPUT,
    Lasting,
    facts,
    members,
    named,
    numbers,
    proceeds,
)
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 60_000
"""ms: a call that is missing for longer begins anew (E)."""
NIGHT = range(1, 5)
LEAST_CYCLES = 60
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class PedButtonStuck(Settings):
    """``share`` of the night's cycles with a call."""

    on_delay: Duration = 300.0
    readings: int = 1
    share: float = 0.98


def served(seen: Seen) -> bool:
    """Whether calls are answered now."""
    return proceeds(seen) and not seen.alarmed("phase_not_served")


class Calls(Lasting):
    """For how long each button calls, and in which share of the last night's cycles it did."""

    __slots__ = ("_called", "_counter", "_cycles", "_flags", "_without", "night")

    def __init__(self, seen: Seen) -> None:
        super().__init__(members(seen, "ped_call_"), frozenset({True}), PATIENCE, served)
        self._counter: Value | None = None
        self._cycles = 0
        self._flags: set[str] = set()
        self._called = dict.fromkeys(self.of, 0)
        self._without = dict.fromkeys(self.of, 0)
        self.night: dict[str, float] = {}

    def see(self, seen: Seen) -> None:
        """Follow the calls, and count by cycles."""
        super().see(seen)
        if not self.applied:
            self._counter = None
            return
        fresh = seen.fresh
        counter = fresh.get("cycle_counter")
        if counter is not None and counter != self._counter:
            if self._counter is not None:
                self._turn(seen)
            self._counter = counter
            self._flags.clear()
        for one in self.of:
            if one not in self._flags and fresh.get(one) is True:
                self._flags.add(one)

    def _turn(self, seen: Seen) -> None:
        """A cycle is over."""
        for one in self.of:
            self._without[one] = 0 if one in self._flags else self._without[one] + 1
            if self._without[one] >= ENOUGH:
                self.night.pop(one, None)
        if seen.local().hour in NIGHT:
            self._cycles += 1
            for one in self._flags:
                self._called[one] += 1
        elif self._cycles:
            if self._cycles >= LEAST_CYCLES:
                self.night = {one: self._called[one] / self._cycles for one in self.of}
            self._cycles = 0
            self._called = dict.fromkeys(self.of, 0)

    def stuck(self, seen: Seen, settings: PedButtonStuck) -> list[str]:
        """The buttons that call for too long, or through the night."""
        most = max(settings.on_delay, 2 * facts(seen).longest_cycle)
        long = self.overdue(seen, lambda _: most)
        if not long and not self.night:
            return []
        return [one for one in self.of if one in long or self.night.get(one, 0.0) >= settings.share]


def judge(seen: Seen, settings: PedButtonStuck, calls: Calls) -> Verdict:
    """Certain while a button is stuck; normal once each was seen released."""
    if not calls.applied:
        return UNDECIDED
    if calls.stuck(seen, settings):
        return CERTAIN
    return BETWEEN if calls.unproven else NORMAL


def parts(seen: Seen, settings: PedButtonStuck, calls: Calls) -> list[str]:
    """The buttons that are stuck."""
    return calls.stuck(seen, settings)


def tell(
    seen: Seen, settings: PedButtonStuck, calls: Calls, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which buttons, for how long, or in how many of the night's cycles."""
    names = parts(seen, settings, calls)
    by_night = [name for name in names if calls.night.get(name, 0.0) >= settings.share]
    values: dict[str, Value] = {"buttons": numbers(names)}
    if by_night:
        values["share"] = share = round(100 * min(calls.night[name] for name in by_night), 1)
        why = f"a call in {share:.0f} % of the cycles between 01:00 and 05:00"
    else:
        values["since"] = begun = calls.since(names, since)
        why = f"a call for {lasted(begun, seen.t)}"
    return f"pedestrian {named('button', names)} stuck: {why}", values


RULE = Rule(
    code="ped_button_stuck",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=PedButtonStuck,
    judge=judge,
    tell=tell,
    points=("ped_call_*",),
    at_least_every=SLOWEST_INPUT,
    memory=Calls,
    parts=parts,
)
