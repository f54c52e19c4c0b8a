"""Is somebody else connected with our name? Two clients of one id end each other's connection.

MQTT 3.1.1 says nothing to the one that is thrown out: its connection is closed, as by a restart of
the broker. Two signs are left:

- *Somebody speaks as this gateway.* Our own ``status`` comes back to us; one that we never said,
  said since we came, is another's: a cloned card, or two site files with one gateway id. Certain.
- *Every attempt succeeds, and every connection is closed soon.* A link that is down lets attempts
  fail, a broker that dislikes a message closes over that very message (``suspects``); so some
  short sessions in a row without either are a fight, most likely. That is how an id shared by
  gateways of different names shows. (An attempt that is refused says nothing: NATS turns away who
  comes back within a second of being thrown out.)

Whoever is in a fight comes back slowly: each of the two then has the connection for minutes, and
nothing is lost, for what is not acknowledged stays in the outbox. A long session ends it.
"""

from __future__ import annotations

from gateway.edge.trouble import Trouble
from gateway.model import Millis
from gateway.mqtt import Cause
from gateway.wire import Status

SHORT = 30.0
"""Seconds: nobody of our kind waits longer to come back, so a fight's sessions are shorter."""

ROUNDS = 5
"""Sessions in a row that were closed so soon."""

PEACE = 900.0
"""Seconds a session lasts when there is no fight any more."""


class Rivals:
    """Watches how sessions end, and who says ``status``."""

    def __init__(self) -> None:
        self._said: dict[Millis, None] = {}
        self._first: Millis | None = None
        self._sessions = 0
        self._rounds = 0
        self.fighting = False

    def say(self, since: Millis) -> None:
        """We are about to say a status with this moment in it, or leave it as our will."""
        self._first = since if self._first is None else self._first
        self._said[since] = None
        if len(self._said) > 1000:
            del self._said[next(iter(self._said))]

    def joined(self) -> None:
        """A session has begun."""
        self._sessions += 1

    def hears(self, status: Status, *, retained: bool) -> bool:
        """Whether a status proves that somebody else speaks as this gateway, told once a fight.

        In our first session what the broker has kept is from before us, and a word of being offline
        is the will of the process before us; later on, neither can be.
        """
        ours = status.since in self._said
        first = self._sessions < 2 and (retained or not status.online)
        before = first or status.since < (self._first or 0)
        if ours or before or self.fighting:
            return False
        self.fighting = True
        return True

    def ended(self, cause: Cause, lasted: float | None, *, suspicious: bool) -> bool:
        """A session of ``lasted`` seconds, or an attempt at one (None), has ended.

        ``suspicious`` means that a message may be why. Returns whether this is when we begin to
        believe in a rival.
        """
        if lasted is not None and lasted > PEACE:
            self.fighting = False
        if lasted is None and cause is Cause.REFUSED:
            return False
        closed_soon = cause is Cause.CLOSED and lasted is not None and lasted < SHORT
        self._rounds = self._rounds + 1 if closed_soon and not suspicious else 0
        if self.fighting or self._rounds < ROUNDS:
            return False
        self.fighting = True
        return True


def told(client_id: str, *, boot: str | None) -> Trouble:
    """What to say of it; ``boot`` is the other's, if it was heard."""
    if boot is None:
        return Trouble(
            name="client_id_taken",
            message="the broker closes every connection soon after it took it, as it does when "
            "another client comes with the same client_id; trying slowly from now on",
            advice=(
                (
                    f"find the other client called {client_id!r} in the broker's log, and give "
                    "each gateway a client_id of its own ([mqtt] client_id, or [gateway] id)"
                ),
                (
                    "look in the broker's log whether it closes for another reason: access rules, "
                    "a size limit, a quota"
                ),
            ),
            values={"client_id": client_id},
        )
    return Trouble(
        name="client_id_taken",
        message="another gateway speaks as this one; trying slowly from now on",
        advice=(
            (
                "give each gateway an id of its own ([gateway] id): a copied card or site file is "
                "the usual reason"
            ),
            (
                f"find the other in the broker's log: it connects as {client_id!r} or publishes "
                "below the same topic"
            ),
        ),
        values={"client_id": client_id, "other_boot": boot},
    )
