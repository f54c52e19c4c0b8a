"""A connection for an event loop: publish with QoS 1, subscribe, and iterate what arrives.

aiomqtt does the talking. What it leaves open is closed here:

- It connects in an executor thread, which the interpreter joins before it exits; name resolution
  or a TLS handshake with a frozen broker would hold up a stop for many seconds. Ours connects in a
  daemon thread that is left behind when the caller goes.
- A publish on a socket that died would wait for its own time-out. Ours is woken when the
  connection ends; the time-out, for a broker that says nothing, is one keep-alive.
- Its time-outs could swallow a cancellation (``asyncio.wait_for`` before Python 3.12).
- A frozen broker keeps its socket open. The keep-alive on the wire is a little shorter than the
  one asked for, so that a ping goes unanswered and the link is given up within two of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiomqtt
from paho.mqtt import client as paho
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.config.site import BrokerOptions
from gateway.mqtt.address import access, look_of_files
from gateway.mqtt.certificates import explain
from gateway.mqtt.down import BrokerDown, Cause

WINDOW = 100
"""Publishes under way at once; beyond it the client's cost a message doubles (measured)."""

_MOST_WAITING = 100_000
_FAREWELL = 1.0
_UNSPECIFIED = 0x80
_silent = logging.getLogger("gateway.mqtt.link")  # what matters is in BrokerDown, said once
_silent.addHandler(logging.NullHandler())
_silent.propagate = False
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when we vanish."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived; ``retain`` means the broker had kept it from before."""

    topic: str
    payload: bytes
    retain: bool


class Connection:
    """An open connection; its methods may overlap, and raise BrokerDown once it is gone."""

    def __init__(self, client: _Client, options: BrokerOptions, look: object) -> None:
        self._client = client
        self._options = options
        self._look = look

    async def renewed(self) -> bool:
        """Whether other certificates or another password lie in our files now, and can be used.

        They count from the next connect on.

        Raises:
            BrokerDown: there are others, and they cannot be used; the text says why.
        """
        if await asyncio.to_thread(look_of_files, self._options) == self._look:
            return False
        await asyncio.to_thread(access, self._options)
        return True

    def _down(self, doing: str, error: Exception) -> BrokerDown:
        if self._client.gone is not None:
            return BrokerDown(*self._client.gone)
        return BrokerDown(f"{doing} failed: {error}", Cause.SILENT)

    def _check(self) -> None:
        if self._client.gone is not None:
            raise BrokerDown(*self._client.gone)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; returns when the broker has acknowledged it."""
        try:
            await self._client.publish(topic, payload, qos=1, retain=retain)
        except aiomqtt.MqttError as error:
            raise self._down("publishing", error) from None
        self._check()

    async def subscribe(self, *filters: str) -> tuple[str, ...]:
        """Subscribe with QoS 1; returns the filters the broker refused."""
        try:
            codes = await self._client.subscribe([(each, 1) for each in filters])
        except aiomqtt.MqttError as error:
            raise self._down("subscribing", error) from None
        return tuple(each for each, code in zip(filters, codes, strict=False) if _refused(code))

    async def unsubscribe(self, *filters: str) -> None:
        """Take subscriptions back."""
        try:
            await self._client.unsubscribe(list(filters))
        except aiomqtt.MqttError as error:
            raise self._down("unsubscribing", error) from None
        self._check()

    async def messages(self) -> AsyncIterator[Message]:
        """What arrives, until the connection ends with BrokerDown."""
        try:
            async for message in self._client.messages:
                yield Message(str(message.topic), _bytes(message.payload), message.retain)
        except aiomqtt.MqttError as error:
            self._check()
            raise BrokerDown(str(error.__cause__ or error), Cause.CLOSED) from None


def _refused(code: object) -> bool:
    return isinstance(code, ReasonCode) and code.is_failure


def _bytes(payload: Any) -> bytes:  # noqa: ANN401 - aiomqtt's union of what can be sent
    return payload if isinstance(payload, bytes) else bytes(payload or b"")


@contextlib.asynccontextmanager
async def connect(
    options: BrokerOptions,
    *,
    client_id: str,
    will: Will | None = None,
    clean: bool = True,
    patience: float = 10.0,
) -> AsyncIterator[Connection]:
    """Connect, and disconnect politely at the end of the block.

    ``clean`` False keeps the session (subscriptions and what arrives for them) at the broker.
    ``patience`` bounds the wait for the broker's answer, in seconds.

    Raises:
        BrokerDown: now or, through the connection's methods, later.
        ValueError: ``options`` contradict themselves; the text is for the user.
    """
    look = await asyncio.to_thread(look_of_files, options)
    known = await asyncio.to_thread(access, options)
    client = _Client(
        known.address.host,
        known.address.port,
        username=known.username,
        password=known.password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True) if will else None,
        clean_session=clean,
        timeout=patience,
        keepalive=max(1, int(options.keepalive * 0.9)),
        max_queued_incoming_messages=_MOST_WAITING,
        max_inflight_messages=WINDOW,
        tls_context=known.tls,
        logger=_silent,
    )
    client.pending_calls_threshold = WINDOW
    try:
        try:
            await client.__aenter__()
        except aiomqtt.MqttError as error:
            reason = f"cannot connect to {known.address.host}:{known.address.port}: {error}"
            if client.refused or isinstance(error, aiomqtt.MqttCodeError):
                now = datetime.now(UTC)
                reason = await asyncio.to_thread(explain, reason, options.certificate, now)
                raise BrokerDown(reason, Cause.REFUSED) from None
            raise BrokerDown(reason, Cause.UNREACHED) from None
        client.timeout = options.keepalive
        try:
            yield Connection(client, options, look)
        finally:
            client.timeout = _FAREWELL
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
    finally:
        client.abandon()


class _Client(aiomqtt.Client):
    """aiomqtt's client, made to let go at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - aiomqtt's own
        super().__init__(*args, **kwargs)
        self._settled = threading.Event()
        self._abandoned = False
        self._failure: OSError | ValueError | None = None
        self.gone: tuple[str, Cause] | None = None  # why the connection ended, once it has
        self.refused = False  # there is a broker, and it or we did not want to

    def _client_connect(self) -> None:
        """Runs in an executor thread: connect aside, or be told not to wait any longer."""
        threading.Thread(target=self._connect_aside, daemon=True, name="mqtt-connect").start()
        self._settled.wait()
        if self._failure is not None:
            raise self._failure

    def _connect_aside(self) -> None:
        try:
            super()._client_connect()
        except (OSError, ValueError) as error:
            self.refused = isinstance(error, ssl.SSLError)
            self._failure = error
        except RuntimeError:  # the event loop closed meanwhile: nobody waits for us
            self._abandoned = True
        self._settled.set()
        if self._abandoned:
            self._close()

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401 - paho's own
        flags: paho.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        """Tell everybody who waits; aiomqtt would leave them to their time-outs."""
        if not self._connected.done():
            why = "closed before it answered; does it want a certificate, or another protocol?"
            self.refused = True
            self._connected.set_exception(aiomqtt.MqttError(why))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        ended = "the connection ended"
        if self.gone is None and reason_code.value == _UNSPECIFIED:
            self.gone = ended, Cause.CLOSED
        elif self.gone is None:
            self.gone = f"{ended}: {reason_code}", Cause.SILENT
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # looked at, whether anybody iterates or not
        for event in (*self._pending_publishes.values(), *self._pending_unsubscribes.values()):
            event.set()
        for future in self._pending_subscribes.values():
            if not future.done():
                future.set_exception(aiomqtt.MqttError(ended))

    def _on_socket_register_write(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401, ARG002 - paho's own
        sock: Any,  # noqa: ANN401 - a socket, or TLS on one
    ) -> None:
        """Watch the socket, unless it is closed before the loop comes to it.

        aiomqtt would watch its number all the same, which is nobody's by then, or another's. After
        a reset uvloop lets us read once, perhaps an answer that came before it, and then watches
        that socket no more: reading on tells what became of it.
        """

        def watch() -> None:
            if sock.fileno() < 0:
                return
            try:
                self._loop.add_writer(sock.fileno(), write)
            except RuntimeError:
                client.loop_read()

        def write() -> None:
            try:
                client.loop_write()
            except OSError as error:
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        self._loop.call_soon_threadsafe(watch)

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109
        seconds = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError(f"no answer in {seconds:g} s") from None

    def abandon(self) -> None:
        """Close what is open, and whatever opens late; called on the loop, safe to repeat."""
        if not self._settled.is_set():
            self._client.on_socket_open = None
            self._client.on_socket_close = None
            self._client.on_socket_register_write = None
            self._client.on_socket_unregister_write = None
        self._abandoned = True
        if self._settled.is_set():
            self._close()
        self._settled.set()

    def _close(self) -> None:
        self._client._sock_close()  # noqa: SLF001 - paho closes in no other way without a broker
