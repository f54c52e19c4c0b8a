"""Prometheus reads the gateway's health; its own client library is the reader here."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.driver import Symptom
from gateway.edge import metrics
from gateway.edge.health import BusHealth, LaneHealth, Snapshot
from gateway.edge.metrics import FAMILIES, exposition, serve
from gateway.edge.outbox.contract import Lane
from gateway.exposition import CONTENT_TYPE
from tests.parts.process import free_port

ODD = 'a "b" \\ c\nd'
EVERYTHING = Snapshot(
    at=1.0,
    figures={
        "gateway": "gw-1",
        "site": ODD,
        "version": "1.0",
        "connected": True,
        "disk_free": 12.5,
        "memory_free": 100.0,
        "rss": 50.0,
        "cpu": 1.25,
        "undervoltage": False,
        "throttled": True,
        "cpu_temperature": 48.5,
        "load": 0.25,
        "clock_synchronised": True,
        "clock_offset": -3600.5,
        **dict.fromkeys(("uptime", "starts", "devices", "readings", "alarms"), 7),
        **dict.fromkeys(("published", "set_aside", "unconfirmed"), 3),
        "rival": False,
    },
    buses=[
        BusHealth(name="a", polls=10**12, failures={Symptom.GARBLED: 2}, busy=0.125, down=True),
        BusHealth(name="b", failures={}),
    ],
    lanes=[
        LaneHealth(lane=Lane.EVENTS, records=1, age=2.5, unsent_age=0.0),
        LaneHealth(lane=Lane.TELEMETRY),
    ],
    restarts={"bus a": 2},
    max_bytes=512_000_000,
)
NOTHING_KNOWN = Snapshot(at=0.0, figures={}, restarts={}, max_bytes=1)


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples by name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


class TestExposition:
    def test_prometheus_reads_what_was_said(self) -> None:
        found = parsed(exposition(EVERYTHING))
        assert found[of("wayside_info", gateway="gw-1", site=ODD, version="1.0")] == 1
        assert found[of("wayside_bus_polls_total", bus="a")] == 10**12
        assert found[of("wayside_bus_busy_seconds_total", bus="a")] == 0.125
        assert found[of("wayside_bus_up", bus="a")] == 0
        assert found[of("wayside_bus_up", bus="b")] == 1
        assert found[of("wayside_bus_failures_total", bus="a", symptom="garbled")] == 2
        assert found[of("wayside_outbox_records", lane="events")] == 1
        assert found[of("wayside_task_restarts_total", task="bus a")] == 2
        assert found[of("wayside_clock_step_seconds")] == -3600.5
        assert found[of("wayside_disk_free_bytes")] == 12_500_000
        assert found[of("wayside_throttled")] == 1

    def test_what_is_not_known_is_left_out(self) -> None:
        found = parsed(exposition(EVERYTHING))
        assert of("wayside_outbox_age_seconds", lane="telemetry") not in found
        unknown = parsed(exposition(NOTHING_KNOWN))
        assert {name for name, _ in unknown} == {"wayside_info", "wayside_outbox_limit_bytes"}

    def test_every_metric_is_told_as_its_conventions_ask(self) -> None:
        families = list(text_string_to_metric_families(exposition(EVERYTHING)))
        assert len(families) == len(FAMILIES), "a metric without a sample in this test"
        for family, told in zip(families, FAMILIES, strict=True):
            assert family.documentation == told.help
            assert family.type == told.kind
            assert told.name.endswith("_total") == (told.kind == "counter")
            assert told.name.startswith(("wayside_", "process_"))

    def test_no_series_belongs_to_a_device(self) -> None:
        labels = {name for _, pairs in parsed(exposition(EVERYTHING)) for name, _ in pairs}
        assert labels == {"gateway", "site", "version", "bus", "symptom", "lane", "task"}


@asynccontextmanager
async def served(look: Callable[[], Snapshot] = lambda: EVERYTHING) -> AsyncIterator[int]:
    port = free_port()
    task = asyncio.create_task(serve(f"127.0.0.1:{port}", look))
    try:
        while not task.done():
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
        yield port
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def ask(port: int, question: bytes) -> bytes:
    """Everything that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


class TestServer:
    async def test_a_scrape(self) -> None:
        async with served() as port:
            answer = await ask(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "HTTP/1.1 200 OK"
        assert f"Content-Type: {CONTENT_TYPE}" in lines
        assert f"Content-Length: {len(body)}" in lines
        assert parsed(body.decode()) == parsed(exposition(EVERYTHING))

    @pytest.mark.parametrize(
        ("question", "status"),
        [
            (b"HEAD /metrics HTTP/1.1", b"200 OK"),
            (b"GET /metrics?x=1 HTTP/1.1", b"200 OK"),
            (b"GET / HTTP/1.1", b"404 Not Found"),
            (b"GET /metrics/../etc/passwd HTTP/1.1", b"404 Not Found"),
            (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed"),
            (b"\x16\x03\x01", b"405 Method Not Allowed"),
        ],
    )
    async def test_other_questions(self, question: bytes, status: bytes) -> None:
        async with served() as port:
            answer = await ask(port, question + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")
        assert question.startswith(b"GET /m") or answer.endswith(b"\r\n\r\n"), "no body"

    async def test_too_long_a_question_gets_no_answer(self) -> None:
        async with served() as port:
            assert await ask(port, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 50_000) == b""
            assert await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")

    async def test_whoever_is_slow_is_hung_up_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(metrics, "PATIENCE", 0.1)
        async with served() as port:
            assert await ask(port, b"GET /met") == b""

    async def test_a_crowd_is_refused_and_harms_nobody_later(self) -> None:
        async with served() as port:
            idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(metrics.MOST)]
            await asyncio.sleep(0.1)
            assert await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n") == b""
            for one in idle:
                one.close()
            await asyncio.sleep(0.1)
            assert await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")

    async def test_an_address_in_use_is_tried_again(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(metrics, "AGAIN", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            task = asyncio.create_task(serve(f"127.0.0.1:{port}", lambda: EVERYTHING))
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.2)
        assert await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")
        task.cancel()
        assert capsys.readouterr().err.count("cannot be served") == 1

    @pytest.mark.parametrize(
        ("host", "open_to_all"),
        [("0.0.0.0", True), ("127.0.0.1", False), ("localhost", False), ("[::1]", False)],
    )
    async def test_an_address_that_others_reach_is_warned_of(
        self, host: str, open_to_all: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        task = asyncio.create_task(serve(f"{host}:{free_port()}", lambda: EVERYTHING))
        await asyncio.sleep(0.1)
        task.cancel()
        said = capsys.readouterr().err
        assert ("by whoever reaches this address" in said) == open_to_all
