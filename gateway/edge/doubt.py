"""When to ask a centre that confirms nothing: after a while, and then ever more rarely."""

from __future__ import annotations


class Doubt:
    """One lane's patience: ``first`` seconds, doubled with each question up to ``most``."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._pause = first
        self._at: float | None = None
        self.since: float | None = None  # when the centre last said something new, or we began
        self.asked = 0

    def begin(self, now: float, settle: float) -> None:
        """A new connection: what is sent now has ``settle`` seconds at least."""
        self.since = now if self.since is None else self.since
        self._at = now + self._pause if self._at is None else max(self._at, now + settle)

    def news(self, now: float) -> bool:
        """The centre has confirmed more; whether that ends a doubt."""
        ends = self.asked > 0
        self._pause, self.asked, self.since = self._first, 0, now
        self._at = now + self._pause
        return ends

    def due(self, now: float) -> bool:
        """Whether it is time to ask."""
        return self._at is not None and now >= self._at

    def ask(self, now: float, *, anything: bool) -> None:
        """Asked, if there was anything to ask about."""
        if anything:
            self.asked += 1
            self._pause = min(2 * self._pause, self._most)
        self._at = now + self._pause
