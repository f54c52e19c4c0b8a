"""Ingest's side of the broker: a message is acknowledged by hand, and comes again until it is."""

from __future__ import annotations

import contextlib
import queue
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.config.site import BrokerOptions
from gateway.mqtt import Consumer, Delivery, connect
from tests.parts.broker import Broker
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path) if request.param == "mosquitto" else nats(tmp_path) as running:
        yield running


@contextlib.contextmanager
def consuming(options: BrokerOptions) -> Iterator[tuple[Consumer, queue.Queue[Delivery]]]:
    arrived: queue.Queue[Delivery] = queue.Queue()
    with Consumer(options, ["t/#"], client_id="ingest-1", deliver=arrived.put) as consumer:
        assert consumer.connected.wait(10)
        yield consumer, arrived


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does; the test's time-out bounds it."""
    while not condition():
        time.sleep(0.01)


def hang_up(consumer: Consumer) -> None:
    """What a router that forgets the connection does."""
    wire = consumer._client.socket()
    assert isinstance(wire, socket.socket)
    wire.shutdown(socket.SHUT_RDWR)


async def send(options: BrokerOptions, *payloads: bytes) -> None:
    async with connect(options, client_id="sender") as here:
        for payload in payloads:
            await here.publish("t/1", payload)


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker: Broker) -> None:
    options = BrokerOptions(url=broker.url)
    with consuming(options) as (_, arrived):
        pass  # the session exists from here on
    await send(options, b"1", b"2", b"3")
    with consuming(options) as (_, arrived):
        came = {delivery.payload: delivery for delivery in (arrived.get(timeout=10) for _ in "123")}
        assert set(came) == {b"1", b"2", b"3"}  # NATS may bring one of a resumed session late
        came[b"1"].ack()
        came[b"3"].ack()
    with consuming(options) as (_, arrived):
        again = arrived.get(timeout=10)
        assert again.payload == b"2"
        again.ack()
        with pytest.raises(queue.Empty):
            arrived.get(timeout=0.3)


async def test_it_comes_back_by_itself_after_the_broker_died(broker: Broker) -> None:
    options = BrokerOptions(url=broker.url)
    with consuming(options) as (consumer, arrived):
        broker.kill()
        broker.start()
        eventually(lambda: consumer.trouble is not None)
        assert consumer.connected.wait(20)
        await send(options, b"after")
        message = arrived.get(timeout=10)
        assert message.payload == b"after"
        assert consumer.trouble is None


async def test_an_acknowledgement_from_before_a_reconnect_counts_for_nothing(
    broker: Broker,
) -> None:
    options = BrokerOptions(url=broker.url)
    with consuming(options) as (consumer, arrived):
        await send(options, b"x")
        late = arrived.get(timeout=10)
        hang_up(consumer)
        again = arrived.get(timeout=10)
        late.ack()
        assert again.payload == b"x"
    with consuming(options) as (_, arrived):
        assert arrived.get(timeout=10).payload == b"x"


def test_it_publishes_only_while_connected(broker: Broker) -> None:
    options = BrokerOptions(url=broker.url)
    with consuming(options) as (consumer, arrived):
        assert consumer.publish("t/confirmed", b"{}", retain=True)
        assert arrived.get(timeout=10).payload == b"{}"
        broker.kill()
        eventually(lambda: not consumer.connected.is_set())
        assert not consumer.publish("t/confirmed", b"{}")


def test_a_subscription_the_broker_refuses_is_said(tmp_path: Path) -> None:
    """NATS says so; mosquitto accepts the subscription and delivers nothing."""
    rules = 'authorization { users: [ { user: u, password: p, permissions: { subscribe: "x" } } ] }'
    secret = tmp_path / "secret"
    secret.write_text("p")
    with nats(tmp_path / "b", rules) as broker:
        options = BrokerOptions(url=broker.url, username="u", password_file=secret)
        with consuming(options) as (consumer, _):
            eventually(lambda: consumer.trouble is not None)
            assert "refused the subscription to t/#" in str(consumer.trouble)
