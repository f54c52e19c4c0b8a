"""Nobody on a bus answers any more.

Source: domain §4: at least two devices of the bus, every one of them silent at its latest attempt,
in three attempts over 30 s. One that answers is proof enough that the bus works. Lamps of a
switched feeder that is off, or may be for all that is known, and devices of a feeder known to be
without supply are silent for a reason of their own and are not counted. A bus with a single device
cannot be told from its device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.faults.feeders import may_be_off
from gateway.faults.rule import (
    CERTAIN,
    MET,
    NORMAL,
    UNDECIDED,
    Group,
    Rule,
    Seen,
    Settings,
    Verdict,
)
from gateway.faults.rules.any.comm_loss import PATIENCE
from gateway.faults.words import lasted
from gateway.model import KINDS, Millis, Severity, Value
from gateway.units import Duration

FED = frozenset({"lamp", "feeder"})


@dataclass(frozen=True, slots=True)
class BusDown(Settings):
    """``devices`` are the fewest that tell a bus from a device; ``polls`` in a row must fail."""

    on_delay: Duration = 30.0
    readings: int = 1
    devices: int = 2
    polls: int = 3

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.devices < 2:
            raise ValueError("devices is less than 2; one silent device is comm_loss")


class Silence:
    """Since when, and in how many attempts, nobody has answered who ought to.

    A bus that cannot be opened is tried ever more rarely, so attempts may lie far apart: a gap is
    what is longer than ``comm_loss`` thinks (``PATIENCE``).
    """

    __slots__ = ("_last", "attempts", "of", "since")

    def __init__(self, group: Group) -> None:
        self.attempts = 0
        self.of = 0
        self.since: Millis = group.t
        self._last: Millis = group.t

    def see(self, group: Group) -> None:
        """Count an attempt, or begin anew."""
        gap = group.t - self._last > PATIENCE
        self._last = group.t
        expected = () if group.latest.silent is None else _expected(group)
        self.of = len(expected)
        if gap or not expected or any(one.silent is None for one in expected):
            self.attempts = 0
            return
        if not self.attempts:
            self.since = group.t
        self.attempts += 1


def judge(group: Group, settings: BusDown, silence: Silence) -> Verdict:
    """Normal on any answer; met while all who ought to answer are silent, certain in the end."""
    if group.latest.silent is None:
        return NORMAL
    if silence.of < settings.devices or not silence.attempts:
        return UNDECIDED
    long_enough = group.t - silence.since >= settings.on_delay * 1000
    return CERTAIN if long_enough and silence.attempts >= settings.polls else MET


def _expected(group: Group) -> Sequence[Seen]:
    """The members that were asked since the start and ought to answer."""
    return [one for one in _asked(group) if _ought_to_answer(one)]


def _asked(group: Group) -> Sequence[Seen]:
    """The members that were asked since the start."""
    return [one for one in group.everyone() if one.t]


def _ought_to_answer(one: Seen) -> bool:
    if one.device.kind not in FED:
        return True
    if may_be_off(one):
        return False
    pillars = [other for other in one.members("feeder") if other.device.kind == "feeder"]
    return not any(pillar.alarmed("feeder_outage") for pillar in pillars)


def tell(
    group: Group, _settings: BusDown, silence: Silence, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How many are silent, for how long, and what the latest silence was like."""
    silent, since = silence.of, silence.since
    why = group.latest.silent or ""
    message = (
        f"none of {silent} devices on bus {group.name} answers, for {lasted(since, group.t)}: {why}"
    )
    return message, {"since": since, "devices": silent, "reason": why}


RULE = Rule(
    code="bus_down",
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.MAJOR,
    settings=BusDown,
    judge=judge,
    tell=tell,
    scope="bus",
    memory=Silence,
    hears_silence=True,
)
