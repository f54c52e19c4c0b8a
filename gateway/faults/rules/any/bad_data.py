"""A device answers, and what it says of a point cannot be used.

Source: domain §4: the same point invalid in three readings in a row. A point that never had a value
since the start belongs to a sensor that is not fitted, and is left alone (E). A bin's sensor may
lack its echo for an hour, because of a lid, a crew or what was thrown in (E). An answer that is
damaged as a whole is no answer but a failed poll (``comm_degraded``, ``comm_loss``), and a device
of another identity is ``config_mismatch``. Over once what was bad is good again, for a minute (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.faults.rule import BETWEEN, CERTAIN, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import IDENTITY, KINDS, NOTHING, Millis, Severity, Value
from gateway.units import Duration

ECHO = frozenset({"distance", "fill_level"})
ASKEW = 20.0
"""Degrees beyond which a bin lies (domain §3)."""

NAMED = 5
"""Points that a sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class BadData(Settings):
    """``times``: in how many readings in a row a point must be invalid; ``echo``: for how long."""

    off_delay: Duration = 60.0
    readings: int = 1
    times: int = 3
    echo: Duration = 3600.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.times < 1:
            raise ValueError("times is less than 1; bad data is at least one bad value")


NONE: frozenset[str] = frozenset()
"""One for all: most devices have no such points."""


class Invalid:
    """In how many readings in a row each point was bad.

    ``unproven`` points were bad before a restart, which this outlives, and not read well since.
    ``mute`` is since when a bin's sensor has had no echo, None while it has one.
    """

    kept_as = "bad_data/1"
    __slots__ = ("_ignored", "_unknown", "mute", "times", "unproven")

    def __init__(self, seen: Seen) -> None:
        self._ignored = ECHO if seen.device.kind == "bin" else NONE
        self._unknown = frozenset(point.name for point in seen.device.points)
        self.times: Mapping[str, int] = NOTHING
        self.unproven = NONE
        self.mute: Millis | None = None

    def begin(self) -> None:
        """What was bad has to be proven good."""
        self.unproven = frozenset(self._bad()) or NONE
        self.times = NOTHING
        self.mute = None

    def dump(self) -> Any:  # noqa: ANN401 - what JSON holds
        """The points that are bad."""
        return sorted(self._bad()) or None

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up what ``dump`` gave."""
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise ValueError("not a list of points")
        self.unproven = frozenset(value)
        self._unknown = (self._unknown - self.unproven) or NONE

    def _bad(self) -> set[str]:
        return {*self.times, *self.unproven, *(() if self.mute is None else ("distance",))}

    def see(self, seen: Seen) -> None:
        """Count what is bad."""
        if self._unknown:
            self._unknown = (self._unknown - seen.fresh.keys()) or NONE
        if self.unproven:
            self.unproven = (self.unproven - seen.fresh.keys()) or NONE
        bad, times = seen.bad, self.times
        if self._ignored:
            self._listen(seen)
        if not bad and not times:
            return
        if IDENTITY in bad:
            self.begin()
            return
        left = {name: count for name, count in times.items() if name not in seen.fresh}
        for name in bad.keys() - self._ignored - self._unknown:
            left[name] = left.get(name, 0) + 1
        self.times = left or NOTHING

    def _listen(self, seen: Seen) -> None:
        """Note since when there is no echo; nobody knows what was in a gap.

        What lies or is gone looks into the open: ``bin_tilt`` and ``bin_removed`` tell of that.
        """
        tilt = seen.fresh.get("tilt")
        if "distance" in seen.fresh or (isinstance(tilt, int | float) and tilt > ASKEW):
            self.mute = None
        elif "distance" in seen.bad.keys() - self._unknown and (self.mute is None or seen.resumed):
            self.mute = seen.t

    def deaf(self, t: Millis, seconds: float) -> bool:
        """Whether there has been no echo for so many seconds."""
        return self.mute is not None and t - self.mute >= seconds * 1000


def parts(seen: Seen, settings: BadData, invalid: Invalid) -> list[str]:
    """The points that are bad."""
    echo = ["distance"] if invalid.deaf(seen.t, settings.echo) else []
    return [name for name, times in invalid.times.items() if times >= settings.times] + echo


def judge(seen: Seen, settings: BadData, invalid: Invalid) -> Verdict:
    """Certain while a point stays bad, normal when all are good."""
    if seen.silent is not None or IDENTITY in seen.bad:
        return UNDECIDED
    if invalid.times or invalid.mute is not None:
        return CERTAIN if parts(seen, settings, invalid) else BETWEEN
    return BETWEEN if invalid.unproven else NORMAL


def tell(
    seen: Seen, settings: BadData, invalid: Invalid, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which points, and why."""
    names = sorted(parts(seen, settings, invalid))
    told = ", ".join(f"{name} ({seen.bad.get(name, 'bad')})" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    lasts = f"in {settings.times} readings in a row"
    if invalid.mute is not None and names == ["distance"]:
        lasts = f"for {lasted(invalid.mute, seen.t)}"
    message = f"no usable value of {told}{more} {lasts}"
    return message, {"points": ", ".join(names), "count": len(names)}


RULE = Rule(
    code="bad_data",
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.WARNING,
    settings=BadData,
    judge=judge,
    tell=tell,
    memory=Invalid,
    hears_silence=True,
    parts=parts,
)
