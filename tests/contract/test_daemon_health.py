"""What a running gateway says of itself: by MQTT, and to Prometheus."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulators.process import end
from tests.contract.test_daemon_mqtt import listening
from tests.contract.test_daemon_run import events
from tests.parts import stubborn
from tests.parts.bench_site import load, tcp, write_site
from tests.parts.commands import Part, eventually
from tests.parts.modbus_servers import pymodbus_tcp
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port


class Scraper:
    """Prometheus, as far as a gateway sees it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def value(self, name: str, **labels: str) -> float | None:
        """A sample; None if there is none."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=5)) as connection:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = answer.read().decode()
        found = {
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        }
        return found.pop() if found else None

    async def until(self, name: str, least: float, most: float, **labels: str) -> None:
        """Wait for a value in a range."""

        def there() -> bool:
            value = self.value(name, **labels)
            return value is not None and least <= value <= most

        await eventually(f"{name} between {least} and {most}", there)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the daemon finds its drivers."""
    stubborn.install(tmp_path, monkeypatch)
    return tmp_path


@asynccontextmanager
async def gateway(folder: Path, broker: str, modbus: int) -> AsyncIterator[tuple[Part, Scraper]]:
    """A daemon with a bus that answers and one that does not; only the centre frees its outbox."""
    port = free_port()
    buses = {"net": (tcp(modbus), [1, 2]), "nobody": (tcp(free_port()), [1])}
    site = write_site(folder, buses, broker=broker)
    text = site.read_text().replace("[outbox]", "[outbox]\nconfirm = true")
    site.write_text(text.replace("[mqtt]", f'metrics = "127.0.0.1:{port}"\n[mqtt]'))
    assert load(site).gateway.metrics == f"127.0.0.1:{port}"
    log = folder / "wayside-run.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.parts.stubborn", str(site), "60"),
            cwd=folder,
            stdout=PIPE,
            stderr=sink,
        )
    part = Part(process, log)
    try:
        await eventually("metrics", lambda: "metrics" in events(part))
        yield part, Scraper(port)
    finally:
        await end(process)


async def test_it_tells_the_centre_and_prometheus_the_same(found: Path) -> None:
    modbus = free_port()
    with mosquitto(found / "broker") as broker:
        async with (
            pymodbus_tcp(modbus),
            listening(broker) as heard,
            gateway(found, broker.url, modbus) as (part, scraper),
        ):
            await eventually("some readings", lambda: len(heard.readings("gw-test")) >= 4)
            values = heard.readings("gw-test")[-1].values
            assert values["connected"] is True
            assert (values["devices"], values["starts"], values["restarts"]) == (3, 1, 0)
            assert (values["buses_down"], values["suspects"], values["lost"]) == (1, 1, 0)
            assert float(values["bus_use_net"]) > 0
            assert values["bus_use"] == values["bus_use_net"]
            assert values["bus_use_nobody"] == 0
            assert float(values["queue_bytes"]) > 0
            assert scraper.value("wayside_devices") == 3
            assert scraper.value("wayside_bus_up", bus="net") == 1
            assert scraper.value("wayside_bus_up", bus="nobody") == 0
            assert scraper.value("wayside_bus_devices", bus="net") == 2
            polls = scraper.value("wayside_bus_polls_total", bus="net")
            assert polls is not None
            assert polls >= float(values["polls"]) - float(values["silent"])
            symptom = {"bus": "nobody", "symptom": "unreached"}
            assert scraper.value("wayside_bus_failures_total", **symptom)
            await part.stopped()


async def test_what_is_unsent_and_what_is_only_not_confirmed_are_told_apart(found: Path) -> None:
    modbus = free_port()
    waits = {"lane": "telemetry"}
    with mosquitto(found / "broker") as broker:
        async with pymodbus_tcp(modbus), gateway(found, broker.url, modbus) as (part, scraper):
            await scraper.until("wayside_uplink_connected", 1, 1)
            await scraper.until("wayside_outbox_age_seconds", 3.0, 60, **waits)
            await scraper.until("wayside_outbox_unsent", 0, 2, **waits)
            broker.kill()
            await scraper.until("wayside_uplink_connected", 0, 0)
            await scraper.until("wayside_outbox_unsent_age_seconds", 2.0, 60, **waits)
            await scraper.until("wayside_outbox_unsent", 6, 1000, **waits)
            broker.start()
            await scraper.until("wayside_outbox_unsent", 0, 2, **waits)
            await scraper.until("wayside_outbox_records", 12, 1000, **waits)
            await part.stopped()


async def test_starts_are_counted_over_kill_and_restart(found: Path) -> None:
    modbus = free_port()
    async with pymodbus_tcp(modbus):
        for start in (1, 2):
            async with gateway(found, "mqtt://127.0.0.1:1", modbus) as (part, scraper):
                assert scraper.value("wayside_starts_total") == start
                await scraper.until("wayside_outbox_records", 2, 1000, lane="telemetry")
                part.process.kill()
                await part.process.wait()
            (found / "wayside-run.log").unlink()
