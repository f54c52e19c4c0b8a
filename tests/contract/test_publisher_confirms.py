"""What frees the outbox, what stays at the broker, and what must not hold anything up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.outbox.contract import Lane
from gateway.model import Alarm, Severity, State
from gateway.mqtt import connect
from tests.parts.broker import Broker
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.tls import identity
from tests.parts.uplink import QUICK, ROOT, Gateway, centre, gateway, until

CERTAIN = replace(QUICK, confirm=True)


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    with mosquitto(folder) if request.param == "mosquitto" else nats(folder) as running:
        yield running


async def retained(options: BrokerOptions, below: str = "#") -> dict[str, bytes]:
    """What the broker keeps for this gateway now, by topic below its root."""
    found: dict[str, bytes] = {}
    async with connect(options, client_id="look") as here:
        await here.subscribe(ROOT.filter(below))
        arriving = here.messages()
        while True:
            try:
                message = await asyncio.wait_for(anext(arriving), 0.3)
            except TimeoutError:
                return found
            found[message.topic.removeprefix(ROOT.under(""))] = message.payload


async def confirm(options: BrokerOptions, here: Gateway, *missing: tuple[int, int]) -> None:
    """Say as the centre that all is there but these."""
    stream = here.outbox.stream(Lane.TELEMETRY)
    said = {stream: wire.Confirmed(here.outbox.last(Lane.TELEMETRY), missing)}
    async with connect(options, client_id="ingest") as there:
        await there.publish(ROOT.topic(wire.CONFIRMED), wire.confirmed_body(said), retain=True)


class TestFreeing:
    async def test_false_frees_with_the_broker_s_word(self, broker: Broker, tmp_path: Path) -> None:
        options = BrokerOptions(url=broker.url)
        async with gateway(tmp_path, options, replace(QUICK, confirm=False)) as here:
            await here.readings(5)
            assert await here.publisher.drain(10)
            await until(lambda: not here.waiting())

    async def test_true_frees_only_what_the_centre_has(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        terms = replace(CERTAIN, settle=60.0)
        async with gateway(tmp_path, options, terms) as here:
            await here.readings(6)
            assert await here.publisher.drain(10)
            assert here.waiting() == [1, 2, 3, 4, 5, 6]
            await confirm(options, here, (3, 4))
            await until(lambda: here.waiting() == [3, 4])

    async def test_auto_learns_from_the_first_confirmation_and_remembers(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        async with gateway(tmp_path, options) as here:
            await here.readings(3)
            await until(lambda: here.publisher.uplink.published == 3 and not here.waiting())
            await confirm(options, here)
            await until(lambda: here.told == ["confirmed"])
            await here.readings(2)
            assert await here.publisher.drain(10)
            assert here.waiting() == [4, 5]
            assert here.publisher.uplink.confirming
        async with gateway(tmp_path, options, replace(QUICK, confirmed_before=True)) as here:
            assert await here.publisher.drain(10)
            assert here.waiting() == [4, 5]

    async def test_a_confirmation_for_another_outbox_s_stream_means_nothing(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        async with gateway(tmp_path, options, CERTAIN) as here:
            await here.readings(2)
            async with connect(options, client_id="ingest") as there:
                said = wire.confirmed_body({"0123456789ab": wire.Confirmed(9)})
                await there.publish(ROOT.topic(wire.CONFIRMED), said, retain=True)
                await there.publish(ROOT.topic(wire.CONFIRMED), b"nonsense", retain=True)
            assert await here.publisher.drain(10)
            assert here.waiting() == [1, 2]
            assert not here.told

    async def test_what_the_centre_misses_is_sent_again(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        terms = replace(CERTAIN, unconfirmed=60.0)
        async with centre(options) as there, gateway(tmp_path, options, terms) as here:
            await here.readings(5)
            await until(lambda: there.seqs == [1, 2, 3, 4, 5])
            await asyncio.sleep(2 * CERTAIN.settle)
            await confirm(options, here, (2, 3))
            await until(lambda: there.seqs[5:7] == [2, 3])
            sent = there.of(wire.TELEMETRY)
            assert [sent[1].payload, sent[2].payload] == [sent[5].payload, sent[6].payload]

    async def test_what_nobody_confirms_is_asked_about_ever_more_rarely(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        async with centre(options) as there, gateway(tmp_path, options, CERTAIN) as here:
            await here.readings(2)
            await until(lambda: there.seqs == [1, 2, 1, 2, 1, 2])
            assert here.waiting() == [1, 2]

    async def test_a_publish_an_acl_denies_looks_successful_and_frees_nothing(
        self, tmp_path: Path
    ) -> None:
        rules = tmp_path / "acl"
        rules.write_text("topic read #\ntopic write wayside/v1/city/gw-1/status\n")
        with mosquitto(tmp_path / "broker", f"acl_file {rules}") as broker:
            options = BrokerOptions(url=broker.url)
            async with gateway(tmp_path, options, CERTAIN) as here:
                await here.readings(3)
                assert await here.publisher.drain(10), "the broker acknowledges"
                assert here.waiting() == [1, 2, 3]


class TestWhatTheBrokerKeeps:
    async def test_an_alarm_is_retained_until_it_is_back_to_normal(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        alarm = Alarm("feeder:F1", "phase_loss", 5, State.UNACKNOWLEDGED, Severity.MAJOR, "L2", 5)
        topic = wire.alarm_head(alarm)
        async with centre(options) as there, gateway(tmp_path, options) as here:
            await here.say(Lane.EVENTS, topic, wire.alarm_body(alarm))
            await until(lambda: len(there.of("alarm")) == 1)
            kept = await retained(options)
            assert wire.decode_alarm(kept[topic], "feeder:F1", "phase_loss").alarm == alarm
            over = replace(alarm, state=State.NORMAL, cleared=9)
            await here.say(Lane.EVENTS, topic, wire.alarm_body(over))
            await until(lambda: len(there.of("alarm")) == 3)
            assert [m.payload[:1] for m in there.of("alarm")] == [b"{", b"{", b""]
            assert topic not in await retained(options)

    async def test_an_old_state_sent_again_does_not_come_back_as_the_retained_one(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        alarm = Alarm("lamp-1", "day_burner", 5, State.UNACKNOWLEDGED, Severity.MINOR, "on", 5)
        topic = wire.alarm_head(alarm)
        states = (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)
        bodies = [wire.alarm_body(replace(alarm, state=state)) for state in states]
        async with centre(options) as there, gateway(tmp_path, options, CERTAIN) as here:
            await here.say(Lane.EVENTS, topic, *bodies)
            await until(lambda: len(there.of("alarm")) >= 4)  # nobody confirms: sent again
            kept = wire.decode_alarm((await retained(options))[topic], "lamp-1", "day_burner")
            assert kept.alarm.state is State.ACKNOWLEDGED

    async def test_cards_and_alarms_of_devices_that_are_gone_are_emptied_at_the_start(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        async with connect(options, client_id="past") as past:
            for gone in ("device/gone", "alarm/gone/comm_loss", "device/lamp-1", "status"):
                await past.publish(ROOT.under(gone), b"{}", retain=True)

        def is_current(parts: tuple[str, ...]) -> bool:
            return parts[1] != "gone"

        async with (
            centre(options) as there,
            gateway(tmp_path, options, is_current=is_current),
        ):
            emptied = {ROOT.topic("device", "gone"), ROOT.topic("alarm", "gone", "comm_loss")}
            await until(lambda: {m.topic for m in there.messages if not m.payload} == emptied)
            assert set(await retained(options)) == {"device/lamp-1", "status"}


class TestWhatMustNotHoldAnythingUp:
    async def test_a_message_larger_than_the_broker_takes(self, tmp_path: Path) -> None:
        """NATS ends the connection over it, mosquitto too: after some tries it is set aside."""
        with nats(tmp_path / "broker", "max_payload: 10000") as broker:
            options = BrokerOptions(url=broker.url)
            terms = replace(QUICK, confirm=False, compress=False, longest_pause=0.05)
            async with centre(options) as there, gateway(tmp_path, options, terms) as here:
                await here.readings(1)
                await here.say(Lane.TELEMETRY, wire.TELEMETRY, b'"%s"' % (b"x" * 50_000))
                await here.readings(1)
                await until(lambda: 3 in there.seqs, patience=30)
                assert here.publisher.uplink.set_aside == 1
                await until(lambda: here.waiting() == [2])


async def test_over_tls_with_certificates_on_both_sides(tmp_path: Path) -> None:
    server, ours = (identity(tmp_path / "ca", name) for name in ("broker", "gw-1"))
    with mosquitto(tmp_path / "broker", "require_certificate true", tls=server) as broker:
        options = BrokerOptions(
            url=broker.url, ca=server.ca, certificate=ours.certificate, key=ours.key
        )
        async with centre(options) as there, gateway(tmp_path, options) as here:
            await here.readings(3)
            await until(lambda: there.seqs == [1, 2, 3])


async def test_a_broker_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker", tls=identity(tmp_path / "ca", "broker")) as broker:
        wrong = identity(tmp_path / "other", "broker").ca
        async with gateway(tmp_path, BrokerOptions(url=broker.url, ca=wrong)) as here:
            await here.readings(1)
            await until(lambda: here.publisher.uplink.last_error)
            assert "certificate verify failed" in str(here.publisher.uplink.last_error)
            assert here.waiting() == [1]
