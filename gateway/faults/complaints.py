"""A controller complains of itself by bits: what the rules about its cycle and coordination share.

Some bits say that it *failed* at something, others only that something is at fault; the first kind
is graver. Each bit must stand for its own time: one that comes and goes beside another says no more
than it would alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.faults.rule import Seen, Settings, Verdict
from gateway.faults.signals import Lasting, offered
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 30_000
"""ms: a bit that is missing for longer begins anew (E)."""


@dataclass(frozen=True, slots=True)
class Complained(Settings):
    """Each bit's own ``on_delay`` counts."""

    on_delay: Duration = 30.0
    readings: int = 1


class Bits(Lasting):
    """For how long each bit is set that the cabinet has; ``failed`` are the graver ones."""

    __slots__ = ("failed",)

    def __init__(self, seen: Seen, failed: Sequence[str], faulty: Sequence[str]) -> None:
        self.failed = frozenset(failed)
        super().__init__(offered(seen, (*failed, *faulty)), frozenset({True}), PATIENCE)


def judge_bits(seen: Seen, settings: Complained, bits: Bits) -> Verdict:
    """Certain while any has been set for long enough."""
    return bits.verdict(seen, lambda _: settings.on_delay)


def set_bits(seen: Seen, settings: Complained, bits: Bits) -> list[str]:
    """The bits that have been set for long enough."""
    return bits.overdue(seen, lambda _: settings.on_delay)


def grade_bits(seen: Seen, settings: Complained, bits: Bits) -> Severity:
    """Major where it has failed, not merely been at fault."""
    failed = not bits.failed.isdisjoint(set_bits(seen, settings, bits))
    return Severity.MAJOR if failed else Severity.MINOR


def tell_bits(
    seen: Seen, settings: Complained, bits: Bits, since: Millis, fault: str
) -> tuple[str, Mapping[str, Value]]:
    """Which bits of which ``fault``, for how long."""
    names = set_bits(seen, settings, bits)
    begun = bits.since(names, since)
    message = f"the controller reports a {fault} ({', '.join(names)}) for {lasted(begun, seen.t)}"
    return message, {"since": begun, **dict.fromkeys(names, True)}
