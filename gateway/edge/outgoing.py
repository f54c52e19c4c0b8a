"""Records become the publishes that bring them to the broker.

Telemetry records are joined into one message. A record of the events lane is one message, retained
if it is an alarm or a card; an alarm that is back to normal is two: the message, then the empty one
that removes it. An older state sent again never overwrites a newer one at the broker: it goes
unretained, with the same payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway import wire
from gateway.edge.outbox.contract import Lane, Record
from gateway.edge.sending import Progress


class Publish(NamedTuple):
    """One publish."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(slots=True, eq=False)
class Outgoing:
    """Records ``first`` … ``last`` of a lane under way; ``left`` publishes are unacknowledged.

    ``paced`` says that they had to wait for their turn (``pace``).
    """

    progress: Progress
    first: int
    last: int
    publishes: tuple[Publish, ...]
    left: int
    begun: float
    paced: bool = False

    @property
    def bytes(self) -> int:
        """Payload bytes."""
        return sum(len(publish.payload) for publish in self.publishes)

    @property
    def key(self) -> tuple[str, int]:
        """What makes it the same message when it is sent again."""
        return self.progress.stream, self.first

    @property
    def impossible(self) -> bool:
        """Larger than any receiver takes."""
        return any(len(publish.payload) > wire.MAX_MESSAGE for publish in self.publishes)


class Composer:
    """Remembers, by topic, the newest retained record that went out."""

    def __init__(self, root: wire.Root, *, compress: bool) -> None:
        self._root = root
        self._compress = compress
        self._newest: dict[str, tuple[str, int]] = {}

    def compose(self, progress: Progress, run: Sequence[Record], now: float) -> Outgoing:
        """The message of these records."""
        make = self._telemetry if progress.lane is Lane.TELEMETRY else self._event
        publishes = make(run)
        first, last = run[0].seq, run[-1].seq
        return Outgoing(progress, first, last, publishes, len(publishes), now)

    def _telemetry(self, run: Sequence[Record]) -> tuple[Publish, ...]:
        bodies = [record.body for record in run]
        payload = wire.compose_telemetry(run[0].stream, run[0].seq, bodies, self._compress)
        return (Publish(self._root.under(run[0].head), payload),)

    def _event(self, run: Sequence[Record]) -> tuple[Publish, ...]:
        (record,) = run
        topic = self._root.under(record.head)
        retain = wire.retained(record.head) and self._is_newest(record)
        if not record.body:  # nothing to say but that it is gone
            return (Publish(topic, b"", retain),)
        said = Publish(topic, wire.compose_event(record.stream, record.seq, record.body), retain)
        if retain and wire.ends_alarm(record.head, record.body):
            return (said, Publish(topic, b"", retain))
        return (said,)

    def _is_newest(self, record: Record) -> bool:
        stream, seq = self._newest.get(record.head, ("", 0))
        if stream == record.stream and seq > record.seq:
            return False
        self._newest[record.head] = record.stream, record.seq
        return True
