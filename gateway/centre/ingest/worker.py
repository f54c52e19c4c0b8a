"""Ingest's one thread: gather, write, note, acknowledge, confirm.

A batch closes when it holds enough rows, when it is old enough, or when nothing more comes for a
moment: brokers send only so many messages ahead of an acknowledgement (mosquitto 20), so waiting
longer would only idle. Then, strictly in this order:

1. the database takes the batch; what it refuses for good goes to the dead letters,
2. the ledger remembers which records it held,
3. the broker is told: every message is acknowledged,
4. the gateways are told: ``confirmed``, retained, at most once a second each.

Between two batches it tells of gateways that are gone (``offline``).

Until the first two have succeeded the batch is tried again, with growing pauses, and nothing is
acknowledged. A crash in between makes messages come again: records the ledger knows are not
written twice, and the others change nothing by being written again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from gateway.centre.history import Bundle, Store, StoreBusy, StoreRefused
from gateway.centre.ingest.batch import Batch, Summary
from gateway.centre.ingest.deadletters import DeadLetters, Letter, cause
from gateway.centre.ingest.figures import exposition
from gateway.centre.ingest.inbox import Inbox
from gateway.centre.ingest.intake import Message, read
from gateway.centre.ingest.ledger import Ledger
from gateway.centre.ingest.offline import CODE, Offline
from gateway.centre.ingest.upkeep import Upkeep
from gateway.log import get_logger
from gateway.model import Millis, State
from gateway.mqtt import Delivery
from gateway.wire import (
    CONFIRMED,
    BadPayload,
    Root,
    Status,
    alarm_body,
    compose_event,
    confirmed_body,
)

log = get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """When a batch closes and how long pauses last; seconds."""

    rows: int = 5000
    longest: float = 0.25
    quiet: float = 0.01
    confirm: float = 1.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    say: float = 60.0  # between two lines of log about dead letters
    offline: float = 90.0  # from a gateway's will to its alarm


@dataclass(slots=True)
class Books:
    """What a batch goes into, in this order."""

    store: Store
    letters: DeadLetters
    ledger: Ledger


class Worker:
    """``run`` is the thread; ``stop`` may be called from any other."""

    def __init__(
        self,
        inbox: Inbox,
        books: Books,
        publish: Callable[[str, bytes], bool],
        *,
        now: Callable[[], Millis],
        pace: Pace,
        chance: Random,
        keep: float | None = None,
    ) -> None:
        self._inbox = inbox
        self._books = books
        self._publish = publish
        self._now = now
        self._pace = pace
        self._chance = chance
        self._stopping = threading.Event()
        self._last_call = float("inf")
        self._untold: set[Root] = set(books.ledger.streams)
        self._tell_at = 0.0
        self._say_at = 0.0
        self._trouble: str | None = None
        self._online: dict[Root, bool] = {}
        self._offline = Offline(round(pace.offline * 1000))
        self._stream = uuid.uuid4().hex[:12]
        self._seq = 0
        self._done = Summary()
        self._causes: Counter[str] = Counter()
        self._upkeep = Upkeep(books.store, books.ledger, keep)

    @property
    def summary(self) -> Summary:
        """What has been done, and how the books stand."""
        streams = [
            stream for named in self._books.ledger.streams.values() for stream in named.values()
        ]
        return replace(
            self._done,
            missing=sum(stream.gaps for stream in streams),
            lost=sum(stream.lost for stream in streams),
        )

    @property
    def figures(self) -> str:
        """For Prometheus; from any thread."""
        return exposition(
            self._done,
            dict(self._causes),
            self._books.ledger.streams,
            database_up=self._trouble is None,
        )

    def stop(self, patience: float) -> None:
        """End soon: write what is here, wait for nothing, begin nothing after ``patience``."""
        self._last_call = time.monotonic() + patience
        self._stopping.set()
        self._inbox.close()

    def run(self) -> None:
        """Work until stopped."""
        while True:
            batch = self._gather()
            if batch.deliveries and not self._settled(batch):
                return
            if self._stopping.is_set() and (not batch.deliveries or self._late()):
                break
            self._tell()
            self._miss()
            self._upkeep.work(self._now())
        self._tell_at = 0.0
        self._tell()

    def _late(self) -> bool:
        return time.monotonic() >= self._last_call

    # --- gather

    def _gather(self) -> Batch:
        batch = Batch(self._books.ledger)
        delivery = self._inbox.take(self._idle())
        closes = time.monotonic() + self._pace.longest
        while delivery is not None:
            self._admit(batch, delivery)
            left = closes - time.monotonic()
            if batch.rows >= self._pace.rows or left <= 0:
                break
            delivery = self._inbox.take(min(left, self._pace.quiet))
        return batch

    def _idle(self) -> float:
        """How long to wait for a message when there is none."""
        idle = min(self._upkeep.wait(), self._offline.wait(self._now()) / 1000)
        return min(idle, max(0.0, self._tell_at - time.monotonic())) if self._untold else idle

    def _admit(self, batch: Batch, delivery: Delivery) -> None:
        try:
            message = read(delivery.topic, delivery.payload)
        except BadPayload as error:
            batch.set_aside(delivery, str(error))
            return
        if message.alarm is not None and message.alarm.code == CODE:
            self._offline.recall(message.root, message.alarm)
            message = Message(message.root)  # our own word, and stored when it was given
        batch.add(delivery, message)
        if message.status is not None:
            self._hear(message.root, message.status)

    def _hear(self, root: Root, status: Status) -> None:
        self._offline.hear(root, online=status.online, now=self._now())
        if self._online.get(root) != status.online:
            self._online[root] = status.online
            say = log.info if status.online else log.warning
            state = "online" if status.online else "offline"
            say(f"gateway {state}", site=root.site, gateway=root.gateway, since=status.since)

    # --- write, note, acknowledge

    def _settled(self, batch: Batch) -> bool:
        """Whether the batch is where it belongs; False only if we were stopped before."""
        attempt = 0
        while True:
            try:
                self._settle(batch)
            except StoreRefused as error:
                pause = self._pace.longest_pause
                self._complain("the database refuses us", error)
            except (StoreBusy, OSError) as error:
                pause = self._pause(attempt, error)
                self._complain("the database is away", error)
            else:
                return True
            attempt += 1
            if self._stopping.wait(pause):
                return False

    def _settle(self, batch: Batch) -> None:
        books = self._books
        written = books.store.write(batch.bundles)
        letters: list[Letter] = [*batch.unreadable, *written.rejected]
        books.letters.add(self._now(), letters)
        books.ledger.commit(batch.streams, batch.codes, batch.notes, self._now())
        for delivery in batch.deliveries:
            delivery.ack()
        self._untold.update(key.root for key in batch.streams)
        counts = replace(batch.counts(), stored=written.stored, rejected=len(written.rejected))
        self._done += counts
        self._causes.update(map(cause, letters))
        self._say(letters)

    def _say(self, letters: Sequence[Letter]) -> None:
        """What a person should know of a batch that went well."""
        if self._trouble is not None:
            log.info("the database is back")
            self._trouble = None
        if letters and time.monotonic() >= self._say_at:
            self._say_at = time.monotonic() + self._pace.say
            log.warning(
                "set aside in the dead-letter file",
                reason=letters[0].reason,
                **{word.replace(" ", "_"): count for word, count in self._causes.items()},
            )

    def _pause(self, attempt: int, error: Exception) -> float:
        if isinstance(error, StoreBusy) and error.after is not None:
            return error.after
        longest = min(self._pace.longest_pause, self._pace.first_pause * 2.0 ** min(attempt, 20))
        return longest * self._chance.uniform(0.5, 1.0)

    def _complain(self, text: str, error: Exception) -> None:
        """Say it once, and again when the reason changes."""
        if self._trouble != str(error):
            self._trouble = str(error)
            log.warning(text, reason=self._trouble)

    # --- confirm

    def _tell(self) -> None:
        if not self._untold or time.monotonic() < self._tell_at:
            return
        self._tell_at = time.monotonic() + self._pace.confirm
        for root in tuple(self._untold):
            body = confirmed_body(self._books.ledger.confirmed(root))
            if self._publish(root.topic(CONFIRMED), body):
                self._untold.discard(root)

    # --- gateways that are gone

    def _miss(self) -> None:
        """Store and publish their alarms; what does not succeed is tried again."""
        for due in self._offline.due(self._now()):
            root, alarm = due.root, due.alarm
            try:
                self._books.store.write([Bundle(root.site, root.gateway, alarms=(alarm,))])
            except (StoreBusy, StoreRefused, OSError) as error:
                self._complain("the database is away", error)
                return
            self._seq += 1
            topic = root.topic("alarm", alarm.device, alarm.code)
            body = compose_event(self._stream, self._seq, alarm_body(alarm))
            over = alarm.state is State.NORMAL
            if not self._publish(topic, body) or (over and not self._publish(topic, b"")):
                return
            self._offline.told(due)
