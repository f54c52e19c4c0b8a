"""Between the broker's thread and ours: messages wait here, within a bound.

When the bound is reached, because the database is away or slow, ``put`` waits, and with it the
broker's thread. What cannot be acknowledged stays in the broker's session; if it lasts, the broker
ends the connection, and sends everything unacknowledged again on the next one.
"""

from __future__ import annotations

import threading
from collections import deque

from gateway.mqtt import Delivery

MOST_BYTES = 64_000_000


class Inbox:
    """A queue between a thread that puts and one that takes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, delivery: Delivery) -> None:
        """Add a message; waits while the bound is reached, and drops it once closed."""
        with self._changed:
            while self._bytes >= self._most and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._waiting.append(delivery)
                self._bytes += len(delivery.payload)
                self._changed.notify_all()

    def take(self, patience: float) -> Delivery | None:
        """The next message, if there is one or one comes within ``patience`` seconds."""
        with self._changed:
            if not self._waiting and not self._closed and patience > 0:
                self._changed.wait(patience)
            if not self._waiting:
                return None
            delivery = self._waiting.popleft()
            self._bytes -= len(delivery.payload)
            self._changed.notify_all()
            return delivery

    def close(self) -> None:
        """Wake both sides: nothing is put any more; what waits may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
