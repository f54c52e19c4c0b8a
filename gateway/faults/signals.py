"""What several signal rules ask: who controls the junction, and for how long has each member erred.

A cabinet has many groups and detectors, and one alarm a code about all of them. So that a code's
delay is each member's own, and not that of whichever happens to be wrong just now, ``Lasting``
keeps the time of each. Aspects are only judged as the controller decoded them, by name
(domain §2): what a lamp's output shows at one poll a second may be one phase of its flashing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from gateway.assets import SignalFacts
from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Seen, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Point, Value

ASPECTS = frozenset(
    {"dark", "red", "red_yellow", "green", "green_flash", "yellow", "yellow_flash", "red_flash"}
)
GO = frozenset({"green", "green_flash"})
FLASHING = frozenset({"yellow_flash", "red_flash"})
LAMPS_MEAN_NOTHING = frozenset({"startup", "test"})

SLOWEST = 5.0
"""Seconds between polls by which a junction's movement is seen: half of the shortest green in use,
ten seconds (E), for nothing shorter than twice the poll period is judged (domain §2)."""

SLOWEST_INPUT = 60.0
"""Seconds between polls by which a loop or a button can be told to stay on: who looks more seldom
finds a busy crossing busy each time (E)."""

TWICE = 2
"""Polls: nothing shorter than so many measured periods is judged (domain §2)."""


def facts(seen: Seen) -> SignalFacts:
    """The cabinet's asset facts."""
    found: SignalFacts = seen.device.facts
    return found


def offers(seen: Seen, point: str) -> bool:
    """Whether the cabinet has that point at all."""
    return any(one.name == point for one in seen.device.points)


def members(seen: Seen, prefix: str) -> tuple[str, ...]:
    """The numbered points of a kind, in order: ``group_1``, ``group_2`` and so on."""
    return _members(seen.device.points, prefix)


@lru_cache(maxsize=256)
def _members(points: tuple[Point, ...], prefix: str) -> tuple[str, ...]:
    """Cabinets of one profile share the answer."""
    names = [
        point.name
        for point in points
        if point.name.startswith(prefix) and point.name[len(prefix) :].isdigit()
    ]
    return tuple(sorted(names, key=lambda name: int(name[len(prefix) :])))


def controlled(seen: Seen) -> bool:
    """Whether the controller runs its groups by its program, as far as it says.

    A cabinet that has no point ``mode`` is taken to do so; one whose mode is not known now is not.
    """
    good = seen.good
    mode = good.get("mode")
    if mode is None:
        if offers(seen, "mode"):
            return False
    elif mode != "control":
        return False
    return good.get("flash_cause") in {None, "none"}


STANDSTILL = ("all_red_stuck", "junction_dark")


def proceeds(seen: Seen) -> bool:
    """Whether the program runs on, so that calls are answered and plans change.

    It does not while it is pre-empted, while its time is stopped, or while an alarm says that the
    junction stands still.
    """
    good = seen.good
    held = good.get("preempt") is True or good.get("stop_time") is True
    return controlled(seen) and not held and not any(map(seen.alarmed, STANDSTILL))


def numbers(names: Iterable[str]) -> str:
    """The numbers of some points: ``group_1``, ``group_3`` are ``"1, 3"``."""
    return ", ".join(name.rpartition("_")[2] for name in names)


def named(noun: str, names: Sequence[str]) -> str:
    """How a sentence calls them: ``"group 1"``, ``"groups 1, 3"``."""
    return f"{noun}{'s' if len(names) > 1 else ''} {numbers(names)}"


@lru_cache(maxsize=256)
def _once(values: frozenset[Value]) -> frozenset[Value]:
    """One set for all cabinets."""
    return values


class Lasting:
    """For how long each of some points has had a wrong value without a break.

    A member begins anew after a hole of more than ``patience`` ms (or three periods) in its good
    values, and all do while ``applies`` does not hold. A member is *unproven* until it was seen to
    be right since the beginning or such a break: until then nobody can say that all is well.
    """

    __slots__ = ("_applies", "_course", "_patience", "_wrong", "applied", "of", "unproven")

    def __init__(
        self,
        of: tuple[str, ...],
        wrong: frozenset[Value],
        patience: Millis,
        applies: Callable[[Seen], bool] | None = None,
    ) -> None:
        self.of = of
        self._wrong = _once(wrong)
        self._patience = patience
        self._applies = applies
        #: Of each member that is wrong: since when, and when it was last seen to be.
        self._course: dict[str, tuple[Millis, Millis]] = {}
        self.unproven = of
        self.applied = False

    def see(self, seen: Seen) -> None:
        """Follow each member of which the reading has a good value."""
        fresh = seen.fresh
        if not fresh:
            return
        self.applied = self._applies is None or self._applies(seen)
        if not self.applied:
            for member in self._course:
                self._doubt(member)
            self._course.clear()
            return
        clean = not self._course and not self.unproven
        if clean and self._wrong.isdisjoint(map(fresh.get, self.of)):
            return
        for member in self.of:
            value = fresh.get(member)
            if value is None:
                continue
            if value in self._wrong:
                self._err(member, seen)
            elif member in self._course or member in self.unproven:
                self._course.pop(member, None)
                self.unproven = tuple(one for one in self.unproven if one != member)

    def _err(self, member: str, seen: Seen) -> None:
        t = seen.t
        since, last = self._course.get(member, (t, t))
        if t - last > max(self._patience, 3 * seen.period):
            since = t
            self._doubt(member)
        self._course[member] = since, t

    def _doubt(self, member: str) -> None:
        if member not in self.unproven:
            self.unproven = (*self.unproven, member)

    def overdue(self, seen: Seen, delay: Callable[[str], float]) -> list[str]:
        """The members that have been wrong for their ``delay`` in s, and for two polls."""
        if not self._course:
            return []
        least = TWICE * seen.period
        found = [
            member
            for member, (since, last) in self._course.items()
            if last - since >= least and last - since >= delay(member) * 1000
        ]
        return sorted(found, key=self.of.index) if len(found) > 1 else found

    def verdict(self, seen: Seen, delay: Callable[[str], float]) -> Verdict:
        """Certain while any is overdue, normal once all were seen to be right since they were."""
        if not self.applied:
            return UNDECIDED
        if self.overdue(seen, delay):
            return CERTAIN
        return BETWEEN if self.unproven else NORMAL

    def since(self, names: Iterable[str], otherwise: Millis) -> Millis:
        """When the first of these members began to be wrong."""
        begun = (self._course[name][0] for name in names if name in self._course)
        return min(begun, default=otherwise)

    def told(self, names: Sequence[str], noun: str, now: Millis) -> str:
        """``"group 1 for 5 s"``, ``"groups 1, 3 for up to 12 s"``."""
        length = lasted(self.since(names, now), now)
        return f"{named(noun, names)} for {'up to ' if len(names) > 1 else ''}{length}"


def cell_voltage(seen: Seen) -> float | None:
    """The battery's voltage a cell, of the latest reading; None if either is unknown."""
    cells = facts(seen).battery_cells
    volts = seen.fresh.get("battery_voltage")
    if not cells or volts is None or isinstance(volts, bool | str):
        return None
    return volts / cells


def offered(seen: Seen, points: Iterable[str]) -> tuple[str, ...]:
    """Those of some points that the cabinet has."""
    names = {one.name for one in seen.device.points}
    return tuple(point for point in points if point in names)
