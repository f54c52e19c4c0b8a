"""The operations centre's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_centre
from gateway.config.site import BrokerOptions, Centre, ConsoleOptions, InfluxOptions
from gateway.problems import ConfigurationError


def load(folder: Path, text: str) -> Centre:
    file = folder / "centre.toml"
    file.write_text(text)
    return load_centre(file)


def test_without_a_server_there_is_the_embedded_store(tmp_path: Path) -> None:
    centre = load(tmp_path, 'schema = 1\n[centre]\ndata_dir = "data"\n')
    assert centre == Centre(
        file=tmp_path / "centre.toml",
        data_dir=tmp_path / "data",
        mqtt=BrokerOptions(),
        influx=None,
        console=ConsoleOptions(listen="127.0.0.1:8080"),
    )


def test_influx_two(tmp_path: Path) -> None:
    centre = load(
        tmp_path,
        """
        schema = 1
        [centre]
        data_dir = "/var/lib/wayside-centre"
        [mqtt]
        url = "mqtts://broker.example:8883"
        client_id = "ingest-1"
        username = "centre"
        password_file = "secret"
        [influx]
        url = "http://127.0.0.1:8086"
        org = "town"
        bucket = "wayside"
        token_file = "token"
        [console]
        listen = "[::1]:8081"
        """,
    )
    assert centre.influx == InfluxOptions(
        url="http://127.0.0.1:8086",
        api="v2",
        org="town",
        bucket="wayside",
        token_file=tmp_path / "token",
    )
    assert centre.mqtt.client_id == "ingest-1"
    assert centre.mqtt.password_file == tmp_path / "secret"
    assert centre.console.listen == "[::1]:8081"


def test_influx_one(tmp_path: Path) -> None:
    centre = load(
        tmp_path,
        """
        schema = 1
        [centre]
        data_dir = "d"
        [influx]
        url = "http://127.0.0.1:8086"
        api = "v1"
        database = "wayside"
        username = "w"
        password_file = "p"
        """,
    )
    assert centre.influx is not None
    assert (centre.influx.api, centre.influx.database) == ("v1", "wayside")


def test_how_long_the_embedded_store_keeps_its_rows(tmp_path: Path) -> None:
    head = 'schema = 1\n[centre]\ndata_dir = "data"\n'
    assert load(tmp_path, head).keep is None
    assert load(tmp_path, head + 'keep = "90d"\n').keep == 90 * 86_400
    for wrong in ('keep = "2h"\n', "keep = 90\n"):
        with pytest.raises(ConfigurationError, match=r"centre\.keep"):
            load(tmp_path, head + wrong)
    influx = '[influx]\nurl = "http://a:1"\norg = "o"\nbucket = "b"\n'
    with pytest.raises(ConfigurationError, match="retention policies of its own"):
        load(tmp_path, head + 'keep = "90d"\n' + influx)
