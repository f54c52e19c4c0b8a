"""The event loop's connection against real brokers: TLS, refusals, silence and a quick goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gateway.config.site import BrokerOptions
from gateway.mqtt import BrokerDown, Connection, Message, Will, connect
from tests.parts.broker import Broker
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.process import program
from tests.parts.tls import identity

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path) if request.param == "mosquitto" else nats(tmp_path) as running:
        yield running


async def first(messages: AsyncIterator[Message], wait: float = 10.0) -> Message:
    return await asyncio.wait_for(anext(messages), wait)


@contextlib.asynccontextmanager
async def two(options: BrokerOptions) -> AsyncIterator[tuple[Connection, Connection]]:
    async with connect(options, client_id="one") as one, connect(options, client_id="two") as two:
        yield one, two


async def test_a_message_travels_from_one_client_to_another(broker: Broker) -> None:
    topic = "wayside/v1/city.west/gw-1/alarm/feeder:F1/phase_loss"
    async with two(BrokerOptions(url=broker.url)) as (here, there):
        assert await there.subscribe("wayside/v1/+/+/alarm/+/+") == ()
        await here.publish(topic, b"{}")
        assert await first(there.messages()) == Message(topic, b"{}", retain=False)


async def test_a_retained_message_waits_for_later_subscribers_until_it_is_emptied(
    broker: Broker,
) -> None:
    options = BrokerOptions(url=broker.url)
    async with connect(options, client_id="one") as here:
        await here.publish("wayside/v1/a/b/status", b"up", retain=True)
        async with connect(options, client_id="two") as there:
            await there.subscribe("wayside/v1/a/b/#")
            arrived = there.messages()
            assert await first(arrived) == Message("wayside/v1/a/b/status", b"up", retain=True)
            await here.publish("wayside/v1/a/b/status", b"", retain=True)
            assert (await first(arrived)).payload == b""


async def test_a_kept_session_brings_what_arrived_meanwhile(broker: Broker) -> None:
    options = BrokerOptions(url=broker.url)
    async with connect(options, client_id="durable", clean=False) as there:
        await there.subscribe("t/#")
    async with connect(options, client_id="one") as here:
        await here.publish("t/1", b"while you were away")
    async with connect(options, client_id="durable", clean=False) as there:
        assert (await first(there.messages())).payload == b"while you were away"


async def test_the_will_speaks_when_a_client_vanishes_and_not_when_it_leaves(
    broker: Broker,
) -> None:
    options = BrokerOptions(url=broker.url)
    async with connect(options, client_id="witness") as witness:
        await witness.subscribe("status/+")
        seen = witness.messages()
        async with connect(options, client_id="polite", will=Will("status/polite", b"gone")):
            pass
        async with connect(options, client_id="rude", will=Will("status/rude", b"gone")) as rude:
            rude._client._client._sock_close()
            assert await first(seen) == Message("status/rude", b"gone", retain=False)


async def test_a_killed_broker_ends_the_connection_at_once(broker: Broker) -> None:
    async with connect(BrokerOptions(url=broker.url), client_id="one") as here:
        broker.kill()
        with pytest.raises(BrokerDown):
            await first(here.messages(), wait=1.0)
        with pytest.raises(BrokerDown):
            await here.publish("t", b"x")


async def test_whoever_waits_for_an_answer_learns_that_the_broker_died(broker: Broker) -> None:
    async with connect(BrokerOptions(url=broker.url), client_id="one") as here:
        broker.freeze()
        calls = [here.publish("t", b"x"), here.subscribe("t"), here.unsubscribe("t")]
        waiting = asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(0.05)
        broker.kill()
        results = await asyncio.wait_for(waiting, 1.0)
        assert [type(result) for result in results] == [BrokerDown] * 3


async def test_a_frozen_broker_is_noticed_within_two_keep_alives(broker: Broker) -> None:
    async with connect(BrokerOptions(url=broker.url, keepalive=2.0), client_id="one") as here:
        broker.freeze()
        with pytest.raises(BrokerDown):
            await first(here.messages(), wait=4.0)


async def test_an_unanswered_publish_fails_after_one_keep_alive(broker: Broker) -> None:
    async with connect(BrokerOptions(url=broker.url, keepalive=1.0), client_id="one") as here:
        broker.freeze()
        with pytest.raises(BrokerDown):
            await asyncio.wait_for(here.publish("t", b"x"), 1.5)


async def test_where_nobody_listens_the_error_names_the_place() -> None:
    with pytest.raises(BrokerDown, match=r"cannot connect to 127\.0\.0\.1:1: "):
        async with connect(BrokerOptions(url="mqtt://127.0.0.1:1"), client_id="one"):
            pass


class TestPasswords:
    @pytest.fixture
    def guarded(self, tmp_path: Path) -> Iterator[Broker]:
        users = tmp_path / "users"
        users.touch()
        command = [program("mosquitto_passwd", "mosquitto"), "-b", str(users), "gw-1", "s3cret"]
        subprocess.run(command, check=True)
        with mosquitto(tmp_path / "b", f"password_file {users}", anonymous=False) as running:
            yield running

    async def test_it_is_read_from_its_file(self, guarded: Broker, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("s3cret\n")
        options = BrokerOptions(url=guarded.url, username="gw-1", password_file=secret)
        async with connect(options, client_id="one") as here:
            await here.publish("t", b"x")

    async def test_a_wrong_one_is_refused_and_a_new_one_counts_at_the_next_connect(
        self, guarded: Broker, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("wrong")
        options = BrokerOptions(url=guarded.url, username="gw-1", password_file=secret)
        with pytest.raises(BrokerDown, match="Not authorized"):
            async with connect(options, client_id="one"):
                pass
        secret.write_text("s3cret")
        async with connect(options, client_id="one"):
            pass

    async def test_a_missing_file_is_named(self, guarded: Broker, tmp_path: Path) -> None:
        options = BrokerOptions(url=guarded.url, username="gw-1", password_file=tmp_path / "none")
        with pytest.raises(BrokerDown, match="none"):
            async with connect(options, client_id="one"):
                pass


class TestTls:
    async def test_a_broker_the_given_authority_vouches_for_is_trusted(
        self, tmp_path: Path
    ) -> None:
        server = identity(tmp_path / "ours", "broker")
        with mosquitto(tmp_path / "b", tls=server) as broker:
            options = BrokerOptions(url=broker.url, ca=server.ca)
            async with connect(options, client_id="one") as here:
                await here.publish("t", b"x")

    @pytest.mark.parametrize("ca", ["another", None], ids=["another's", "the system's"])
    async def test_one_that_no_known_authority_vouches_for_is_refused(
        self, tmp_path: Path, ca: str | None
    ) -> None:
        with mosquitto(tmp_path / "b", tls=identity(tmp_path / "ours", "broker")) as broker:
            wrong = identity(tmp_path / ca, "broker").ca if ca else None
            with pytest.raises(BrokerDown, match="certificate verify failed"):
                async with connect(BrokerOptions(url=broker.url, ca=wrong), client_id="one"):
                    pass

    async def test_a_certificate_for_another_name_is_refused(self, tmp_path: Path) -> None:
        server = identity(tmp_path / "ours", "broker", names="DNS:elsewhere.example")
        with (
            mosquitto(tmp_path / "b", tls=server) as broker,
            pytest.raises(BrokerDown, match="IP address mismatch"),
        ):
            async with connect(BrokerOptions(url=broker.url, ca=server.ca), client_id="one"):
                pass

    async def test_a_broker_that_asks_for_our_certificate_gets_it(self, tmp_path: Path) -> None:
        server, ours = (identity(tmp_path / "ours", name) for name in ("broker", "gw-1"))
        with mosquitto(tmp_path / "b", "require_certificate true", tls=server) as broker:
            shown = BrokerOptions(
                url=broker.url, ca=server.ca, certificate=ours.certificate, key=ours.key
            )
            async with connect(shown, client_id="one") as here:
                await here.publish("t", b"x")
            with pytest.raises(BrokerDown, match="certificate"):
                async with connect(BrokerOptions(url=broker.url, ca=server.ca), client_id="two"):
                    pass

    async def test_an_authority_on_an_unencrypted_url_is_a_mistake(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="need mqtts://"):
            async with connect(BrokerOptions(ca=tmp_path / "ca.pem"), client_id="one"):
                pass


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_a_stop_does_not_wait_for_a_broker_that_never_answers(scheme: str) -> None:
    """A listener that accepts and says nothing: a frozen broker, or a firewall's tarpit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code = f"""
import asyncio
from gateway.config.site import BrokerOptions
from gateway.mqtt import connect

async def main():
    async with connect(BrokerOptions(url="{scheme}://127.0.0.1:{silent.getsockname()[1]}"),
                       client_id="one"):
        pass

async def stop_soon():
    task = asyncio.create_task(main())
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait([task])
    print("stopped", task.cancelled(), flush=True)

asyncio.run(stop_soon())
"""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr, done.returncode) == ("stopped True\n", "", 0)
        assert time.monotonic() - started < 3.0


async def test_a_socket_that_closes_as_something_is_to_be_written_is_not_watched(
    broker: Broker,
) -> None:
    """Found by the gauntlet: its number was watched all the same, nobody's by then or another's."""
    loop, complaints = asyncio.get_running_loop(), list[object]()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    async with connect(BrokerOptions(url=broker.url), client_id="one") as here:
        publishing = asyncio.create_task(here.publish("wayside/v1/a/b/status", b"up"))
        await asyncio.sleep(0)
        here._client._client._sock_close()
        await asyncio.sleep(0.05)
        publishing.cancel()
    assert not complaints


class _Resets(asyncio.Protocol):
    """A broker that acknowledges one message and resets the connection in the same breath."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data[0] >> 4 == 1:
            self.transport.write(b"\x20\x02\x00\x00")
        elif data[0] >> 4 == 3:
            (length,) = struct.unpack_from(">H", data, 2)
            self.transport.write(b"\x40\x02" + data[4 + length : 6 + length])
            own = self.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


def test_a_reset_right_after_an_answer_is_noticed_at_the_next_message() -> None:
    """Found by the gauntlet: after an error uvloop looks at a socket once, and never again."""
    complaints = list[object]()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        server = await loop.create_server(_Resets, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        options = BrokerOptions(url=f"mqtt://127.0.0.1:{port}", keepalive=5.0)
        try:
            async with connect(options, client_id="one") as here:
                await here.publish("a", b"")
                await asyncio.sleep(0.05)
                with pytest.raises(BrokerDown, match="ended"):
                    await here.publish("a", b"")
        finally:
            server.close()

    uvloop.run(scenario())
    assert not complaints
