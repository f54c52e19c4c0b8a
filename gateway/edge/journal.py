"""From memory to disk: readings second by second, alarms and events at once.

Everything here touches the disk in one thread of its own, the only one that may call the outbox;
the event loop never waits for an ``fdatasync``. When the disk refuses, polling goes on: the outbox
keeps what it was given, up to its bound, and each flush tries again; only the change is logged.

An alarm is in two files: as a record in the outbox, and among the standing ones in the state, from
which the fault engine goes on after a restart. A crash may come between the two writes. So the
state is written first, with the records and the place in the stream they are about to get; at the
next start those that the outbox never made durable are appended again, and no others. No alarm is
forgotten, and none is told twice by a crash (standing ones are told again at every start).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from gateway import wire
from gateway.edge.outbox.contract import Drop, Lane, Outbox
from gateway.edge.state import State
from gateway.log import get_logger
from gateway.model import Alarm, Event, Reading

log = get_logger()

#: Readings that may wait for a disk that hangs; then the oldest half of them is given up.
MOST_WAITING = 50_000

T = TypeVar("T")
Body: TypeAlias = tuple[str, bytes]


class Journal:
    """Collects on the loop what ``commit`` makes durable in the disk's thread, for ``gateway``.

    ``standing()`` gives the fault engine's snapshot, to be saved whenever an alarm has changed.
    """

    def __init__(
        self, gateway: str, outbox: Outbox, state: State, standing: Callable[[], Any]
    ) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._state = state
        self._standing = standing
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._readings: list[Reading] = []
        self._records: list[Body] = []
        self._changed = False
        self._remembered: dict[str, Any] = {}
        self._unsaved: dict[str, Any] = {}
        self._unflushed: list[Body] = []
        self._refused: str | None = None
        self._forgetful: str | None = None
        #: Set whenever there is something that should not wait for the next second.
        self.urgent = asyncio.Event()

    @property
    def refused(self) -> bool:
        """Whether the disk refused the latest flush, and memory has what it held."""
        return self._refused is not None

    # What is to be written

    def reading(self, reading: Reading) -> None:
        """A reading, for the record of this second."""
        self._readings.append(reading)
        if len(self._readings) > MOST_WAITING:
            self._give_up(len(self._readings) // 2)

    def outcomes(self, outcomes: Iterable[Alarm | Event]) -> None:
        """Alarms and events, for now."""
        for outcome in outcomes:
            if isinstance(outcome, Alarm):
                self._records.append((wire.alarm_head(outcome), wire.alarm_body(outcome)))
            else:
                self._records.append((wire.event_head(outcome), wire.event_body(outcome)))
        self._changed = True
        self.urgent.set()

    def record(self, head: str, body: bytes) -> None:
        """Another record of the events lane: a card."""
        self._records.append((head, body))
        self.urgent.set()

    def remember(self, name: str, *, value: Any) -> None:  # noqa: ANN401  # what JSON holds
        """Something else for the state."""
        self.keep(name, value)
        self.urgent.set()

    def keep(self, name: str, value: Any) -> None:  # noqa: ANN401  # what JSON holds
        """Something for the state that belongs to the readings, and goes with them."""
        self._remembered[name] = value

    def _give_up(self, count: int) -> None:
        """The disk has hung for so long that memory is full: what is lost is on record."""
        lost, self._readings = self._readings[:count], self._readings[count:]
        told = {"readings": count, "from": lost[0].t, "to": lost[-1].t, "reason": "the disk hangs"}
        log.error("readings are lost", **told)
        self.outcomes([Event(self._gateway, "gap", lost[-1].t, told)])

    # Writing

    async def commit(self, *, telemetry: bool) -> Sequence[Drop] | None:
        """Make it durable; what the outbox had to drop meanwhile is returned, once.

        None if there was nothing to be done.
        """
        self.urgent.clear()
        body = b""
        if telemetry and self._readings:
            body = wire.telemetry_body(self._readings)
            self._readings = []
        records, self._records = self._records, []
        remembered, self._remembered = self._remembered, {}
        if self._changed:
            remembered["alarms"] = self._standing()
        self._changed = False
        if not (body or records or remembered or self._refused):
            return None
        return await self.on_disk(self._write, body, records, remembered)

    async def on_disk(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Do something in the disk's thread, in turn with everything else there."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, work, *arguments)

    def _write(
        self, body: bytes, records: Sequence[Body], remembered: dict[str, Any]
    ) -> Sequence[Drop]:
        if body:
            self._outbox.append(Lane.TELEMETRY, wire.TELEMETRY, body)
        last = 0
        for head, event in records:
            last = self._outbox.append(Lane.EVENTS, head, event)
        self._unflushed += records
        if "alarms" in remembered:
            remembered["told"] = {
                "stream": self._outbox.stream(Lane.EVENTS),
                "last": last or self._outbox.last(Lane.EVENTS),
                "records": [[head, event.decode()] for head, event in self._unflushed],
            }
        if remembered or self._unsaved:
            self._save({**self._unsaved, **remembered})
        reason = None
        try:
            self._outbox.flush()
        except OSError as error:
            reason = str(error)
        if reason is None:
            self._unflushed.clear()
        elif self._refused is None:
            log.error("the disk refuses; readings are kept in memory", reason=reason)
        if reason is None and self._refused is not None:
            log.info("the disk takes readings again", was=self._refused)
        self._refused = reason
        return self._outbox.drops()

    def _save(self, values: Mapping[str, Any]) -> None:
        reason = None
        try:
            self._state.put(values)
            self._unsaved = {}
        except OSError as error:
            reason = str(error)
            self._unsaved = dict(values)
        if reason is not None and self._forgetful is None:
            log.error("alarms cannot be saved; a restart would forget them", reason=reason)
        self._forgetful = reason

    # The start and the end

    def untold(self) -> list[Body]:
        """Records a crash kept out of the outbox though the state speaks of them."""
        told = self._state.get("told")
        if told is None:
            return []
        records = [(head, body.encode()) for head, body in told["records"]]
        if told["stream"] != self._outbox.stream(Lane.EVENTS):
            return records
        missing = told["last"] - self._outbox.last(Lane.EVENTS)
        return records[-missing:] if missing > 0 else []

    def close(self) -> None:
        """Let the disk's thread go, whatever it is doing."""
        self._disk.shutdown(wait=False)
