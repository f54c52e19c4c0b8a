"""What the publisher makes of trouble that MQTT 3.1.1 has no word for, and what it says to do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.outbox.contract import Lane
from gateway.model import Reading
from tests.parts.broker import Broker
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.netns import Machine, machine
from tests.parts.process import free_port, program, running
from tests.parts.tls import Identity, identity
from tests.parts.uplink import QUICK, ROOT, Centre, Gateway, centre, gateway, until

CERTAIN = replace(QUICK, confirm=True)


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    with mosquitto(folder) if request.param == "mosquitto" else nats(folder) as running:
        yield running


def troubles(here: Gateway) -> list[str]:
    return [trouble.name for trouble in here.troubles]


def online(there: Centre) -> list[bool]:
    return [wire.decode_status(m.payload).online for m in there.of(wire.STATUS)]


class TestSomebodyElseHasOurId:
    terms = replace(CERTAIN, rival_pause=2.0, unconfirmed=60.0, settle=60.0)

    async def test_a_copied_card_is_told_by_what_it_says_and_both_get_their_turns(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url)
        one, two = tmp_path / "one", tmp_path / "two"
        one.mkdir()
        two.mkdir()
        terms = replace(self.terms, first_pause=0.3, longest_pause=1.0)
        async with centre(options) as there, gateway(one, options, terms) as first:
            await until(lambda: first.publisher.uplink.connected)
            async with gateway(two, options, terms) as second:
                await until(lambda: troubles(first) == troubles(second) == ["client_id_taken"])
                assert first.publisher.uplink.rival
                assert "copied card" in first.troubles[0].advice[0]
                await first.readings(3)
                await second.readings(3)
                before = len(online(there))
                await until(lambda: len({said.stream for said in there.telemetry}) == 2)
                streams = {said.stream: said for said in there.telemetry}
                assert len(streams) == 2, "nothing is lost: each sends what it has in its turn"
                assert len(online(there)) - before < 20, "and no fight"

    async def test_gateways_of_other_names_with_one_client_id(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        options = BrokerOptions(url=broker.url, client_id="the-same")
        one, two = tmp_path / "one", tmp_path / "two"
        one.mkdir()
        two.mkdir()
        async with (
            gateway(one, options, self.terms) as first,
            gateway(two, options, self.terms, root=wire.Root("city", "gw-2")) as second,
        ):
            await until(lambda: first.troubles and second.troubles, patience=40)
            assert troubles(first) == troubles(second) == ["client_id_taken"]
            assert "'the-same'" in first.troubles[0].advice[0]

    async def test_a_broker_that_restarts_again_and_again_is_no_rival(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path / "broker") as broker:
            async with gateway(tmp_path, BrokerOptions(url=broker.url)) as here:
                for _ in range(8):
                    await until(lambda: here.publisher.uplink.connected)
                    broker.kill()
                    await until(lambda: not here.publisher.uplink.connected)
                    await until(lambda: "cannot connect" in str(here.publisher.uplink.last_error))
                    broker.start()
                await until(lambda: here.publisher.uplink.connected)
                assert not here.troubles


@contextlib.asynccontextmanager
async def guarded(tmp_path: Path, server: Identity, ours: Identity) -> AsyncIterator[BrokerOptions]:
    with mosquitto(tmp_path / "broker", "require_certificate true", tls=server) as broker:
        yield BrokerOptions(url=broker.url, ca=ours.ca, certificate=ours.certificate, key=ours.key)


def put(new: Identity, old: Identity) -> None:
    """As renewal programs do: beside it first, then over it."""
    for source, target in ((new.key, old.key), (new.certificate, old.certificate)):
        shutil.copy(source, target.with_suffix(".new"))
        target.with_suffix(".new").replace(target)


class TestCertificates:
    terms = replace(QUICK, look=0.1)

    async def test_a_renewed_one_is_taken_without_a_restart_and_without_being_offline(
        self, tmp_path: Path
    ) -> None:
        server, ours, new = (identity(tmp_path / "ca", n) for n in ("broker", "gw-1", "new"))
        async with (
            guarded(tmp_path, server, ours) as options,
            centre(replace(options, certificate=server.certificate, key=server.key)) as there,
            gateway(tmp_path, options, self.terms) as here,
        ):
            await until(lambda: online(there) == [True])
            ours.certificate.write_text(ours.certificate.read_text()[:200])
            await here.readings(3)
            await asyncio.sleep(3 * self.terms.look)
            assert online(there) == [True], "half a file is no reason to leave"
            put(new, ours)
            await until(lambda: online(there) == [True, True])
            await here.readings(3)
            await until(lambda: there.seqs == [1, 2, 3, 4, 5, 6])

    async def test_ours_that_has_expired_is_named_and_the_new_one_is_tried_at_once(
        self, tmp_path: Path
    ) -> None:
        server, new = (identity(tmp_path / "ca", name) for name in ("broker", "new"))
        ours = identity(tmp_path / "ca", "gw-1", made="2021-03-04")
        async with (
            guarded(tmp_path, server, ours) as options,
            gateway(tmp_path, options, self.terms) as here,
        ):
            await here.readings(2)
            await until(lambda: here.publisher.uplink.last_error)
            error = str(here.publisher.uplink.last_error)
            assert f"our certificate {ours.certificate} counts from 2021-03-04" in error
            put(new, ours)
            await until(lambda: not here.waiting())

    async def test_the_broker_s_that_has_expired_is_told_from_ours(self, tmp_path: Path) -> None:
        ours = identity(tmp_path / "ca", "gw-1")
        old = identity(tmp_path / "ca", "broker", made="2021-03-04")
        port = free_port()
        async with gateway(
            tmp_path, BrokerOptions(url=f"mqtts://127.0.0.1:{port}", ca=ours.ca), self.terms
        ) as here:
            await here.readings(2)
            with mosquitto(tmp_path / "old", port=port, tls=old):
                await until(
                    lambda: (
                        "the broker's certificate has expired: if this gateway's clock is "
                        "right" in str(here.publisher.uplink.last_error)
                    )
                )
            renewed = identity(tmp_path / "ca", "broker")
            with mosquitto(tmp_path / "new", port=port, tls=renewed):
                await until(lambda: not here.waiting())


class TestWhatTheBrokerDoesNotSay:
    async def test_a_record_it_drops_for_its_length_is_told_and_the_others_go_on(
        self, tmp_path: Path
    ) -> None:
        """Mosquitto acknowledges what passes ``message_size_limit``, and throws it away."""
        with mosquitto(tmp_path / "broker", "message_size_limit 3000") as broker:
            options = BrokerOptions(url=broker.url)
            terms = replace(CERTAIN, compress=False, group=4, settle=0.1, unconfirmed=60.0)
            async with (
                centre(options, confirming=True) as there,
                gateway(tmp_path, options, terms) as here,
            ):
                await here.readings(1)
                await here.say(Lane.TELEMETRY, wire.TELEMETRY, b'"%s"' % (b"x" * 5_000))
                for _ in range(30):
                    await here.readings(1)
                    await asyncio.sleep(0.1)
                await until(lambda: "not_arriving" in troubles(here))
                assert "message_size_limit" in here.troubles[0].advice[0]
                await until(lambda: set(there.seqs) >= {1, *range(3, 33)})
                await until(lambda: here.waiting() == [2])

    async def test_a_group_that_is_too_long_goes_in_halves(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path / "broker", "max_packet_size 3000") as broker:
            options = BrokerOptions(url=broker.url)
            terms = replace(QUICK, confirm=False, compress=False, group=4, longest_pause=0.05)
            async with centre(options) as there, gateway(tmp_path, options, terms) as here:
                said = Reading("lamp-1", "lamp", 1, {"text": "x" * 1_000})
                bodies = [wire.telemetry_body([said])] * 4
                await here.say(Lane.TELEMETRY, wire.TELEMETRY, *bodies)
                await until(lambda: not here.waiting(), patience=30)
                await until(lambda: there.seqs == [1, 2, 3, 4])
                assert [each.n for each in there.telemetry] == [2, 2]
                assert here.publisher.uplink.set_aside == 0

    async def test_an_acl_that_drops_all_is_told_with_the_topics_to_look_at(
        self, tmp_path: Path
    ) -> None:
        rules = tmp_path / "acl"
        rules.write_text("topic read #\ntopic write wayside/v1/city/gw-1/status\n")
        with mosquitto(tmp_path / "broker", f"acl_file {rules}") as broker:
            async with gateway(tmp_path, BrokerOptions(url=broker.url), CERTAIN) as here:
                await here.readings(3)
                await until(lambda: troubles(here) == ["unconfirmed"])
                assert here.publisher.uplink.unconfirmed >= CERTAIN.unconfirmed
                (trouble,) = here.troubles
                assert ROOT.topic(wire.TELEMETRY) in trouble.message
                assert "ACL" in trouble.advice[1]
                assert trouble.values["lane"] == "telemetry"
                assert here.waiting() == [1, 2, 3]


@contextlib.contextmanager
def far(folder: Path) -> Iterator[tuple[Machine, str]]:
    """A broker on a machine of its own."""
    with machine() as there:
        config = folder / "far.conf"
        config.write_text(f"listener 1883 {there.host}\nallow_anonymous true\n")
        command = there.command(program("mosquitto"), "-c", str(config))
        with running(command, log=folder / "far.log"):
            yield there, f"mqtt://{there.host}:1883"


async def test_a_link_that_swallows_everything_is_given_up_within_two_keep_alives(
    tmp_path: Path,
) -> None:
    keepalive = 2.0
    with far(tmp_path) as (there, url):
        options = BrokerOptions(url=url, keepalive=keepalive)
        terms = replace(QUICK, confirm=False)
        async with gateway(tmp_path, options, terms) as here, centre(options) as listening:
            await here.readings(2)
            await until(lambda: not here.waiting())
            there.cut()
            await until(lambda: not here.publisher.uplink.connected, patience=2 * keepalive)
            await here.readings(3)
            there.mend()
            await until(lambda: set(listening.seqs) == {1, 2, 3, 4, 5}, patience=30)
