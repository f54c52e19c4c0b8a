"""From the outbox to the broker, and back from the broker what concerns this gateway.

One connection with at most ``mqtt.WINDOW`` messages under way; ``flow`` decides which. Events go
first, then live telemetry, then the backlog. PUBACK means *sent*; what frees the outbox depends on
``Terms.confirm``:

- ``False``: PUBACK;
- ``True``: only the centre's ``confirmed``. What it misses, or does not confirm for minutes, is
  sent again, byte for byte. A broker that acknowledges and then drops (an ACL, a power cut) costs
  nothing but time;
- ``"auto"``: as ``False`` until this gateway has seen a ``confirmed`` for a stream of its own.

When the connection ends, all that was under way counts as unsent, and after a jittered pause it is
tried again: soon if nothing answers, more rarely if somebody refuses us, slowly while another
client has our id (``rivals``). A message that ends the connection each time it is sent goes in
halves, and a single record is set aside: it stays in the outbox and holds up nothing until the next
start.

Certificates and the password are read at every connect. Others that come to lie in their files are
noticed while the connection stands: once they can be used, what is under way is waited for, and it
is connected anew, with a proper goodbye and no word of being offline.
"""

from __future__ import annotations

import asyncio
import contextlib
from random import Random
from typing import NoReturn

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.clock import SYSTEM, Clock
from gateway.edge.flow import Flow
from gateway.edge.outbox.contract import Lane, Outbox
from gateway.edge.outgoing import Outgoing, Publish
from gateway.edge.rivals import Rivals, told
from gateway.edge.sweep import Sweep
from gateway.edge.terms import Calls, Terms, Uplink
from gateway.edge.trouble import Trouble
from gateway.log import get_logger
from gateway.model import Millis
from gateway.mqtt import BrokerDown, Cause, Connection, Message, Will, connect

__all__ = ["Calls", "Publisher", "Terms", "Uplink"]

log = get_logger()

CLEARING = 5.0
"""Seconds that what is under way may take before we connect anew with other certificates."""

FAREWELL = 1.0
"""Seconds the last status message may take."""

CONNECT = 60.0
"""Seconds in which an attempt to connect comes to something: a resolver that hangs and a frozen TLS
server take their own time-outs, one after the other."""

_INCOMING = (("command", "+", "+"), ("alarm-action", "+", "+"))


class Publisher:
    """``run`` is a task; ``notify`` tells it that the outbox holds something new."""

    def __init__(
        self,
        outbox: Outbox,
        root: wire.Root,
        options: BrokerOptions,
        terms: Terms,
        calls: Calls,
        *,
        clock: Clock = SYSTEM,
        chance: Random | None = None,
    ) -> None:
        self._root = root
        self._options = options
        self._terms = terms
        self._calls = calls
        self._clock = clock
        self._chance = chance or Random()  # noqa: S311 - spreads reconnects, keeps no secret
        self._flow = Flow(outbox, root, terms, calls.on_disk, self._tell)
        self._rivals = Rivals()
        self._joined: float | None = None
        self._sweep = Sweep(root, calls.is_current) if calls.is_current else None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._clear = asyncio.Event()
        self._connected = False
        self._since: Millis | None = None
        self._published = 0
        self._error: str | None = None

    @property
    def uplink(self) -> Uplink:
        """How it is doing."""
        return Uplink(
            connected=self._connected,
            since=self._since,
            published=self._published,
            in_flight=self._flow.in_flight,
            set_aside=self._flow.set_aside,
            confirming=self._flow.confirming,
            last_error=self._error,
            unconfirmed=self._flow.unconfirmed(self._clock.monotonic()),
            rival=self._rivals.fighting,
        )

    def unsent(self, lane: Lane, oldest: int) -> tuple[int, int]:
        """The first seq from ``oldest`` on that the broker has not, and how many it has."""
        return self._flow.unsent(lane, oldest)

    def notify(self) -> None:
        """New records are durable."""
        self._flow.notify()
        self._idle.clear()
        self._wake.set()

    async def drain(self, patience: float) -> bool:
        """Send all there is, incomplete groups too; whether the broker took it in time."""
        self._flow.draining = True
        self.notify()
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            return False
        finally:
            self._flow.draining = False
        return True

    # --- the connection

    async def run(self) -> NoReturn:
        """Publish until cancelled; then say goodbye, if there is somebody to say it to."""
        attempt = 0
        while True:
            published = self._published
            self._calls.promise(CONNECT)
            longest = 0.0
            try:
                await self._connect()
            except* BrokerDown as group:
                longest = self._ended(_first(group))
            except* _Renewed:
                log.info("certificates or password renewed; connecting anew")
            attempt = 0 if self._published > published else attempt + 1
            pause = min(longest, self._terms.first_pause * 2.0 ** min(attempt, 20))
            if longest and self._rivals.fighting:
                pause = longest = self._terms.rival_pause
            self._calls.promise(pause)
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.0))

    def _ended(self, why: BrokerDown) -> float:
        """A connection, or an attempt at one, has ended; the longest pause that is due now."""
        joined, self._joined = self._joined, None
        lasted = None if joined is None else self._clock.monotonic() - joined
        self._down(str(why))
        if self._rivals.ended(why.cause, lasted, suspicious=self._flow.suspicious):
            self._tell(told(self._name, boot=None))
        terms = self._terms
        return terms.refused_pause if why.cause is Cause.REFUSED else terms.longest_pause

    def _tell(self, trouble: Trouble) -> None:
        trouble.log()
        if self._calls.on_trouble is not None:
            self._calls.on_trouble(trouble)

    @property
    def _name(self) -> str:
        return self._options.client_id or f"wayside-{self._root.site}-{self._root.gateway}"

    async def _connect(self) -> None:
        will = Will(self._root.topic(wire.STATUS), self._status(online=False))
        async with connect(self._options, client_id=self._name, will=will) as connection:
            self._calls.promise(3 * self._options.keepalive)
            try:
                await self._talk(connection)
            except asyncio.CancelledError:
                await self._goodbye(connection)
                raise
            finally:
                self._flow.ended(self._clock.monotonic())

    def _status(self, *, online: bool) -> bytes:
        terms, now = self._terms, self._clock.now()
        self._rivals.say(now)
        return wire.status_body(wire.Status(online, now, terms.version, terms.boot))

    async def _goodbye(self, connection: Connection) -> None:
        with contextlib.suppress(BrokerDown, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                topic = self._root.topic(wire.STATUS)
                await connection.publish(topic, self._status(online=False), retain=True)

    async def _talk(self, connection: Connection) -> None:
        ours = [self._root.topic(topic) for topic in (wire.CONFIRMED, wire.STATUS)]
        incoming = [self._root.filter(*parts) for parts in _INCOMING]
        self._joined = self._clock.monotonic()
        self._rivals.joined()
        for refused in await connection.subscribe(*ours, *incoming):
            log.error("the broker refused a subscription", filter=refused)
        status = self._status(online=True)
        await connection.publish(self._root.topic(wire.STATUS), status, retain=True)
        self._up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(connection))
            group.create_task(self._send(connection, group))
            group.create_task(self._watch_files(connection))
            if self._sweep is not None and not self._sweep.done:
                group.create_task(self._sweep.run(connection))

    def _up(self) -> None:
        self._connected, self._since = True, self._clock.now()
        log.info("uplink up", url=self._options.url, after=self._error)
        self._error = None

    def _down(self, reason: str) -> None:
        """Say it when it begins, not at each attempt."""
        if self._connected or self._error is None:
            log.warning("uplink down", url=self._options.url, reason=reason)
            self._since = self._clock.now()
        self._connected, self._error = False, reason

    async def _watch_files(self, connection: Connection) -> NoReturn:
        """Look whether our certificates and password are renewed, and then begin anew."""
        said: str | None = None
        while True:
            await asyncio.sleep(self._terms.look)
            try:
                renewed = await connection.renewed()
            except BrokerDown as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("the new certificates or password cannot be used", reason=said)
                continue
            if renewed:
                self._flow.paused = True
                self._clear.clear()
                self._wake.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLEARING):
                        await self._clear.wait()
                raise _Renewed

    # --- what goes

    async def _send(self, connection: Connection, group: asyncio.TaskGroup) -> NoReturn:
        flow, now = self._flow, self._clock.monotonic
        await flow.begin(now())
        while True:
            self._wake.clear()
            self._calls.promise(0.0)
            while (outgoing := await flow.next(now())) is not None:
                for publish in outgoing.publishes:  # in this order, so that they arrive in it
                    group.create_task(self._deliver(connection, outgoing, publish))
            await flow.release()
            if flow.paused and not flow.in_flight:
                self._clear.set()
            if flow.idle:
                self._idle.set()
            due = flow.due(now())
            self._calls.promise(due)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(due):
                    await self._wake.wait()
            flow.tick(now())

    async def _deliver(self, connection: Connection, outgoing: Outgoing, publish: Publish) -> None:
        await connection.publish(publish.topic, publish.payload, retain=publish.retain)
        self._published += 1
        outgoing.left -= 1
        if not outgoing.left:
            self._flow.delivered(outgoing, self._clock.monotonic())
            self._wake.set()

    # --- what comes

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.messages():
            parsed = wire.parse_topic(message.topic)
            if parsed is not None and parsed.root == self._root:
                await self._arrived(message, parsed.parts)

    async def _arrived(self, message: Message, parts: tuple[str, ...]) -> None:
        if parts == (wire.CONFIRMED,):
            await self._confirmed(message.payload)
        elif parts == (wire.STATUS,):
            self._hears(message)
        elif parts[0] in {"device", "alarm"}:
            if self._sweep is not None:
                self._sweep.notice(message, parts)
        elif not message.retain and self._calls.on_message is not None:
            self._calls.on_message(parts, message.payload)

    def _hears(self, message: Message) -> None:
        """Who speaks as this gateway."""
        try:
            status = wire.decode_status(message.payload)
        except wire.BadPayload:  # the broker's, or an operator's: nothing of a gateway
            return
        if self._rivals.hears(status, retained=message.retain):
            self._tell(told(self._name, boot=status.boot))

    async def _confirmed(self, payload: bytes) -> None:
        if not payload:
            return
        try:
            said = wire.decode_confirmed(payload)
        except wire.BadPayload as error:
            log.warning("an unreadable confirmation", reason=str(error))
            return
        first = not self._flow.seen_confirmed
        if await self._flow.confirmed(said, self._clock.monotonic()) and first:
            log.info("the centre confirms; from now on only that frees the outbox")
            if self._calls.on_confirmed is not None:
                self._calls.on_confirmed()
        self._wake.set()


class _Renewed(Exception):
    """Other certificates, or another password, lie in our files."""


def _first(error: BrokerDown | BaseExceptionGroup[BrokerDown]) -> BrokerDown:
    """The first of several errors, however deep."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
