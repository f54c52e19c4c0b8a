"""A device has stopped answering.

Source: domain §4: no valid answer in max(3 attempted polls, 30 s). Polls that the breaker skips are
no attempts and give no reading, so they neither count nor clear. An absent stretch of readings is
a gap, not silence: the count begins anew after it. Behind a switched feeder that is off silence is
meant, and after it is switched on controllers have five minutes to rejoin (domain §1, behaviour);
while its pillar is silent too, nobody knows by day whether it is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.feeders import may_be_off
from gateway.faults.load import REJOIN
from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import KINDS, Millis, Severity, Value
from gateway.units import Duration

CODE = "comm_loss"

PATIENCE = 15 * 60_000
"""ms, or four periods: attempts further apart have a gap between them (E). Longer than a breaker
waits between two probes of a dead device."""


@dataclass(frozen=True, slots=True)
class CommLoss(Settings):
    """When silence is a loss, and when the loss is graver.

    ``polls`` attempts in a row must fail and ``on_delay`` seconds pass since the last answer. Lamps
    and bins go from warning to minor after ``grave_after`` seconds, or when at least two devices
    and ``grave_share`` of their bus are lost.
    """

    on_delay: Duration = 30.0
    readings: int = 1
    polls: int = 3
    grave_after: Duration = 4 * 3600.0
    grave_share: float = 0.05

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.polls < 1:
            raise ValueError("polls is less than 1; silence is at least one poll without answer")


class Attempts:
    """How many attempts in a row have failed, and since when there has been no answer."""

    __slots__ = ("failed", "last", "rejoined", "since", "why")

    def __init__(self, seen: Seen) -> None:
        self.failed = 0
        self.last: Millis | None = None
        self.since: Millis = seen.t
        self.rejoined: Millis = seen.t
        self.why = ""

    def see(self, seen: Seen) -> None:
        """Count an attempt, or begin anew after an answer, a gap, or without a supply."""
        parted = self.last is None or seen.t - self.last > max(PATIENCE, 4 * seen.period)
        self.last = seen.t
        if seen.silent is None:
            self.failed = 0
            self.since = seen.t
            return
        self.why = seen.silent
        if may_be_off(seen):
            self.rejoined = seen.t + round(REJOIN * 1000)
        if parted or seen.t < self.rejoined:
            self.failed = 0
            self.since = seen.t
        if seen.t >= self.rejoined:
            self.failed += 1


def judge(seen: Seen, settings: CommLoss, attempts: Attempts) -> Verdict:
    """Certain once enough attempts have failed for long enough; normal on a valid answer."""
    if seen.silent is None:
        return NORMAL
    silence = seen.t - attempts.since
    if attempts.failed >= settings.polls and silence >= settings.on_delay * 1000:
        return CERTAIN
    return BETWEEN


def grade(seen: Seen, settings: CommLoss, attempts: Attempts) -> Severity:
    """Major for signals and feeders; else warning, and minor if it lasts or spreads."""
    if seen.device.kind in {"signal", "feeder"}:
        return Severity.MAJOR
    if seen.t - attempts.since >= settings.grave_after * 1000:
        return Severity.MINOR
    bus = seen.members("bus")
    lost = sum(1 for one in bus if one is seen or one.alarmed(CODE))
    grave = lost >= 2 and lost >= settings.grave_share * len(bus)
    return Severity.MINOR if grave else Severity.WARNING


def tell(
    seen: Seen, _settings: CommLoss, attempts: Attempts, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How many attempts failed, for how long, and what kind of silence the last one met."""
    message = (
        f"no valid answer to {attempts.failed} attempts in a row for "
        f"{lasted(attempts.since, seen.t)}: {attempts.why}"
    )
    return message, {"attempts": attempts.failed, "since": attempts.since, "reason": attempts.why}


RULE = Rule(
    code=CODE,
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.WARNING,
    settings=CommLoss,
    judge=judge,
    tell=tell,
    memory=Attempts,
    grade=grade,
    hears_silence=True,
    replaces=("comm_degraded",),
)
