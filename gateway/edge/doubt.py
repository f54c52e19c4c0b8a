"""When to ask a centre that confirms nothing: after a while, and then ever more rarely."""

from __future__ import annotations


class Doubt:
    """One lane's patience: ``first`` seconds, doubled with each question up to ``most``.

    ``since`` is from when on the broker has had something of which the centre said nothing new;
    None while there is nothing to wait for.
    """

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._pause = first
        self._next = 0.0
        self.since: float | None = None
        self.asked = 0

    def begin(self, now: float, settle: float) -> None:
        """A new connection: what is sent now has ``settle`` seconds at least."""
        self._next = max(self._next, now + settle)

    def waits(self, now: float) -> None:
        """The broker has something that the centre should confirm."""
        if self.since is None:
            self.since = now
            self._next = max(self._next, now + self._pause)

    def news(self, now: float, *, more: bool) -> bool:
        """The centre has confirmed some, or with no ``more`` all; whether that ends a doubt."""
        ends = self.asked > 0
        self._pause, self.asked = self._first, 0
        self.since = now if more else None
        self._next = now + self._pause
        return ends

    def due(self, now: float) -> bool:
        """Whether it is time to ask."""
        return self.since is not None and now >= self._next

    def ask(self, now: float) -> None:
        """Asked."""
        self.asked += 1
        self._pause = min(2 * self._pause, self._most)
        self._next = now + self._pause
