"""How alarms themselves behave: those that chatter, and those that stand for too long (domain §5).

Three raises of one alarm within a minute are *chattering*: a threshold without a dead band, a loose
wire. One that has stood for 24 hours is *stale*: nobody needs it, or nobody came. Both become an
event, so that a city can find the rules it should tune; neither changes the alarm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gateway.faults.alarms import AWAKE, Alarms
from gateway.faults.causes import Key
from gateway.faults.lifecycle import present
from gateway.faults.timers import Timers
from gateway.model import Alarm, Event, Millis

CHATTER: Millis = 60_000
RAISES = 3
QUIET: Millis = 3_600_000
"""ms before the same alarm's chattering is told again (E)."""

STALE: Millis = 24 * 3_600_000
LOOK: Millis = 600_000
"""ms between two looks for stale alarms (E)."""


class Conduct:
    """Watches how alarms behave; ``tell`` takes its events."""

    def __init__(self, timers: Timers, tell: Callable[[Event], None]) -> None:
        self._timers = timers
        self._tell = tell
        self._raises: dict[Key, deque[Millis]] = {}
        self._told: dict[Key, Millis] = {}
        self._looked: Millis = 0

    def raised(self, alarm: Alarm) -> None:
        """An alarm was raised, shown or not."""
        key = (alarm.device, alarm.code)
        raises = self._raises.setdefault(key, deque(maxlen=RAISES))
        raises.append(alarm.raised)
        span = alarm.raised - raises[0]
        chatters = len(raises) == RAISES and 0 <= span <= CHATTER
        if chatters and alarm.raised - self._told.get(key, -QUIET) >= QUIET:
            self._told[key] = alarm.raised
            told = {"code": alarm.code, "raises": RAISES, "within_s": round(span / 1000)}
            self._tell(Event(alarm.device, "chattering", alarm.raised, told))

    def begin(self, t: Millis, alarms: Alarms) -> None:
        """Look at all alarms every ten minutes from ``t`` on."""
        self._looked = t
        self._timers.every(LOOK, t, lambda at: self._look(at, alarms))

    def _look(self, t: Millis, alarms: Alarms) -> None:
        for alarm in alarms.active():
            due = alarm.raised + STALE
            if alarm.state in AWAKE and present(alarm) and self._looked < due <= t:
                told = {"code": alarm.code, "raised": alarm.raised}
                self._tell(Event(alarm.device, "stale", t, told))
        self._looked = t
        for key in [key for key, raises in self._raises.items() if t - raises[-1] > QUIET]:
            del self._raises[key]
            self._told.pop(key, None)
