"""Whatever happens to the broker, what the gateway made durable arrives, in order, unchanged."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.outbox.contract import Lane
from gateway.model import Acknowledgement, Alarm, Severity, State
from gateway.mqtt import connect
from tests.parts.broker import Broker
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.uplink import QUICK, ROOT, Gateway, centre, gateway, until


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    start = mosquitto(folder, "max_queued_messages 0")
    with start if request.param == "mosquitto" else nats(folder) as running:
        yield running


def in_order(seqs: list[int]) -> bool:
    """First arrivals only: a repeat may come at any time."""
    firsts = list(dict.fromkeys(seqs))
    return firsts == sorted(firsts)


async def test_a_broker_killed_and_restarted_mid_stream_loses_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url, compress=False)
    async with (
        centre(options, confirming=True) as there,
        gateway(tmp_path, options, replace(QUICK, confirm=True)) as here,
    ):
        for _ in range(3):
            writing = asyncio.create_task(here.readings(60))
            await until(lambda: here.publisher.uplink.published > 20)
            broker.kill()
            await asyncio.sleep(0.2)
            broker.start()
            await writing
            await until(lambda: here.publisher.uplink.connected)
        await until(lambda: set(there.seqs) == set(range(1, 181)), patience=40)
        await until(lambda: not here.waiting(), patience=40)
    by_first: dict[int, set[bytes]] = {}
    for message, said in zip(there.of(wire.TELEMETRY), there.telemetry, strict=True):
        by_first.setdefault(said.seq, set()).add(message.payload)
        assert [reading.values["power"] for reading in said.readings] == [said.seq]
    assert all(len(payloads) == 1 for payloads in by_first.values()), "a resend differs"


async def test_with_a_broker_down_for_long_live_telemetry_goes_ahead_of_the_backlog(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url)
    broker.kill()
    async with gateway(tmp_path, options, replace(QUICK, confirm=False)) as here:
        await here.readings(400)
        await here.say(Lane.EVENTS, "event/lamp-1", b'{"t":1,"event":"e","values":{}}')
        broker.start()
        async with centre(options) as there:
            await until(lambda: there.seqs)
            await here.readings(10)
            await until(lambda: len(set(there.seqs)) == 410)
        backlog = [seq for seq in there.seqs if seq <= 400]
        live = [seq for seq in there.seqs if seq > 400]
        assert len(live) == 10
        assert in_order(backlog)
        assert in_order(live)
        assert there.seqs.index(live[0]) < 399, "live waited for the backlog"


async def test_a_frozen_broker_is_left_and_found_again(broker: Broker, tmp_path: Path) -> None:
    options = BrokerOptions(url=broker.url, keepalive=1.0)
    patient = BrokerOptions(url=broker.url)  # else it leaves too, and misses what comes meanwhile
    async with centre(patient) as there, gateway(tmp_path, options) as here:
        await here.readings(3)
        await until(lambda: there.seqs == [1, 2, 3])
        broker.freeze()
        await here.readings(2)
        await until(lambda: not here.publisher.uplink.connected, patience=2.0)
        assert here.publisher.uplink.last_error
        broker.thaw()
        await until(lambda: set(there.seqs) == {1, 2, 3, 4, 5})
        assert in_order(there.seqs)


async def test_a_gateway_killed_and_started_again_sends_what_was_not_freed(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url)
    async with centre(options) as there:
        async with gateway(tmp_path, options, replace(QUICK, confirm=True)) as here:
            await here.readings(5)
            await until(lambda: there.seqs == [1, 2, 3, 4, 5])
            assert here.waiting() == [1, 2, 3, 4, 5]
        async with gateway(tmp_path, options, replace(QUICK, confirm=True)) as here:
            await until(lambda: there.seqs == [1, 2, 3, 4, 5] * 2)
        once, twice = there.of(wire.TELEMETRY)[:5], there.of(wire.TELEMETRY)[5:]
        assert [m.payload for m in once] == [m.payload for m in twice]


async def test_what_is_in_the_outbox_when_the_broker_comes_leaves_at_once(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url)
    async with (
        centre(options) as there,
        gateway(tmp_path, options, replace(QUICK, group=10)) as here,
    ):
        await here.readings(23)
        assert await here.publisher.drain(10), "incomplete groups go too"
        await until(lambda: sorted(there.seqs) == list(range(1, 24)))
        assert {said.seq: said.n for said in there.telemetry} == {1: 10, 11: 10, 21: 3}


async def test_a_stop_says_goodbye_and_a_crash_lets_the_will_say_it(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url)
    terms = replace(QUICK, version="1.2", boot="b-1")

    def statuses() -> list[bool]:
        return [wire.decode_status(m.payload).online for m in there.of(wire.STATUS)]

    async with centre(options) as there:
        async with gateway(tmp_path, options, terms):
            await until(lambda: statuses() == [True])
        await until(lambda: statuses() == [True, False])
        async with gateway(tmp_path, options, terms) as here:
            await until(lambda: statuses() == [True, False, True])
            cut_the_wire(here)
            await until(lambda: statuses()[3:] == [False, True])
    said = wire.decode_status(there.of(wire.STATUS)[0].payload)
    assert (said.version, said.boot) == ("1.2", "b-1")


def cut_the_wire(here: Gateway) -> None:
    """What a router that forgets the connection does, to the publisher's socket."""
    coroutine: Any = here.task.get_coro()
    while "connection" not in coroutine.cr_frame.f_locals:
        coroutine = coroutine.cr_await
    wire = coroutine.cr_frame.f_locals["connection"]._client._client.socket()
    wire.shutdown(socket.SHUT_RDWR)


async def test_commands_and_actions_reach_the_daemon_but_never_retained_ones(
    broker: Broker, tmp_path: Path
) -> None:
    options = BrokerOptions(url=broker.url)
    async with connect(options, client_id="console") as console:
        await console.publish(ROOT.topic("command", "lamp-1", "dim"), b"old", retain=True)
        async with gateway(tmp_path, options) as here:
            await until(lambda: here.publisher.uplink.connected)
            await console.publish(ROOT.topic("command", "lamp-1", "dim"), b"new")
            await console.publish(ROOT.topic("alarm-action", "feeder:F1", "phase_loss"), b"ack")
            await until(lambda: len(here.heard) == 2)
            assert here.heard == [
                (("command", "lamp-1", "dim"), b"new"),
                (("alarm-action", "feeder:F1", "phase_loss"), b"ack"),
            ]


async def test_a_critical_alarm_goes_before_all_that_waited_for_the_broker(
    broker: Broker, tmp_path: Path
) -> None:
    """Of itself: raised and acknowledged in this order; before warnings, events and telemetry."""
    options = BrokerOptions(url=broker.url, compress=False)
    door = Alarm("box-1", "door_open", 1, State.UNACKNOWLEDGED, Severity.WARNING, "open", 1)
    fire = replace(door, device="bin-1", code="bin_fire", severity=Severity.CRITICAL)
    seen = replace(fire, t=2, state=State.ACKNOWLEDGED, acknowledged=Acknowledgement("ana", 2))
    async with centre(options) as there, gateway(tmp_path, options) as here:
        await until(lambda: here.publisher.uplink.connected)
        broker.kill()
        await until(lambda: not here.publisher.uplink.connected)
        await here.readings(50)
        for n in range(150):
            told = replace(door, device=f"box-{n}")
            await here.say(Lane.EVENTS, wire.alarm_head(told), wire.alarm_body(told))
        for told in (fire, seen):
            await here.say(Lane.EVENTS, wire.alarm_head(told), wire.alarm_body(told))
        before = len(there.messages)
        broker.start()
        await until(lambda: len(there.of("alarm")) >= 152 and len(set(there.seqs)) >= 50)
    arrived = [wire.parse_topic(message.topic) for message in there.messages[before:]]
    parts = [each.parts for each in arrived if each and each.parts[0] in {"alarm", "telemetry"}]
    assert parts[:2] == [("alarm", "bin-1", "bin_fire")] * 2
    states = [
        wire.decode_alarm(message.payload, "bin-1", "bin_fire").alarm.state
        for message in there.of("alarm", "bin-1")
    ]
    assert states[:2] == [State.UNACKNOWLEDGED, State.ACKNOWLEDGED]
    boxes = [said[1] for said in parts if said[0] == "alarm" and said[1] != "bin-1"]
    assert list(dict.fromkeys(boxes)) == [f"box-{n}" for n in range(150)]
