"""What a point value costs on the way to the broker: bytes of TCP payload, counted in between.

The demo's district (its simulators, every device each second) and the daemon run as separate
programs; between the daemon and a real mosquitto stands a relay that counts. Counted once the
connection and the identity cards are over, and over whole messages: the payload of TCP in both
directions, so MQTT's own headers, the acknowledgements and the pings too, without the 40 bytes of
TCP and IP a segment, and without TLS. Point values are those of the telemetry that arrived.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway import wire
from gateway.config.site import BrokerOptions
from gateway.mqtt import connect
from tests.bench.report import Table
from tests.bench.startup import daemon, district
from tests.parts.mosquitto import mosquitto
from tests.parts.radio import Radio, radio

DEVICES = 32  # as `wayside demo` has without options
SETTLED = 15.0  # s
SECONDS = 60.0
_QUIET = 0.3  # s around a count in which no message is under way

#: Batch, compressed, and the bound in bytes a point value, if one was promised.
CASES = ((10.0, True, 3.0), (1.0, True, 5.0), (10.0, False, None), (1.0, False, None))


@dataclass
class Count:
    """What arrived at the broker."""

    messages: int = 0
    readings: int = 0
    values: int = 0
    another: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes to the broker and back in so many seconds, for what arrived."""

    seconds: float
    up: int
    down: int
    count: Count

    @property
    def each(self) -> float:
        """Bytes a point value, both directions."""
        return (self.up + self.down) / self.count.values


def measure() -> Table:
    """The table for docs/benchmarks.md."""
    rows = []
    with tempfile.TemporaryDirectory() as name, district(Path(name), DEVICES) as site:
        for batch, compress, bound in CASES:
            found = asyncio.run(_case(site, Path(name), batch=batch, compress=compress))
            rows.append(
                (
                    f"{batch:.0f} s batches, {'compressed' if compress else 'as JSON'}",
                    f"{found.each:.2f}",
                    "-" if bound is None else f"≤ {bound:.0f}",
                    f"{found.up / found.count.values:.2f}",
                    f"{found.down / found.count.values:.2f}",
                    f"{found.count.values / found.count.messages:.0f}",
                    f"{(found.up + found.down) / found.seconds * 86_400 / 1e6:.0f}",
                )
            )
    says = (
        f"The demo's district ({DEVICES} devices, each polled every second) through the daemon to "
        f"mosquitto, QoS 1, at least {SECONDS:.0f} s each; TCP payload counted by a relay in "
        "between, both directions, without TLS and without the headers of TCP and IP. Daily "
        "volume is for all of it."
    )
    head = (
        "telemetry",
        "bytes a point value",
        "bound",
        "to the broker",
        "from it",
        "values a message",
        "MB a day",
    )
    return Table("Bytes on the way to the broker", says, head, rows)


async def _case(site: Path, folder: Path, *, batch: float, compress: bool) -> Figures:
    with mosquitto(folder / f"broker-{batch:.0f}-{compress}") as broker:
        async with radio(broker.port) as link:
            count = Count()
            listening = asyncio.create_task(_count(BrokerOptions(url=broker.url), count))
            try:
                with _running(site, link, batch=batch, compress=compress):
                    await asyncio.sleep(SETTLED)
                    await _pause(count)
                    began, before = time.monotonic(), (link.up, link.down)
                    count.messages = count.readings = count.values = 0
                    await asyncio.sleep(SECONDS)
                    await _pause(count)
                    took = time.monotonic() - began
                    return Figures(took, link.up - before[0], link.down - before[1], count)
            finally:
                listening.cancel()


@contextmanager
def _running(site: Path, link: Radio, *, batch: float, compress: bool) -> Iterator[None]:
    """The daemon, with another way to the broker and other batches."""
    mine = site.with_name("wan.toml")
    text = site.read_text().replace("mqtt://127.0.0.1:1883", link.url)
    more = f'[mqtt]\nbatch = "{batch:.0f}s"\ncompress = {str(compress).lower()}'
    mine.write_text(text.replace("[mqtt]", more))
    with daemon(mine):
        yield


async def _pause(count: Count) -> None:
    """Return shortly after a message, when nothing is under way."""
    count.another.clear()
    await count.another.wait()
    await asyncio.sleep(_QUIET)


async def _count(options: BrokerOptions, count: Count) -> None:
    async with connect(options, client_id="count") as connection:
        await connection.subscribe(wire.UPLINK[0])
        async for message in connection.messages():
            told = wire.decode_telemetry(message.payload)
            count.another.set()
            count.messages += 1
            count.readings += len(told.readings)
            count.values += sum(len(reading.values) for reading in told.readings)
