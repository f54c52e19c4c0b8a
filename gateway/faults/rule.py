"""The shape of a rule: a value with a pure ``judge`` function, one file a fault code.

A rule says *whether* its condition is met in what was just seen; the engine decides *when* that
becomes an alarm (on-delay, off-delay, gaps, restarts), so no rule counts seconds for itself.
``judge`` answers ``True`` (met), ``False`` (observed normal) or ``None`` (undecided: a point is
missing, bad or uncertain, or the rule does not apply right now). Only an observed ``False`` clears.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from gateway.model import Device, Kind, Millis, Severity, Value
from gateway.units import Duration

Verdict: TypeAlias = bool | None
Scope: TypeAlias = Literal["device", "feeder", "bus", "stand"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What every rule lets a site set; a rule's own dataclass extends it with its thresholds.

    A condition raises after ``readings`` good readings spanning ``on_delay`` seconds, and clears
    after an observed normal that lasts ``off_delay`` seconds.
    """

    on_delay: Duration = 0.0
    off_delay: Duration = 0.0
    readings: int = 2
    enabled: bool = True


class Seen(Protocol):
    """What a rule may look at: one device's latest reading, its asset facts, and the sky."""

    @property
    def device(self) -> Device:
        """The device this is about."""

    @property
    def t(self) -> Millis:
        """When the reading was taken."""

    @property
    def good(self) -> Mapping[str, Value]:
        """The good values of the latest reading; a rule never sees the others."""

    @property
    def silent(self) -> str | None:
        """Why the latest poll got no answer, if it got none."""

    def sun(self) -> float:
        """The sun's elevation at the device, in degrees."""

    def members(self, scope: Scope) -> Sequence[Seen]:
        """The latest sights of every device of this one's feeder, bus or stand, itself included."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One fault: its code, whom it concerns, how grave it is, and how it is judged and told.

    ``judge(seen, settings, memory)`` is called for every reading of a device of ``kinds``
    (or, with another ``scope``, of a member); ``memory()`` makes its private state per subject.
    ``tell`` gives the operator's sentence and the figures behind it, and is called only when the
    alarm changes.
    """

    code: str
    kinds: frozenset[Kind]
    severity: Severity
    settings: type[Settings]
    judge: Callable[[Seen, Any, Any], Verdict]
    tell: Callable[[Seen, Any, Any], tuple[str, Mapping[str, Value]]]
    scope: Scope = "device"
    needs: tuple[str, ...] = ()
    memory: Callable[[], Any] | None = None
    latched: bool = False
    replaces: tuple[str, ...] = ()
