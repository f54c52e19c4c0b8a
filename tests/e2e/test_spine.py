"""The spine: what a simulated lamp's register holds is what the city's database says.

A district on real Modbus TCP sockets and ptys, ``wayside run``, a real broker, ``wayside ingest``,
a real database. The district's clock stands still, so that every value is known to the last digit;
what is read back from the database is compared, device by device and point by point, with what the
simulator served.
"""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from simulators.town.city import City
from tests.parts.broker import Broker
from tests.parts.commands import Part, eventually, wayside
from tests.parts.influxdb import influx1
from tests.parts.mosquitto import mosquitto
from tests.parts.nats import nats
from tests.parts.simulated import simulated
from tests.parts.victoriametrics import exported, victoria_metrics

DEVICES = 20
REMEMBER = 1000


def use_broker(city: City, broker: Broker) -> Path:
    """The district's site file, with this broker in it."""
    site = city.district.site_file
    site.write_text(site.read_text().replace("mqtt://127.0.0.1:1883", broker.url))
    return site


def centre_file(folder: Path, broker: Broker, influx: str) -> Path:
    file = folder / "centre.toml"
    file.write_text(
        f'schema = 1\n[centre]\ndata_dir = "centre"\n[mqtt]\nurl = "{broker.url}"\n{influx}'
    )
    return file


def influxql(url: str, query: str) -> list[dict[str, Any]]:
    """The rows of a query, each with the columns as keys."""
    ask = urllib.parse.urlencode({"db": "city", "q": query, "epoch": "ms"})
    with urllib.request.urlopen(f"{url}/query?{ask}", timeout=10) as answer:  # noqa: S310  # loopback
        (result,) = json.load(answer)["results"]
    return [
        dict(zip(series["columns"], row, strict=True)) | series.get("tags", {})
        for series in result.get("series", ())
        for row in series["values"]
    ]


def stored_rows(url: str) -> int:
    """How many rows of readings the database holds."""
    total = 0
    for kind in ("lamp", "feeder", "signal", "bin", "gateway"):
        rows = influxql(url, f'SELECT * FROM "{kind}"')
        total += len(rows)
    return total


async def summary_of(daemon: Part) -> dict[str, Any]:
    """Stop the daemon as systemd does: flushed, status published, exit 0 in under 3 s."""
    code, took, summary = await daemon.stopped()
    assert code == 0, daemon.log.read_text()[-3000:]
    assert took < 3.0
    return summary


def assert_equal(city: City, rows: Iterable[dict[str, Any]]) -> set[str]:
    """Every row says what the simulator served its device; returns the devices seen.

    A serial sensor talks without being asked and measures anew each time: its row must be one of
    the things it said.
    """
    seen = set()
    for row in rows:
        looks = [values for _, values in city.served(row["device"])]
        told = {point for point in looks[-1] if row.get(point) is not None}
        assert told, f"{row['device']} has a row without values"
        fits = [all(same(row[point], look[point]) for point in told) for look in looks]
        assert any(fits), (row, looks[-1])
        seen.add(row["device"])
    return seen


def same(stored: object, served: object) -> bool:
    """Text and truths alike; numbers to the last digit a register can tell."""
    if isinstance(served, bool | str) or isinstance(stored, bool | str):
        return stored is served or stored == served
    return isinstance(stored, int | float) and math.isclose(stored, float(str(served)))


@pytest.mark.alone  # it compares with what simulators remember of their last looks
async def test_values_in_influxdb_1_equal_the_simulators(tmp_path: Path) -> None:
    """mosquitto, InfluxDB 1.6 through /write, read back through InfluxQL."""
    with mosquitto(tmp_path / "broker") as broker, influx1(tmp_path / "influx") as database:
        influx = f'[influx]\nurl = "{database.url}"\napi = "v1"\ndatabase = "city"\n'
        centre = centre_file(tmp_path, broker, influx)
        async with simulated(tmp_path / "district", DEVICES, REMEMBER) as city:
            site = use_broker(city, broker)
            async with wayside(tmp_path, "ingest", str(centre), "--json") as ingest:
                async with wayside(tmp_path, "run", str(site), "--json") as daemon:
                    devices = {asset.id for asset in city.district.assets}
                    await eventually(
                        "three rows of every device",
                        lambda: stored_rows(database.url) >= 3 * len(devices),
                    )
                    summary = await summary_of(daemon)
                await eventually(
                    "all readings stored",
                    lambda: stored_rows(database.url) >= summary["readings"],
                )
                code, took, stored = await ingest.stopped()
                assert (code, took < 3.0) == (0, True), ingest.log.read_text()[-3000:]

            assert stored_rows(database.url) == summary["readings"] == stored["stored"]
            kinds = ("lamp", "feeder", "signal", "bin")
            rows = [row for k in kinds for row in influxql(database.url, f'SELECT * FROM "{k}"')]
            assert assert_equal(city, rows) == devices
            # A label's code is known once the device's card has come, which may be after its first
            # readings: the newest row of each cabinet has it.
            signals = [row for row in rows if row.get("group_1") is not None]
            newest = {row["device"]: row for row in sorted(signals, key=lambda row: row["time"])}
            assert newest
            assert [one for one, row in newest.items() if row["group_1_code"] is None] == []


async def test_values_reach_a_v2_endpoint_through_nats(tmp_path: Path) -> None:
    """The pip-installed NATS server, and /api/v2/write into VictoriaMetrics."""
    with nats(tmp_path / "broker") as broker, victoria_metrics(tmp_path / "vm") as url:
        (tmp_path / "token").write_text("not-checked-by-victoriametrics\n")
        influx = (
            f'[influx]\nurl = "{url}"\napi = "v2"\norg = "city"\nbucket = "city"\n'
            'token_file = "token"\n'
        )
        centre = centre_file(tmp_path, broker, influx)
        async with simulated(tmp_path / "district", DEVICES, REMEMBER) as city:
            site = use_broker(city, broker)
            lamp = next(a.id for a in city.district.assets if a.kind == "lamp")
            async with wayside(tmp_path, "ingest", str(centre), "--json") as ingest:
                async with wayside(tmp_path, "run", str(site), "--json") as daemon:
                    await eventually(
                        "three voltages of a lamp",
                        lambda: len(voltages(url, lamp)) >= 3,
                    )
                    summary = await summary_of(daemon)
                total = summary["readings"]
                await eventually("all readings stored", lambda: all_rows(url) >= total)
                code, _, _ = await ingest.stopped()
                assert code == 0, ingest.log.read_text()[-3000:]
            _, served = city.served(lamp)[-1]
            found = voltages(url, lamp)
            assert found == pytest.approx([served["voltage"]] * len(found))


def voltages(url: str, lamp: str) -> list[float]:
    found = exported(url, f'{{__name__="lamp_voltage",device="{lamp}"}}')
    return list(found.get("lamp_voltage", {}).values())


def all_rows(url: str) -> int:
    """Rows of readings: VictoriaMetrics keeps one series a field, so count one field a kind."""
    fields = ("lamp_voltage", "feeder_power", "bin_distance", "gateway_polls", "signal_plan")
    found = 0
    for field in fields:
        query = urllib.parse.urlencode({"match[]": field})
        with urllib.request.urlopen(f"{url}/api/v1/export?{query}", timeout=10) as answer:  # noqa: S310
            found += sum(len(json.loads(line)["values"]) for line in answer)
    return found
