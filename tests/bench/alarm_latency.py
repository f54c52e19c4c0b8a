"""How long a critical alarm takes to who listens: ``python -m tests.bench alarm_latency``.

A recording plays a junction whose conflict monitor fails and recovers all the time, beside thirty
lamps, to ``wayside run``; a mosquitto carries what it says to a subscriber in this process. What is
measured begins when the second bad reading was taken, by which the alarm is due and which it
carries as ``t``, and ends with its arrival here: judging, the outbox's ``fdatasync``, the
publisher, the link, the broker. Telemetry goes in batches of ten seconds, so that an alarm which
waits for a batch would be seen.

Idle, and with what an outage leaves: hours of telemetry and hundreds of open doors, written into
the outbox beforehand. A narrow link is ``tests.parts.radio``.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.edge.outbox.contract import Lane
from gateway.edge.outbox.ring import RingOutbox
from gateway.model import Alarm, Reading, Severity, State
from gateway.mqtt import Connection, Message, connect
from tests.bench.outbox import Unsynced
from tests.bench.report import Table
from tests.bench.startup import await_first_reading, daemon
from tests.parts.mosquitto import mosquitto
from tests.parts.radio import radio

LAMPS = 30
RAISES = 15
PERIOD = 800  # ms from one failure of the monitor to the next
SETTLED = 3.0  # s from the first reading on that count for the start
LONGEST = 40.0  # s of a case
HOURS = 4
WARNINGS = 500
NARROW = 32_000  # bytes a second: 256 kbit/s
BATCH = 10

_START = 1_763_812_800_000
_POINTS = ("voltage", "current", "power", "power_factor", "frequency", "driver_temperature")

SITE = """\
schema = 1
[gateway]
id = "gw-1"
site = "bench"
latitude = 14.55
longitude = 121.02
data_dir = "data"
[mqtt]
url = "{broker}"
batch = "{batch}s"
[bus.junction]
driver = "replay"
file = "junction.jsonl"
loop = true
[bus.street]
driver = "replay"
file = "street.jsonl"
loop = true
[rules.conflict_monitor_fault]
on_delay = "0s"
off_delay = "0s"
[[device]]
id = "cabinet-1"
profile = "cabinet.toml"
bus = "junction"
"""
CABINET = """\
schema = 1
kind = "signal"
vendor = "Bench"
model = "Junction"
driver = "replay"
every = "100ms"
points = [ { name = "conflict_monitor_ok", type = "bool" } ]
"""
LAMP = """\
schema = 1
kind = "lamp"
vendor = "Bench"
model = "Lamp"
driver = "replay"
every = "1s"
"""


@dataclass
class Heard:
    """What came: ms each alarm took, and how much of the backlog is there."""

    took: list[float] = field(default_factory=list)
    counting: bool = False
    upto: int = 0
    another: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Message, now: float) -> None:
        """One message, ``now`` in ms."""
        at = wire.parse_topic(message.topic)
        if at is None or message.retain or not message.payload:
            return
        if at.parts == (wire.TELEMETRY,):
            head = zlib.decompressobj().decompress(message.payload, 80)
            stream, seq, count = (part.rpartition(b":")[2] for part in head.split(b",")[:3])
            del stream
            if int(seq) <= HOURS * 3600:
                self.upto = max(self.upto, int(seq) + int(count) - 1)
        elif at.parts[0] == "alarm" and self.counting:
            alarm = wire.decode_alarm(message.payload, *at.parts[1:]).alarm
            fresh = alarm.raised == alarm.t and alarm.state is State.UNACKNOWLEDGED
            if fresh and alarm.code == "conflict_monitor_fault":
                self.took.append(now - alarm.t)
        self.another.set()


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = []
    for link, rate in (("loopback", None), (f"{NARROW * 8 // 1000} kbit/s", NARROW)):
        for waiting in (False, True):
            with tempfile.TemporaryDirectory() as name:
                heard, left = asyncio.run(_case(Path(name), rate, waiting=waiting))
            what = f"{left} records, {WARNINGS} warnings" if waiting else "nothing"
            rows.append((link, what, str(len(heard.took)), *_figures(heard.took)))
    says = (
        "From the reading by which `conflict_monitor_fault` is due to its arrival at a subscriber "
        f"(mosquitto, QoS 1): {LAMPS} lamps each second and a junction ten times a second, an "
        f"alarm each {PERIOD / 1000:.1f} s, telemetry in batches of {BATCH} s. Where something "
        f"waits, {HOURS} h of telemetry and {WARNINGS} older warnings are in the outbox when the "
        "gateway starts, and only alarms raised before all of that had arrived are counted. The "
        f"figures include what else this machine does; {RAISES} alarms a row."
    )
    head = ("link", "waiting at the start", "alarms", "median", "worst", "bound")
    return Table("A critical alarm on its way", says, head, rows)


def _figures(took: list[float]) -> tuple[str, str, str]:
    if not took:
        return "-", "-", "**nothing came**"
    worst = max(took)
    kept = "kept" if worst <= 1000 else "**short**"
    return f"{statistics.median(took):.0f} ms", f"{worst:.0f} ms", f"worst ≤ 1 s: {kept}"


async def _case(folder: Path, rate: float | None, *, waiting: bool) -> tuple[Heard, int]:
    """One row: what was heard, and how many records of telemetry waited."""
    left = _fill(folder / "data") if waiting else 0
    with mosquitto(folder / "broker", "max_queued_messages 0", "log_type none") as broker:
        async with radio(broker.port, rate) as link:
            file = _site(folder, link.url)
            async with connect(BrokerOptions(url=broker.url), client_id="bench") as connection:
                await connection.subscribe(*wire.UPLINK)
                heard = Heard()
                listening = asyncio.create_task(_listen(connection, heard))
                try:
                    with daemon(file) as process:
                        await asyncio.to_thread(await_first_reading, process)
                        if not waiting:
                            await asyncio.sleep(SETTLED)
                        heard.counting = True
                        await _enough(heard, left)
                finally:
                    listening.cancel()
    return heard, left


async def _listen(connection: Connection, heard: Heard) -> None:
    async for message in connection.messages():
        heard.take(message, time.time() * 1000)


async def _enough(heard: Heard, left: int) -> None:
    """Return when enough alarms came, the backlog is there, or nothing comes of it."""
    deadline = time.monotonic() + LONGEST
    while len(heard.took) < RAISES and (not left or heard.upto < left):
        heard.another.clear()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await heard.another.wait()
        except TimeoutError:
            return


def _site(folder: Path, broker: str) -> Path:
    """The gateway's files: a junction in trouble, and a quiet street."""
    (folder / "cabinet.toml").write_text(CABINET)
    points = ", ".join(f'{{ name = "{name}" }}' for name in _POINTS)
    (folder / "lamp.toml").write_text(f"{LAMP}points = [ {points} ]\n")
    junction = [
        {"t": t, "device": "cabinet-1", "values": {"conflict_monitor_ok": t % PERIOD < PERIOD // 2}}
        for t in range(0, PERIOD * 10, PERIOD // 2)
    ]
    street = [
        {"t": t, "device": _lamp(n), "values": _values(n + t // 1000)}
        for t in range(0, 10_000, 1000)
        for n in range(LAMPS)
    ]
    for name, rows in (("junction", junction), ("street", street)):
        (folder / f"{name}.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    file = folder / "site.toml"
    lamps = "".join(
        f'[[device]]\nid = "{_lamp(n)}"\nprofile = "lamp.toml"\nbus = "street"\n'
        for n in range(LAMPS)
    )
    file.write_text(SITE.format(broker=broker, batch=BATCH) + lamps)
    return file


def _fill(data: Path) -> int:
    """Hours of telemetry and many warnings into an outbox; how many records of telemetry."""
    data.mkdir()
    box = RingOutbox.open(data / "outbox.ring", 500_000_000, Unsynced())
    records = HOURS * 3600
    for second in range(records):
        t = _START + second * 1000
        readings = [Reading(_lamp(n), "lamp", t, _values(n + second)) for n in range(LAMPS)]
        box.append(Lane.TELEMETRY, wire.TELEMETRY, wire.telemetry_body(readings))
        if second < WARNINGS:
            door = Alarm(
                _lamp(second), "door_open", t, State.UNACKNOWLEDGED, Severity.WARNING, "open", t
            )
            box.append(Lane.EVENTS, wire.alarm_head(door), wire.alarm_body(door))
        if second % 20 == 0:
            box.flush()
    box.close()
    return records


def _lamp(number: int) -> str:
    return f"lamp-{number:04}"


def _values(seed: int) -> dict[str, float]:
    """Figures that change as a lamp's do."""
    return {
        name: round(10.0 * (place + 1) + (seed * (place + 3)) % 17 / 10, 1)
        for place, name in enumerate(_POINTS)
    }
