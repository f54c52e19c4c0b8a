"""What an outbox promises, whatever it is made of.

The outbox stands between the poller and the uplink: nothing is published that is not on disk, and
nothing leaves the disk before it is safe elsewhere. It has two *lanes*, each a stream of its own
with a random id and a sequence number that counts records without holes from 1:

- ``events``: alarms, events and device cards, one record each, sent first;
- ``telemetry``: one record for each flush, holding the readings of that second.

Invariants, for every back end, and tested by one suite (``tests/contract/test_outbox.py``):

1. A record that ``flush`` returned after is there after kill -9, power loss aside from what the
   disk itself forgets.
2. ``seq`` grows by one a record within a lane and is never given twice, crashes included.
3. ``pending`` yields records in order of ``seq``; a record not yet released may be read again and
   its bytes are then the same.
4. ``release`` frees space; a released record never comes back, not even after a crash once the
   next ``flush`` has returned.
5. The bytes on disk never pass ``max_bytes``, nor what the disk can spare: the oldest telemetry
   goes first, then, only if events alone pass half of it, the oldest events. Each such loss is
   reported once, by lane and seq range, through ``drops``.
6. ``open`` always succeeds on a readable disk. What is damaged is set aside and reported through
   ``drops``, the rest is delivered. Where a record that was handed out may have been lost with its
   seq, a new stream begins and what is left goes on in it; then ``drops`` speaks of the old stream
   from its oldest waiting seq on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Lane(StrEnum):
    """Which stream a record belongs to."""

    EVENTS = "events"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True)
class Record:
    """One durable unit: ``head`` says where it goes (a topic below the root), ``body`` is JSON.

    The publisher composes the message from ``stream``, ``seq``, ``head`` and ``body`` alone, so
    that a resend is byte-identical.
    """

    lane: Lane
    stream: str
    seq: int
    head: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Records lost before they were delivered: ``first``…``last`` of a stream, and why."""

    lane: Lane
    stream: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits in a lane: records, bytes, and the seq of the oldest (0 if none)."""

    records: int
    bytes: int
    oldest: int


class Outbox(Protocol):
    """A durable two-lane queue. Calls come from one thread at a time; ``flush`` may block."""

    def stream(self, lane: Lane) -> str:
        """The lane's stream id: 12 lower-case hex digits, new for a new file."""

    def append(self, lane: Lane, head: str, body: bytes) -> int:
        """Queue a record and return its seq; durable only after the next ``flush``."""

    def flush(self) -> None:
        """Make everything appended so far durable; raises OSError when the disk refuses."""

    def pending(self, lane: Lane, after: int, limit: int) -> Sequence[Record]:
        """At most ``limit`` durable, unreleased records with seq > ``after``, in order."""

    def release(self, lane: Lane, upto: int, keep: Sequence[tuple[int, int]] = ()) -> None:
        """Free every record with seq ≤ ``upto`` except the inclusive ranges in ``keep``."""

    def last(self, lane: Lane) -> int:
        """The highest durable seq of the lane, released ones included; 0 if none yet."""

    def depth(self, lane: Lane) -> Depth:
        """How much waits."""

    def drops(self) -> Sequence[Drop]:
        """Losses since the last call; each is told once.

        They stay on record until the end of the flush that has what was appended since, so that a
        crash before that has them told again.
        """

    def close(self) -> None:
        """Flush and let go of the file."""
