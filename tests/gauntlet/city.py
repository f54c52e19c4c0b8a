"""The chain the gauntlet runs: numbered devices, gateways, mosquitto, ingest, InfluxDB 1.6.

Every program is a real one and a process of its own; whoever holds a ``City`` may kill any of them
and start it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.gauntlet.lives import Gateway, Program, until
from tests.gauntlet.numbered import FICKLE, PROFILE, Field, numbered
from tests.gauntlet.referee import Findings, compare, drops, windows
from tests.gauntlet.witness import Witness
from tests.parts.broker import Broker
from tests.parts.influxdb import Influx1, influx1, rows
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port

DATABASE = "gauntlet"
AUTOSAVE = ("autosave_interval 1", "autosave_on_changes true")
"""What keeps a killed mosquitto from losing what it acknowledged."""


_GOODBYES = 5
"""Polite ends in a row; on a loaded machine one may be too short to deliver the last second."""
_FEW = 8
"""Records on their way at any time, besides the telemetry of two seconds."""
_CONNECTION = {"ingest ready": True, "broker back": True, "broker trouble": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One gateway: its devices, polled ``every`` and made durable each ``flush`` seconds."""

    name: str
    devices: int = 24
    every: float = 0.2
    flush: float = 0.25
    confirm: str = "true"
    max_bytes: str = "64MB"


@dataclass
class Database:
    """An InfluxDB that may be killed and started again."""

    folder: Path
    port: int
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _server: Influx1 | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it (again), and wait until it serves."""
        self._server = self._stack.enter_context(influx1(self.folder, port=self.port))

    def kill(self) -> None:
        """As a crash would end it."""
        assert self._server is not None
        self._server.process.kill()
        self._server.process.wait()

    def stop(self) -> None:
        """End it politely."""
        self._stack.close()


@dataclass
class City:
    """All of it; the daemons are not running yet."""

    folder: Path
    field: Field
    broker: Broker
    database: Database
    ingest: Program
    gateways: Sequence[Gateway]

    async def settle(self, patience: float) -> Findings:
        """Let every gateway deliver what it has, stop it, and compare.

        Before a broker that has no session for ingest any more gets something, ingest is there: a
        gateway asks for what was lost like that too, but only after a minute.
        """
        assert await until(self._listening, 60.0), "ingest does not come back to the broker"
        for _ in range(_GOODBYES):
            await asyncio.gather(*(self._deliver(gateway, patience) for gateway in self.gateways))
            # What the goodbye brought is under way from broker to database.
            if await until(lambda: not self.compare().lost, 6.0):
                break
        found = self.compare()
        for gateway in self.gateways:
            windows(found, gateway.name, gateway.witness, gateway.lives, self.field)
        return found

    async def _deliver(self, gateway: Gateway, patience: float) -> None:
        """A life until all that was committed before is with the centre."""
        before, few = set(gateway.witness.records), _FEW + 2 / gateway.flush

        def settled() -> bool:
            gateway.witness.look()
            waiting = gateway.witness.waiting()
            return waiting.isdisjoint(before) and len(waiting) <= few

        if not await gateway.rest(settled, patience):
            waiting = len(gateway.witness.waiting())
            gateway.failed.append(f"{gateway.name}: {waiting} records wait after {patience} s")

    def _listening(self) -> bool:
        """Whether ingest is connected, as far as it has noticed."""
        told = [row["event"] for row in self.ingest.said() if row["event"] in _CONNECTION]
        return bool(told) and _CONNECTION[told[-1]]

    def readings(self, kind: str) -> Iterator[dict[str, Any]]:
        """The rows of a measurement."""
        return rows(self.database.url, DATABASE, f'SELECT * FROM "{kind}"')

    def compare(self) -> Findings:
        """Committed against stored."""
        url, witnesses = self.database.url, {g.name: g.witness for g in self.gateways}
        readings = [*self.readings("other"), *self.readings("gateway")]
        alarms = rows(url, DATABASE, 'SELECT * FROM "alarm"')
        return compare(witnesses, readings, alarms, rows(url, DATABASE, 'SELECT * FROM "event"'))

    def wrong(self, found: Findings) -> list[str]:
        """Every promise that was not kept."""
        wrong = found.wrong()
        for program in (self.ingest, *(gateway.daemon for gateway in self.gateways)):
            wrong += program.errors()
        for gateway in self.gateways:
            wrong += gateway.failed
            streams, given_up = gateway.witness.streams, drops(gateway.witness)
            unseen = [place for place in gateway.witness.unseen() if place not in given_up]
            if len(streams) != 2:
                wrong.append(f"{gateway.name}: began new streams: {streams}")
            if unseen:
                wrong.append(f"{gateway.name}: {len(unseen)} seqs nobody has seen: {unseen[:3]}")
        letters = self.folder / "centre" / "dead-letters.jsonl"
        if letters.exists() and letters.read_bytes():
            wrong.append(f"dead letters: {letters.read_text()[:500]}")
        return wrong


@contextlib.asynccontextmanager
async def city(
    folder: Path, plans: Sequence[Plan], *settings: str, data: Path | None = None
) -> AsyncIterator[City]:
    """Everything up but the daemons; ``settings`` are mosquitto's, ``data`` a gateway's folder."""
    buses = [f"{plan.name}-{place}" for plan in plans for place in ("x", "y", "z")]
    async with contextlib.AsyncExitStack() as stack:
        field = await stack.enter_async_context(numbered(buses))
        broker = stack.enter_context(mosquitto(folder / "broker", *settings))
        database = Database(folder / "influx", free_port())
        stack.callback(database.stop)
        await asyncio.to_thread(database.start)
        ingest = Program(folder, ("ingest", str(_centre(folder, broker, database))), "ingest ready")
        stack.push_async_callback(ingest.end)
        await ingest.start()
        gateways = [_gateway(folder, plan, field, broker, data) for plan in plans]
        for gateway in gateways:
            stack.push_async_callback(gateway.daemon.end)
        assert await ingest.ready(), ingest.log.read_text()[-2000:]
        yield City(folder, field, broker, database, ingest, gateways)


def _gateway(folder: Path, plan: Plan, field: Field, broker: Broker, data: Path | None) -> Gateway:
    home = folder / plan.name
    home.mkdir()
    data = data or home / "data"
    site = home / "site.toml"
    site.write_text(_site(plan, field, broker, data))
    (home / "numbered.toml").write_text(PROFILE.format(every=f"{plan.every * 1000:.0f}ms"))
    daemon = Program(home, ("run", str(site)), "running")
    return Gateway(plan.name, daemon, Witness(data / "outbox.ring"), plan.flush, plan.every)


def _site(plan: Plan, field: Field, broker: Broker, data: Path) -> str:
    parts = [
        f"""\
schema = 1
[gateway]
id = "{plan.name}"
site = "gauntlet"
latitude = 14.55
longitude = 121.02
data_dir = "{data}"
clock = "trust"
[mqtt]
url = "{broker.url}"
[outbox]
flush = "{plan.flush * 1000:.0f}ms"
max_bytes = "{plan.max_bytes}"
confirm = {plan.confirm}
[rules.comm_loss]
on_delay = "500ms"
polls = 2
"""
    ]
    units = {"x": range(1, plan.devices // 2 + 1), "y": range(1, plan.devices // 2 + 1)}
    units["z"] = range(FICKLE, FICKLE + 3)
    for place, numbers in units.items():
        bus = f"{plan.name}-{place}"
        timeout = "200ms" if place == "z" else "5s"
        parts.append(
            f'[bus.{bus}]\ndriver = "modbus-tcp"\nhost = "127.0.0.1"\n'
            f'port = {field.port[bus]}\ntimeout = "{timeout}"\n'
        )
        parts += [
            f'[[device]]\nid = "{bus}-{unit}"\nprofile = "numbered.toml"\nbus = "{bus}"\n'
            f"unit = {unit}\n"
            for unit in numbers
        ]
    return "\n".join(parts)


def _centre(folder: Path, broker: Broker, database: Database) -> Path:
    file = folder / "centre.toml"
    file.write_text(
        f'schema = 1\n[centre]\ndata_dir = "centre"\n[mqtt]\nurl = "{broker.url}"\n'
        f'[influx]\nurl = "{database.url}"\napi = "v1"\ndatabase = "{DATABASE}"\n'
    )
    return file
