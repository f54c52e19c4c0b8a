"""The gateway's health for Prometheus: the text format 0.0.4, over HTTP, on loopback.

What is told is a snapshot of ``health`` in Prometheus' own conventions: base units, ``_total`` for
what only grows, one label for the bus, the lane, the symptom, the task. No label names a device, so
the number of series grows with the buses of a site and not with its lamps.

The server is as small as its task: one request a connection, ``GET`` or ``HEAD`` of ``/metrics``,
a few connections at a time, five seconds for each. It never touches the disk.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from gateway.edge.health import Snapshot
from gateway.exposition import CONTENT_TYPE, Sample, family
from gateway.log import get_logger

log = get_logger()

#: Seconds that a client may take for its question, and for taking the answer.
PATIENCE = 5.0
#: Connections at a time.
MOST = 8
#: Seconds until an address that is in use is tried again.
AGAIN = 60.0


class Family(NamedTuple):
    """One metric: ``samples`` finds its values."""

    name: str
    kind: str
    help: str
    samples: Callable[[Snapshot], Iterable[Sample]]


def _one(figure: str, factor: float = 1) -> Callable[[Snapshot], Iterable[Sample]]:
    def samples(now: Snapshot) -> Iterator[Sample]:
        value = now.figures.get(figure)
        yield {}, None if value is None or isinstance(value, str) else value * factor

    return samples


def _info(now: Snapshot) -> Iterator[Sample]:
    yield {name: str(now.figures.get(name, "")) for name in ("gateway", "site", "version")}, 1


def _of_buses(attribute: str) -> Callable[[Snapshot], Iterable[Sample]]:
    return lambda now: [({"bus": bus.name}, getattr(bus, attribute)) for bus in now.buses]


def _up(now: Snapshot) -> Iterable[Sample]:
    return [({"bus": bus.name}, not bus.down) for bus in now.buses]


def _failures(now: Snapshot) -> Iterable[Sample]:
    return [
        ({"bus": bus.name, "symptom": symptom.value}, count)
        for bus in now.buses
        for symptom, count in bus.failures.items()
    ]


def _of_lanes(attribute: str) -> Callable[[Snapshot], Iterable[Sample]]:
    return lambda now: [({"lane": lane.lane.value}, getattr(lane, attribute)) for lane in now.lanes]


def _restarts(now: Snapshot) -> Iterable[Sample]:
    return [({"task": task}, count) for task, count in now.restarts.items()]


def _limit(now: Snapshot) -> Iterable[Sample]:
    return [({}, now.max_bytes)]


_COUNTER, _GAUGE = "counter", "gauge"
FAMILIES = tuple(
    Family(*family)
    for family in (
        ("wayside_info", _GAUGE, "Which gateway this is; always 1", _info),
        ("wayside_uptime_seconds", _GAUGE, "Time since the daemon began", _one("uptime")),
        ("wayside_starts_total", _COUNTER, "Starts of the daemon", _one("starts")),
        ("wayside_task_restarts_total", _COUNTER, "Tasks begun again after a bug", _restarts),
        ("wayside_devices", _GAUGE, "Devices of the site file", _one("devices")),
        ("wayside_readings_total", _COUNTER, "Readings with values", _one("readings")),
        ("wayside_alarms", _GAUGE, "Alarms that stand", _one("alarms")),
        ("wayside_bus_up", _GAUGE, "Whether the bus has its wire", _up),
        ("wayside_bus_devices", _GAUGE, "Devices on the bus", _of_buses("devices")),
        ("wayside_bus_suspects", _GAUGE, "Devices silent when last asked", _of_buses("suspects")),
        ("wayside_bus_polls_total", _COUNTER, "Polls made", _of_buses("polls")),
        ("wayside_bus_silent_total", _COUNTER, "Polls without an answer", _of_buses("silent")),
        (
            "wayside_bus_failures_total",
            _COUNTER,
            "Polls without a good answer, by what was seen",
            _failures,
        ),
        ("wayside_bus_slips_total", _COUNTER, "Polls the bus had no time for", _of_buses("slip")),
        ("wayside_bus_links_lost_total", _COUNTER, "Wires lost", _of_buses("links_lost")),
        ("wayside_bus_busy_seconds_total", _COUNTER, "Time in use", _of_buses("busy")),
        ("wayside_uplink_connected", _GAUGE, "Whether the broker is there", _one("connected")),
        ("wayside_published_total", _COUNTER, "Messages acknowledged", _one("published")),
        ("wayside_set_aside", _GAUGE, "Messages no broker would take", _one("set_aside")),
        (
            "wayside_unconfirmed_seconds",
            _GAUGE,
            "For how long the centre has confirmed nothing",
            _one("unconfirmed"),
        ),
        ("wayside_rival", _GAUGE, "Whether another client has our id", _one("rival")),
        ("wayside_outbox_limit_bytes", _GAUGE, "The outbox's bound", _limit),
        ("wayside_outbox_records", _GAUGE, "Records in the outbox", _of_lanes("records")),
        ("wayside_outbox_bytes", _GAUGE, "Their bytes", _of_lanes("bytes")),
        ("wayside_outbox_age_seconds", _GAUGE, "Age of the oldest record", _of_lanes("age")),
        ("wayside_outbox_unsent", _GAUGE, "Records not acknowledged", _of_lanes("unsent")),
        (
            "wayside_outbox_unsent_age_seconds",
            _GAUGE,
            "Age of the oldest record not acknowledged",
            _of_lanes("unsent_age"),
        ),
        ("wayside_outbox_lost_total", _COUNTER, "Records given up", _of_lanes("lost")),
        (
            "wayside_clock_synchronised",
            _GAUGE,
            "Whether the time is known",
            _one("clock_synchronised"),
        ),
        ("wayside_clock_step_seconds", _GAUGE, "The clock's latest step", _one("clock_offset")),
        ("wayside_load1", _GAUGE, "The machine's load over a minute", _one("load")),
        ("wayside_memory_free_bytes", _GAUGE, "Memory left", _one("memory_free", 1e6)),
        ("wayside_disk_free_bytes", _GAUGE, "Room on the disk", _one("disk_free", 1e6)),
        ("wayside_cpu_temperature_celsius", _GAUGE, "Heat", _one("cpu_temperature")),
        ("wayside_undervoltage", _GAUGE, "Whether the supply is too weak", _one("undervoltage")),
        ("wayside_throttled", _GAUGE, "Whether the processor is slowed", _one("throttled")),
        ("process_resident_memory_bytes", _GAUGE, "Memory of the daemon", _one("rss", 1e6)),
        ("process_cpu_seconds_total", _COUNTER, "Processor time", _one("cpu")),
    )
)


def exposition(now: Snapshot) -> str:
    """The snapshot in Prometheus' text format."""
    lines = (family(one.name, one.kind, one.help, one.samples(now)) for one in FAMILIES)
    return "".join(chain.from_iterable(lines))


# Serving it


async def serve(listen: str, look: Callable[[], Snapshot]) -> None:
    """Answer at ``listen`` ("127.0.0.1:9464") until cancelled; an address in use is tried again."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    server = await _begin(host, int(port), _Answers(look).answer)
    log.info("metrics", url=f"http://{listen}/metrics")
    if not _is_loopback(host):
        log.warning("metrics can be read by whoever reaches this address", listen=listen)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()


async def _begin(
    host: str,
    port: int,
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> asyncio.Server:
    told = False
    while True:
        try:
            return await asyncio.start_server(answer, host, port, limit=8192)
        except OSError as error:
            if not told:
                log.error("metrics cannot be served; trying again", reason=str(error))  # noqa: TRY400
            told = True
        await asyncio.sleep(AGAIN)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Answers:
    """Answers connections, each once."""

    def __init__(self, look: Callable[[], Snapshot]) -> None:
        self._look = look
        self._open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its question to its end."""
        self._open += 1
        try:
            if self._open <= MOST:
                async with asyncio.timeout(PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._response(head))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks like that gets no answer
        finally:
            self._open -= 1
            writer.close()

    def _response(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        body = b""
        if method not in {b"GET", b"HEAD"}:
            status = b"405 Method Not Allowed\r\nAllow: GET, HEAD"
        elif path != b"/metrics":
            status = b"404 Not Found"
        else:
            status = b"200 OK\r\nContent-Type: " + CONTENT_TYPE.encode()
            body = exposition(self._look()).encode()
        said = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        return said % (status, len(body)) + (b"" if method == b"HEAD" else body)
