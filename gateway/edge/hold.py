"""Where readings and events wait while nobody knows what time it is.

They are kept by the time since boot, under the boot's id, in a file of their own beside the outbox:
an outbox without a publisher, made when it is needed and removed when it is empty. What is written
every second goes to its events lane; once a minute that is *packed* into one record of the other
lane, because a record takes a block of the disk however small it is. When the time becomes known
they are stamped and go on, oldest first, and everything new queues behind them until all are
through.

Invariants:

1. What ``write`` returned after survives kill -9, in this boot and in later ones.
2. Records leave only by ``release``, after what they held is durable in the real outbox. A crash in
   between hands them out again, stamped with the same offset, so to the same milliseconds.
3. A record of another boot is never stamped: nobody knows how long the machine was off. Its
   readings become one ``gap`` event that says how many they were.
4. The bytes on disk never pass the bound. The oldest go first, and each loss becomes a ``gap``
   event, held like any other.
5. Without a disk what waits stays in memory, at most ``MOST_WAITING`` of it; then too the older
   half goes, on record.

Those under "on disk" are called in the disk's thread, the others on the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import orjson

from gateway import wire
from gateway.edge.outbox.contract import Lane, Outbox, Record
from gateway.edge.timekeeper import EARLIEST
from gateway.log import get_logger
from gateway.model import Event, Millis, Reading

log = get_logger()

Held: TypeAlias = Reading | Event

MOST_WAITING = 50_000
"""Readings and events in memory."""
AT_ONCE = 500_000
"""Bytes of records handed out together."""

GAP = "gap"
#: The times among an event's values; they move with it.
_TIMES = ("since", "until", "from", "to")
_A_RECORD = 1000  # readings
_PACKED, _RECENT = Lane.TELEMETRY, Lane.EVENTS
_A_PACK = 60  # records


@dataclass(frozen=True, slots=True)
class Batch:
    """The oldest held items, and the seq up to which they free each lane."""

    items: tuple[Held, ...]
    upto: dict[Lane, int]


def since_boot(item: Held, offset: Millis) -> Held:
    """The item by the time since boot, from one by a clock that is ``offset`` ahead of it."""
    if isinstance(item, Reading):
        return replace(item, t=item.t - offset)
    times = {name: time - offset for name, time in _times(item)}
    return replace(item, t=item.t - offset, values={**item.values, **times})


def stamped(item: Held, offset: Millis) -> Held:
    """A held item at its true time; what it says in UTC already stays."""
    if isinstance(item, Reading):
        return replace(item, t=item.t + offset)
    times = {name: time + offset for name, time in _times(item) if time < EARLIEST}
    return replace(item, t=item.t + offset, values={**item.values, **times})


def _times(event: Event) -> Iterator[tuple[str, Millis]]:
    for name in _TIMES:
        time = event.values.get(name)
        if isinstance(time, int):
            yield name, time


class Hold:
    """The held items of ``gateway`` in ``file``; ``create`` opens an outbox of so many bytes."""

    def __init__(
        self,
        file: Path,
        max_bytes: int,
        create: Callable[[Path, int], Outbox],
        *,
        gateway: str,
        boot: str,
    ) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._create = create
        self._gateway = gateway
        self._boot = boot
        self._outbox: Outbox | None = None
        self._waiting: list[Held] = []
        self._oldest: Millis | None = None
        self._refused: str | None = None
        self._begun = False

    # In memory

    def add(self, item: Held) -> None:
        """Hold an item; its ``t`` is the time since boot in ms."""
        self._waiting.append(item)
        if len(self._waiting) > MOST_WAITING:
            half = MOST_WAITING // 2
            lost, self._waiting = self._waiting[:half], self._waiting[half:]
            span = {"from": lost[0].t, "to": lost[-1].t}
            self._waiting.insert(0, self._gap(lost[-1].t, "the disk hangs", items=half, **span))

    def take_waiting(self) -> list[Held]:
        """What is in memory only, to be written or let go."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def put_back(self, items: Sequence[Held]) -> None:
        """What could not be written goes on waiting."""
        self._waiting[:0] = items

    # On disk

    @property
    def left(self) -> bool:
        """Whether an earlier run left something."""
        return self._file.exists()

    def begin(self, now: Millis, known_until: Millis | None) -> None:
        """Open what an earlier run left, if it did, at ``now`` since boot.

        What another boot held becomes a gap that begins at ``known_until``, the last time that
        was known, and ends here. OSError if the disk refuses.
        """
        if not self._begun and self.left:
            outbox = self._open()
            self._end_other_boots(outbox, now, known_until)
            self._oldest = _first(outbox)
        self._begun = True

    def write(self, items: Sequence[Held]) -> list[Event]:
        """Make items durable; gaps to be held as well, if something older had to go for them.

        A disk that refuses later has them in memory, and says so. OSError if there is no file to
        be had: then nothing was taken.
        """
        outbox = self._open()
        self._append(outbox, items)
        reason = None
        try:
            self._pack(outbox)
            outbox.flush()
            return self._losses(outbox, items[-1].t if items else 0)
        except OSError as error:
            reason = str(error)
            return []
        finally:
            if reason is not None and self._refused is None:
                log.error("the disk refuses what is held; it is kept in memory", reason=reason)
            self._refused = reason

    def oldest(self) -> Batch:
        """The oldest items on disk, those of a lane in their order; none if there are none."""
        items: list[Held] = []
        size = 0
        for lane in (_PACKED, _RECENT) if self._outbox is not None else ():
            upto = 0
            for record in self._open().pending(lane, 0, _A_PACK):
                items += _items(record)
                upto = record.seq
                size += len(record.body)
                if size > AT_ONCE:
                    break
            if upto:
                return Batch(tuple(items), {lane: upto})
        return Batch((), {})

    def release(self, batch: Batch) -> None:
        """Let go of a batch: it is durable elsewhere."""
        if self._outbox is not None:
            for lane, seq in batch.upto.items():
                self._outbox.release(lane, seq)
            self._outbox.flush()

    def remove(self) -> None:
        """Nothing is held any more: no file is needed."""
        if self._outbox is not None:
            self.close()
            self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            outbox.close()

    def _open(self) -> Outbox:
        if self._outbox is None:
            self._outbox = self._create(self._file, self._max_bytes)
        return self._outbox

    def _append(self, outbox: Outbox, items: Sequence[Held]) -> None:
        for start in range(0, len(items), _A_RECORD):
            outbox.append(_RECENT, self._boot, _body(items[start : start + _A_RECORD]))
        if items and self._oldest is None:
            self._oldest = items[0].t

    def _pack(self, outbox: Outbox) -> None:
        """Make one record of the recent ones if they are enough; atomic with the next flush."""
        depth = outbox.depth(_RECENT)
        if depth.records >= _A_PACK or depth.bytes > min(AT_ONCE, self._max_bytes // 32):
            recent = outbox.pending(_RECENT, 0, _A_PACK)
            outbox.append(_PACKED, self._boot, _joined([record.body for record in recent]))
            outbox.release(_RECENT, recent[-1].seq)

    # What is lost

    def _gap(self, t: Millis, reason: str, **told: object) -> Event:
        return Event(self._gateway, GAP, t, {**told, "reason": reason})

    def _losses(self, outbox: Outbox, now: Millis) -> list[Event]:
        """The gap that the bound, or a damage, tore since the last look."""
        drops = outbox.drops()
        if not drops:
            return []
        before, self._oldest = self._oldest, _first(outbox)
        inside = self._oldest is None or self._oldest == before  # somewhere among what is left
        span = {"from": before or 0, "to": now if inside else self._oldest}
        return [self._gap(now, f"held while the clock was not set: {drops[0].reason}", **span)]

    def _end_other_boots(self, outbox: Outbox, now: Millis, known_until: Millis | None) -> None:
        """Turn what other boots held into gaps, all or nothing."""
        upto: dict[Lane, int] = {}
        spans: dict[str, _Span] = {}
        bounds = {"to": now, **({} if known_until is None else {"from": known_until})}
        gaps: list[Event] = []
        for lane, record in self._of_other_boots(outbox):
            upto[lane] = record.seq
            for item in _items(record):
                if isinstance(item, Reading):
                    spans.setdefault(record.head, _Span()).add(item.t)
                elif item.event == GAP:
                    gaps.append(replace(item, t=now, values={**item.values, **bounds}))
        for boot, span in spans.items():
            told = {"boot": boot, "readings": span.readings, "seconds": span.seconds, **bounds}
            gaps.append(self._gap(now, "the clock was not set in that boot", **told))
        if upto:
            self._append(outbox, gaps)
            for lane, seq in upto.items():
                outbox.release(lane, seq)
            outbox.flush()

    def _of_other_boots(self, outbox: Outbox) -> Iterator[tuple[Lane, Record]]:
        """The records that come before this boot's, lane by lane."""
        for lane in Lane:
            for record in _all(outbox, lane):
                if record.head == self._boot:
                    break
                yield lane, record


@dataclass(slots=True)
class _Span:
    """How much a boot held: so many readings, from ``first`` to ``last`` ms since it began."""

    readings: int = 0
    first: Millis = 0
    last: Millis = 0

    def add(self, t: Millis) -> None:
        self.first = min(self.first, t) if self.readings else t
        self.last = max(self.last, t)
        self.readings += 1

    @property
    def seconds(self) -> float:
        return (self.last - self.first) / 1000


def _all(outbox: Outbox, lane: Lane) -> Iterator[Record]:
    seq = 0
    while records := outbox.pending(lane, seq, 64):
        yield from records
        seq = records[-1].seq


def _first(outbox: Outbox) -> Millis | None:
    """The time of the oldest item there is."""
    for lane in (_PACKED, _RECENT):
        for record in outbox.pending(lane, 0, 1):
            return _items(record)[0].t
    return None


# A record: readings in one line, events in the next, each joined by commas, so that packing is
# joining again.


def _body(items: Sequence[Held]) -> bytes:
    readings = wire.telemetry_body(item for item in items if isinstance(item, Reading))
    events = [item for item in items if isinstance(item, Event)]
    return readings + b"\n" + orjson.dumps(events, default=dict)[1:-1]


def _joined(bodies: Sequence[bytes]) -> bytes:
    lines = zip(*(body.split(b"\n") for body in bodies), strict=True)
    return b"\n".join(b",".join(filter(None, line)) for line in lines)


def _items(record: Record) -> Sequence[Held]:
    """What a record holds, by time."""
    readings, events = record.body.split(b"\n")
    message = wire.compose_telemetry(record.stream, record.seq, [readings], compress=False)
    held: list[Held] = [Event(**event) for event in orjson.loads(b"[%s]" % events)]
    held += wire.decode_telemetry(message).readings
    return sorted(held, key=lambda item: item.t)
