"""``wayside run``: everything at the edge, joined.

Pollers leave readings at the intake, which judges them; readings, alarms and events go through the
journal into the outbox, and from there the publisher takes them to the broker. Each of these is a
task that is begun again if it fails, none waits for another's trouble, and the watchdog is fed only
while all of them move on.

At the end polling stops, what was seen is made durable, and the publisher gets a moment to say
goodbye; every step has its time, so that three seconds are enough whatever is frozen.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from gateway import recording, wire
from gateway.config.site import Site
from gateway.edge.channel import Channel
from gateway.edge.clock import SYSTEM, Clock
from gateway.edge.clockwork import KEPT, Clockwork, Told
from gateway.edge.counters import counters
from gateway.edge.flush import Flusher
from gateway.edge.health import gateway_device
from gateway.edge.hold import Hold
from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.judge import engine_of
from gateway.edge.learning import Keeper
from gateway.edge.lock import CannotStart, locked
from gateway.edge.news import watches
from gateway.edge.notify import Notifier, watch
from gateway.edge.outbox.ring import LEAST_BYTES, RingOutbox, adopt
from gateway.edge.poller import Poller
from gateway.edge.pulse import STUCK, Pulse
from gateway.edge.slots import Slots
from gateway.edge.state import State
from gateway.edge.supervise import Supervisor
from gateway.edge.timekeeper import Signs, Timekeeper
from gateway.edge.timesigns import machine as machine_signs
from gateway.edge.vitals import Parts, Vitals
from gateway.faults.rules import load_rules
from gateway.log import get_logger
from gateway.model import Device, Event, Millis

__all__ = ["CannotStart", "Summary", "run"]

log = get_logger()

#: Seconds the end may take: polls under way, the last flush, the last words to the broker.
LAST_POLLS, LAST_FLUSH, GOODBYE = 0.6, 0.6, 0.6
#: Buses poll in this many groups, shifted against each other: few wake-ups, and no burst of all.
_PHASES = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: ``readings`` are those with values, ``published`` counts messages."""

    seconds: float
    polls: int
    readings: int
    silent: int
    published: int
    slip: int
    restarts: int
    alarms: dict[str, int]


async def run(
    site: Site,
    *,
    stop: asyncio.Event,
    record: Path | None = None,
    signs: Signs | None = None,
    notifier: Notifier | None = None,
    patience: float = STUCK,
) -> Summary:
    """Run the gateway until ``stop`` is set.

    Whoever is overdue by ``patience`` seconds is stuck, and the watchdog is told.

    Raises:
        CannotStart: its folder is in use or cannot be used, or the recording cannot be written.
    """
    with locked(site.gateway.data_dir), ExitStack() as files:
        recorder = None if record is None else files.enter_context(_recording(record))
        pulse = Pulse(patience)
        gateway = Gateway(site, recorder, signs or machine_signs(), notifier or Notifier(), pulse)
        try:
            await gateway.live(stop)
        finally:
            await gateway.close()
        return gateway.summary()


@contextmanager
def _recording(file: Path) -> Iterator[recording.Recorder]:
    """The recording to be written; CannotStart if it cannot be."""
    with ExitStack() as stack:
        try:
            recorder = stack.enter_context(recording.record(file))
        except (OSError, recording.RecordingError) as error:
            raise CannotStart(f"the recording cannot be written: {error}") from error
        yield recorder


class Gateway:
    """The parts of a running gateway."""

    def __init__(
        self,
        site: Site,
        recorder: recording.Recorder | None,
        signs: Signs,
        notifier: Notifier,
        pulse: Pulse,
    ) -> None:
        self._site = site
        self._notifier = notifier
        self._pulse = pulse
        self._itself = gateway_device(site)
        self._state = _open_state(site.gateway.data_dir / "state.db")
        keeper = Timekeeper(signs, trust=site.gateway.clock == "trust", kept=self._state.get(KEPT))
        self._clock = clock = Clock(keeper.now, SYSTEM.monotonic)
        self._began = clock.monotonic()
        self._outbox = _open_outbox(site)
        self._engine = engine_of(site, (*site.devices, self._itself), load_rules())
        self._journal = Journal(site.gateway.id, self._outbox, self._state, self._engine.snapshot)
        self._learnt = Keeper(self._engine.learning, self._journal)
        self._intake = Intake(self._engine, self._journal, recorder, watches(site.devices))
        self._hold = _hold(site, keeper.boot)
        self._clockwork = self._begin_clockwork(keeper)
        self._known = {device.id for device in (*site.devices, self._itself)}
        self._channel = Channel(
            site,
            self._outbox,
            self._journal,
            clock=clock,
            pulse=self._pulse,
            act=self._clockwork.act,
            is_current=self._is_current,
            confirmed_before=bool(self._state.get("confirmed")),
        )
        self._flusher = Flusher(
            self._journal,
            gateway=site.gateway.id,
            period=site.outbox.flush,
            clock=clock,
            pulse=self._pulse,
            durable=self._kept,
            tell=self._clockwork.tell,
        )
        self._supervisor = Supervisor()
        self.pollers = self._make_pollers()
        self._vitals = self._begin_vitals()

    def _make_pollers(self) -> dict[str, Poller]:
        clock, slots = self._clock, Slots(self._clock)
        counting = counters(self._site.devices, self._state.get, self._journal.keep)
        return {
            bus.name: Poller(
                bus,
                self._clockwork.take,
                clock=clock,
                slots=slots,
                chance=random.random,
                pulse=self._pulse,
                phase=number % _PHASES / _PHASES,
                counters=counting,
                tell=self._clockwork.tell,
            )
            for number, bus in enumerate(self._site.buses.values())
            if bus.devices
        }

    def _begin_vitals(self) -> Vitals:
        starts = self._state.get("starts")
        starts = starts + 1 if isinstance(starts, int) else 1
        self._journal.keep("starts", starts)
        parts = Parts(
            pollers=self.pollers,
            intake=self._intake,
            journal=self._journal,
            outbox=self._outbox,
            channel=self._channel,
            flusher=self._flusher,
            supervisor=self._supervisor,
            standing=lambda: len(self._engine.active()),
            clock=self._clockwork.figures,
            starts=starts,
        )
        take = self._clockwork.take
        return Vitals(self._site, parts, take, clock=self._clock, pulse=self._pulse)

    def _begin_clockwork(self, keeper: Timekeeper) -> Clockwork:
        told = Told(
            intake=self._intake,
            journal=self._journal,
            pulse=self._pulse,
            flush=lambda: self._flusher.flush(telemetry=True),
            shift=self._shift,
        )
        return Clockwork(
            keeper,
            self._hold,
            told,
            gateway=self._itself.id,
            period=self._site.outbox.flush,
            monotonic=self._clock.monotonic,
        )

    async def live(self, stop: asyncio.Event) -> None:
        """Begin, run until ``stop``, and end in good order."""
        self._clockwork.start()
        self._resume()
        keep = self._supervisor.keep
        well = f"polling {len(self._site.devices)} devices"
        async with asyncio.TaskGroup() as group:
            start = group.create_task
            polling = [start(keep(f"bus {n}", p.run), name=n) for n, p in self.pollers.items()]
            others = [
                start(keep("clock", self._clockwork.run)),
                start(keep("judge", self._intake.judge)),
                start(keep("flush", self._flusher.run)),
                start(keep("health", self._vitals.run)),
                start(keep("learnt", self._learnt.run)),
                start(keep("watchdog", lambda: watch(self._notifier, self._broken, well))),
            ]
            listen = self._site.gateway.metrics
            if listen is not None:
                others.append(start(keep("metrics", lambda: self._metrics(listen))))
            uplink = [start(keep("uplink", self._channel.run), name="uplink")]
            await asyncio.sleep(0)
            self._notifier.ready()
            log.info("running", devices=len(self._site.devices), buses=len(self.pollers))
            await stop.wait()
            log.info("stopping")
            self._notifier.stopping()
            await _end(polling, LAST_POLLS)
            await _end(others, LAST_POLLS)
            self._intake.stopped(self._clock.now())
            self._learnt.save_all()
            await self._clockwork.last(LAST_FLUSH)
            await self._flusher.last(LAST_FLUSH)
            await self._channel.drain()
            await _end(uplink, GOODBYE)

    async def close(self) -> None:
        """Let go of the files, as far as the disk lets us."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(LAST_FLUSH):
                await self._journal.on_disk(self._close_files)
        self._journal.close()

    def _close_files(self) -> None:
        self._state.close()
        self._outbox.close()
        self._hold.close()

    def summary(self) -> Summary:
        """What it did so far."""
        figures = [poller.figures for poller in self.pollers.values()]
        return Summary(
            seconds=round(self._clock.monotonic() - self._began, 3),
            polls=sum(figure.polls for figure in figures),
            readings=self._intake.readings,
            silent=self._intake.silent,
            published=self._channel.published,
            slip=sum(poller.slip for poller in self.pollers.values()),
            restarts=self._supervisor.restarts,
            alarms=dict(sorted(self._intake.raised.items())),
        )

    # The start

    def _resume(self) -> None:
        """Go on where the last run ended: its alarms, its untold records, everybody's cards."""
        now = self._clock.now()
        if self._state.set_aside is not None:
            log.error("the state was damaged; a fresh one begins", reason=self._state.set_aside)
            lost = {"reason": self._state.set_aside}
            self._clockwork.tell(Event(self._itself.id, "state_lost", now, lost))
        untold = self._journal.untold()
        for head, body in untold:
            self._journal.record(head, body)
        saved = self._state.get("alarms")
        if saved is not None:
            try:
                ended = self._engine.restore(saved, now)
            except ValueError as error:
                log.error("saved alarms cannot be read", reason=str(error))  # noqa: TRY400
            else:
                self._intake.tell(ended)
        try:
            self._learnt.resume(self._state)
        except OSError as error:
            log.error("what was learnt cannot be read", reason=str(error))  # noqa: TRY400
        for device in (*self._site.devices, self._itself):
            self._journal.record(wire.card_head(device), self._card(device))
        # Standing alarms are told again: the broker may have lost what it retained.
        telling = {head for head, _ in untold}
        for alarm in self._engine.active():
            if wire.alarm_head(alarm) not in telling:
                self._journal.record(wire.alarm_head(alarm), wire.alarm_body(alarm))

    def _card(self, device: Device) -> bytes:
        return wire.card_body(device, self._engine.estimated(device.id))

    def _kept(self) -> None:
        """What was seen is on the disk: the recording follows it, and the publisher may have it."""
        self._intake.flush()
        self._channel.notify()

    def _shift(self, by: Millis) -> None:
        """The clock was set by so many ms."""
        for poller in self.pollers.values():
            poller.shift(by)

    def _is_current(self, parts: tuple[str, ...]) -> bool:
        """Whether a card or an alarm the broker has retained is still ours."""
        if parts[0] == "device":
            return parts[1] in self._known
        return parts[1:] in {(alarm.device, alarm.code) for alarm in self._engine.active()}

    # What runs

    async def _metrics(self, listen: str) -> None:
        """The gateway's health for Prometheus, where a site asks for it."""
        from gateway.edge.metrics import serve  # noqa: PLC0415  # most sites do not

        await serve(listen, self._vitals.snapshot)

    def _broken(self) -> list[str]:
        """Who should have moved on by now and has not."""
        late = self._pulse.broken(self._clock.monotonic())
        return [who if isinstance(who, str) else f"bus {who[0]}" for who in late]


def _open_state(path: Path) -> State:
    """The state; in memory only, if the disk refuses."""
    try:
        return State(path)
    except OSError as error:
        log.error("state cannot be kept; a restart will forget alarms", reason=str(error))  # noqa: TRY400
        return State(Path(":memory:"))


def _open_outbox(site: Site) -> RingOutbox:
    """The outbox; one of an earlier version is taken over."""
    folder, most = site.gateway.data_dir, site.outbox.max_bytes
    try:
        adopt(folder / "outbox.db", folder / "outbox.ring", most)
    except (OSError, ValueError) as error:
        log.error("an earlier outbox cannot be taken over yet", reason=str(error))  # noqa: TRY400
    try:
        return RingOutbox.open(folder / "outbox.ring", most)
    except (OSError, ValueError) as error:
        raise CannotStart(f"the outbox cannot be opened: {error}") from error


def _hold(site: Site, boot: str) -> Hold:
    """What waits for the time may take a quarter of what may wait for the broker, beside it."""
    folder, most = site.gateway.data_dir, max(LEAST_BYTES, site.outbox.max_bytes // 4)
    gateway = site.gateway.id
    return Hold(folder / "held.ring", most, RingOutbox.open, gateway=gateway, boot=boot)


async def _end(tasks: list[asyncio.Task[NoReturn]], patience: float) -> None:
    """Cancel, and wait that long; whoever hangs is left behind."""
    for task in tasks:
        task.cancel()
    _, hanging = await asyncio.wait(tasks, timeout=patience)
    for task in hanging:
        log.error("does not stop", task=task.get_name())
        task.cancel()
