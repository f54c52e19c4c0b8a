"""A stretch of which there is no data.

Source: domain §0 and §4: an absent stretch is a gap and not silence; it raises nothing, and is told
as an event when it is over. Readings that stayed away for more than three polls and 30 s (E) after
an answer are one; a device that was silent before is asked less often, and that is none. Nor is an
interval that the device kept twice before, up to 6 min (E): it may be recorded at two speeds.

A signal group that the other points of its cabinet came without, for more than three polls and 3 s
(E), is a gap too: a controller's log may have lost one of its events. The gateway's own first
reading tells that it began anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Notice, Seen, Switch
from gateway.faults.signals import members
from gateway.faults.words import lasted
from gateway.model import KINDS, Millis, Value
from gateway.units import Duration

POLLS = 3
ENOUGH = 3
"""Answers from which on its period is known."""
SLOWEST: Millis = 6 * 60_000
KEPT = 1.5


@dataclass(frozen=True, slots=True)
class DataGap(Switch):
    """How long readings, and aspects of a signal group, must have stayed away, in seconds."""

    least: Duration = 30.0
    aspects: Duration = 3.0


NOBODY: frozenset[str] = frozenset()
NEVER: dict[str, Millis] = {}
"""Of all devices without signal groups, of which nothing is written down."""


class Heard:
    """When the last reading came, and what has just come back.

    ``since`` is when readings stayed away, ``back`` since when each group did; None and empty
    unless that has ended with this very reading.
    """

    __slots__ = (
        "_answers",
        "_away",
        "_groups",
        "_last",
        "_longest",
        "_unseen",
        "_usual",
        "back",
        "begun",
        "since",
    )

    def __init__(self, seen: Seen) -> None:
        self._groups = NOBODY
        if seen.device.kind == "signal":
            self._groups = frozenset(members(seen, "group_"))
        self._unseen = self._groups
        self._last: Millis | None = None
        self._answers = 0
        self._longest: Millis = 0
        self._usual: Millis = 0
        self._away: dict[str, Millis] = {} if self._groups else NEVER
        self.back: dict[str, Millis] = {} if self._groups else NEVER
        self.since: Millis | None = None
        self.begun = False

    def see(self, seen: Seen) -> None:
        """Compare with the reading before."""
        last = self._last
        self.begun = last is None
        self.since = None
        if last is not None and self._answers:
            self._compare(seen, last)
        if self._groups and seen.silent is None:
            self._groups_seen(seen, last)
        self._last = seen.t
        self._answers = self._answers + 1 if seen.silent is None else 0

    def _compare(self, seen: Seen, last: Millis) -> None:
        """Whether the interval is longer than any the device keeps; the answers count anew then."""
        interval = seen.t - last
        long = seen.resumed if seen.silent is None else interval > POLLS * seen.period
        if long and interval > KEPT * self._usual and self._answers >= ENOUGH:
            self.since = last
        if self._usual < interval <= SLOWEST:
            self._usual, self._longest = sorted((interval, self._longest))

    def _groups_seen(self, seen: Seen, last: Millis | None) -> None:
        if self.back:
            self.back = {}
        if not self._away and self._groups <= seen.fresh.keys():
            self._unseen = NOBODY
            return
        self._unseen -= seen.fresh.keys()
        for group in self._groups:
            if group in seen.fresh:
                away = self._away.pop(group, None)
                if away is not None and seen.t - away > POLLS * seen.period:
                    self.back[group] = away
            elif group in seen.bad:
                self._away.pop(group, None)  # bad is known to be bad: no gap
            elif last is not None and group not in self._unseen:
                self._away.setdefault(group, last)


def notice(seen: Seen, settings: DataGap, heard: Heard) -> tuple[str, Mapping[str, Value]] | None:
    """The stretch that has just ended."""
    if seen.device.kind == "gateway":
        if not heard.begun:
            return None
        return "the gateway began anew: what was before it was not seen", {"to": seen.t}
    if heard.since is not None and seen.t - heard.since >= settings.least * 1000:
        return _told("no readings", heard.since, seen.t)
    if not heard.back:
        return None
    away = {
        group: since
        for group, since in heard.back.items()
        if seen.t - since >= settings.aspects * 1000
    }
    if not away:
        return None
    names = ", ".join(sorted(away))
    message, values = _told(f"no state of {names}", min(away.values()), seen.t)
    return message, {**values, "points": names}


def _told(what: str, since: Millis, to: Millis) -> tuple[str, dict[str, Value]]:
    return f"{what} for {lasted(since, to)}", {"from": since, "to": to}


NOTICE = Notice(
    event="data_gap",
    kinds=frozenset(KINDS),
    notice=notice,
    settings=DataGap,
    memory=Heard,
    hears_silence=True,
)
