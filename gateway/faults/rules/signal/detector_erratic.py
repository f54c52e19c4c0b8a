"""A detector chatters, or the controller has given it up.

Source: domain §2: more than 60 actuations a minute for 3 min, or the controller's own bit. Sixty a
minute are only seen at four polls a second and faster (nothing shorter than two polls is judged);
where polls are slower the bit alone is judged. Minutes are counted whole, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.signals import members, named, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

MINUTE = 60_000
MOST_MINUTES = 10
EVERY: Millis = 250


@dataclass(frozen=True, slots=True)
class DetectorErratic(Settings):
    """``rate`` in actuations a minute; ``on_delay`` is whole minutes, ten at most."""

    on_delay: Duration = 180.0
    rate: float = 60.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if not MINUTE / 1000 <= self.on_delay <= MOST_MINUTES * MINUTE / 1000:
            raise ValueError("on_delay is not within 1 to 10 minutes; actuations count by minutes")


class Actuations:
    """How often each detector was actuated in the minutes before this one, the latest last."""

    __slots__ = ("_count", "_last", "_minute", "_on", "detectors", "faults", "minutes")

    def __init__(self, seen: Seen) -> None:
        self.detectors = members(seen, "detector_")
        self.faults = members(seen, "detector_fault_")
        self._on: dict[str, Value] = {}
        self._last: Millis = 0
        self._minute = 0
        self._count: dict[str, int] = {}
        self.minutes: dict[str, tuple[int, ...]] = {}

    def _anew(self, minute: int) -> None:
        self._minute = minute
        self._count = dict.fromkeys(self.detectors, 0)
        self.minutes = {}

    def see(self, seen: Seen) -> None:
        """Count each detector that was off and is on."""
        fresh = seen.fresh
        if not fresh or seen.period > EVERY:
            return
        minute = seen.t // MINUTE
        if seen.t - self._last > MINUTE or minute < self._minute:
            self._anew(minute)
        elif minute > self._minute:
            self._turn(minute)
        self._last = seen.t
        on, count = self._on, self._count
        for detector in self.detectors:
            state = fresh.get(detector)
            if state is True and on.get(detector) is False:
                count[detector] += 1
            if state is not None:
                on[detector] = state

    def _turn(self, minute: int) -> None:
        for detector, count in self._count.items():
            past = (*self.minutes.get(detector, ()), count)
            self.minutes[detector] = past[-MOST_MINUTES:]
            self._count[detector] = 0
        self._minute = minute

    def chatters(self, detector: str, settings: DetectorErratic) -> bool:
        """Whether each of the latest whole minutes had too many actuations."""
        wanted = round(settings.on_delay * 1000 / MINUTE)
        latest = self.minutes.get(detector, ())[-wanted:]
        return len(latest) == wanted and min(latest) > settings.rate


def parts(seen: Seen, settings: DetectorErratic, actuations: Actuations) -> list[str]:
    """The detectors that chatter or are given up, in order."""
    if not actuations.minutes and True not in map(seen.good.get, actuations.faults):
        return []
    given_up = {
        name.replace("_fault", "") for name in actuations.faults if seen.good.get(name) is True
    }
    return [
        name
        for name in dict.fromkeys((*actuations.detectors, *sorted(given_up)))
        if name in given_up or actuations.chatters(name, settings)
    ]


def judge(seen: Seen, settings: DetectorErratic, actuations: Actuations) -> Verdict:
    """Certain by the count or the bit; normal where what is known says so of all."""
    bits = sum(name in seen.fresh for name in actuations.faults)
    if parts(seen, settings, actuations):
        return CERTAIN
    if bits < len(actuations.faults):
        return BETWEEN if bits else UNDECIDED
    fast = seen.period <= EVERY
    if fast and not actuations.minutes:
        return BETWEEN
    return NORMAL if fast or bits else UNDECIDED


def tell(
    seen: Seen, settings: DetectorErratic, actuations: Actuations, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which detectors, by the controller's word or by how many actuations a minute."""
    names = parts(seen, settings, actuations)
    rates = {
        name: actuations.minutes[name][-1] for name in names if actuations.chatters(name, settings)
    }
    values: dict[str, Value] = {"detectors": numbers(names)}
    if not rates:
        return f"{named('detector', names)} reported as faulty by the controller", values
    values["rate"] = rate = max(rates.values())
    minutes = settings.on_delay / 60
    message = (
        f"{named('detector', names)} erratic: {rate} actuations a minute where at most "
        f"{settings.rate:.0f} are expected, for {minutes:.0f} min"
    )
    return message, values


RULE = Rule(
    code="detector_erratic",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=DetectorErratic,
    judge=judge,
    tell=tell,
    points=("detector_*", "detector_fault_*"),
    memory=Actuations,
    parts=parts,
)
