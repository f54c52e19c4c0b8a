"""How fast a backlog goes, so that what is live has the link when it wants it.

A backlog goes in *turns*. In each, as much is sent as the link carried in ``TURN`` the last times
(``room`` bytes, which doubles or shrinks with what is measured); then its acknowledgements are
waited for, and then follows a rest, so that turns take up no more than ``share`` of the time. What
is live goes whenever it comes and so queues behind one turn at most, on a link of any speed. That
is also how others on the same link, and a centre to which a thousand gateways return at once, keep
their part.

The time to the first acknowledgement of a turn is mostly the way there and back; what comes on top
of the shortest seen is what the link took for the bytes (as in LEDBAT, RFC 6817).
"""

from __future__ import annotations

TURN = 0.25
"""Seconds a turn should keep the link busy: a quarter of the shortest usual poll period."""

MOST_ROOM = 256_000
"""Bytes of a turn on the fastest link."""

FIRST_ROOM = 4_000
"""Bytes of the first turn: half a second on a link of 64 kbit/s."""

MOST_MESSAGES = 50
"""Messages of a turn: half of the window."""

LONGEST_REST = 10.0
"""Seconds, however long a turn took."""


class Pace:
    """Turns and rests; times are monotonic seconds."""

    def __init__(self, share: float) -> None:
        self._share = share
        self.begin()

    def begin(self) -> None:
        """A new connection, which may be another link."""
        self.room = float(FIRST_ROOM)
        self._shortest: float | None = None
        self._rest_until = 0.0
        self._open()

    def _open(self) -> None:
        self._since: float | None = None
        self._first: float | None = None
        self._bytes = 0
        self._messages = 0
        self._out = 0

    def allows(self, now: float) -> bool:
        """Whether another message may go."""
        full = self._bytes >= self.room or self._messages >= MOST_MESSAGES
        return not full and now >= self._rest_until

    def sent(self, size: int, now: float) -> None:
        """A message of so many bytes has gone."""
        if self._since is None:
            self._since = now
        self._bytes += size
        self._messages += 1
        self._out += 1

    def acknowledged(self, now: float) -> None:
        """One of them has arrived; the last one ends the turn."""
        if self._since is None:
            return
        self._out -= 1
        if self._first is None:
            self._first = now - self._since
        if self._out == 0:
            self._judge(self._since, self._first, now)
            self._open()

    def _judge(self, since: float, first: float, now: float) -> None:
        took = now - since
        self._shortest = first if self._shortest is None else min(first, self._shortest * 1.02)
        busy = took - self._shortest
        if busy > TURN:
            self.room = max(1.0, self.room * max(0.25, TURN / busy))
        elif busy < TURN / 2 and self._bytes >= self.room:
            self.room = min(float(MOST_ROOM), self.room * 2)
        self._rest_until = now + min(LONGEST_REST, took * (1 / self._share - 1))

    def due(self, now: float) -> float | None:
        """Seconds until a rest ends; None without one."""
        return self._rest_until - now if self._rest_until > now else None
