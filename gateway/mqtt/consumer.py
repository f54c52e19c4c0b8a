"""A durable subscriber that acknowledges by hand: a message is the broker's until ``ack``.

paho runs the connection in its own thread and calls ``deliver`` there; ``ack`` may come from any
thread, whenever the database has taken the message. Whatever was not acknowledged comes again
after a reconnect, to this worker, so the broker bounds what is under way and nothing is lost.
An acknowledgement belongs to the connection its message came by: a late one is dropped, because
the next connection may use the same packet number for another message.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from gateway.config.site import BrokerOptions
from gateway.log import get_logger
from gateway.mqtt.address import Access, access
from gateway.mqtt.down import BrokerDown

log = get_logger()

_FAREWELL = 2.0
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message from the broker; ``ack`` releases it there, from any thread."""

    topic: str
    payload: bytes
    retain: bool
    ack: Callable[[], None]


class Consumer:
    """Subscribes to ``filters`` with QoS 1 for the length of a ``with`` block.

    ``deliver`` is called in paho's thread, one message at a time in the order they arrive, and
    should only pass it on. The session is kept at the broker under ``client_id`` unless ``clean``.
    It reconnects by itself with a jittered back-off; ``connected`` and ``trouble`` say how it is.
    """

    def __init__(
        self,
        options: BrokerOptions,
        filters: Sequence[str],
        *,
        client_id: str,
        deliver: Callable[[Delivery], None],
        clean: bool = False,
    ) -> None:
        self._options = options
        self._filters = tuple(filters)
        self._deliver = deliver
        self._access: Access = access(options)
        self._lock = threading.Lock()
        self._generation = 0
        self.connected = threading.Event()
        self.trouble: str | None = None
        self._client = self._make(client_id, clean=clean)

    def _make(self, client_id: str, *, clean: bool) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        if self._access.tls is not None:
            client.tls_set_context(self._access.tls)
        client.on_pre_connect = lambda _client, _user: self._renew()
        client.on_connect = lambda _client, _user, _flags, code, _more: self._joined(code)
        client.on_connect_fail = lambda _client, _user: self._in_trouble("nothing answers there")
        client.on_disconnect = lambda _client, _user, _flags, code, _more: self._left(code)
        client.on_subscribe = lambda _client, _user, _mid, codes, _more: self._subscribed(codes)
        client.on_message = lambda _client, _user, message: self._arrived(message)
        return client

    def __enter__(self) -> Self:
        address = self._access.address
        self._spread()
        self._client.connect_async(
            address.host, address.port, keepalive=max(1, int(self._options.keepalive * 0.9))
        )
        self._client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        # Joining may wait for name resolution or a handshake; paho's thread is a daemon anyway.
        farewell = threading.Thread(target=self._client.loop_stop, daemon=True)
        farewell.start()
        farewell.join(_FAREWELL)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish with QoS 1 from any thread; False if there is no connection to do it on."""
        if not self.connected.is_set():
            return False
        return self._client.publish(topic, payload, 1, retain).rc == paho.MQTT_ERR_SUCCESS

    def _spread(self) -> None:
        """Draw a new back-off, so that workers do not return to a restarted broker in step."""
        self._client.reconnect_delay_set(_chance.randint(1, 3), _chance.randint(15, 30))

    def _renew(self) -> None:
        """Before each connect: read password and certificate again, they may be new."""
        try:
            fresh = access(self._options)
            if self._access.tls is not None and self._options.certificate:
                self._access.tls.load_cert_chain(self._options.certificate, self._options.key)
        except (BrokerDown, OSError) as error:
            self._in_trouble(str(error))
        else:
            self._client.username_pw_set(fresh.username, fresh.password)

    def _joined(self, code: ReasonCode) -> None:
        if code.is_failure:
            self._in_trouble(f"it refused us: {code}")
            return
        self._client.subscribe([(each, 1) for each in self._filters])
        self.connected.set()
        if self.trouble is not None:
            log.info("broker back", url=self._options.url)
        self.trouble = None

    def _left(self, code: ReasonCode) -> None:
        with self._lock:
            self._generation += 1
        self.connected.clear()
        self._spread()
        if code.is_failure:
            self._in_trouble(f"the connection ended: {code}")

    def _subscribed(self, codes: Sequence[ReasonCode]) -> None:
        for each, code in zip(self._filters, codes, strict=False):
            if code.is_failure:
                self._in_trouble(f"it refused the subscription to {each}: {code}")

    def _arrived(self, message: paho.MQTTMessage) -> None:
        generation, mid, qos = self._generation, message.mid, message.qos

        def ack() -> None:
            with self._lock:
                if generation == self._generation:
                    self._client.ack(mid, qos)

        self._deliver(Delivery(message.topic, bytes(message.payload), message.retain, ack))

    def _in_trouble(self, text: str) -> None:
        """Say it once, when it starts."""
        if self.trouble is None:
            log.warning("broker trouble", url=self._options.url, reason=text)
        self.trouble = text
