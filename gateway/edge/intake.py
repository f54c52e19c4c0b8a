"""What every reading passes on its way in: the recording, the fault engine, the journal.

Pollers only leave their readings here. They are judged by a task of its own, all that came
together at once, so that a rule that fails never stops a poll and a poll never waits for a rule.
Recording and rules see all of a reading, the journal what of it is news (``news``).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from gateway.edge.journal import Journal
from gateway.edge.news import Watch, news
from gateway.faults.engine import FaultEngine
from gateway.log import get_logger
from gateway.model import NOTHING, Alarm, AlarmAction, Event, Reading, State
from gateway.recording import Note, Recorder, Row

log = get_logger()


class Intake:
    """Takes readings in, and counts them.

    ``readings`` counts those published with values, which is what a history will hold, ``silent``
    the polls that got none, ``raised`` the alarms by their codes. ``watches`` are the devices with
    points reported by exception.
    """

    def __init__(
        self,
        engine: FaultEngine,
        journal: Journal,
        recorder: Recorder | None,
        watches: Mapping[str, Watch] = NOTHING,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._recorder = recorder
        self._watches = watches
        self._waiting: deque[Reading] = deque()
        self._some = asyncio.Event()
        self.readings = 0
        self.silent = 0
        self.raised: Counter[str] = Counter()

    def take(self, reading: Reading) -> None:
        """A reading, from a poller."""
        watch = self._watches.get(reading.device)
        published = reading if watch is None else news(watch, reading)
        if published is not None:
            self._publish(published)
        self._waiting.append(reading)
        self._some.set()

    def _publish(self, reading: Reading) -> None:
        if reading.values:
            self.readings += 1
            if self.readings == 1:
                log.info("first reading", device=reading.device)
        if reading.silent is not None:
            self.silent += 1
        self._journal.reading(reading)

    async def judge(self) -> None:
        """Judge what comes, for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            self.judge_all()

    def judge_all(self) -> None:
        """Judge what is there."""
        while self._waiting:
            reading = self._waiting.popleft()
            if self._recorder is not None:
                self._record(self._recorder, reading)
            outcomes = self._engine.feed(reading)
            if outcomes:
                self.tell(outcomes)

    def flush(self) -> None:
        """Hand the recording to the system, so that a crash costs it no more than a second."""
        if self._recorder is not None:
            try:
                self._recorder.flush()
            except OSError as error:
                self._give_up(error)

    def act(self, action: AlarmAction) -> None:
        """Do what a person asks of an alarm."""
        self.judge_all()
        if self._recorder is not None:
            fields = {"device": action.device, "code": action.code, "action": action.action}
            note = Note(action.t, "action", {"id": action.id, "by": action.by, **fields})
            self._record(self._recorder, note)
        outcomes = self._engine.act(action)
        if outcomes:
            self.tell(outcomes)

    def tell(self, outcomes: Sequence[Alarm | Event]) -> None:
        """Alarms and events: to the log and to the journal."""
        for outcome in outcomes:
            if not isinstance(outcome, Alarm):
                log.info(outcome.event, device=outcome.device, values=dict(outcome.values))
                continue
            if outcome.state is State.UNACKNOWLEDGED and outcome.raised == outcome.t:
                self.raised[outcome.code] += 1
            log.warning(
                outcome.message,
                device=outcome.device,
                code=outcome.code,
                state=outcome.state.value,
                severity=outcome.severity.value,
            )
        self._journal.outcomes(outcomes)

    def _record(self, recorder: Recorder, row: Row) -> None:
        try:
            recorder.write(row)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._recorder = None
        log.error("the recording ends here: the disk refuses", reason=str(error))
