"""The daemon's alarms: through ``kill -9``, in its recording, and as people act on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway import wire
from gateway.edge.outbox.contract import Lane
from gateway.faults.telling import Telling
from gateway.field.replay import transitions
from gateway.model import Alarm, AlarmAction, Event, State
from tests.contract.test_daemon_mqtt import ROOT, listening
from tests.contract.test_daemon_run import events, outbox, run
from tests.parts.bench_site import load, tcp, write_site
from tests.parts.commands import eventually, wayside
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port

QUICK = """
[rules.comm_loss]
on_delay = "1s"
polls = 3
[rules.bus_down]
on_delay = "1s"
[rules.data_gap]
least = "1s"
"""


class Wire:
    """Two units on a bus that can be taken away."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stack: AsyncExitStack | None = None

    async def up(self) -> None:
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(pymodbus_tcp(self._port))

    async def down(self) -> None:
        if self._stack is not None:
            await self._stack.aclose()
        self._stack = None


@asynccontextmanager
async def wired(folder: Path, **more: Any) -> AsyncIterator[tuple[Wire, Path]]:
    port = free_port()
    bus = Wire(port)
    await bus.up()
    try:
        yield bus, write_site(folder, {"net": (tcp(port), [1, 2])}, more=QUICK, **more)
    finally:
        await bus.down()


def told(folder: Path) -> Iterator[tuple[int, str, str, str]]:
    """The transitions among the alarms and events that the edge put into its outbox."""
    telling = Telling()
    for _, head, body in outbox(folder, Lane.EVENTS):
        what, device, *code = head.split("/")
        if what == "alarm":
            outcome: Alarm | Event = _alarm(body, device, code[0])
        elif what == "event" and orjson.loads(body)["event"] == "data_gap":
            outcome = Event(device, "data_gap", orjson.loads(body)["t"])
        else:
            continue
        found = telling.of(outcome)
        if found is not None:
            yield found["t"], found["device"], found["code"], found["transition"]


def _alarm(body: bytes, device: str, code: str) -> Alarm:
    message = wire.compose_event("0" * 12, 1, body)
    return wire.decode_alarm(message, device, code).alarm


def standing(part: Any, state: str, code: str) -> bool:
    return any(
        row.get("code") == code and row.get("state") == state
        for row in map(orjson.loads, part.log.read_text().splitlines())
    )


def latest(part: Any, code: str) -> str:
    """The state in which the log told of that alarm last."""
    rows = map(orjson.loads, part.log.read_text().splitlines())
    return [str(row["state"]) for row in rows if row.get("code") == code][-1]


@pytest.mark.alone  # what a kill leaves of a recording depends on how long ago it was written
async def test_edge_and_replay_tell_the_same_also_across_a_kill(tmp_path: Path) -> None:
    async with wired(tmp_path) as (bus, site):
        async with run(tmp_path, site, "--record", "run.jsonl") as part:
            await eventually("it runs", lambda: "running" in events(part))
            await asyncio.sleep(2.0)
            await bus.down()
            await eventually("bus_down", lambda: standing(part, "unacknowledged", "bus_down"))
            await eventually("its devices", lambda: standing(part, "suppressed", "comm_loss"))
            await asyncio.sleep(2.5)
            part.process.kill()
            await part.process.wait()
        async with run(tmp_path, site, "--record", "run.jsonl") as part:
            await eventually("it runs", lambda: events(part).count("running") == 2)
            await asyncio.sleep(1.5)
            await bus.up()
            await eventually("it is back", lambda: standing(part, "returned", "bus_down"))
            await asyncio.sleep(1.5)
            await bus.down()
            await eventually("down again", lambda: latest(part, "bus_down") == "unacknowledged")
            await asyncio.sleep(1.5)
            await part.stopped()
    edge = list(told(tmp_path))
    replayed = [
        (one["t"], one["device"], one["code"], one["transition"])
        for one in transitions(load(site), tmp_path / "run.jsonl")
    ]
    assert replayed == edge
    assert [one[2:] for one in edge].count(("bus_down", "raise")) == 2
    assert [one[2:] for one in edge].count(("comm_loss", "suppress")) >= 2
    assert not any(change == "raise" for *_, code, change in edge if code == "comm_loss")


async def test_a_shelf_outlives_a_kill_and_ends_by_itself(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        async with wired(tmp_path, broker=broker.url) as (bus, site), listening(broker) as heard:

            def states() -> list[State]:
                found = heard.of("alarm", "bus:net", "bus_down")
                read = [
                    wire.decode_alarm(m.payload, "bus:net", "bus_down") for m in found if m.payload
                ]
                return [message.alarm.state for message in read]

            async with wayside(tmp_path, "run", str(site)) as part:
                await eventually("it runs", lambda: "running" in part.log.read_text())
                await asyncio.sleep(1.0)
                await bus.down()
                await eventually("the alarm", lambda: states() == [State.UNACKNOWLEDGED])
                topic = ROOT.topic("alarm-action", "bus:net", "bus_down")
                shelve = AlarmAction("7", "", "", 0, "shelve", "Maria", 8.0, "a new switch")
                assert heard.connection is not None
                await heard.connection.publish(topic, wire.action_body(shelve))
                await eventually("shelved", lambda: states()[-1] is State.SHELVED)
                part.process.kill()
                await part.process.wait()
            [told] = [
                m.payload for m in heard.of("event", "bus:net") if b"alarm-action" in m.payload
            ]
            on_record = wire.decode_event(told, "bus:net").event.values
            assert (on_record["by"], on_record["done"]) == ("Maria", True)
            assert on_record["text"] == "a new switch"
            async with wayside(tmp_path, "run", str(site)) as part:
                await eventually("again", lambda: states()[-2:] == [State.SHELVED] * 2)
                await eventually("back", lambda: states()[-1] is State.UNACKNOWLEDGED)
                await part.stopped()
