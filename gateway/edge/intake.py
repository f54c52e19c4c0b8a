"""What every reading passes on its way in: the recording, the fault engine, the journal.

Pollers only leave their readings here. They are judged by a task of its own, all that came
together at once, so that a rule that fails never stops a poll and a poll never waits for a rule.
Recording and rules see all of a reading, the journal what of it is news (``news``).

Should judging fail again and again, readings wait for it, but no more than ``MOST_WAITING``: after
that the oldest are never judged, which the log says once. What is published misses none of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.edge.journal import Journal
from gateway.edge.news import Watch, news
from gateway.faults.engine import Estimates, FaultEngine
from gateway.log import get_logger
from gateway.model import NOTHING, Alarm, AlarmAction, Event, Millis, Reading, State
from gateway.recording import Note, Recorder, Row
from gateway.units import format_duration

log = get_logger()

MOST_WAITING = 50_000
"""Readings, some minutes' worth of a large site."""


class Intake:
    """Takes readings in, and counts them.

    ``readings`` counts those published with values, which is what a history will hold, ``silent``
    the polls that got none, ``raised`` the alarms by their codes. ``watches`` are the devices with
    points reported by exception. What rules estimate of a device goes out with its next reading.
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
        self._estimates: dict[str, Estimates] = {}
        self._waiting: deque[Reading] = deque()
        self._some = asyncio.Event()
        self._behind = False
        self._time: Millis | None = None
        self._began: Millis | None = None
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
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            if not self._behind:
                self._behind = True
                log.error("judging is behind; the oldest readings are not judged")
        self._some.set()

    def _publish(self, reading: Reading) -> None:
        if reading.values:
            reading = self._estimated(reading)
            self.readings += 1
            if self.readings == 1:
                log.info("first reading", device=reading.device)
        if reading.silent is not None:
            self.silent += 1
        self._journal.reading(reading)

    def _estimated(self, reading: Reading) -> Reading:
        found = self._estimates.get(reading.device)
        if found is None or not found.since <= reading.t <= found.until:
            return reading
        return replace(reading, values={**reading.values, **found.values})

    async def judge(self) -> None:
        """Judge what comes, for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            self.judge_all()
            self._run_on()

    def judge_all(self) -> None:
        """Judge what is there."""
        self._behind = False
        while self._waiting:
            reading = self._waiting.popleft()
            self._record(reading)
            outcomes = self._engine.feed(reading)
            estimates = self._engine.estimates(reading.device)
            if estimates is not None:
                self._estimates[reading.device] = estimates
            if outcomes:
                self.tell(outcomes)

    def _run_on(self) -> None:
        t, self._time = self._time, None
        if t is None:
            return
        outcomes = self._engine.tick(t)
        if outcomes:
            self.tell(outcomes)
        if self._recorder is not None:
            try:
                self._recorder.run_on(t)
            except OSError as error:
                self._give_up(error)

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
        self._record(noted(action))
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

    def note(self, event: Event) -> None:
        """An event that came from no rule: to the journal, for whoever made it has logged it."""
        self._journal.outcomes([event])

    def stopped(self, t: Millis) -> None:
        """The gateway ends at ``t``: what is due by then is told, and the recording says so."""
        self.judge_all()
        self._time = t
        self._run_on()
        self._record(Note(t, "stop"))

    def restarted(self, t: Millis) -> None:
        """The gateway began at ``t``: the recording should know, and what the rules began with."""
        self._began = t

    def _record_beginning(self, t: Millis) -> None:
        """Before the first row; by then the engine has taken up what an earlier run left."""
        learning, saved = self._engine.learning, self._engine.snapshot()
        rows = [Note(t, "restart", {"fresh": True, "done": saved["done"]})]
        rows += [Note(t, "alarm", {"alarm": alarm}) for alarm in saved["alarms"]]
        for subject in learning.subjects():
            learnt = learning.dump(subject)
            if learnt:
                rows.append(Note(t, "learnt", {"subject": subject, "learnt": learnt}))
        for row in rows:
            self._record(row)

    def clock(self, before: Millis, after: Millis) -> None:
        """The clock was set: what was seen before is judged, and the rules begin anew."""
        self.judge_all()
        self._engine.begin()
        self._record(Note(after, "clock", {"from": before}))

    def tick(self, t: Millis) -> None:
        """The time is ``t``: what happens with time alone happens next."""
        self._time = t
        self._some.set()

    def _record(self, row: Row) -> None:
        """To the recording, if there is one; it ends at the first row the disk refuses."""
        began, self._began = self._began, None
        if began is not None and self._recorder is not None:
            self._record_beginning(began)
        if self._recorder is None:
            return
        try:
            self._recorder.write(row)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._recorder = None
        log.error("the recording ends here: the disk refuses", reason=str(error))


def noted(action: AlarmAction) -> Note:
    """What a person asked of an alarm, for a recording."""
    told: dict[str, object] = {
        "id": action.id,
        "by": action.by,
        "device": action.device,
        "code": action.code,
        "action": action.action,
    }
    if action.period is not None:
        told["for"] = format_duration(action.period)
    if action.text:
        told["text"] = action.text
    return Note(action.t, "action", told)
